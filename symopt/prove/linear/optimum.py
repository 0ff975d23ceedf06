"""Settles that a linear rule contracts fastest at some hyper-parameters: that no others do better.

If all eigenvalues are within ``q < 1`` at both ends of the curvatures, closed conditions hold there. Where
they are linear in the hyper-parameters, a sum of them with factors that are not negative is free of these
(Farkas), and says that ``q`` is no less than the rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, islice, product

from symopt.checker.linear import check_faster, check_fastest
from symopt.ir.trace import Trace
from symopt.lang.domain import ClosedUnitInterval, OpenUnitInterval
from symopt.lang.theorem.base import HOLDS
from symopt.lang.theorem.linear import LARGEST, SMALLEST, Contracts, Fastest
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.contraction import (
    BEATEN,
    GAP,
    ROOT,
    SHARE,
    between_bounds,
    bound_of,
    modes_at,
    settle_contracts,
    within,
)
from symopt.prove.linear.implied import points
from symopt.prove.linear.rational import Rational, dot, replaced, solve
from symopt.prove.linear.reading import Bound
from symopt.prove.linear.rule import Rule
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement

ANY = "q"
# Where a faster rate is looked for: between 1 and 4.
SCALES = tuple(map(Fraction, ("1", "9/8", "7/8", "5/4", "3/4", "3/2", "1/2")))
MOST_OTHERS = 300
AT = {ROOT: Fraction(1), GAP: Fraction(1)}


def settle_fastest(claim: Fastest, trace: Trace, time_limit: float) -> Settlement:
    """The rate at the hyper-parameters that are given, and that no others have a smaller one."""
    reached = settle_contracts(Contracts(claim.rule, claim.rate, claim.given), trace, time_limit)
    if reached.verdict != HOLDS or reached.proof is None:
        return reached
    rule = between_bounds(trace, time_limit, {ANY: OpenUnitInterval})
    rate = rule.reader.rational(claim.rate, SMALLEST, LARGEST)
    reason = "that no other hyper-parameters contract faster was not shown"
    try:
        steps = _no_less(rule, rate)
    except NotDecidedError as error:
        steps, reason = None, str(error)
    if steps is None:
        return _faster(claim, trace, time_limit) or Settlement.unknown(reason, reached.found)
    check = check_fastest(trace, claim)
    found = f"{reached.found}, and no hyper-parameters have a smaller one"
    return Settlement.holds(Proof((*reached.proof.steps, *steps)), check, found)


@dataclass(frozen=True)
class _Linear:
    """A condition ``constant + sum of coefficients * hyper-parameters >= 0``, and where it comes from."""

    text: str
    constant: Rational
    coefficients: tuple[Rational, ...]


def _conditions(rule: Rule, hypers: Sequence[str]) -> list[_Linear]:
    """What holds where all eigenvalues are within ``q`` at both ends.

    Raises
    ------
    NotDecidedError: a condition is not linear in the hyper-parameters.
    """
    ring, found = rule.ring, []
    zero = {name: ring.number(0) for name in hypers}
    for end in (SMALLEST, LARGEST):
        for mode in modes_at(rule, bound_of(rule, end)):
            for condition in mode.conditions(ring.name(ANY)):
                constant = replaced(ring, condition, zero)
                units = [replaced(ring, condition, {**zero, name: ring.number(1)}) - constant for name in hypers]
                names = [ring.name(name) for name in hypers]
                if condition != constant + dot(units, names, ring.number(0)):
                    raise NotDecidedError("the conditions on the eigenvalues are not linear in the hyper-parameters")
                found.append(_Linear(rule.value_text(condition), constant, tuple(units)))
    return found


def _no_less(rule: Rule, rate: Rational) -> list[Step] | None:
    """That ``q`` is no less than the rate, from conditions that are summed so that no hyper-parameter is left."""
    hypers = [hyper.name for hyper in rule.trace.hypers]
    implications = rule.implications()
    if implications.shown([], Bound(rule.reader.essential(rule.ring.number(1) - rate), False)) is None:
        raise NotDecidedError("the rate was not shown to be at most 1")
    conditions = _conditions(rule, hypers)
    for chosen, factors in _summed(conditions, len(hypers), rule):
        shown = [implications.shown([], Bound(rule.reader.essential(x), False)) for x in factors if not x.is_zero]
        if None in shown:
            continue
        total = dot(factors, [c.constant for c in chosen], rule.ring.number(0))
        rest = total / (rule.ring.name(ANY) - rate)
        if implications.shown([], Bound(rule.reader.essential(rest), True)) is None:
            continue
        parts = [f"({rule.value_text(x)})*({c.text})" for x, c in zip(factors, chosen, strict=True) if not x.is_zero]
        return [
            Step(
                f"if all eigenvalues on the curvatures {SMALLEST} and {LARGEST} have a modulus of at most {ANY} < 1, "
                + " and ".join(f"{c.text} >= 0" for c in chosen),
                "the criterion of Schur and Cohn, closed",
            ),
            Step(
                f"{' + '.join(parts)} = {rule.value_text(total)} >= 0",
                "a sum with factors that are not negative (Farkas)",
            ),
            Step(
                f"so {ANY} >= {rule.value_text(rate)}, whatever the hyper-parameters are",
                f"the sum is ({rule.value_text(rest)}) times the difference, and that factor is positive",
            ),
        ]
    return None


def _summed(
    conditions: Sequence[_Linear], count: int, rule: Rule
) -> Iterator[tuple[tuple[_Linear, ...], tuple[Rational, ...]]]:  # fmt: skip
    """Factors, the last of them 1, for which a sum of conditions is free of hyper-parameters."""
    zero, one = rule.ring.number(0), rule.ring.number(1)
    for size in range(1, count + 2):
        for chosen in combinations(conditions, size):
            rule.deadline.check()
            *others, last = chosen
            rows = [[c.coefficients[k] for c in others] for k in range(count)]
            right = [-last.coefficients[k] for k in range(count)]
            if not others:
                factors: list[Rational] | None = [] if all(x.is_zero for x in right) else None
            else:
                factors = solve(rows, right, zero)
            if factors is not None:
                yield chosen, (*factors, one)


def _beside(rule: Rule, claim: Fastest, at: Mapping[str, Rational]) -> Iterator[dict[str, Fraction]]:
    """Hyper-parameters around those that are given, in their domains, then others."""
    given: dict[str, Fraction] = {}
    for hyper in rule.trace.hypers:
        text = claim.given.get(hyper.name)
        value = None if text is None else replaced(rule.ring, rule.reader.rational(text, SMALLEST, LARGEST), at).value
        given[hyper.name] = hyper.default if value is None else value
    for scales in product(SCALES, repeat=len(given)):
        point = {name: value * scale for (name, value), scale in zip(given.items(), scales, strict=True)}
        if all(value in rule.reader.domains[name] for name, value in point.items()):
            yield point
    names = list(given)
    yield from (dict(point) for point in islice(points(names, rule.reader.domains, rule.deadline), MOST_OTHERS))


def _faster(claim: Fastest, trace: Trace, time_limit: float) -> Settlement | None:
    """Hyper-parameters that contract faster between two bounds."""
    rule = between_bounds(trace, time_limit, {SHARE: ClosedUnitInterval})
    low, high = (bound_of(rule, name) for name in (SMALLEST, LARGEST))
    at = {name: rule.ring.number(value) for name, value in AT.items()}
    less = replaced(rule.ring, rule.reader.rational(claim.rate, SMALLEST, LARGEST), at) * rule.ring.number(BEATEN)
    for point in _beside(rule, claim, at):
        values = {**at, **{name: rule.ring.number(value) for name, value in point.items()}}
        curvature = replaced(rule.ring, low + (high - low) * rule.ring.name(SHARE), at)
        here = Rule(trace, rule.system.replaced(values), rule.reader, rule.deadline)
        if within(here, list(modes_at(here, curvature)), less, {}):
            check, said = check_faster(trace, claim, point, Fraction(1), Fraction(4))
            numbers = {SMALLEST: "1", LARGEST: "4"} | {name: str(value) for name, value in point.items()}
            return Settlement.fails(numbers | said, check, "other hyper-parameters contract faster")
    return None

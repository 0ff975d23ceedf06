"""Settles how fast a linear rule converges on quadratics whose curvature lies between two bounds.

With ``r = sqrt(m)``, ``d = sqrt(L) - sqrt(m)`` and ``h = m + (L - m) s`` for ``0 <= s <= 1`` everything is
rational, and the roots of a polynomial of degree 2 lie within a circle exactly where three closed
conditions hold (Schur and Cohn), which are shown by identities.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symopt.checker.linear import check_rate, check_rate_refuted
from symopt.errors import UsageError, nearest
from symopt.ir.nodes import num, op, ref
from symopt.ir.trace import Trace
from symopt.lang.domain import ClosedUnitInterval, Domain, Positive
from symopt.lang.theorem.linear import CURVATURE, LARGEST, SMALLEST, Contracts
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.implied import Implications, Point, points, value_at
from symopt.prove.linear.rational import Rational, replaced, substituted
from symopt.prove.linear.reading import Bound
from symopt.prove.linear.rule import Rule
from symopt.prove.linear.stability import modes
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement

ROOT, GAP, SHARE = "r", "d", "s"
HIGHEST = 2
# A rate that is claimed and never reached is beaten by this share of it.
BEATEN = Fraction(999, 1000)


@dataclass(frozen=True)
class Mode:
    """A factor of the characteristic polynomial, from its constant term up, the leading coefficient positive."""

    coefficients: tuple[Rational, ...]

    def conditions(self, rate: Rational) -> list[Rational]:
        """What is not negative exactly where all roots have a modulus of at most ``rate``, which is positive."""
        if len(self.coefficients) == HIGHEST:
            constant, leading = self.coefficients
            return [leading * rate + constant, leading * rate - constant]
        constant, linear, leading = self.coefficients
        square = leading * rate * rate
        return [square - constant, square + constant + linear * rate, square + constant - linear * rate]

    @property
    def discriminant(self) -> Rational | None:
        """What is not positive where two roots are complex or the same."""
        if len(self.coefficients) == HIGHEST:
            return None
        constant, linear, leading = self.coefficients
        return linear * linear - (leading * constant + leading * constant) - (leading * constant + leading * constant)


def settle_contracts(claim: Contracts, trace: Trace, time_limit: float) -> Settlement:
    """Show that every eigenvalue is within the rate at every curvature, and that one has it."""
    rule, rate = posed(claim, trace, time_limit)
    found_modes = list(modes_at(rule, _curvature(rule)))
    implications = rule.implications()
    steps = [
        Step("the rule is linear with constant coefficients", "read off the equations of a step"),
        Step(
            f"{ROOT} = sqrt({SMALLEST}), {GAP} = sqrt({LARGEST}) - sqrt({SMALLEST}), "
            f"{rule.trace.title} on curvature {SMALLEST} + ({LARGEST} - {SMALLEST})*{SHARE} with 0 <= {SHARE} <= 1",
            "the names of what follows",
        ),
    ]  # fmt: skip
    reached = False
    for mode in found_modes:
        for condition in mode.conditions(rate):
            goal = Bound(rule.reader.essential(condition), False)
            shown = "0 = 0" if condition.is_zero else implications.shown([], goal)
            if shown is None:
                return _exceeded(claim, rule, goal) or Settlement.unknown(f"whether {rule.text(goal)} was not decided")
            steps.append(Step(f"{rule.value_text(condition)} >= 0", f"the identity {shown}"))
            reached = reached or _vanishes(rule, condition)
        steps += _complex(rule, mode, implications)
    if not reached:
        return _beaten(claim, rule, found_modes, rate)
    steps.append(
        Step(f"so every eigenvalue has a modulus of at most {claim.rate}, and some eigenvalue has it",
             "the criterion of Schur and Cohn, whose conditions are closed, one with equality")
    )  # fmt: skip
    said = [step.statement for step in steps if step.statement.startswith("the discriminant")]
    largest = f"the largest modulus of an eigenvalue on curvatures from {SMALLEST} to {LARGEST} is {claim.rate}"
    return Settlement.holds(Proof(tuple(steps)), check_rate(trace, claim), "; ".join([largest, *said]))


def posed(claim: Contracts, trace: Trace, time_limit: float) -> tuple[Rule, Rational]:
    """The rule with its hyper-parameters as given, and the rate; over root, gap and share."""
    own = [hyper.name for hyper in trace.hypers]
    for name in claim.given:
        if name not in own:
            raise UsageError(f"{trace.title} has no hyper-parameter {name!r}; {nearest(name, own)}")
    rule = between_bounds(trace, time_limit, {SHARE: ClosedUnitInterval})
    given = {name: rule.reader.rational(text, SMALLEST, LARGEST) for name, text in claim.given.items()}
    implications = rule.implications()
    for hyper in trace.hypers:
        if hyper.name not in given:
            continue
        for bound, sign in ((hyper.domain.lower, 1), (hyper.domain.upper, -1)):
            if bound is None:
                continue
            distance = (given[hyper.name] - rule.ring.number(bound)) * rule.ring.number(sign)
            if not distance.is_zero and implications.shown([], Bound(rule.reader.essential(distance), False)) is None:
                raise NotDecidedError(f"{hyper.name} = {claim.given[hyper.name]} was not shown to lie in its domain")
    rate = rule.reader.rational(claim.rate, SMALLEST, LARGEST)
    if implications.shown([], Bound(rule.reader.essential(rate), True)) is None:
        raise NotDecidedError(f"the rate {claim.rate} was not shown to be positive")
    return Rule(trace, rule.system.replaced(given), rule.reader, rule.deadline), rate


def between_bounds(trace: Trace, time_limit: float, more: Mapping[str, Domain]) -> Rule:
    """A rule with names for the roots of the bounds of curvatures, in which what is read of the bounds is rational."""
    rule = Rule.of(trace, time_limit, {ROOT: Positive, GAP: Positive, **more})
    two = num(2)
    rule.reader.values |= {
        SMALLEST: op("pow", ref(ROOT), two), LARGEST: op("pow", op("add", ref(ROOT), ref(GAP)), two),
    }  # fmt: skip
    return rule


def bound_of(rule: Rule, name: str) -> Rational:
    """One of the bounds of curvatures."""
    return rule.reader.of_node(rule.reader.values[name], name)


def _curvature(rule: Rule) -> Rational:
    low, high = (bound_of(rule, name) for name in (SMALLEST, LARGEST))
    return low + (high - low) * rule.ring.name(SHARE)


def modes_at(rule: Rule, curvature: Rational) -> Iterator[Mode]:
    """The factors of the characteristic polynomial on a curvature.

    Raises
    ------
    NotDecidedError: one is of a higher degree than 2, or has a leading coefficient of unknown sign.
    """
    for factor in modes(rule.system, curvature):
        if len(factor) - 1 > HIGHEST:
            raise NotDecidedError(f"a factor of degree {len(factor) - 1} of the characteristic polynomial")
        leading = rule.reader.sign(factor[-1])
        if not leading.strict:
            raise NotDecidedError("the sign of a leading coefficient is not known")
        yield Mode(tuple(Rational(c * leading.value, rule.ring.one) for c in factor))


def _vanishes(rule: Rule, condition: Rational) -> bool:
    """Whether a condition holds with equality at an end of the curvatures, or everywhere."""
    ends = [substituted(rule.ring, condition.num, {SHARE: rule.ring.number(end)}) for end in (0, 1)]
    return condition.is_zero or any(end.is_zero for end in ends)


def _complex(rule: Rule, mode: Mode, implications: Implications) -> list[Step]:
    found = mode.discriminant
    if found is None:
        return []
    shown = implications.shown([], Bound(rule.reader.essential(-found), False))
    if shown is None:
        return []
    return [
        Step(f"the discriminant is at most 0 on all curvatures from {SMALLEST} to {LARGEST}: both eigenvalues have "
             "the root of their product as modulus", f"the identity {shown}")
    ]  # fmt: skip


def _exceeded(claim: Contracts, rule: Rule, goal: Bound) -> Settlement | None:
    """A curvature at which an eigenvalue is larger than the rate."""
    names = [name for name in rule.reader.domains if name in rule.ring.used(goal.poly)]
    for point in points(names, rule.reader.domains, rule.deadline):
        if value_at(rule.ring, goal.poly, point) < 0:
            return _failing(claim, rule, point, exceeds=True)
    return None


def _beaten(claim: Contracts, rule: Rule, found: Sequence[Mode], rate: Rational) -> Settlement:
    """Bounds between which every curvature contracts faster than the rate."""
    point = {ROOT: Fraction(1), GAP: Fraction(1)}
    values = {name: rule.ring.number(value) for name, value in point.items()}
    if not within(rule, found, rate * rule.ring.number(BEATEN), values):
        return Settlement.unknown("the rate is not exceeded; whether it is reached was not decided")
    return _failing(claim, rule, point, exceeds=False)


def within(rule: Rule, found: Sequence[Mode], rate: Rational, values: Mapping[str, Rational]) -> bool:
    """Whether all eigenvalues are shown to be within a rate on all curvatures, where names have some values."""
    implications = rule.implications()
    for mode in found:
        for condition in mode.conditions(rate):
            here = replaced(rule.ring, condition, values)
            if not here.is_zero and implications.shown([], Bound(rule.reader.essential(here), False)) is None:
                return False
    return True


def _failing(claim: Contracts, rule: Rule, point: Point, exceeds: bool) -> Settlement:
    """Two bounds, and where the rate is exceeded the curvature at which it is."""
    root, gap = point.get(ROOT, Fraction(1)), point.get(GAP, Fraction(1))
    low, high = root**2, (root + gap) ** 2
    at = low + (high - low) * point.get(SHARE, Fraction(0)) if exceeds else None
    check, said = check_rate_refuted(rule.trace, claim, low, high, at)
    numbers = {SMALLEST: str(low), LARGEST: str(high)} | ({CURVATURE: str(at)} if exceeds else {})
    how = "an eigenvalue is larger than the rate" if exceeds else "every eigenvalue is smaller than the rate"
    return Settlement.fails(numbers | said, check, how)

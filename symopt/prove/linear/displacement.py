"""Settles how far one gradient moves a linear rule in the end, and how long its steps are under a constant one."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symopt.checker.linear_runs import check_limit, check_limit_refuted
from symopt.ir.trace import Trace
from symopt.lang.theorem.linear import Displacement, SteadyStep
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.implied import holds, points, value_at
from symopt.prove.linear.rational import Rational, Vector, replaced, substituted
from symopt.prove.linear.reading import Bound
from symopt.prove.linear.rule import Rule
from symopt.prove.linear.stability import schur_cohn
from symopt.prove.linear.system import SHIFT, transfer
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement

# By how much a claim must differ from what was derived, so that a run can tell them apart.
VISIBLE = Fraction(1, 1000)


def settle_displacement(claim: Displacement, trace: Trace, time_limit: float) -> Settlement:
    """``(z - 1) H(z)`` at z = 1, where all other poles lie inside the unit circle, after any step."""
    rule = Rule.of(trace, time_limit)
    facts = rule.reader.narrow(claim.given)
    wanted = rule.reader.rational(claim.total)
    later, first = (_impulse(rule, column) for column in _columns(rule))
    if later != first:
        said = f"by {rule.value_text(first)} in the first step, and by {rule.value_text(later)} in a later one"
        return _differs(claim, rule, facts, wanted, first if later == wanted else later, f"a gradient moves it {said}")
    return _final(claim, rule, facts, wanted, later, "a gradient of 1 in any one step moves the parameter by")


def settle_steady(claim: SteadyStep, trace: Trace, time_limit: float) -> Settlement:
    """The same limit, of the steps under a constant gradient."""
    rule = Rule.of(trace, time_limit)
    facts = rule.reader.narrow(claim.given)
    wanted = rule.reader.rational(claim.step)
    return _final(claim, rule, facts, wanted, _impulse(rule, _columns(rule)[0]), "the steps tend to")


def _columns(rule: Rule) -> tuple[Vector, Vector]:
    """The states that one gradient makes of rest, at a later step and at the first."""
    if len(rule.system.gradients) != 1:
        raise NotDecidedError(f"{rule.trace.title} asks for {len(rule.system.gradients)} gradients in a step")
    columns = rule.system.columns()
    return columns[0], columns[1]


def _transfer(rule: Rule, column: Vector) -> Rational:
    """The transfer function from a column to the parameter."""
    one = rule.ring.number(1)
    row = tuple(one if i == 0 else rule.system.zero for i in range(len(rule.system.states)))
    return transfer(rule.system, [row], [column])[0][0]


def _impulse(rule: Rule, column: Vector) -> Rational:
    """The limit of the response to a column, as the final-value theorem gives it."""
    z = rule.ring.name(SHIFT)
    whole = (z - rule.ring.number(1)) * _transfer(rule, column)
    at_one = {SHIFT: rule.ring.number(1)}
    bottom = substituted(rule.ring, whole.den, at_one)
    if bottom.is_zero:
        raise NotDecidedError("a pole of higher order at 1: there is no limit")
    return replaced(rule.ring, whole, at_one)


def _poles(rule: Rule) -> list[Bound]:
    """What must be positive for all poles but a simple one at 1 to lie inside the unit circle."""
    z = rule.ring.name(SHIFT)
    found: list[Bound] = []
    for column in _columns(rule):
        whole = (z - rule.ring.number(1)) * _transfer(rule, column)
        for factor, _ in whole.den.factor()[1]:
            if rule.ring.degree(factor, SHIFT) < 1 or factor == rule.ring.gen(SHIFT):
                continue
            coefficients = rule.ring.by_powers(factor, SHIFT)
            leading = rule.reader.sign(coefficients[-1])
            if not leading.strict:
                raise NotDecidedError("the sign of a leading coefficient of the poles is not known")
            for poly in schur_cohn([c * leading.value for c in coefficients]):
                found += [Bound(part, True) for part in rule.reader.positive_parts(Rational(poly, rule.ring.one))]
    return list({rule.text(bound): bound for bound in found}.values())


def _final(
    claim: Displacement | SteadyStep, rule: Rule, facts: Sequence[Bound], wanted: Rational, limit: Rational, what: str
) -> Settlement:
    """Whether a limit exists and is what is claimed."""
    found = f"{what} {rule.value_text(limit)}"
    poles = _poles(rule)
    implications = rule.implications()
    open_ = [bound for bound in poles if implications.shown(facts, bound) is None]
    if limit != wanted:
        return _differs(claim, rule, facts, wanted, limit, found)
    if open_:
        diverging = _without_limit(claim, rule, facts, open_)
        if diverging is not None:
            return diverging
        texts = " and ".join(map(rule.text, implications.essential(open_, facts)))
        return Settlement.unknown(f"there is a limit where {texts}, which was not shown", found)
    response = rule.value_text(_transfer(rule, _columns(rule)[0]))
    steps = (
        Step("the rule is linear with constant coefficients", "read off the equations of a step"),
        Step(
            f"the transfer function from the gradient to the parameter is {response}",
            "C (z - A)^-1 B",
        ),
        Step(
            "its poles but 1 lie inside the unit circle"
            + "".join(f", since {text}" for text in [" and ".join(map(rule.text, poles))] if text),
            "the criterion of Schur and Cohn", claim.given,
        ),
        Step(found, "the final-value theorem: (z - 1) H(z) at z = 1"),
    )  # fmt: skip
    return Settlement.holds(Proof(steps), check_limit(rule.trace, claim), found)


def _differs(
    claim: Displacement | SteadyStep, rule: Rule, facts: Sequence[Bound], wanted: Rational, limit: Rational, found: str
) -> Settlement:
    """Hyper-parameters at which the limit exists and is visibly another."""
    poles = _poles(rule)
    difference = limit - wanted
    names = [hyper.name for hyper in rule.trace.hypers]
    for point in points(names, rule.reader.domains, rule.deadline):
        bottom = value_at(rule.ring, difference.den, point)
        if not holds(rule.ring, [*facts, *poles], point) or bottom == 0:
            continue
        if abs(value_at(rule.ring, difference.num, point) / bottom) > VISIBLE:
            check, said = check_limit_refuted(rule.trace, claim, point)
            return Settlement.fails({name: str(value) for name, value in point.items()} | said, check, found)
    return Settlement.unknown("no hyper-parameters were found at which the two differ", found)


def _without_limit(
    claim: Displacement | SteadyStep, rule: Rule, facts: Sequence[Bound], poles: Sequence[Bound]
) -> Settlement | None:
    """Hyper-parameters at which there is no limit, since a pole lies outside the unit circle."""
    names = [hyper.name for hyper in rule.trace.hypers]
    for point in points(names, rule.reader.domains, rule.deadline):
        if holds(rule.ring, facts, point) and any(value_at(rule.ring, bound.poly, point) < 0 for bound in poles):
            check, said = check_limit_refuted(rule.trace, claim, point)
            if check.passed:
                found = f"there is a limit only where {' and '.join(map(rule.text, poles))}"
                return Settlement.fails({name: str(value) for name, value in point.items()} | said, check, found)
    return None

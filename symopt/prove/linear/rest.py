"""Settles where a linear rule comes to rest: the gradient under which the parameter and all states stay."""

from __future__ import annotations

from symopt.checker.linear_runs import check_rest, check_rest_refuted
from symopt.ir.trace import PARAMETER, Trace
from symopt.lang.domain import Real
from symopt.lang.theorem.linear import RestsWhere
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.implied import points, value_at
from symopt.prove.linear.rational import Rational, solve
from symopt.prove.linear.rule import Rule
from symopt.prove.linear.system import characteristic
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement


def settle_rests(claim: RestsWhere, trace: Trace, time_limit: float) -> Settlement:
    """Solve ``x = A x + B g`` for the states and the gradient, which the parameter determines."""
    rule = Rule.of(trace, time_limit, {PARAMETER: Real})
    if len(rule.system.gradients) != 1:
        raise NotDecidedError(f"{trace.title} asks for {len(rule.system.gradients)} gradients in a step")
    zero, one = rule.system.zero, rule.ring.number(1)
    step, size = rule.system.later, len(rule.system.states)
    rows = [
        (*(one - x if i == j else -x for j, x in enumerate(row) if j), -step.b[i][0]) for i, row in enumerate(step.a)
    ]
    right = [(step.a[i][0] - one if i == 0 else step.a[i][0]) for i in range(size)]
    determinant = characteristic(tuple(rows), rule.ring)[0][-1]
    if determinant.is_zero:
        raise NotDecidedError("the parameter does not determine the gradient at rest")
    solution = solve(rows, right, zero)
    assert solution is not None  # the determinant is not zero
    p = rule.ring.name(PARAMETER)
    gradient = solution[-1] * p
    wanted = rule.reader.rational(claim.gradient)
    at_rest = f"the gradient is {rule.value_text(gradient)}"
    found = f"at rest {at_rest}"
    if gradient != wanted:
        return _refuted(claim, rule, gradient - wanted, gradient, determinant, found)
    point = step.c[0][0] * p
    states = []
    for name, factor, own in zip(rule.system.states[1:], step.c[0][1:], solution[:-1], strict=True):
        point = point + factor * own * p
        states.append(f"{name} = {rule.value_text(own * p)}")
    needs = rule.writer.conditions(rule.reader.sign, rule.ring, [(f, "!=") for f, _ in determinant.num.factor()[1]])
    steps = (
        Step("the rule is linear with constant coefficients", "read off the equations of a step"),
        Step(
            f"a step keeps the parameter and all states exactly where {', '.join([*states, at_rest])}",
            "the linear equations x = A x + B g, solved", needs,
        ),
        Step(f"there the gradient is asked for at {rule.value_text(point)}", "the query point"),
    )  # fmt: skip
    return Settlement.holds(Proof(steps), check_rest(trace, claim), found)


def _refuted(
    claim: RestsWhere, rule: Rule, difference: Rational, gradient: Rational, determinant: Rational, found: str
) -> Settlement:
    """Hyper-parameters at which the gradient that is claimed is not the one at rest."""
    names = [*(hyper.name for hyper in rule.trace.hypers), PARAMETER]
    for point in points(names, rule.reader.domains, rule.deadline):
        sides = [
            value_at(rule.ring, side, point)
            for side in (determinant.num, determinant.den, difference.num, difference.den)
        ]
        if all(sides):
            own = value_at(rule.ring, gradient.num, point) / value_at(rule.ring, gradient.den, point)
            check = check_rest_refuted(rule.trace, claim, point)
            said = {name: str(value) for name, value in point.items()} | {"gradient at rest": str(own)}
            return Settlement.fails(said, check, found)
    return Settlement.unknown("no hyper-parameters were found at which the two differ", found)

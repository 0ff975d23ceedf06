"""The state space of a rule against its steps in fractions; transfer functions against impulse responses."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symopt.catalogue import resolve
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.nodes import Node
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.passes.tracing import trace
from symopt.prove.linear.forms import CONSTANT, Linear
from symopt.prove.linear.implied import value_at
from symopt.prove.linear.rational import Rational, Ring, Vector
from symopt.prove.linear.system import SHIFT, System, linear_system, transfer

LINEAR = (
    "sgd", "sgd[l2=True]", "heavy_ball", "momentum_ema", "nag", "qhm", "triple_momentum", "sum_momentum", "ogd",
    "primal_averaging", "sgdw", "sgd[momentum=True,dampening=True]", "lookahead[period=1]",
)  # fmt: skip


def system_of(rule: Trace) -> System:
    names = {hyper.name: hyper.name for hyper in rule.hypers}
    found = linear_system(rule, Ring([SHIFT, STEP, *names]), names)
    assert found is not None
    return found


def hypers_of(rule: Trace) -> dict[str, Fraction]:
    return {hyper.name: Fraction(k + 2, k + 5) for k, hyper in enumerate(rule.hypers)}


def at(system: System, value: Rational, hypers: dict[str, Fraction]) -> Fraction:
    point = {name: hypers.get(name, Fraction(0)) for name in system.ring.names}
    return value_at(system.ring, value.num, point) / value_at(system.ring, value.den, point)


def run(rule: Trace, gradients: list[Fraction], start: Fraction) -> list[Fraction]:
    """The parameters after each step, by evaluation of the trace in fractions."""
    hypers = hypers_of(rule)
    nodes: list[Node] = [state.init for state in rule.states]
    inits = evaluate(nodes, {**hypers, PARAMETER: start}, ScalarArithmetic())
    state = {s.name: v for s, v in zip(rule.states, inits, strict=True)} | {PARAMETER: start}
    step, found = rule.step(), []
    for t, g in enumerate(gradients, 1):
        inputs = {**hypers, **state, STEP: Fraction(t), rule.queries[0].name: g}
        state = dict(zip(step, evaluate(step.values(), inputs, ScalarArithmetic()), strict=True))
        found.append(state[PARAMETER])
    return found


@pytest.mark.parametrize("name", LINEAR)
def test_matrices_make_the_steps_of_the_rule(name: str) -> None:
    rule = trace(resolve(name))
    system, hypers = system_of(rule), hypers_of(rule)
    gradients = [Fraction(k * k % 5 - 2, 2) for k in range(6)]
    state = [at(system, x, hypers) * 3 for x in system.start]
    found = []
    for t, g in enumerate(gradients, 1):
        step = system.first if t == 1 else system.later
        state = [
            sum((at(system, x, hypers) * y for x, y in zip(row, state, strict=True)), at(system, b[0], hypers) * g)
            for row, b in zip(step.a, step.b, strict=True)
        ]
        found.append(state[0])
    assert found == run(rule, gradients, Fraction(3))


@pytest.mark.parametrize("name", LINEAR)
def test_the_transfer_function_is_the_series_of_the_impulse_response(name: str) -> None:
    rule = trace(resolve(name))
    system, hypers = system_of(rule), hypers_of(rule)
    unit: Vector = tuple(system.ring.number(int(i == 0)) for i in range(len(system.states)))
    ((response,),) = transfer(system, [unit], [system.columns()[0]])
    # A gradient of 1 in the second step, less a run without it.
    moved = run(rule, [Fraction(0), Fraction(1), *[Fraction(0)] * 5], Fraction(1))
    free = run(rule, [Fraction(0)] * 7, Fraction(1))
    expected = [a - b for a, b in zip(moved, free, strict=True)][1:]
    top, bottom = ([at(system, Rational(c, system.ring.one), hypers) for c in system.ring.by_powers(side, SHIFT)]
                   for side in (response.num, response.den))  # fmt: skip
    assert series(top, bottom, 6) == expected


def series(top: list[Fraction], bottom: list[Fraction], count: int) -> list[Fraction]:
    """The coefficients of z**-1, z**-2, ... by long division."""
    size = len(bottom) - 1
    rest = [Fraction(0)] * (size - len(top)) + top[::-1]
    divisor = bottom[::-1]
    found = []
    for _ in range(count):
        factor = rest[0] / divisor[0]
        found.append(factor)
        rest = [x - factor * d for x, d in zip([*rest[1:], Fraction(0)], divisor[1:], strict=True)]
    return found


@pytest.mark.parametrize("name", ["adam", "signsgd", "lion", "momo", "noisy_sgd", "schedule_free", "asgd", "adafactor"])
def test_what_is_not_linear_with_constant_coefficients_has_no_system(name: str) -> None:
    rule = trace(resolve(name))
    names = {hyper.name: hyper.name for hyper in rule.hypers}
    assert linear_system(rule, Ring([SHIFT, STEP, *names]), names) is None


def test_a_comparison_that_changes_at_a_later_step_is_not_decided() -> None:
    ring = Ring([SHIFT, STEP, "x"])
    linear = Linear(ring)
    t, x = {CONSTANT: ring.name(STEP)}, {CONSTANT: ring.name("x")}
    numbers = {k: {CONSTANT: ring.number(k)} for k in (1, 2, 5)}
    assert linear.op("eq", t, numbers[1]) is False  # at every step after the first
    assert linear.op("lt", numbers[1], t) is True
    assert linear.op("lt", t, numbers[5]) is None
    assert linear.op("eq", t, numbers[2]) is None
    assert linear.op("lt", x, numbers[1]) is None
    assert linear.op("where", None, t, x) is None

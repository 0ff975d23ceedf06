"""A linear rule with constant coefficients as a state space, read from its trace.

The state ``x`` is the parameter with the states that reach it. A step is ``x' = A x + B g``; the point
of gradient i is ``C_i x + D_i g`` before the step. A first step of its own, such as one that starts an
average with the first gradient, has its own matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import Node, refs
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.prove.linear.forms import CONSTANT, Form, Linear
from symopt.prove.linear.rational import Matrix, Rational, Ring, Vector, apply, product, replaced

SHIFT = "z."  # the variable of transfer functions; no declared name has a dot
MOST_STATES = 12


@dataclass(frozen=True)
class Step:
    """The matrices of one step: new states and query points from states and gradients."""

    a: Matrix
    b: Matrix
    c: Matrix
    d: Matrix


@dataclass(frozen=True)
class System:
    """A linear rule: its states, the parameter first, its gradients, a later step, the first step, the start.

    ``start`` is what each state is of the first parameter.
    """

    ring: Ring
    states: tuple[str, ...]
    gradients: tuple[str, ...]
    later: Step
    first: Step
    start: Vector

    @property
    def zero(self) -> Rational:
        """The number 0."""
        return self.ring.number(0)

    def columns(self) -> list[Vector]:
        """The states into which one gradient puts a rule at rest: at a later step, at the first; then the start's.

        The responses to these are all that a rule can do.
        """
        later, first = (list(zip(*step.b, strict=True)) for step in (self.later, self.first))
        begun = apply(self.first.a, self.start, self.zero)
        return [*later, *first, begun]

    def replaced(self, values: Mapping[str, Rational]) -> System:
        """The system with hyper-parameters replaced by expressions."""

        def new(matrix: Sequence[Vector]) -> Matrix:
            return tuple(tuple(replaced(self.ring, x, values) for x in row) for row in matrix)

        later, first = (Step(new(s.a), new(s.b), new(s.c), new(s.d)) for s in (self.later, self.first))
        return System(self.ring, self.states, self.gradients, later, first, new([self.start])[0])

    def reached(self, steps: int) -> list[Vector]:
        """States that are reached: each of ``columns`` after 0, 1, ... later steps."""
        found: list[Vector] = []
        columns = list(dict.fromkeys(self.columns()))
        for _ in range(steps):
            found += columns
            columns = [apply(self.later.a, column, self.zero) for column in columns]
        return found


def linear_system(trace: Trace, ring: Ring, names: Mapping[str, str]) -> System | None:
    """The state space of a trace over a ring, in which ``names`` are its hyper-parameters; None if it is not linear."""
    if trace.given or trace.draws:
        return None
    step, points = trace.step(), trace.points()
    states = _needed(step, list(points.values()))
    if len(states) > MOST_STATES:
        return None
    gradients = tuple(points)
    steps: list[Step] = []
    for first in (False, True):
        forms = _forms(trace, [*(step[s] for s in states), *points.values()], ring, names, first)
        rows = [_row(ring, form, (*states, *gradients)) for form in forms]
        if any(row is None for row in rows):
            return None
        found = [row for row in rows if row is not None]
        count, width = len(states), len(states)
        a, b = tuple(r[:width] for r in found[:count]), tuple(r[width:] for r in found[:count])
        c, d = tuple(r[:width] for r in found[count:]), tuple(r[width:] for r in found[count:])
        steps.append(Step(a, b, c, d))
    inits = {state.name: state.init for state in trace.states}
    started = _forms(trace, [inits[s] for s in states[1:]], ring, names, first=True)
    starts = [_row(ring, form, (PARAMETER,)) for form in started]
    if any(row is None for row in starts):
        return None
    start = (ring.number(1), *(row[0] for row in starts if row is not None))
    return System(ring, states, gradients, steps[0], steps[1], start)


def _needed(step: Mapping[str, Node], points: Sequence[Node]) -> tuple[str, ...]:
    """The parameter and the states that it or a query point reads, now or later."""
    found = [PARAMETER]
    for name in refs(*points):
        if name in step and name not in found:
            found.append(name)
    for state in found:
        found += [name for name in dict.fromkeys(refs(step[state])) if name in step and name not in found]
    return tuple(found)


def _forms(
    trace: Trace, nodes: Sequence[Node], ring: Ring, names: Mapping[str, str], first: bool
) -> list[Form | None]:  # fmt: skip
    one = ring.number(1)
    values: dict[str, Form] = {name: {name: one} for name in trace.inputs}
    values |= {hyper.name: {CONSTANT: ring.name(names[hyper.name])} for hyper in trace.hypers}
    values[STEP] = {CONSTANT: one} if first else {CONSTANT: ring.name(STEP)}
    return evaluate(nodes, values, Linear(ring))


def _row(ring: Ring, form: Form | None, names: Sequence[str]) -> Vector | None:
    """The coefficients of a form, none of which changes from step to step; None where it is no such form."""
    if form is None or isinstance(form, bool) or any(name not in names for name in form):
        return None
    if any(ring.degree(part, STEP) > 0 for value in form.values() for part in (value.num, value.den)):
        return None
    return tuple(form.get(name, ring.number(0)) for name in names)


def characteristic(a: Matrix, ring: Ring) -> tuple[list[Rational], list[Matrix]]:
    """The coefficients of ``det(z - A)``, the highest first, and those of its adjugate (Faddeev and LeVerrier)."""
    size, zero, one = len(a), ring.number(0), ring.number(1)
    unit: Matrix = tuple(tuple(one if i == j else zero for j in range(size)) for i in range(size))
    coefficients, adjugate, current = [one], [unit], unit
    for k in range(1, size + 1):
        moved = product(a, current, zero)
        trace = zero
        for i in range(size):
            trace = trace + moved[i][i]
        coefficients.append(trace * ring.number(Fraction(-1, k)))
        current = tuple(
            tuple(x + coefficients[k] if i == j else x for j, x in enumerate(row)) for i, row in enumerate(moved)
        )
        adjugate.append(current)
    return coefficients, adjugate[:-1]


def transfer(system: System, rows: Sequence[Vector], columns: Sequence[Vector]) -> list[list[Rational]]:
    """``C (z - A)^-1 b`` for every row C and column b, as rational functions of z and the hyper-parameters."""
    ring, zero = system.ring, system.zero
    coefficients, adjugate = characteristic(system.later.a, ring)
    z = ring.name(SHIFT)
    size = len(system.states)
    bottom = zero
    for coefficient in coefficients:
        bottom = bottom * z + coefficient
    found = []
    for row in rows:
        parts = [apply(tuple(zip(*matrix, strict=True)), row, zero) for matrix in adjugate]
        responses = []
        for column in columns:
            top = zero
            for k in range(size):
                value = zero
                for x, y in zip(parts[k], column, strict=True):
                    if not (x.is_zero or y.is_zero):
                        value = value + x * y
                top = top * z + value
            responses.append(top / bottom)
        found.append(responses)
    return found

"""Re-checks displacements, steady steps and states at rest of linear rules, by runs in balls."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import flint

from symopt.checker.linear import LATER, inside, random_point
from symopt.checker.outcome import Check
from symopt.checker.runs import AGREE, Run, UndefinedValueError, Values, at_full_precision, real, value
from symopt.ir.expressions import read_expression
from symopt.ir.trace import Trace
from symopt.lang.theorem.linear import Displacement, RestsWhere, SteadyStep, region_of

RUNS = 12
# A limit is looked at after 2**DOUBLINGS steps.
DOUBLINGS = 17
VISIBLE = flint.arb(2) ** -20
Matrix = list[list[Any]]


def _step(trace: Trace, hypers: Values, state: Values, gradient: Any, t: int = LATER) -> Values:
    run = Run(trace, hypers, state["p"])
    run.values, run.t = dict(state), t - 1
    run.step(hypers, [gradient])
    return run.values


def _matrix(trace: Trace, hypers: Values) -> tuple[list[str], Matrix, list[Any]]:
    """The states, and what a later step makes of unit states without a gradient, and of a gradient alone."""
    names = list(trace.results)
    zero = {name: flint.arb(0) for name in names}
    columns = []
    for name in names:
        after = _step(trace, hypers, {**zero, name: flint.arb(1)}, flint.arb(0))
        columns.append([after[other] for other in names])
    after = _step(trace, hypers, zero, flint.arb(1))
    return names, [list(row) for row in zip(*columns, strict=True)], [after[name] for name in names]


def _far(matrix: Matrix) -> Any:
    """The matrix raised to ``2**DOUBLINGS``."""
    power = flint.arb_mat(matrix)
    for _ in range(DOUBLINGS):
        power = power * power
    return power


def _limit(trace: Trace, claim: Displacement | SteadyStep, hypers: Values, first: bool) -> Any:
    """How far one gradient moves the parameter in the end, or how long steps are under a constant one."""
    names, matrix, gained = _matrix(trace, hypers)
    start = Run(trace, hypers, flint.arb(1)).values
    if isinstance(claim, SteadyStep):
        wide = [[*row, extra] for row, extra in zip(matrix, gained, strict=True)]
        whole = [*wide, [flint.arb(0)] * len(names) + [flint.arb(1)]]
        begun = _step(trace, hypers, start, flint.arb(1), 1)
        state = _far(whole) * flint.arb_mat([[begun[name]] for name in names] + [[flint.arb(1)]])
        return (flint.arb_mat(whole) * state - state)[names.index("p"), 0]
    before = start if first else _step(trace, hypers, start, flint.arb(0), 1)
    t = 1 if first else LATER
    moved, free = (_step(trace, hypers, before, flint.arb(g), t) for g in (1, 0))
    return (_far(matrix) * flint.arb_mat([[moved[name] - free[name]] for name in names]))[names.index("p"), 0]


@at_full_precision
def check_limit(trace: Trace, claim: Displacement | SteadyStep) -> Check:
    """Compare a limit with runs of 2**17 steps at random points."""
    text = claim.total if isinstance(claim, Displacement) else claim.step
    given = tuple(link for part in claim.given for link in region_of(part))

    def agrees(hypers: Values, chosen: random.Random) -> bool | None:
        if given and not inside(given, hypers):
            return None
        stated = value(read_expression(text, tuple(hypers)), hypers)
        return all(abs(_limit(trace, claim, hypers, first) - stated) < AGREE for first in (True, False))

    return _at_random_points(trace, agrees, f"runs of 2**{DOUBLINGS} steps")


@at_full_precision
def check_limit_refuted(
    trace: Trace, claim: Displacement | SteadyStep, point: Mapping[str, Fraction]
) -> tuple[Check, dict[str, str]]:
    """Whether a run of 2**17 steps at a point ends elsewhere than is claimed."""
    hypers = {name: real(number) for name, number in point.items()}
    text = claim.total if isinstance(claim, Displacement) else claim.step
    stated = value(read_expression(text, tuple(hypers)), hypers)
    ends = [_limit(trace, claim, hypers, first) for first in (True, False)]
    other = [end for end in ends if abs(end - stated) > VISIBLE]
    said = {
        "claimed": stated.str(12, radius=False),
        f"after 2**{DOUBLINGS} steps": (other or ends)[0].str(12, radius=False),
    }
    return Check(bool(other), f"a run of 2**{DOUBLINGS} steps ends elsewhere" if other else "the run ends there"), said


@at_full_precision
def check_rest(trace: Trace, claim: RestsWhere) -> Check:
    """Solve for the rest at random points and replay a step from there."""

    def agrees(hypers: Values, chosen: random.Random) -> bool | None:
        p = real(Fraction(chosen.randint(1, 40), 8))
        state, gradient = _rest(trace, hypers, p)
        stated = value(read_expression(claim.gradient, (*hypers, "p")), {**hypers, "p": p})
        after = _step(trace, hypers, state, stated)
        return bool(abs(gradient - stated) < AGREE) and all(abs(after[name] - state[name]) < AGREE for name in state)

    return _at_random_points(trace, agrees, "states at rest and a step from each")


@at_full_precision
def check_rest_refuted(trace: Trace, claim: RestsWhere, point: Mapping[str, Fraction]) -> Check:
    """Whether the parameter of a point is at rest under another gradient than is claimed."""
    values = {name: real(number) for name, number in point.items()}
    hypers = {name: number for name, number in values.items() if name != "p"}
    state, gradient = _rest(trace, hypers, values["p"])
    stated = value(read_expression(claim.gradient, tuple(values)), values)
    after = _step(trace, hypers, state, gradient)
    rests = all(abs(after[name] - state[name]) < AGREE for name in state)
    differ = rests and not gradient.overlaps(stated)
    return Check(differ, "a state at rest was replayed" if differ else "no other rest was found")


def _rest(trace: Trace, hypers: Values, p: Any) -> tuple[Values, Any]:
    """The states and the gradient at which a parameter is at rest."""
    names, matrix, gained = _matrix(trace, hypers)
    at = names.index("p")
    rows = []
    for i, row in enumerate(matrix):
        own = [(1 if i == j else 0) - x for j, x in enumerate(row) if j != at]
        rows.append([*own, -gained[i]])
    right = [[-((1 if i == at else 0) - row[at]) * p] for i, row in enumerate(matrix)]
    try:
        found = flint.arb_mat(rows).solve(flint.arb_mat(right))
    except (ValueError, ZeroDivisionError):
        raise UndefinedValueError from None
    others = [name for name in names if name != "p"]
    state = {"p": p, **{name: found[i, 0] for i, name in enumerate(others)}}
    return state, found[len(others), 0]


def _at_random_points(trace: Trace, agrees: Callable[[Values, random.Random], bool | None], how: str) -> Check:
    done = 0
    for seed in range(6 * RUNS):
        chosen = random.Random(seed)
        hypers = random_point(trace, chosen)
        try:
            agreed = agrees(hypers, chosen)
        except UndefinedValueError:
            continue
        if agreed is False:
            return Check(False, f"a run disagrees (seed {seed})")
        done += agreed is True
        if done == RUNS:
            break
    return Check(done > 0, f"{how} at {done} random points agree")

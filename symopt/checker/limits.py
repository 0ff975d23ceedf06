"""Checks of limits: the value close to the limit and closer, at random points or at that of a counterexample."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from symopt.checker.arrays import elements, shape_for
from symopt.checker.outcome import Check
from symopt.checker.runs import (
    Run,
    UndefinedValueError,
    Values,
    at_full_precision,
    given_values,
    numbers,
    random_hypers,
    real,
    value,
)
from symopt.ir.claims import Reader
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.lang.theorem import Limit

RUNS = 8
# How far from the limit, and where without bound: each nearer than the one before.
NEAR = tuple(flint.arb(2) ** -k for k in (20, 40, 80, 160))
FAR = tuple(10**k for k in (3, 6, 9, 12))
CLOSE = flint.arb(10) ** -4


@at_full_precision
def check_limit(trace: Trace, claim: Limit, beside: Trace | None, said: Mapping[str, Any] | None = None) -> Check:
    """Evaluate nearer and nearer to the limit."""
    read = Reader(trace, beside)
    of, wanted = read(claim.of), read(claim.value)
    variable, to = (part.strip() for part in claim.when.split("->"))
    if said is not None:
        return _counterexample(trace, said, of, variable, to)
    done = 0
    for seed in range(RUNS * 3):
        chosen = random.Random(seed)
        point = _point(trace, chosen)
        try:
            errors = [abs(x - y) for x, y in _pairs(trace, of, wanted, point, variable, to)]
        except UndefinedValueError:
            continue
        if not (errors[-1] < CLOSE and errors[-1] <= errors[0] + CLOSE * CLOSE):
            return Check(False, f"the value does not come near the limit (seed {seed})")
        done += 1
        if done == RUNS:
            break
    return Check(done > 0, f"at {done} random points the value comes as near to the limit as tried")


def _point(trace: Trace, chosen: random.Random) -> Values:
    """Random hyper-parameters and a gradient, and states that a run reaches."""
    shape = shape_for(trace)
    hypers = random_hypers(trace, chosen)
    run = Run(trace, hypers, numbers(shape, lambda: Fraction(chosen.randint(-9, 9), 4)))
    for _ in range(2):
        answers = [random_gradient(shape, chosen) for _ in trace.queries]
        run.step(hypers, answers, given_values(shape, trace, trace, chosen))
    now = {**hypers, **run.values, **given_values(shape, trace, trace, chosen), "t": flint.arb(3)}
    return now | {query.name: random_gradient(shape, chosen) for query in trace.queries}


def random_gradient(shape: tuple[int, ...], chosen: random.Random) -> Any:
    """Numbers other than zero."""
    return numbers(shape, lambda: Fraction(chosen.choice((-1, 1)) * chosen.randint(1, 9), 8))


def _pairs(trace: Trace, of: Node, wanted: Node, point: Values, variable: str, to: str) -> list[tuple[Any, Any]]:
    """The largest difference at each distance, as a value and 0."""
    at = places(trace, point, variable, to)
    target = value(wanted, point)
    pairs = []
    for place in at:
        found = value(of, {**point, variable: place})
        scale = [1 + abs(x) for x in elements(target)]
        differences = [abs(d) / s for d, s in zip(elements(found - target), _spread(scale, found), strict=False)]
        pairs.append((max(differences, key=lambda d: float(d.mid())), flint.arb(0)))
    return pairs


def _spread(scale: list[Any], found: Any) -> list[Any]:
    return scale if len(scale) == np.size(found) else scale[:1] * int(np.size(found))


def places(trace: Trace, point: Values, variable: str, to: str) -> list[Any]:
    """Values of what moves that lie in its domain, each nearer to the limit than the one before."""
    if to == "oo":
        return [flint.arb(k) for k in FAR]
    limit, upper = value(read_expression(to, tuple(point)), point), trace.domains[variable].upper
    from_below = upper is not None and limit == real(upper)
    return [limit - d if from_below else limit + d for d in NEAR]


def _counterexample(trace: Trace, said: Mapping[str, Any], of: Node, variable: str, to: str) -> Check:
    point = {name: real(Fraction(text)) for name, text in said["point"].items()}
    limit, claimed = (real(Fraction(said[name])) for name in ("limit", "claimed"))
    try:
        found = value(of, {**point, variable: places(trace, point, variable, to)[-1]})
    except UndefinedValueError:
        return Check(False, "the replay meets a value that is undefined")
    gap = abs(limit - claimed)
    near, far = abs(found - limit) * 4 < gap, abs(found - claimed) * 2 > gap
    return Check(bool(near and far), "close to the limit the value stays away from what is claimed")

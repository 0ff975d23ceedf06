"""Checks of limits of rules: runs with the hyper-parameter nearer and nearer to its limit, beside the other rule."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from symopt.checker.arrays import elements, shape_for
from symopt.checker.limits import CLOSE, places, random_gradient
from symopt.checker.outcome import Check
from symopt.checker.runs import (
    Run,
    UndefinedValueError,
    Values,
    at_full_precision,
    given_values,
    random_hypers,
    real,
)
from symopt.checker.stated import SIDES
from symopt.checker.written import read_value
from symopt.ir.trace import Trace
from symopt.lang.theorem import TendsTo

RUNS, STEPS = 6, 4


@at_full_precision
def check_tends(trace: Trace, other: Trace, claim: TendsTo, said: Mapping[str, Any] | None = None) -> Check:
    """Run both on the same gradients, random ones or those of a counterexample."""
    if said is not None:
        return _counterexample(trace, other, claim, said)
    shape, done = shape_for(trace, other), 0
    for seed in range(RUNS * 3):
        chosen = random.Random(seed)
        hypers = random_hypers(other, chosen) | random_hypers(trace, chosen)
        theta = random_gradient(shape, chosen)
        grads = [[random_gradient(shape, chosen) for _ in trace.queries] for _ in range(STEPS)]
        given = given_values(shape, trace, other, chosen)
        try:
            gaps = _gaps(trace, other, claim, hypers, theta, grads, given)
        except UndefinedValueError:
            continue
        if not (gaps[-1] < CLOSE and gaps[-1] <= gaps[0] + CLOSE * CLOSE):
            return Check(False, f"the parameters do not come near each other (seed {seed})")
        done += 1
        if done == RUNS:
            break
    return Check(done > 0, f"in {done} random runs of {STEPS} steps the parameters come as near as tried")


def _gaps(
    trace: Trace,
    other: Trace,
    claim: TendsTo,
    hypers: Values,
    theta: Any,
    grads: Sequence[Sequence[Any]],
    given: Values,
) -> list[Any]:
    """The largest difference between the last parameters, at each distance from the limit."""
    variable, to = (part.strip() for part in claim.when.split("->"))
    wanted = _run(other, hypers, theta, grads, given)
    found = [
        _run(trace, {**hypers, variable: place}, theta, grads, given) for place in places(trace, hypers, variable, to)
    ]
    return [max((abs(d) for d in elements(x - wanted)), key=lambda d: float(d.mid())) for x in found]


def _run(trace: Trace, hypers: Values, theta: Any, grads: Sequence[Sequence[Any]], given: Values) -> Any:
    run = Run(trace, hypers, theta)
    for answers in grads:
        run.step(hypers, answers, given)
    return run.values["p"]


def _counterexample(trace: Trace, other: Trace, claim: TendsTo, said: Mapping[str, Any]) -> Check:
    """At the counterexample the parameters stay apart by half of what the rule at the limit has."""
    steps, theta = int(said["step"]), read_value(said["theta"])
    hypers = {name: real(Fraction(text)) for name, text in said["hyper"].items()}
    flat = [read_value(g) for g in said["grads"]]
    count = len(flat) // steps
    grads = [flat[i * count : (i + 1) * count] for i in range(steps)]
    given = {name: read_value(values[0]) for name, values in said.get("given", {}).items()}
    ends = (elements(read_value(said[side])) for side in SIDES)
    gap = max(abs(a - b) for a, b in zip(*ends, strict=True))
    try:
        last = _gaps(trace, other, claim, hypers, theta, grads, given)[-1]
    except UndefinedValueError:
        return Check(False, "the replay meets a value that is undefined")
    return Check(bool(last * 2 > gap), "close to the limit the parameters stay apart")

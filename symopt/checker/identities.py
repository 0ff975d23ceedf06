"""Checks of identities: both sides after the steps of random runs, or after those of a counterexample."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.checker.arrays import elements, shape_for
from symopt.checker.outcome import Check
from symopt.checker.runs import (
    AGREE,
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
from symopt.checker.written import read_value
from symopt.ir.claims import Reader
from symopt.ir.nodes import Reduce, walk
from symopt.ir.trace import Trace
from symopt.lang.theorem import Identity

RUNS, STEPS = 8, 4


@at_full_precision
def check_identity(trace: Trace, claim: Identity, said: Mapping[str, Any] | None = None) -> Check:
    """Compare both sides; ``trace`` is the rule under the premises of the claim."""
    if said is not None:
        return _counterexample(trace, claim, said)
    shape, done = _shape(trace, claim), 0
    for seed in range(RUNS * 3):
        chosen = random.Random(seed)
        hypers, theta = random_hypers(trace, chosen), _array(shape, chosen)
        count = 1 if claim.first else STEPS
        grads = [[_array(shape, chosen) for _ in trace.queries] for _ in range(count)]
        given = [given_values(shape, trace, trace, chosen) for _ in range(count)]
        try:
            pairs = _pairs(trace, claim, hypers, theta, grads, given)
        except UndefinedValueError:
            continue
        if not all(abs(a - b) < AGREE * (1 + abs(a)) for sides in pairs for a, b in sides):
            return Check(False, f"a random run disagrees (seed {seed})")
        done += bool(pairs)
        if done == RUNS:
            break
    return Check(done > 0, f"both sides agree to 90 digits in {done} random runs")


def _array(shape: tuple[int, ...], chosen: random.Random) -> Any:
    return numbers(shape, lambda: Fraction(chosen.randint(-9, 9), 8))


def _pairs(
    trace: Trace, claim: Identity, hypers: Values, theta: Any, grads: list[list[Any]], given: list[Values]
) -> list[list[tuple[Any, Any]]]:
    """Both sides, element by element, after every step at which the assumptions hold."""
    read, run, pairs = Reader(trace), Run(trace, hypers, theta), []
    left, right, assuming = read(claim.left), read(claim.right), [read(text) for text in claim.assuming]
    for answers, more in zip(grads, given, strict=True):
        before = {**hypers, **more, **run.values, "t": real(Fraction(run.t + 1))}
        before |= {query.name: g for query, g in zip(trace.queries, answers, strict=True)}
        before |= {name: more[f"draw{i}"] for i, name in enumerate(trace.draws, 1)}
        if all(x > 0 for node in assuming for x in elements(value(node, before))):
            a, b = np.broadcast_arrays(*(np.asarray(value(node, before), dtype=object) for node in (left, right)))
            pairs.append(list(zip(a.ravel(), b.ravel(), strict=True)))
        if len(pairs) == len(grads):
            break  # what the rest of the step is does not matter
        run.step(hypers, answers, more)
    return pairs


def _shape(trace: Trace, claim: Identity) -> tuple[int, ...]:
    """The shape of the runs: a matrix or a vector where the rule or the claim needs one."""
    if claim.one_element:
        return ()
    read = Reader(trace)
    reductions = [n for n in walk([read(claim.left), read(claim.right)]) if isinstance(n, Reduce)]
    if any(n.axis is not None for n in reductions):
        return (3, 2)
    return shape_for(trace) or ((3,) if reductions else ())


def _counterexample(trace: Trace, claim: Identity, said: Mapping[str, Any]) -> Check:
    steps = int(said["step"])
    hypers = {name: real(Fraction(text)) for name, text in said["hyper"].items()}
    given = [{name: read_value(values[i]) for name, values in said.get("given", {}).items()} for i in range(steps)]
    grads = [[read_value(g) for g in answers] for answers in said["grads"]]
    try:
        pairs = _pairs(trace, claim, hypers, read_value(said["theta"]), grads, given)
    except UndefinedValueError:
        return Check(False, "the replay meets a value that is undefined")
    differ = bool(pairs) and any(not a.overlaps(b) for a, b in pairs[-1])
    return Check(differ, "the counterexample was replayed" if differ else "the replayed sides do not differ")

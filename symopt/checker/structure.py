"""Checks of equivariance: two runs on inputs that belong together, on random data or on a counterexample."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import flint
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
from symopt.ir.expressions import read_expression
from symopt.ir.trace import Trace
from symopt.lang.theorem import Equivariance, Scaling, Shift

RUNS, STEPS = 8, 4
# Their square roots and fourth roots are rational.
FACTORS = tuple(map(Fraction, ("16", "1/16", "81", "1/81")))


@dataclass(frozen=True)
class Inputs:
    """The inputs of a run."""

    hypers: Values
    theta: Any
    grads: Sequence[Sequence[Any]]
    given: Sequence[Values]


# What is done to an input, by its name ("g" for every gradient), and to the parameter.
Change = Callable[[str, Any], Any]


@at_full_precision
def check_scaling(trace: Trace, claim: Scaling, said: Mapping[str, Any] | None = None) -> Check:
    """Multiply the inputs of random runs, or of the counterexample that was found, by their factors."""
    factors = {name: read_expression(text, ("c",)) for name, text in claim.by.items()}

    def change_by(c: Any) -> Change:
        known = {name: value(node, {"c": c}) for name, node in factors.items()}
        return lambda name, x: x * known[name] if name in known else x

    if said is not None:
        return _counterexample(trace, said, change_by(read_value(said["c"])))
    shape = shape_for(trace) or ((3,) if claim.each else ())

    def random_change(chosen: random.Random) -> Change:
        if claim.each:
            return change_by(numbers(shape, lambda: chosen.choice(FACTORS)))
        return change_by(real(chosen.choice(FACTORS)))

    return random_runs(trace, shape, random_change)


@at_full_precision
def check_shift(trace: Trace, claim: Shift, said: Mapping[str, Any] | None = None) -> Check:
    """Add a constant to the first parameter of random runs, or of the counterexample that was found."""

    def change_by(d: Any) -> Change:
        return lambda name, x: x + d if name == "p" else x

    if said is not None:
        return _counterexample(trace, said, change_by(read_value(said["constant"])))
    shape = shape_for(trace)
    return random_runs(
        trace, shape, lambda chosen: change_by(numbers(shape, lambda: Fraction(chosen.randint(1, 9), 2)))
    )


@at_full_precision
def check_equivariance(trace: Trace, claim: Equivariance, said: Mapping[str, Any] | None = None) -> Check:
    """Permute, turn or mirror the arrays of random runs, or of the counterexample that was found."""
    shape = (3, 2) if claim.under in MATRICES else (shape_for(trace) or (3,))
    if said is not None:
        theta = read_value(said["theta"])
        return _counterexample(trace, said, _moved(_move(claim.under, theta.shape, random.Random(0), first=True)))
    return random_runs(trace, shape, lambda chosen: _moved(_move(claim.under, shape, chosen, first=False)))


MATRICES = ("permutations of rows", "permutations of columns", "rotations")


def _moved(move: Callable[[Any], Any]) -> Change:
    return lambda name, x: move(x) if isinstance(x, np.ndarray) else x


def _move(under: str, shape: tuple[int, ...], chosen: random.Random, first: bool) -> Callable[[Any], Any]:
    """One element of a group, as what it does to an array; ``first`` is the plainest."""

    def order(count: int) -> list[int]:
        return [*range(1, count), 0] if first else chosen.sample(range(count), count)

    count = int(np.prod(shape))
    match under:
        case "permutations":
            flat = order(count)
            return lambda x: x.ravel()[flat].reshape(x.shape)
        case "permutations of rows":
            rows = order(shape[0])
            return lambda x: x[rows, :]
        case "permutations of columns":
            columns = order(shape[1])
            return lambda x: x[:, columns]
        case "signs":
            signs = [-1 if i == 0 or (not first and chosen.random() < 0.5) else 1 for i in range(count)]
            return lambda x: x * np.array(signs, dtype=object).reshape(x.shape)
    left, right = (_rotation(n, chosen, first) for n in shape)
    return lambda x: _product(_product(left, x), right)


def _rotation(size: int, chosen: random.Random, first: bool) -> Any:
    """A rational orthogonal matrix: a product of turns by 3/5 and 4/5 in planes."""
    turned = np.array([[real(Fraction(int(i == j))) for j in range(size)] for i in range(size)], dtype=object)
    for i in range(size - 1):
        a, b = (
            (Fraction(3, 5), Fraction(4, 5)) if first or chosen.random() < 0.5 else (Fraction(5, 13), Fraction(12, 13))
        )
        rows = turned[i].copy(), turned[i + 1].copy()
        turned[i], turned[i + 1] = rows[0] * real(a) - rows[1] * real(b), rows[0] * real(b) + rows[1] * real(a)
    return turned


def _product(a: Any, b: Any) -> Any:
    rows = [
        [sum((a[i, k] * b[k, j] for k in range(len(b))), flint.arb(0)) for j in range(b.shape[1])]
        for i in range(len(a))
    ]
    return np.array(rows, dtype=object)


def random_runs(trace: Trace, shape: tuple[int, ...], random_change: Callable[[random.Random], Change]) -> Check:
    """Random runs beside those on changed inputs."""
    done = 0
    for seed in range(RUNS * 3):
        chosen = random.Random(seed)
        inputs = _inputs(trace, shape, chosen)
        change = random_change(chosen)
        try:
            pairs = _pairs(trace, inputs, change)
        except UndefinedValueError:
            continue
        if not all(abs(a - b) < AGREE * (1 + abs(a)) for a, b in pairs):
            return Check(False, f"a random run disagrees (seed {seed})")
        done += 1
        if done == RUNS:
            break
    return Check(done > 0, f"{done} pairs of random runs of {STEPS} steps agree to 90 digits")


def _inputs(trace: Trace, shape: tuple[int, ...], chosen: random.Random) -> Inputs:
    def array(denominator: int) -> Any:
        return numbers(shape, lambda: Fraction(chosen.randint(-9, 9), denominator))

    hypers, theta = random_hypers(trace, chosen), array(4)
    grads = [[array(8) for _ in trace.queries] for _ in range(STEPS)]
    return Inputs(hypers, theta, grads, [given_values(shape, trace, trace, chosen) for _ in range(STEPS)])


def _counterexample(trace: Trace, said: Mapping[str, Any], change: Change) -> Check:
    steps = int(said["step"])
    given = [{name: read_value(values[i]) for name, values in said.get("given", {}).items()} for i in range(steps)]
    grads = [[read_value(g) for g in answers] for answers in said["grads"]]
    hypers = {name: real(Fraction(text)) for name, text in said["hyper"].items()}
    try:
        pairs = _pairs(trace, Inputs(hypers, read_value(said["theta"]), grads, given), change)
    except UndefinedValueError:
        return Check(False, "the replay meets a value that is undefined")
    differ = any(not a.overlaps(b) for a, b in pairs)
    return Check(differ, "the counterexample was replayed" if differ else "the replayed values do not differ")


def _pairs(trace: Trace, inputs: Inputs, change: Change) -> list[tuple[Any, Any]]:
    """The changed points and parameters of a run beside those of the run on changed inputs, in order."""
    changed = {name: change(name, x) for name, x in inputs.hypers.items()}
    a, b = Run(trace, inputs.hypers, inputs.theta), Run(trace, changed, change("p", inputs.theta))
    pairs: list[tuple[Any, Any]] = []
    for answers, given in zip(inputs.grads, inputs.given, strict=True):
        points = a.step(inputs.hypers, answers, given)
        own = b.step(
            changed, [change("g", g) for g in answers], {name: change(name, x) for name, x in given.items()}
        )  # fmt: skip
        for x, y in zip([*points, a.values["p"]], [*own, b.values["p"]], strict=True):
            pairs += zip(elements(change("p", x)), elements(y), strict=True)
    return pairs

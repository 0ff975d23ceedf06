"""Two runs of one rule on inputs that belong together, in exact arithmetic: how equivariance is refuted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.exact import ArrayArithmetic, UndecidedError, differ, is_defined, precision
from symopt.ir.trace import COLS, HESSIAN, LOSS, PARAMETER, ROWS, SIZE, Trace
from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.runner import Runner, Value, draw_name, shape_of
from symopt.prove.runs import BITS, written
from symopt.prove.samples import samples
from symopt.prove.witness import thresholds

STEPS, MOST_SAMPLES = 3, 24


@dataclass(frozen=True)
class Inputs:
    """All inputs of a run: ``grads`` and ``given`` for each step."""

    hypers: Mapping[str, Fraction]
    theta: Value
    grads: Sequence[Sequence[Value]]
    given: Sequence[Mapping[str, Value]]


# What is done to inputs, and what that should do to the parameter.
Change = Callable[[Inputs], Inputs]
Image = Callable[[Value], Value]


def find_difference(
    trace: Trace, change: Change, image: Image, deadline: Deadline, shape: tuple[int, ...] | None = None
) -> dict[str, Any] | None:
    """A run whose parameter, or a point of a gradient, is not the image of that of the run before the change."""
    with precision(BITS):
        for inputs in runs(trace, shape_of(trace) if shape is None else shape):
            deadline.check()
            if all(value in domain for value, domain in _placed(trace, change(inputs))):
                found = _difference(trace, inputs, change(inputs), image)
                if found is not None:
                    return found
    return None


def _placed(trace: Trace, inputs: Inputs) -> list[tuple[Fraction, Domain]]:
    return [(inputs.hypers[hyper.name], hyper.domain) for hyper in trace.hypers]


def runs(trace: Trace, shape: tuple[int, ...]) -> Iterator[Inputs]:
    """Inputs of a few steps, the plainest first; those that start with a parameter of zeros last."""
    tried = list(zip(range(MOST_SAMPLES), samples(trace.hypers, thresholds(trace)), strict=False))
    for at_zero in (False, True):
        for _, sample in tried:
            count = len(trace.queries)
            grads = [[spread(sample.grad(i * count + j), shape) for j in range(count)] for i in range(STEPS)]
            given = [_given(trace, t, shape) for t in range(1, STEPS + 1)]
            theta = spread(sample.theta, shape)
            yield Inputs(sample.hypers, times(Fraction(0), theta) if at_zero else theta, grads, given)


def spread(value: Fraction, shape: tuple[int, ...]) -> Value:
    """A number, or an array of different numbers made from it."""
    if not shape:
        return value
    array = np.empty(shape, dtype=object)
    for i, index in enumerate(np.ndindex(shape)):
        array[index] = (value, value * 2 + 1, value - 2, 3 - value)[i % 4]
    return array


def times(a: Value, b: Value) -> Value:
    """The product of two numbers or arrays, element by element."""
    return ArrayArithmetic().op("mul", a, b)


def _given(trace: Trace, t: int, shape: tuple[int, ...]) -> dict[str, Value]:
    rows, cols = (shape[0], shape[-1]) if len(shape) == 2 else (1, 1)
    plain = {
        LOSS: Fraction(2 * t + 1, t + 1), HESSIAN: spread(Fraction(t + 2), shape) ** 2,
        ROWS: Fraction(rows), COLS: Fraction(cols), SIZE: Fraction(int(np.prod(shape))),
    }  # fmt: skip
    draws = {draw_name(i): (spread(Fraction(t + 2), shape) + 4) / 16 for i in range(len(trace.draws))}
    return {name: plain[name] for name in trace.given} | draws


def _difference(trace: Trace, first: Inputs, second: Inputs, image: Image) -> dict[str, Any] | None:
    runner = Runner(trace, np.shape(first.theta))
    states = [runner.start(side.hypers, side.theta) for side in (first, second)]
    for step in range(1, STEPS + 1):
        try:
            made = [
                runner.step(state, side.hypers, step, list(side.grads[step - 1]).__getitem__, side.given[step - 1])
                for state, side in zip(states, (first, second), strict=True)
            ]
            pairs = [*zip(made[0][1], made[1][1], strict=True), (made[0][0][PARAMETER], made[1][0][PARAMETER])]
            for a, b in pairs:
                expected = image(a)
                if not all(is_defined(x) for x in (*np.ravel(expected), *np.ravel(b))):
                    return None
                if any(differ(x, y) for x, y in zip(np.ravel(expected), np.ravel(b), strict=True)):
                    return _described(first, step, expected, b)
        except (UndecidedError, ZeroDivisionError):
            return None
        states = [state for state, _ in made]
    return None


def _described(inputs: Inputs, step: int, expected: Value, found: Value) -> dict[str, Any]:
    """The inputs up to the step at which the difference shows, and both values."""
    given = {name: [written(now[name]) for now in inputs.given[:step]] for name in inputs.given[0]}
    return {
        "hyper": {name: written(value) for name, value in inputs.hypers.items()},
        "theta": written(inputs.theta),
        "grads": [[written(g) for g in answers] for answers in inputs.grads[:step]],
        **({"given": given} if given else {}),
        "step": str(step), "expected": written(expected), "found": written(found),
    }  # fmt: skip


__all__ = ["Change", "Image", "Inputs", "find_difference", "runs", "spread", "times"]

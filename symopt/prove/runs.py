"""Two rules side by side, step by step, from their initial states on the same answers, in exact arithmetic."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.exact import UNDEFINED, UndecidedError, differ, is_defined
from symopt.ir.trace import COLS, HESSIAN, LOSS, PARAMETER, ROWS, SIZE, HyperInfo, Trace
from symopt.lang.declare import GIVEN
from symopt.prove.runner import Runner, Value, draw_name, shape_of
from symopt.prove.samples import Sample

BITS = 200
UNDEFINED_TEXT = "undefined"


@dataclass(frozen=True)
class Witness:
    """A run on which two rules differ.

    ``grads`` are the answers up to and including step ``step``, at which the difference first shows:
    in the parameter, or, where ``query`` names a gradient, in the point at which it is asked for.
    ``given`` has a value a step of whatever else the steps are given.
    """

    hyper: Mapping[str, Any]
    theta: Value
    grads: tuple[Value, ...]
    step: int
    left: Value
    right: Value
    query: str | None = None
    given: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)

    @property
    def rational(self) -> bool:
        """Whether both values are rational numbers."""
        return all(isinstance(x, Fraction) for side in (self.left, self.right) for x in np.ravel(side))

    def to_json(self) -> dict[str, Any]:
        """The witness as strings of exact numbers; an irrational value is given to 40 digits."""
        return {
            "hyper": {name: written(value) for name, value in self.hyper.items()},
            "theta": written(self.theta),
            "grads": [written(value) for value in self.grads],
            "left": written(self.left),
            "right": written(self.right),
            **({"given": {name: written(value) for name, value in self.given.items()}} if self.given else {}),
        }


def written(value: Value) -> Any:
    """An exact value as text, an array or a sequence as nested lists of texts."""
    if isinstance(value, np.ndarray):
        return [written(item) for item in value]
    if isinstance(value, tuple | list):
        return [written(item) for item in value]
    if not is_defined(value):
        return UNDEFINED_TEXT
    return str(value) if isinstance(value, Fraction) else str(value.str(40, radius=False))


def shapes_of(left: Trace, right: Trace) -> list[tuple[int, ...]]:
    """The shapes on which two traces are run: matrices that are square, and such that are not."""
    shape = max(shape_of(left), shape_of(right), key=len)
    return [shape, (1, 2), (2, 1)] if len(shape) == 2 else [shape]


class Both:
    """Two traces, to be run side by side."""

    def __init__(self, left: Trace, right: Trace, varying: Sequence[str], shape: tuple[int, ...] | None = None) -> None:
        self.shape, self.varying = shapes_of(left, right)[0] if shape is None else shape, tuple(varying)
        self.left, self.right = Runner(left, self.shape), Runner(right, self.shape)
        named = {hyper.name: hyper for hyper in (*right.hypers, *left.hypers)}
        self.hypers = [named[name] for name in dict.fromkeys(h.name for h in (*left.hypers, *right.hypers))]
        for i, hyper in enumerate(self.hypers):
            others = [h.domain for h in (*left.hypers, *right.hypers) if h.name == hyper.name]
            if len(others) == 2:
                self.hypers[i] = HyperInfo(hyper.name, hyper.default, hyper.tex, others[0] & others[1])
        self.queries = max(len(left.queries), len(right.queries))
        self.given = [name for name in GIVEN if name in (*left.given, *right.given)]
        self.draws = max(len(left.draws), len(right.draws))


class Run:
    """One sample, run as far as it was asked for."""

    def __init__(self, both: Both, sample: Sample) -> None:
        self.both, self.sample = both, sample
        self.theta = self._spread(sample.theta)
        self.agreed, self.over = 0, False
        # The end of the run, where one side alone is undefined there.
        self.one_sided: Witness | None = None
        hypers = self.hypers(1)
        self.states = [side.start(hypers, self.theta) for side in (both.left, both.right)]

    def _spread(self, value: Fraction) -> Value:
        return _spread(value, self.both.shape, self.sample.is_flat)

    def hypers(self, t: int) -> dict[str, Fraction]:
        """The values at step ``t``; one that varies is halved at every other step."""
        values = dict(self.sample.hypers)
        for name in self.both.varying:
            values[name] = values[name] / (1, 2, 1, 4)[(t - 1) % 4]
        return values

    def advance(self, t: int) -> Witness | None:
        """Make step ``t``; the difference where there is one."""
        if self.over or t > self.sample.steps:
            return None
        hypers = self.hypers(t)

        given = self._given(t)

        def answer(i: int) -> Value:
            return self._spread(self.sample.grad((t - 1) * self.both.queries + i))

        sides = zip((self.both.left, self.both.right), self.states, strict=True)
        made = [self._step(side, state, hypers, t, answer, given) for side, state in sides]
        shown: list[tuple[str | None, Value, Value]] = [
            (query.name, a, b)
            for query, a, b in zip(self.both.left.trace.queries, made[0][1], made[1][1], strict=False)
        ]
        shown.append((None, made[0][0][PARAMETER], made[1][0][PARAMETER]))
        for query, a, b in shown:
            if not (_defined(a) and _defined(b)):
                self.over = True
                self.one_sided = self._undefined_on_one_side(t, a, b, query)
                return None
        for query, a, b in shown:
            if any(differ(x, y) for x, y in pairs(a, b)):
                self.over = True
                return self._witness(t, a, b, query)
        self.states = [state for state, _ in made]
        self.agreed = t
        return None

    def _step(self, side: Runner, *inputs: Any) -> tuple[dict[str, Value], list[Value]]:
        """A step of one side; undefined where a comparison meets what is undefined or cannot be told apart."""
        try:
            return side.step(*inputs)
        except UndecidedError:
            nothing = np.full(self.both.shape, UNDEFINED, dtype=object) if self.both.shape else UNDEFINED
            return {PARAMETER: nothing}, []

    def _undefined_on_one_side(self, t: int, a: Value, b: Value, query: str | None) -> Witness | None:
        sides = (self.both.left, a, b), (self.both.right, b, a)
        if any(_defined(other) and not _defined(own) and side.is_certainly_undefined() for side, own, other in sides):
            return self._witness(t, a, b, query)
        return None

    def _witness(self, t: int, a: Value, b: Value, query: str | None) -> Witness:
        hypers: dict[str, Any] = dict(self.sample.hypers)
        for name in self.both.varying:
            hypers[name] = tuple(self.hypers(k)[name] for k in range(1, t + 1))
        count = t * self.both.queries
        grads = tuple(self._spread(self.sample.grad(i)) for i in range(count))
        steps = [self._given(k) for k in range(1, t + 1)]
        given = {name: tuple(step[name] for step in steps) for name in steps[0]}
        return Witness(hypers, self.theta, grads, t, a, b, query, given)

    def _given(self, t: int) -> dict[str, Value]:
        """What step ``t`` is given besides gradients: plain numbers, other ones in every step."""
        shape, both = self.both.shape, self.both
        rows, cols = (shape[0], shape[-1]) if len(shape) == 2 else (1, 1)
        plain = {
            LOSS: Fraction(2 * t + 1, t + 1), HESSIAN: _spread(Fraction(t + 2), shape) ** 2,
            ROWS: Fraction(rows), COLS: Fraction(cols), SIZE: Fraction(int(np.prod(shape))),
        }  # fmt: skip
        draws = {draw_name(i): _draws(t, i, shape) for i in range(both.draws)}
        return {name: plain[name] for name in both.given} | draws


def pairs(a: Value, b: Value) -> Iterator[tuple[Value, Value]]:
    """The elements of two values, side by side."""
    return zip(np.ravel(a), np.ravel(b), strict=True)


def _draws(t: int, position: int, shape: tuple[int, ...]) -> Value:
    """Numbers between 0 and 1, other ones for every step, position and element."""
    count = int(np.prod(shape))
    flat = [Fraction(1 + (5 * t + 3 * position + 7 * i) % 15, 16) for i in range(count)]
    return _shaped(flat, shape) if shape else flat[0]


def _defined(value: Value) -> bool:
    return all(is_defined(x) for x in np.ravel(value))


def _spread(value: Fraction, shape: tuple[int, ...], is_flat: bool = False) -> Value:
    """A number, or an array of different numbers made from it, or of it."""
    if not shape:
        return value
    if is_flat:
        return _shaped([value] * int(np.prod(shape)), shape)
    return _shaped([value, value * 2 + 1, value - 2, 3 - value][: int(np.prod(shape))], shape)


def _shaped(flat: list[Fraction], shape: tuple[int, ...]) -> Value:
    array = np.empty(len(flat), dtype=object)
    array[:] = flat
    return array.reshape(shape)

"""A kernel's statements carried out one operation at a time: the arithmetic of a step, without generated code.

Every entry of an array is a tensor of one element, so many gradients are tried at once; one entry alone is a
plain scalar computation. What the generated kernel computes must have the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, SIZES, STEP
from symopt.run.bound import FUNCTIONS
from symopt.run.hazards.statements import run_statements
from symopt.run.hazards.subject import Place, Subject

Array = NDArray[Any]
Values = dict[str, Any]
# What the kernel's scalars are computed with where Python has its own function.
PYTHON: Mapping[str, Callable[..., float]] = {
    "pow": lambda a, b: a**b,
    "exp": math.exp,
    "log": math.log,
    "cos": math.cos,
}


def loss_of(step: int) -> float:
    """The loss that a rule which reads it is given in a step."""
    return 0.5 + step / 8


class Operations:
    """The operations of the graph on numbers or arrays of one type, each rounded once."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype

    def number(self, value: Fraction) -> Any:
        """The number rounded to double and to the type."""
        return self.dtype.type(float(value))

    def op(self, name: str, *args: Any) -> Any:
        """An element-wise operation."""
        if name in PYTHON and all(np.ndim(x) == 0 for x in args) and self.dtype == np.float64:
            try:
                return np.float64(PYTHON[name](*map(float, args)))
            except (ArithmeticError, ValueError):
                return np.float64(math.nan)
        return FUNCTIONS[name](*args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        """A reduction over the one element that a tensor has."""
        return arg

    def matop(self, name: str, *args: Any) -> Any:
        """An operation on matrices of one element."""
        if name == "matmul":
            return args[0] * args[1]
        if name in {"transpose", "wide", "unwide"}:
            return args[0]
        raise UnsupportedError(f"{name} of a matrix is not replayed")


class TwoPrecisions:
    """Numbers in double precision, elements in the type of a subject."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.wide, self.narrow = Operations(np.dtype("float64")), Operations(dtype)

    def narrowed(self, value: Any) -> Any:
        """A number rounded to the type."""
        return np.asarray(value).astype(self.narrow.dtype)[()]

    def widened(self, value: Any) -> Any:
        """An element as a double."""
        return np.asarray(value).astype(np.float64)[()]


@dataclass(frozen=True)
class Stepped:
    """What one step made: the new parameter and states, and the value of every operation."""

    values: Values
    places: Mapping[Place, Any]


Seen = Callable[[Stepped], Any]


def sees(seen: Seen, stepped: Stepped) -> Any:
    """Whether something is seen in a step, element by element; NaNs compare as they do, without a word."""
    with np.errstate(all="ignore"):
        return np.asarray(seen(stepped), bool)


class Replay:
    """Steps of a subject's statements with given hyper-parameters."""

    def __init__(self, subject: Subject, hypers: Mapping[str, float] | None = None) -> None:
        if subject.trace.draws:
            raise UnsupportedError(f"{subject.target} draws random numbers, which are not replayed")
        self.subject, self.hypers = subject, {**subject.values, **(hypers or {})}
        self.dtype = subject.format.dtype
        self.types = TwoPrecisions(self.dtype)

    def start(self, p: Array) -> Values:
        """The parameter and the states before the first step."""
        found: Values = {PARAMETER: np.asarray(p, self.dtype)[()]}
        wide = {**self.hypers, PARAMETER: self.types.widened(found[PARAMETER])}
        for state in self.subject.trace.states:
            value = evaluate([state.init], wide, self.types.wide)[0]
            is_array = self.subject.is_array(state.name)
            found[state.name] = self.types.narrowed(value) if is_array else np.float64(value)
        return found

    def step(self, before: Values, g: Array, step: int) -> Stepped:
        """One step; every gradient that is asked for, and an estimate of the second derivative, is ``g``."""
        trace = self.subject.trace
        given = np.asarray(g, self.dtype)[()]
        inputs: Values = {**{name: np.float64(value) for name, value in self.hypers.items()}, STEP: float(step)}
        inputs |= {query.name: given for query in trace.queries} | {HESSIAN: given}
        inputs |= dict.fromkeys(SIZES, 1.0) | {LOSS: loss_of(step), **before}
        with np.errstate(all="ignore"):
            names, places = run_statements(self.subject, inputs, self.types)
        return Stepped({name: names[value] for name, value in trace.results.items()}, places)

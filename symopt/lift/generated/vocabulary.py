"""NumPy and PyTorch as the texts of generated kernels use them."""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from symopt.ir.nodes import Node, num, ref
from symopt.passes import build
from symopt.lift.generated.arrays import Blocks, Scratch
from symopt.lift.numpy.array import SymArray, whole_of
from symopt.lift.numpy.vocabulary import MAKERS, Kind, Vocabulary, zeros
from symopt.lift.scalars import SymFloat, SymInt, plain, symbolic
from symopt.lift.whole import DOWN, Whole, elementwise, filled, reduced, scalar


class Float(metaclass=Kind):
    """``float`` and ``np.float64``: a number stays what it is, with its expression."""

    plain = (float, SymFloat)

    def __new__(cls, value: Any = 0.0) -> Any:
        if isinstance(value, SymArray | SymFloat):
            return value
        if isinstance(value, SymInt):
            return symbolic(float(plain(value)), value.node)
        return float(value)


class Tensor(metaclass=Kind):
    """``torch.Tensor``."""

    plain = (SymArray,)


class Optimizer:
    """The base class of a generated optimizer, which is not executed here."""


def _empty(shape: Any, *args: Any, **kwargs: Any) -> Any:
    return Scratch(shape[0]) if isinstance(shape, tuple) and len(shape) == 2 else zeros(shape)


def numpy_vocabulary() -> Vocabulary:
    """``np`` of a generated text."""
    return Vocabulary("np", {**MAKERS, "float64": Float, "nditer": Blocks, "empty": _empty}, np)


def _sum(name: str) -> Any:
    def function(x: SymArray, dim: Any = None, keepdim: bool = False, **kwargs: Any) -> SymArray:
        dims = [dim] if isinstance(dim, int) else dim
        return SymArray.of(reduced(name, x.whole, dims, keep=keepdim))

    return function


def _like(value: Any) -> Any:
    return lambda x, *args, **kwargs: SymArray.of(filled(whole_of(value).node, x.shape))


def torch_vocabulary() -> Vocabulary:
    """``torch`` of a generated text."""
    same = {
        "sqrt": np.sqrt, "abs": np.absolute, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos,
        "square": np.square, "maximum": np.maximum, "minimum": np.minimum, "where": np.where, "matmul": np.matmul,
    }  # fmt: skip
    return Vocabulary("torch", {
        **same, "Tensor": Tensor, "no_grad": _Decorator, "enable_grad": _Decorator, "strided": "strided",
        "float64": "float64", "float32": "float32", "int64": "int64", "zeros": zeros, "zeros_like": _like(0),
        "empty_like": _like(0), "full_like": lambda x, value, **kwargs: _like(value)(x),
        "tensor": lambda value, **kwargs: value if isinstance(value, SymArray) else SymArray.of(whole_of(value)),
        "sum": _sum("sum"), "mean": _sum("mean"), "amax": _sum("amax"),
    })  # fmt: skip


class _Decorator(nullcontext[None]):
    """``torch.no_grad()`` as a decorator and as a block."""

    def __call__(self, function: Any) -> Any:
        return function


def _smaller(name: str, plain: Any) -> Any:
    """``min`` or ``max`` of numbers, which decides nothing where one has an expression."""

    def function(*values: Any, **kwargs: Any) -> Any:
        if len(values) != 2 or not any(isinstance(value, SymArray | SymFloat | SymInt) for value in values):
            return plain(*values, **kwargs)
        return SymArray.of(scalar(build.apply(name, *(whole_of(value).node for value in values))))

    return function


def _root(value: Any) -> Any:
    """``math.sqrt``; a root that is irrational stays one."""
    if isinstance(value, SymArray):
        return np.sqrt(value)
    node = build.apply("sqrt", whole_of(value).node)
    exact = math.sqrt(value) if not isinstance(value, SymFloat | SymInt) else None
    return exact if exact is not None and exact == int(exact) else SymArray.of(scalar(node))


def _of_numbers(function: Any) -> Any:
    return lambda value: function(value) if isinstance(value, SymArray | SymFloat | SymInt) else float(function(value))


def math_vocabulary() -> Vocabulary:
    """``math`` of a generated text."""
    return Vocabulary("math", {
        "sqrt": _root, "exp": _of_numbers(np.exp), "log": _of_numbers(np.log), "floor": _of_numbers(np.floor),
        "inf": math.inf,
    })  # fmt: skip


def compared(name: str, a: Any, b: Any) -> Any:
    """A comparison; of what has an expression it is a condition."""
    if any(isinstance(value, SymArray | SymFloat | SymInt) for value in (a, b)):
        return SymArray.of(elementwise(lambda x, y: build.compare(name, x, y), whole_of(a), whole_of(b)))
    return COMPARED[name](a, b)


def chosen(condition: Any, yes: Any, no: Any) -> Any:
    """``yes() if condition else no()``; both where the condition has an expression."""
    if not isinstance(condition, SymArray):
        return yes() if condition else no()
    sides = [side for side in map(_value_of, (yes, no)) if side is not None]
    if len(sides) == 1:  # the other one is not computed on this way through the text, so it is never chosen
        return sides[0]
    return SymArray.of(elementwise(build.where, *(whole_of(value) for value in (condition, *sides))))


def _value_of(side: Any) -> Any:
    """What a side of a choice comes to; None where it reads a name that has no value."""
    try:
        return side()
    except NameError:
        return None


def joined(name: str, *conditions: Any) -> Any:
    """``a and b`` or ``a or b`` of conditions, each a function of nothing."""
    values = [condition() for condition in conditions]
    if not any(isinstance(value, SymArray) for value in values):
        return all(values) if name == "and" else any(values)
    wholes = [whole_of(value) for value in values]
    return SymArray.of(functools.reduce(lambda a, b: elementwise(lambda x, y: build.apply(name, x, y), a, b), wholes))


COMPARED = {
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip


def builtins_of_numbers() -> dict[str, Any]:
    """The builtins that a generated text uses on numbers."""
    return {"float": Float, "min": _smaller("min", min), "max": _smaller("max", max)}


class Sum:
    """The contract of ``_Sum``: the sum of all elements, whatever the blocks."""

    def __init__(self) -> None:
        self._total: Node = num(0)

    def add(self, values: SymArray) -> None:
        """Add more elements."""
        self._total = build.add(self._total, reduced("sum", values.whole).node)

    def value(self) -> SymArray:
        """The sum of all elements."""
        return SymArray.of(scalar(self._total))


def draws(names: Sequence[str]) -> Any:
    """The contract of ``_draws``: for each number of a draw, an array of fresh random numbers."""

    def function(p: SymArray, numbers: Sequence[int], *args: Any, **kwargs: Any) -> list[SymArray]:
        return [SymArray.of(p.whole.of(ref(names[k]))) for k in numbers]

    return function


def matrix_operation(name: str) -> Any:
    """The contract of ``_inverse_root``, ``_eigenbasis`` and ``_orthogonal``: the graph's operation of that name."""

    def function(a: SymArray, *numbers: Any) -> SymArray:
        node = build.matrix(name, a.whole.node, *(whole_of(value).node for value in numbers))
        return SymArray.of(Whole(node, a.shape, a.whole.labels or (DOWN,)))

    return function


def contracts(names: Sequence[str]) -> Mapping[str, Any]:
    """Functions of the templates that are taken by their contract; each is executed and checked on its own."""
    return {
        "_Sum": Sum, "_draws": draws(names), "_inverse_root": matrix_operation("inverse_root"),
        "_eigenbasis": matrix_operation("eigenbasis"), "_orthogonal": matrix_operation("orthogonal"),
    }  # fmt: skip

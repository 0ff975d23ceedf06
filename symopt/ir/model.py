"""Evaluation over a model: several tensors, each with values of its own, and numbers that all share."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import Any

from symopt.ir.evaluate import Arithmetic
from symopt.ir.nodes import MODEL_REDUCTIONS


class PerTensor(tuple[Any, ...]):
    """A value that differs from tensor to tensor: one for each."""


class ModelArithmetic(Arithmetic[Any]):
    """Another arithmetic on every one of ``count`` tensors; what is ``PerTensor`` differs, all else is shared.

    Tensors without elements do nothing in a step and are none of them.
    """

    def __init__(self, inner: Arithmetic[Any], count: int) -> None:
        self.inner, self.count = inner, count

    def number(self, value: Fraction) -> Any:
        return self.inner.number(value)

    def op(self, name: str, *args: Any) -> Any:
        return self._mapped(lambda *own: self.inner.op(name, *own), args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        if name not in MODEL_REDUCTIONS:
            return self._mapped(lambda own: self.inner.reduce(name, own, axis), (arg,))
        totals = [self.inner.reduce(MODEL_REDUCTIONS[name], part, None) for part in self.each(arg)]
        return reduce(lambda a, b: self.inner.op("add", a, b), totals, self.inner.number(Fraction(0)))

    def matop(self, name: str, *args: Any) -> Any:
        return self._mapped(lambda *own: self.inner.matop(name, *own), args)

    def each(self, value: Any) -> Sequence[Any]:
        """The value for every tensor."""
        return value if isinstance(value, PerTensor) else [value] * self.count

    def _mapped(self, function: Any, args: Sequence[Any]) -> Any:
        if not any(isinstance(arg, PerTensor) for arg in args):
            return function(*args)
        return PerTensor(function(*own) for own in zip(*map(self.each, args), strict=True))

"""Exact arithmetic: rationals as long as they last, certified balls once a root is irrational.

A value is a ``Fraction``, or an ``arb`` of python-flint: a real interval that is proved to hold the
value, at the working precision of ``flint.ctx``. What is undefined is the ball NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from fractions import Fraction
from math import isqrt
from typing import Any, ClassVar

import flint
import numpy as np

from symopt.errors import SymoptError
from symopt.ir.evaluate import Arithmetic
from symopt.ir.matrices import MEANING as MATRIX_MEANING
from symopt.ir.nodes import ARITY, MODEL_REDUCTIONS

# Fraction or flint.arb for reals, bool for conditions; python-flint is untyped.
Exact = Any

UNDEFINED: Exact = flint.arb("nan")
# A rational with a numerator or a denominator of more bits becomes a ball: powers and products of matrices
# multiply their lengths.
LARGEST_BITS = 10_000


class UndecidedError(SymoptError):
    """Two values are too close to compare at the working precision."""

    exit_status = 3


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with balls of ``bits`` bits inside the block."""
    before = flint.ctx.prec
    flint.ctx.prec = bits
    try:
        yield
    finally:
        flint.ctx.prec = before


def ball(value: Exact) -> Any:
    """A value as a ball."""
    return flint.arb(flint.fmpq(value.numerator, value.denominator)) if isinstance(value, Fraction) else value


def is_defined(value: Exact) -> bool:
    """Whether a value is a finite real number."""
    return isinstance(value, Fraction) or bool(value.is_finite())


def differ(a: Exact, b: Exact) -> bool:
    """Whether two defined values are certainly different."""
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a != b
    return not ball(a).overlaps(ball(b))


def compare(a: Exact, b: Exact) -> int:
    """-1, 0 or 1 as ``a`` is less than, equal to or greater than ``b``.

    Raises
    ------
    UndecidedError: the balls overlap, or a value is undefined.
    """
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return (a > b) - (a < b)
    difference = ball(a) - ball(b)
    if difference > 0:
        return 1
    if difference < 0:
        return -1
    if difference == 0:
        return 0
    raise UndecidedError(f"{a} and {b} cannot be told apart at {flint.ctx.prec} bits")


def _of_use(value: Fraction) -> Exact:
    """A rational, or the ball around it where it is too long."""
    return value if _bits(value) <= LARGEST_BITS else ball(value)


def _bits(value: Fraction) -> int:
    """The length of the longer of numerator and denominator."""
    return max(value.numerator.bit_length(), value.denominator.bit_length())


def _divide(a: Exact, b: Exact) -> Exact:
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return _of_use(a / b) if b else UNDEFINED
    return ball(a) / ball(b)


def _power(base: Exact, exponent: Exact) -> Exact:
    if isinstance(exponent, Fraction) and exponent.denominator == 1:
        if isinstance(base, Fraction) and (base in (-1, 0, 1) or _bits(base) * abs(exponent) <= LARGEST_BITS):
            return base**exponent if base or exponent >= 0 else UNDEFINED
        return ball(base) ** int(exponent)
    if isinstance(base, Fraction) and base == 0:
        return Fraction(0) if compare(exponent, Fraction(0)) > 0 else UNDEFINED
    return ball(base) ** ball(exponent)


def _sqrt(a: Exact) -> Exact:
    if isinstance(a, Fraction):
        if a < 0:
            return UNDEFINED
        numerator, denominator = isqrt(a.numerator), isqrt(a.denominator)
        if numerator**2 == a.numerator and denominator**2 == a.denominator:
            return Fraction(numerator, denominator)
    return ball(a).sqrt()


def _of_ball(name: str, at: Mapping[Fraction, int]) -> Callable[[Exact], Exact]:
    """A transcendental function: rational at the points ``at``, a ball elsewhere."""

    def function(a: Exact) -> Exact:
        if isinstance(a, Fraction) and a in at:
            return Fraction(at[a])
        return getattr(ball(a), name)()

    return function


def _arithmetic(operation: Callable[[Exact, Exact], Exact]) -> Callable[[Exact, Exact], Exact]:
    """A ring operation: on fractions where both are, on balls otherwise."""

    def function(a: Exact, b: Exact) -> Exact:
        if isinstance(a, Fraction) and isinstance(b, Fraction):
            return _of_use(operation(a, b))
        return operation(ball(a), ball(b))

    return function


def _where(condition: bool, a: Exact, b: Exact) -> Exact:
    return a if condition else b


ZERO = Fraction(0)
OPERATIONS: Mapping[str, Callable[..., Exact]] = {
    "add": _arithmetic(lambda a, b: a + b),
    "sub": _arithmetic(lambda a, b: a - b),
    "mul": _arithmetic(lambda a, b: a * b),
    "div": _divide,
    "pow": _power,
    "neg": lambda a: -a,
    "sqrt": _sqrt,
    "abs": abs,
    "sign": lambda a: Fraction(compare(a, ZERO)),
    "exp": _of_ball("exp", {Fraction(0): 1}),
    "log": _of_ball("log", {Fraction(1): 0}),
    "cos": _of_ball("cos", {Fraction(0): 1}),
    "floor": lambda a: Fraction(a.numerator // a.denominator) if isinstance(a, Fraction) else a.floor(),
    "max": lambda a, b: a if compare(a, b) >= 0 else b,
    "min": lambda a, b: a if compare(a, b) <= 0 else b,
    "where": _where,
    "lt": lambda a, b: compare(a, b) < 0,
    "le": lambda a, b: compare(a, b) <= 0,
    "eq": lambda a, b: compare(a, b) == 0,
    "and": lambda a, b: a and b,
    "or": lambda a, b: a or b,
    "not": lambda a: not a,
}


class ScalarArithmetic(Arithmetic[Exact]):
    """One element: every tensor is a single number, so every reduction is the number itself."""

    def number(self, value: Fraction) -> Exact:
        return value

    def op(self, name: str, *args: Exact) -> Exact:
        return OPERATIONS[name](*args)

    def reduce(self, name: str, arg: Exact, axis: int | None) -> Exact:
        return arg

    def matop(self, name: str, *args: Exact) -> Exact:
        match name:
            case "matmul":
                return OPERATIONS["mul"](*args)
            case "inverse_root":
                a, damping, order = args
                return _power(OPERATIONS["add"](a, damping), Fraction(-1, int(order)))
            case "eigenbasis":
                return Fraction(1)
            case "orthogonal":
                return Fraction(compare(args[0], ZERO) or 1)
        return args[0]


class ArrayArithmetic(Arithmetic[Any]):
    """NumPy arrays of exact values (dtype object); numbers are broadcast. The model is one tensor."""

    _ufuncs: ClassVar[Mapping[str, np.ufunc]] = {
        name: np.frompyfunc(function, ARITY[name], 1) for name, function in OPERATIONS.items()
    }

    def number(self, value: Fraction) -> Any:
        return value

    def op(self, name: str, *args: Any) -> Any:
        return self._ufuncs[name](*args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        name = MODEL_REDUCTIONS.get(name, name)
        combine = self._ufuncs[{"amax": "max", "amin": "min"}.get(name, "add")]
        array = np.asarray(arg, dtype=object)
        total = combine.reduce(array.ravel()) if axis is None else combine.reduce(array, axis=axis, keepdims=True)
        count = array.size if axis is None else array.shape[axis]
        return self.op("div", total, Fraction(count)) if name == "mean" else total

    def matop(self, name: str, *args: Any) -> Any:
        return MATRIX_MEANING[name](*args)

"""What every operation of the graph means, at 60 digits: an arithmetic of the oracle's own, on mpmath.

A value is an ``mpf``, a truth value, or None where it is undefined. A sum that cancels to less than
``CANCELLED`` of its operands is zero, so that ties are ties; a difference that small is not looked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import mpmath

DIGITS = 60
# A context of its own: nobody else changes its precision.
MP = mpmath.MPContext()
MP.dps = DIGITS
ZERO, ONE = MP.mpf(0), MP.mpf(1)
CANCELLED = MP.mpf(10) ** -45
# Beyond this exponents and exponentials count as undefined: they say nothing and take long.
LARGEST = MP.mpf(10) ** 6

Value = Any


def real(value: Fraction) -> Value:
    """A rational number."""
    return MP.mpf(value.numerator) / value.denominator


def _add(a: Value, b: Value) -> Value:
    total = a + b
    return ZERO if total and abs(total) < CANCELLED * abs(a) else total


def _sub(a: Value, b: Value) -> Value:
    return _add(a, -b)


def _order(a: Value, b: Value) -> int:
    difference = _sub(a, b)
    return int(difference > 0) - int(difference < 0)


def _power(a: Value, b: Value) -> Value:
    if abs(b) > LARGEST or (a == 0 and b < 0):
        return None
    if b == int(b):
        return a ** int(b)
    if a < 0:
        return None
    return ZERO if a == 0 else MP.power(a, b)


def _floor(a: Value) -> Value:
    """The whole part; what is whole but for rounding is whole."""
    nearest = MP.nint(a)
    return nearest if abs(a - nearest) <= CANCELLED * (1 + abs(a)) else MP.floor(a)


FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "add": _add, "sub": _sub, "mul": lambda a, b: a * b, "div": lambda a, b: a / b if b else None, "pow": _power,
    "neg": lambda a: -a, "sqrt": lambda a: MP.sqrt(a) if a >= 0 else None, "abs": abs,
    "sign": lambda a: MP.mpf((a > 0) - (a < 0)), "exp": lambda a: MP.exp(a) if abs(a) < LARGEST else None,
    "log": lambda a: MP.log(a) if a > 0 else None, "cos": MP.cos, "floor": _floor,
    "max": lambda a, b: a if a >= b else b, "min": lambda a, b: a if a <= b else b,
    "lt": lambda a, b: _order(a, b) < 0, "le": lambda a, b: _order(a, b) <= 0, "eq": lambda a, b: _order(a, b) == 0,
    "and": lambda a, b: a and b, "or": lambda a, b: a or b, "not": lambda a: not a,
}  # fmt: skip


def apply(name: str, *args: Value) -> Value:
    """An operation on numbers; ``where`` alone has a value where an operand that it does not choose has none."""
    if name == "where":
        condition, a, b = args
        return None if condition is None else a if condition else b
    if any(arg is None for arg in args):
        return None
    return FUNCTIONS[name](*args)


def differ(a: Value, b: Value) -> bool:
    """Whether two numbers differ by far more than rounding explains."""
    return bool(abs(a - b) > MP.mpf(10) ** -30 * (abs(a) + abs(b)))

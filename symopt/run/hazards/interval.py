"""Intervals of floating-point numbers, with the operations of one type.

Rounding to nearest is monotone, and so are the operations in each operand where the other one is held: the
rounded results at the corners of two intervals bound the rounded results at every point between. So these
bounds hold for what the kernel computes, not only for real numbers. Functions that a library computes
without correct rounding are taken some units in the last place wider.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np

from symopt.ir.nodes import CONDITIONS, MODEL_REDUCTIONS
from symopt.run.bound import FUNCTIONS, LIBRARY
from symopt.run.hazards.formats import Format, format_of

INF = math.inf
# The relative error of a mean of fewer than a million numbers of one sign, in double precision, is below this.
MEAN = 1e-9


@dataclass(frozen=True, eq=False)
class Interval:
    """All numbers from ``lo`` to ``hi``, infinite ones too, and NaN where ``nan``. Truth values are 0 and 1.

    Two occurrences of one object are one and the same value: a product of an interval with itself is a square.
    """

    lo: float
    hi: float
    nan: bool = False

    def has(self, value: float) -> bool:
        """Whether a number lies inside."""
        return self.lo <= value <= self.hi

    def joined(self, other: Interval) -> Interval:
        """Everything in one or the other."""
        return Interval(min(self.lo, other.lo), max(self.hi, other.hi), self.nan or other.nan)

    def __str__(self) -> str:
        return f"[{self.lo:.6g}, {self.hi:.6g}]" + (" or NaN" if self.nan else "")


def anything() -> Interval:
    """All numbers and NaN."""
    return Interval(-INF, INF, True)


class Monotone:
    """The operations of the graph on intervals of numbers of one type."""

    def __init__(self, given: Format) -> None:
        self.format, self.type = given, given.dtype

    def number(self, value: Fraction) -> Interval:
        """The number rounded to double and to the type."""
        rounded = self.format.round(float(value))
        return Interval(rounded, rounded)

    def op(self, name: str, *args: Interval) -> Interval:
        """The interval of an operation's results."""
        if name in CONDITIONS:
            return _condition(name, args)
        if name == "where":
            return _chosen(*args)
        nan = any(a.nan for a in args)
        if name == "mul" and args[0] is args[1]:
            low, high = size(args[0])
            return self._at(name, [(low, low), (high, high)], nan)
        if name in MONOTONE:
            parts, undefined = MONOTONE[name](*args)
            return self._at(name, parts, nan or undefined)
        return anything()

    def reduce(self, name: str, arg: Interval, axis: int | None) -> Interval:
        """A reduction over any number of elements, at least one."""
        kind = MODEL_REDUCTIONS.get(name, name)
        nan = arg.nan or (arg.lo == -INF and arg.hi == INF)
        if kind == "sum":
            # A rounded sum of two numbers that are not negative is not below either.
            return Interval(arg.lo if arg.lo >= 0 else -INF, arg.hi if arg.hi <= 0 else INF, nan)
        if kind == "mean":
            room = MEAN * size(arg)[1]
            low, high = arg.lo - min(room, MEAN * abs(arg.lo)), arg.hi + min(room, MEAN * abs(arg.hi))
            is_one_sign = arg.lo >= 0 or arg.hi <= 0
            return Interval(low, high, nan) if is_one_sign else Interval(arg.lo - room, arg.hi + room, nan)
        return Interval(arg.lo, arg.hi, nan)

    def matop(self, name: str, *args: Interval) -> Interval:
        """Turning a matrix keeps its elements; about what else becomes of them nothing is said."""
        if name in {"transpose", "wide", "unwide"}:
            return Interval(args[0].lo, args[0].hi, args[0].nan)
        return anything()

    def _at(self, name: str, corners: Sequence[tuple[float, ...]], nan: bool) -> Interval:
        """The rounded results at the corners, and what lies between."""
        found = []
        for corner in corners:
            with np.errstate(all="ignore"):
                value = float(FUNCTIONS[name](*(self.type.type(x) for x in corner)))
            # inf - inf, 0*inf, inf/inf: NaN at the corner itself; beside it the other corners bound, and zero.
            nan = nan or math.isnan(value)
            found.append(0.0 if math.isnan(value) else value)
        low, high = min(found), max(found)
        if name in LIBRARY:
            low, high = self._wider(low, -1), self._wider(high, 1)
        return Interval(low, high, nan)

    def _wider(self, value: float, sign: int) -> float:
        """A bound moved outwards by the error of a library's function; past zero only where the function goes there."""
        if not math.isfinite(value) or value == 0:
            return value
        moved = float(Fraction(value) + sign * 8 * self.format.ulp(value))
        return 0.0 if moved * value < 0 else moved


class Intervals:
    """Intervals of a kernel's numbers and elements."""

    def __init__(self, given: Format) -> None:
        self.wide, self.narrow = Monotone(format_of("float64")), Monotone(given)

    def narrowed(self, value: Interval) -> Interval:
        """A number rounded to the type."""
        return Interval(self.narrow.format.round(value.lo), self.narrow.format.round(value.hi), value.nan)

    def widened(self, value: Interval) -> Interval:
        """An element as a double."""
        return value


def _corners(a: Interval, b: Interval) -> list[tuple[float, ...]]:
    return list(product((a.lo, a.hi), (b.lo, b.hi)))


Parts = tuple[list[tuple[float, ...]], bool]


def _sum(a: Interval, b: Interval) -> Parts:
    opposite = (a.hi == INF and b.lo == -INF) or (a.lo == -INF and b.hi == INF)
    if opposite and (a.lo in (INF, -INF) or b.lo in (INF, -INF)):
        return [(-INF, -INF), (INF, INF)], True
    return [(a.lo, b.lo), (a.hi, b.hi)], opposite


def _difference(a: Interval, b: Interval) -> Parts:
    parts, undefined = _sum(a, Interval(-b.hi, -b.lo))
    return [(x, -y) for x, y in parts], undefined


def _product(a: Interval, b: Interval) -> Parts:
    is_infinite = [x.lo == -INF or x.hi == INF for x in (a, b)]
    return _corners(a, b), (a.has(0) and is_infinite[1]) or (b.has(0) and is_infinite[0])


def _quotient(a: Interval, b: Interval) -> Parts:
    if b.has(0):
        return [(1.0, 0.0), (-1.0, 0.0)], True
    both = all(x.lo == -INF or x.hi == INF for x in (a, b))
    return _corners(a, b), both


def _power(a: Interval, b: Interval) -> Parts:
    if a.lo < 0 or (a.lo == 0 and b.lo < 0):
        return [(INF, 1.0), (-INF, 1.0)], True
    return _corners(a, b), False


def _not_below_zero(a: Interval) -> Parts:
    return [(max(a.lo, 0.0),), (max(a.hi, 0.0),)], a.lo < 0


def _ends(a: Interval) -> Parts:
    return [(a.lo,), (a.hi,)], False


def _absolute(a: Interval) -> Parts:
    return [(x,) for x in size(a)], False


def _both(a: Interval, b: Interval) -> Parts:
    return [(a.lo, b.lo), (a.hi, b.hi)], False


MONOTONE: dict[str, Callable[..., Parts]] = {
    "add": _sum, "sub": _difference, "mul": _product, "div": _quotient, "pow": _power, "sqrt": _not_below_zero,
    "log": _not_below_zero, "exp": _ends, "neg": _ends, "floor": _ends, "sign": _ends, "abs": _absolute,
    "max": _both, "min": _both,
}  # fmt: skip


def size(a: Interval) -> tuple[float, float]:
    """The least and the largest absolute value."""
    least = 0.0 if a.has(0) else min(abs(a.lo), abs(a.hi))
    return least, max(abs(a.lo), abs(a.hi))


def _condition(name: str, args: Sequence[Interval]) -> Interval:
    """Whether a condition can be false and whether it can be true; with NaN a comparison is false."""
    a, b = args[0], args[-1]
    if name == "not":
        return Interval(1 - a.hi, 1 - a.lo)
    if name in ("and", "or"):
        pick: Any = min if name == "and" else max
        return Interval(pick(a.lo, b.lo), pick(a.hi, b.hi))
    nan = a.nan or b.nan
    always, ever = {
        "lt": (a.hi < b.lo, a.lo < b.hi),
        "le": (a.hi <= b.lo, a.lo <= b.hi),
        "eq": (a.lo == a.hi == b.lo == b.hi, a.lo <= b.hi and b.lo <= a.hi),
    }[name]
    return Interval(float(always and not nan), float(ever))


def _chosen(condition: Interval, a: Interval, b: Interval) -> Interval:
    if condition.lo == condition.hi:
        return a if condition.lo else b
    return a.joined(b)

"""A bound of the rounding errors of a kernel, computed along with its values.

Running error analysis (Higham 2002, section 3.3): every value carries a bound of its distance from what
exact arithmetic would have given. The bound holds for every kernel that does the same operations, in
whatever order it adds up a reduction or a product, and tells cancellation from a mistake: where two
large terms cancel, it stays as large as their roundings were. Where an operation leaves the range of the
type, or a comparison cannot be settled within the bounds, it is infinite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.ir.evaluate import Arithmetic
from symopt.ir.nodes import CONDITIONS, MODEL_REDUCTIONS
from symopt.run.decompositions import DECOMPOSITIONS

Array = NDArray[Any]

# Room for the roundings of the bounds themselves.
SLACK = 1.0 + 1e-6
# Functions of the C library that are not rounded correctly: within so many roundings.
LIBRARY = {"pow": 4.0, "exp": 4.0, "log": 4.0, "cos": 4.0}


class Grade(IntEnum):
    """What a bound says: the error is below it; little, and a tolerance is fair; nothing at all."""

    RIGOROUS = 0
    LOOSE = 1
    LOST = 2


@dataclass(frozen=True)
class Bounded:
    """Computed values, a bound of their distance from the exact ones, and what the bound says, by ``Grade``."""

    value: Any
    error: Any
    grade: Any = Grade.RIGOROUS


class RunningError(Arithmetic[Bounded]):
    """The operations of the graph in one type, with error bounds in extended precision."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.unit = np.longdouble(np.finfo(dtype).eps) / 2
        self.least = np.longdouble(np.finfo(dtype).smallest_subnormal)

    def number(self, value: Fraction) -> Bounded:
        narrow = np.asarray(float(value)).astype(self.dtype)
        if np.isfinite(narrow) and Fraction(float(narrow)) == value:
            return Bounded(narrow, np.longdouble(0))
        return self.rounded(Bounded(np.longdouble(float(value)), abs(np.longdouble(float(value))) * 2.0**-53))

    def rounded(self, given: Bounded) -> Bounded:
        """A value in the type of the arithmetic."""
        if getattr(given.value, "dtype", None) == np.bool_ or isinstance(given.value, bool):
            return given
        with np.errstate(all="ignore"):
            return self._made(np.asarray(given.value).astype(self.dtype), given.error, given.grade)

    def widened(self, given: Bounded) -> Bounded:
        """A value of a narrower type, as it is."""
        if getattr(given.value, "dtype", None) == np.bool_:
            return given
        return Bounded(np.asarray(given.value).astype(self.dtype), given.error, given.grade)

    def op(self, name: str, *args: Bounded) -> Bounded:
        values, errors = [a.value for a in args], [a.error for a in args]
        with np.errstate(all="ignore"):
            if name in CONDITIONS:
                return _condition(name, values, errors, _joined(args))
            result = FUNCTIONS[name](*values)
            grade = _grade_of_choice(args) if name == "where" else _joined(args)
            error = ERRORS[name](result, *(x for a in args for x in (_long(a.value), a.error)))
            if name in EXACT:
                return Bounded(result, error, grade)
            return self._made(result, error, grade, LIBRARY.get(name, 1.0))

    def reduce(self, name: str, arg: Bounded, axis: int | None) -> Bounded:
        """A reduction; the terms of a sum may be added in any order."""
        name = MODEL_REDUCTIONS.get(name, name)
        value, error, grade = (np.atleast_1d(x) for x in np.broadcast_arrays(arg.value, arg.error, arg.grade))
        along: dict[str, Any] = {} if axis is None else {"axis": axis, "keepdims": True}
        grade = np.max(grade, **along)
        with np.errstate(all="ignore"):
            if name in {"amax", "amin"}:
                result = (np.max if name == "amax" else np.min)(value, **along)
                return Bounded(result, np.max(error, **along), grade)
            count = value.size if axis is None else value.shape[axis]
            share = count if name == "mean" else 1
            terms = np.sum(abs(_long(value)) + 2 * error, **along)
            total = np.sum(error, **along) + _growth(count, self.unit) * terms
            summed = (np.sum(_long(value), **along) / share).astype(self.dtype)
            return self._made(summed, total / share, grade, 2.0)

    def matop(self, name: str, *args: Bounded) -> Bounded:
        """An operation on matrices; that of eigenvectors and factors has no bound."""
        if name in DECOMPOSITIONS:
            matrix, *numbers = (np.asarray(a.value, np.float64) for a in args)
            result, is_fair = DECOMPOSITIONS[name](matrix, 8 * tolerance(self.dtype), *map(float, numbers))
            grade = max(int(np.max(_joined(args))), Grade.LOOSE if is_fair else Grade.LOST)
            return Bounded(result.astype(self.dtype), np.full(result.shape, np.longdouble(np.inf)), grade)
        if name == "matmul":
            return self._product(*args)
        x = args[0]
        extents = np.shape(args[-1].value)
        turned = name == "transpose" or extents[0] > extents[1]
        parts = [np.broadcast_to(part, np.shape(x.value)) for part in (x.value, x.error, x.grade)]
        return Bounded(*(part.T for part in parts)) if turned else Bounded(*parts)

    def _product(self, a: Bounded, b: Bounded) -> Bounded:
        """A product of matrices, in this type or a wider one, with or without fused additions, in any order."""
        grade = int(max(np.max(_joined((a,)), initial=0), np.max(_joined((b,)), initial=0)))
        left, right = abs(_long(a.value)), abs(_long(b.value))
        with np.errstate(all="ignore"):
            result = (_long(a.value) @ _long(b.value)).astype(self.dtype)
            off = [np.broadcast_to(np.asarray(x.error, np.longdouble), np.shape(x.value)) for x in (a, b)]
            moved = left @ off[1] + off[0] @ right + 3 * (off[0] @ off[1])
            count = np.shape(a.value)[1]
            rounding = _growth(count, self.unit) * ((left + 2 * off[0]) @ (right + 2 * off[1]))
            error = moved + rounding
            # A long chain of products has a bound that says nothing any more; underflow is no sign of that.
            much = tolerance(self.dtype) * np.max(abs(_long(result)), initial=0) + 1000 * count * self.least
            grade = max(grade, Grade.LOOSE) if np.max(error, initial=0) > much else grade
            return self._made(result, error + count * self.least, grade)

    def _made(self, result: Any, error: Any, grade: Any, roundings: float = 1.0) -> Bounded:
        """A rounded result: what its operands' errors made of it, one rounding more, and underflow."""
        size = abs(_long(result)) + 2 * error
        total = (error + roundings * (self.unit * size + self.least)) * SLACK
        total = np.where(np.isfinite(result) & ~np.isnan(total), total, np.inf)
        known = np.isfinite(result) & (np.isfinite(total) | (np.asarray(grade) == Grade.LOOSE))
        return Bounded(result, total, np.where(known, grade, Grade.LOST))


def tolerance(dtype: str | np.dtype[Any]) -> float:
    """How far apart libraries may be where there is no bound, in parts of the largest element: half of the digits."""
    return float(np.sqrt(np.finfo(dtype).eps))


def _growth(count: int, unit: Any) -> Any:
    """The relative error of so many roundings, one after the other (Higham 2002, lemma 3.1)."""
    return np.longdouble(count) * unit / (1 - np.longdouble(count) * unit)


def _joined(args: tuple[Bounded, ...]) -> Any:
    """The worst grade of all operands."""
    found: Any = Grade.RIGOROUS
    for arg in args:
        found = np.maximum(found, arg.grade)
    return found


def _grade_of_choice(args: tuple[Bounded, ...]) -> Any:
    """The grade of what is chosen."""
    condition, a, b = args
    return np.maximum(condition.grade, np.where(condition.value, a.grade, b.grade))


def _long(value: Any) -> Any:
    return np.asarray(value).astype(np.longdouble)


def _condition(name: str, values: list[Any], errors: list[Any], grade: Any) -> Bounded:
    """A truth value; its bound is infinite where the operands' errors could turn it round."""
    result = FUNCTIONS[name](*values)
    if name in {"and", "or", "not"}:
        return Bounded(result, np.max(np.broadcast_arrays(*errors), axis=0), grade)
    near = np.abs(_long(values[0]) - _long(values[1])) <= 2 * (errors[0] + errors[1])
    exact = (errors[0] == 0) & (errors[1] == 0)
    return Bounded(result, np.where(near & ~exact, np.longdouble(np.inf), np.longdouble(0)), grade)


# In the following ``a`` is a computed value and ``ea`` its bound: exact arithmetic has a value within ea of it, and
# another kernel one within 2 ea. The results bound the distance between what these two make of it.


def _product(r: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    return abs(a) * eb + abs(b) * ea + 3 * ea * eb


def _quotient(r: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    room = abs(b) - 2 * eb
    return np.where(room > 0, (ea + (abs(a) + ea) / (abs(b) - eb) * eb) / room, np.inf)


def _root(r: Any, a: Any, ea: Any) -> Any:
    least = np.sqrt(np.maximum(a - 2 * ea, 0)) + np.sqrt(np.maximum(a - ea, 0))
    return np.where(ea == 0, 0, ea / np.maximum(least, np.sqrt(ea)))


def _power(r: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    relative = np.where(ea == 0, 0, abs(b) * ea / abs(a)) + np.where(eb == 0, 0, abs(np.log(abs(a))) * eb)
    return np.where(4 * ea <= abs(a), abs(_long(r)) * np.expm1(2 * relative), np.inf)


def _sign(r: Any, a: Any, ea: Any) -> Any:
    return np.where((abs(a) <= 2 * ea) & (ea > 0), 2, 0)


def _logarithm(r: Any, a: Any, ea: Any) -> Any:
    return np.where(a > 2 * ea, ea / (a - 2 * ea), np.where(ea == 0, 0, np.inf))


def _floor(r: Any, a: Any, ea: Any) -> Any:
    return np.where(np.floor(a - 2 * ea) == np.floor(a + 2 * ea), 0, np.ceil(2 * ea) + 1)


def _chosen(r: Any, c: Any, ec: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    """The error of the operand that is chosen; where the choice is open, as far as the other one is away."""
    own = np.where(c != 0, ea, eb)
    return np.where(np.isinf(ec), 2 * (ea + eb) + abs(a - b), own)


FUNCTIONS: Mapping[str, Any] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip
# The results of these are representable: no rounding is added.
EXACT = frozenset({"neg", "abs", "sign", "max", "min", "where", "floor"})
ERRORS: Mapping[str, Any] = {
    "add": lambda r, a, ea, b, eb: ea + eb,
    "sub": lambda r, a, ea, b, eb: ea + eb,
    "mul": _product,
    "div": _quotient,
    "pow": _power,
    "neg": lambda r, a, ea: ea,
    "abs": lambda r, a, ea: ea,
    "sqrt": _root,
    "sign": _sign,
    "exp": lambda r, a, ea: abs(_long(r)) * np.expm1(2 * ea),
    "log": _logarithm,
    "cos": lambda r, a, ea: ea,
    "floor": _floor,
    "max": lambda r, a, ea, b, eb: np.maximum(ea, eb),
    "min": lambda r, a, ea, b, eb: np.maximum(ea, eb),
    "where": _chosen,
}

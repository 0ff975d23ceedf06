"""A bound of the rounding errors of a kernel, computed along with its values.

Running error analysis (Higham 2002, section 3.3): every value carries a bound of its distance from
what exact arithmetic would have given. The bound is rigorous and tells cancellation from a mistake:
where two large terms cancel, it stays as large as their roundings were. Where an operation leaves the
range of the type, or a comparison cannot be settled within the bounds, it is infinite.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import Arithmetic, evaluate
from symopt.ir.nodes import CONDITIONS, Node, Num, Op, Ref
from symopt.ir.program import Phase

Array = NDArray[Any]

# Room for the roundings of the bounds themselves.
SLACK = 1.0 + 1e-6
# Functions of the C library that are not rounded correctly: within so many roundings.
LIBRARY = {"pow": 4.0, "exp": 4.0, "log": 4.0, "cos": 4.0}


@dataclass(frozen=True)
class Bounded:
    """Computed values, and a bound of their distance from the exact ones."""

    value: Any
    error: Any


class RunningError(Arithmetic[Bounded]):
    """The operations of the graph in one type, with error bounds in extended precision."""

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.unit = np.longdouble(np.finfo(dtype).eps) / 2
        self.least = np.longdouble(np.finfo(dtype).smallest_subnormal)

    def number(self, value: Fraction) -> Bounded:
        return self.rounded(Bounded(np.longdouble(float(value)), abs(np.longdouble(float(value))) * 2.0**-53))

    def rounded(self, given: Bounded) -> Bounded:
        """A value in the type of the arithmetic."""
        if getattr(given.value, "dtype", None) == np.bool_ or isinstance(given.value, bool):
            return given
        with np.errstate(all="ignore"):
            return self._made(np.asarray(given.value).astype(self.dtype), given.error)

    def op(self, name: str, *args: Bounded) -> Bounded:
        values, errors = [a.value for a in args], [a.error for a in args]
        with np.errstate(all="ignore"):
            if name in CONDITIONS:
                return _condition(name, values, errors)
            result = FUNCTIONS[name](*values)
            error = ERRORS[name](result, *(x for a in args for x in (_long(a.value), a.error)))
            if name in EXACT:
                return Bounded(result, error)
            return self._made(result, error, LIBRARY.get(name, 1.0))

    def reduce(self, name: str, arg: Bounded, axis: int | None) -> Bounded:
        raise UnsupportedError(f"there is no error bound of {name} over a tensor yet")

    def matop(self, name: str, *args: Bounded) -> Bounded:
        raise UnsupportedError(f"there is no error bound of {name} of matrices yet")

    def _made(self, result: Any, error: Any, roundings: float = 1.0) -> Bounded:
        """A rounded result: what its operands' errors made of it, one rounding more, and underflow."""
        total = (error + roundings * self.unit * abs(_long(result)) + roundings * self.least) * SLACK
        return Bounded(result, np.where(np.isfinite(result) & ~np.isnan(total), total, np.inf))


def errors_of(phase: Phase, inputs: Mapping[str, Any], dtype: str) -> tuple[dict[str, Bounded], RunningError]:
    """The values of a phase with their bounds, from inputs that are exact; scalars in double precision."""
    scalars, elements = RunningError("float64"), RunningError(dtype)
    values = {name: Bounded(np.asarray(value), np.longdouble(0)) for name, value in inputs.items()}
    for let in phase.scalars:
        values[let.name] = evaluate([let.value], values, scalars)[0]
    values |= {name: elements.rounded(values[name]) for name in phase.uniforms}
    for sweep in phase.sweeps:
        for let in sweep.body:
            values[let.name] = evaluate([let.value], values, elements)[0]
    return values, elements


def addends(node: Node, statements: Mapping[str, Node]) -> list[Node]:
    """The terms of the sum that an expression is, through the names of ``statements``; itself where it is none."""
    if isinstance(node, Ref) and node.name in statements:
        return [node, *addends(statements[node.name], statements)]
    if isinstance(node, Op) and node.op in {"add", "sub", "neg"}:
        return [term for arg in node.args for term in addends(arg, statements)]
    if isinstance(node, Op) and node.op == "where":
        return [term for arg in node.args[1:] for term in addends(arg, statements)]
    return [] if isinstance(node, Num) and node.value == 0 else [node]


def _long(value: Any) -> Any:
    return np.asarray(value).astype(np.longdouble)


def _condition(name: str, values: list[Any], errors: list[Any]) -> Bounded:
    """A truth value; its bound is infinite where the operands' errors could turn it round."""
    result = FUNCTIONS[name](*values)
    if name in {"and", "or", "not"}:
        return Bounded(result, np.max(np.broadcast_arrays(*errors), axis=0))
    near = np.abs(_long(values[0]) - _long(values[1])) <= errors[0] + errors[1]
    exact = (errors[0] == 0) & (errors[1] == 0)
    return Bounded(result, np.where(near & ~exact, np.longdouble(np.inf), np.longdouble(0)))


def _product(r: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    return abs(a) * eb + abs(b) * ea + ea * eb


def _quotient(r: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    room = abs(b) - eb
    return np.where(room > 0, (ea + abs(a / b) * eb) / room, np.inf)


def _root(r: Any, a: Any, ea: Any) -> Any:
    below = np.sqrt(np.maximum(a - ea, 0))
    return np.where(ea == 0, 0, ea / np.maximum(np.sqrt(np.maximum(a, 0)) + below, np.sqrt(ea)))


def _power(r: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    relative = np.where(ea == 0, 0, abs(b) * ea / abs(a)) + np.where(eb == 0, 0, abs(np.log(abs(a))) * eb)
    return abs(_long(r)) * np.expm1(2 * relative)


def _sign(r: Any, a: Any, ea: Any) -> Any:
    return np.where((abs(a) <= ea) & (ea > 0), 2, 0)


def _chosen(r: Any, c: Any, ec: Any, a: Any, ea: Any, b: Any, eb: Any) -> Any:
    """The error of the operand that is chosen; where the choice is open, as far as the other one is away."""
    own = np.where(c != 0, ea, eb)
    return np.where(np.isinf(ec), np.maximum(ea, eb) + abs(a - b), own)


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
    "exp": lambda r, a, ea: abs(_long(r)) * np.expm1(ea),
    "log": lambda r, a, ea: np.where(a > ea, ea / (a - ea), np.where(ea == 0, 0, np.inf)),
    "cos": lambda r, a, ea: ea,
    "floor": lambda r, a, ea: np.where(np.floor(a - ea) == np.floor(a + ea), 0, np.ceil(ea) + 1),
    "max": lambda r, a, ea, b, eb: np.maximum(ea, eb),
    "min": lambda r, a, ea, b, eb: np.maximum(ea, eb),
    "where": _chosen,
}

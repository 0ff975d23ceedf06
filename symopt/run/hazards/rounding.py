"""A bound of what one step's roundings add up to, for every input within given ranges.

Forward error analysis (Higham 2002, chapter 3) on the statements of the elements: each operation has the range
of its computed values, a bound of its distance from exact arithmetic and, where no digits cancel, one of its
relative distance. All bounds are fractions. A rounding is off by half a unit in the last place of the largest
value that the range has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import isfinite

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Op, Ref, substitute, walk
from symopt.run.hazards.formats import Format
from symopt.run.hazards.interval import Interval, Monotone, size
from symopt.run.hazards.subject import Subject

ZERO = Fraction(0)


@dataclass(frozen=True)
class Rounded:
    """The range of computed values, and bounds of their distances from the exact ones; None for no bound."""

    range: Interval
    error: Fraction
    relative: Fraction | None = ZERO

    @property
    def most(self) -> Fraction:
        """The largest size."""
        return Fraction(size(self.range)[1])

    @property
    def least(self) -> Fraction:
        """The smallest size."""
        return Fraction(size(self.range)[0])


def expression_of(subject: Subject, name: str) -> Node:
    """What a statement of elements is, over inputs and over numbers of the step: the operations that are rounded."""
    values: dict[str, Node] = {}
    for let in subject.trace.lets:
        if subject.is_element(let.name):
            values[let.name] = substitute([let.value], values)[0]
    return values[name]


def bound(given: Format, root: Node, inputs: Mapping[str, Interval]) -> Rounded:
    """The bounds of an expression whose inputs are exact numbers of the type within ranges.

    Raises
    ------
    UnsupportedError: an operation has no bound here, or its values may be infinite or undefined.
    """
    arithmetic, done = Monotone(given), dict[Node, Rounded]()
    for node in walk([root]):
        match node:
            case Ref(name=name):
                done[node] = Rounded(inputs[name], ZERO)
            case Num(value=value):
                done[node] = _number(arithmetic, value)
            case Op(op=op) if op in ERRORS:
                args = [done[arg] for arg in node.args]
                done[node] = _operation(given, arithmetic, op, args)
            case _:
                raise UnsupportedError(f"no bound of the roundings of {type(node).__name__} {getattr(node, 'op', '')}")
    return done[root]


def _number(arithmetic: Monotone, value: Fraction) -> Rounded:
    found = arithmetic.number(value)
    error = abs(Fraction(found.lo) - value)
    return Rounded(found, error, error / abs(value) if value else ZERO)


def _operation(given: Format, arithmetic: Monotone, op: str, args: list[Rounded]) -> Rounded:
    found = arithmetic.op(op, *(arg.range for arg in args))
    if found.nan or not (isfinite(found.lo) and isfinite(found.hi)):
        raise UnsupportedError(f"the values of {op} may lie in {found}")
    error, relative = ERRORS[op](*args)
    if op in EXACT:
        return Rounded(found, error, relative)
    most = max(abs(found.lo), abs(found.hi))
    result = Rounded(found, error + given.ulp(most) / 2)
    # Below the normal numbers only sums, which are exact there, keep a relative bound.
    is_normal = op in ("add", "sub") or result.least >= 2 * Fraction(given.tiny)
    if relative is not None and is_normal:
        return Rounded(found, result.error, (1 + relative) * (1 + given.unit) - 1)
    return Rounded(found, result.error, None)


Bounds = tuple[Fraction, Fraction | None]


def _sum(a: Rounded, b: Rounded, sign: int = 1) -> Bounds:
    is_alike = (a.range.lo >= 0 and sign * b.range.lo >= 0 and sign * b.range.hi >= 0) or (
        a.range.hi <= 0 and sign * b.range.lo <= 0 and sign * b.range.hi <= 0
    )
    relative = max(a.relative, b.relative) if a.relative is not None and b.relative is not None and is_alike else None
    return a.error + b.error, relative


def _product(a: Rounded, b: Rounded) -> Bounds:
    error = a.most * b.error + b.most * a.error + a.error * b.error
    if a.relative is None or b.relative is None:
        return error, None
    return error, (1 + a.relative) * (1 + b.relative) - 1


def _quotient(a: Rounded, b: Rounded) -> Bounds:
    room = b.least - b.error
    if room <= 0:
        raise UnsupportedError(f"a divisor in {b.range} with an error of {float(b.error):.2g} may be zero")
    error = (a.error + a.most / b.least * b.error) / room
    if a.relative is None or b.relative is None or b.relative >= 1:
        return error, None
    return error, (1 + a.relative) / (1 - b.relative) - 1


def _root(a: Rounded) -> Bounds:
    if a.error and a.range.lo <= 0:
        raise UnsupportedError(f"a root of what lies in {a.range} with an error of {float(a.error):.2g}")
    # |sqrt(x) - sqrt(y)| = |x - y| / (sqrt(x) + sqrt(y)); one of the two roots alone bounds the divisor.
    error = a.error / _root_below(Fraction(a.range.lo)) if a.error else ZERO
    if a.relative is None or a.relative > 1:
        return error, None
    return error, a.relative / 2 + a.relative**2 / 2


def _root_below(value: Fraction) -> Fraction:
    """A number at most the square root, within a thousandth."""
    found = Fraction(float(value) ** 0.5)
    while found * found > value:
        found *= Fraction(9999, 10000)
    return found


def _kept(a: Rounded) -> Bounds:
    return a.error, a.relative


def _larger(a: Rounded, b: Rounded) -> Bounds:
    relative = max(a.relative, b.relative) if a.relative is not None and b.relative is not None else None
    is_one_sign = all(x.range.lo >= 0 for x in (a, b))
    return max(a.error, b.error), relative if is_one_sign else None


EXACT = frozenset({"neg", "abs", "max", "min"})
ERRORS: Mapping[str, Callable[..., Bounds]] = {
    "add": _sum, "sub": lambda a, b: _sum(a, b, -1), "mul": _product, "div": _quotient, "sqrt": _root,
    "neg": _kept, "abs": _kept, "max": _larger, "min": _larger,
}  # fmt: skip

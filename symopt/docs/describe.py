"""How documents speak of what a rule declares."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symopt.ir.rate import Rate, let_rates
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, Shape, let_shapes
from symopt.ir.trace import Trace
from symopt.printers.numerals import numeral

EXTENTS: Mapping[Shape, str] = {ELEMENT: "", PER_ROW: "one number a row", PER_COL: "one number a column"}


def default_text(value: Fraction) -> str:
    """A default as an author writes it: 0.001, 1e-8, 1/3."""
    written = numeral(value)
    sign = "-" if value < 0 else ""
    if not written.digits:
        return f"{sign}{written.numerator}/{written.denominator}"
    return sign + (written.digits if written.is_plain else f"{written.digits}e{written.exponent}")


def extents(trace: Trace) -> dict[str, str]:
    """What every state has one value for, in words; empty for one that has the parameter's shape."""
    shapes, rates = let_shapes(trace), let_rates(trace)
    found: dict[str, str] = {}
    for state in trace.states:
        shape = shapes[state.name]
        if shape.is_scalar:
            found[state.name] = "one number" if rates[state.name].within(Rate.MODEL) else "one number a tensor"
        else:
            found[state.name] = EXTENTS.get(shape, str(shape).replace("x", "×"))
    return found

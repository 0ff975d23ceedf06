"""How documents speak of what a rule declares."""

from __future__ import annotations

from fractions import Fraction

from symopt.printers.numerals import numeral


def default_text(value: Fraction) -> str:
    """A default as an author writes it: 0.001, 1e-8, 1/3."""
    written = numeral(value)
    sign = "-" if value < 0 else ""
    if not written.digits:
        return f"{sign}{written.numerator}/{written.denominator}"
    return sign + (written.digits if written.is_plain else f"{written.digits}e{written.exponent}")

"""Exact numbers as people write them: 0.9, 10^-8, 2.5 · 10^-6, 1/3."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

# A number with more digits than this is clearer as a ratio, unless that is this much longer.
MOST_DIGITS = 6
LONGER = 8
# Powers of ten between which a number is written without an exponent.
PLAIN_EXPONENTS = range(-4, 7)


@dataclass(frozen=True)
class Numeral:
    """The absolute value of a number: ``digits`` times ten to ``exponent``, or ``numerator/denominator``.

    ``digits`` is a decimal such as ``3.4445``; it is empty where the number is written as a ratio.
    """

    digits: str
    exponent: int
    numerator: int
    denominator: int

    @property
    def is_plain(self) -> bool:
        """Whether it is written as digits alone."""
        return bool(self.digits) and self.exponent == 0


def numeral(value: Fraction) -> Numeral:
    """How the absolute value of ``value`` is written."""
    size = abs(value)
    ratio = Numeral("", 0, size.numerator, size.denominator)
    if size.denominator == 1 and size < 10**MOST_DIGITS:
        return Numeral(str(size.numerator), 0, size.numerator, 1)
    scaled = _scaled(size)
    if scaled is None:
        return Numeral(str(size.numerator), 0, size.numerator, 1) if size.denominator == 1 else ratio
    digits, exponent = scaled
    longer = len(f"{size.numerator}{size.denominator}") - len(digits)
    if len(digits) > MOST_DIGITS and longer <= LONGER:
        return ratio if size.denominator > 1 else Numeral(str(size.numerator), 0, size.numerator, 1)
    leading = exponent + len(digits) - 1
    if leading in PLAIN_EXPONENTS:
        return Numeral(_plain(digits, exponent), 0, size.numerator, size.denominator)
    mantissa = digits[0] + ("." + digits[1:] if len(digits) > 1 else "")
    return Numeral(mantissa, leading, size.numerator, size.denominator)


def _scaled(size: Fraction) -> tuple[str, int] | None:
    """Significant digits and the power of ten that they are multiplied by; None where decimals do not end."""
    twos, fives, rest = 0, 0, size.denominator
    while rest % 2 == 0:
        rest, twos = rest // 2, twos + 1
    while rest % 5 == 0:
        rest, fives = rest // 5, fives + 1
    if rest != 1:
        return None
    places = max(twos, fives)
    digits = str(size.numerator * 10**places // size.denominator)
    stripped = digits.rstrip("0")
    return stripped, len(digits) - len(stripped) - places


def _plain(digits: str, exponent: int) -> str:
    if exponent >= 0:
        return digits + "0" * exponent
    padded = digits.rjust(1 - exponent, "0")
    return f"{padded[:exponent]}.{padded[exponent:]}"

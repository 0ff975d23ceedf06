"""Types of floating-point numbers: their sizes, and how a number is rounded to one."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from symopt.errors import MissingToolError, UsageError, nearest

# Name -> digits of the significand (the hidden one too), least and largest exponent (IEEE 754, table 3.5;
# bfloat16 has the exponents of float32).
FORMATS = {
    "float64": (53, -1022, 1023),
    "float32": (24, -126, 127),
    "float16": (11, -14, 15),
    "bfloat16": (8, -126, 127),
}


@dataclass(frozen=True)
class Format:
    """A type of floating-point numbers with ``digits`` binary digits and exponents from ``least`` to ``largest``."""

    name: str
    digits: int
    least: int
    largest: int

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's type.

        Raises
        ------
        MissingToolError: NumPy has it from a package that is not installed.
        """
        try:
            return np.dtype(self.name)
        except TypeError:
            return _extra(self.name)

    @property
    def unit(self) -> Fraction:
        """The largest relative error of a rounding in the normal range."""
        return Fraction(1, 2**self.digits)

    @property
    def max(self) -> float:
        """The largest finite number."""
        return float((2 - Fraction(2, 2**self.digits)) * Fraction(2) ** self.largest)

    @property
    def tiny(self) -> float:
        """The smallest positive normal number."""
        return 2.0**self.least

    @property
    def smallest(self) -> float:
        """The smallest positive number."""
        return float(Fraction(2) ** (self.least - self.digits + 1))

    def round(self, value: float) -> float:
        """The nearest number of the type, as a double; of two, the even one."""
        with np.errstate(all="ignore"):
            return float(np.asarray(value, np.float64).astype(self.dtype))

    def ulp(self, value: float) -> Fraction:
        """The distance of neighbouring numbers in the binade of a finite value."""
        exponent = self.least if value == 0 else max(int(np.frexp(abs(value))[1]) - 1, self.least)
        return Fraction(2) ** (exponent - self.digits + 1)

    def above(self, value: float) -> float:
        """The next larger number than a non-negative one of the type."""
        return float(Fraction(value) + self.ulp(value))


def format_of(name: str) -> Format:
    """The type called ``name``.

    Raises
    ------
    UsageError: there is none.
    """
    if name not in FORMATS:
        raise UsageError(f"no floating-point type is called {name!r}; {nearest(name, FORMATS)}")
    return Format(name, *FORMATS[name])


@cache
def _extra(name: str) -> np.dtype[Any]:
    try:
        found: np.dtype[Any] = np.dtype(getattr(importlib.import_module("ml_dtypes"), name))
        return found
    except ImportError:
        raise MissingToolError(f"NumPy has no {name} without ml_dtypes: pip install 'symopt-codegen[floats]'") from None

"""The numbers that a recorded counterexample is written in."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from symopt.checker.runs import real

UNDEFINED = "undefined"


def read_value(written: Any) -> Any:
    """A number, or an array of them as nested lists, as balls; None for what is undefined."""
    if not isinstance(written, list):
        return None if written == UNDEFINED else real(Fraction(written))
    return np.frompyfunc(lambda text: read_value(str(text)), 1, 1)(np.array(written, dtype=object))

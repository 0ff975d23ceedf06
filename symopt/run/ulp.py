"""Distances between floating-point numbers, in units in the last place."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def same(a: Array, b: Array, *, signed_zeros: bool = True) -> Array:
    """Where two arrays of one type have the same bits; all NaNs count as the same."""
    integer = np.dtype(f"i{a.dtype.itemsize}")
    equal = a.view(integer) == b.view(integer) if signed_zeros else a == b
    found: Array = equal | (np.isnan(a) & np.isnan(b))
    return found


def ulps(a: Array, b: Array, scale: Array | None = None) -> Array:
    """|a - b| in units in the last place of ``scale``, by default of the larger of the two.

    Infinite where one of the two is not finite and they differ.
    """
    spacing = np.spacing(np.maximum(np.abs(a), np.abs(b)) if scale is None else np.abs(scale).astype(a.dtype))
    with np.errstate(all="ignore"):
        found = np.abs(a.astype(np.longdouble) - b.astype(np.longdouble)) / spacing
    found = np.where(same(a, b) | (a == b), np.longdouble(0), found)
    return np.where(np.isnan(found), np.longdouble(np.inf), found)


def worst(distances: Array) -> float:
    """The largest of some distances; 0 of none."""
    return float(np.max(distances, initial=0.0))

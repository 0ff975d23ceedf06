"""Eigenvectors, roots and orthogonal factors in double precision, and whether other libraries must find the same.

There is no error bound of these. Where the mathematics determines a result well, two libraries agree to
about half of the digits; where eigenvalues lie close together, or a matrix is nearly singular, they need
not. ``least`` says what is close: a share of the largest eigenvalue, or of the largest element.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
# A result, and whether it is well determined.
Found = tuple[Array, bool]


def inverse_root(a: Array, least: float, damping: float, order: float) -> Found:
    """``(a + damping I) ** (-1 / order)``; not well determined where an eigenvalue nearly vanishes."""
    values, vectors = _eigen(a)
    damped = values + damping
    with np.errstate(all="ignore"):
        found = (vectors * damped ** (-1 / order)) @ vectors.T
    return found, bool(np.min(damped, initial=np.inf) > least * np.max(np.abs(values), initial=0.0))


def eigenbasis(a: Array, least: float) -> Found:
    """Eigenvectors whose largest elements are positive; not well determined where two eigenvalues are close.

    Of two elements that are nearly as large as each other another library may take the other one.
    """
    values, vectors = _eigen(a)
    sizes = np.sort(np.abs(vectors), axis=0)[::-1]
    largest = np.argmax(np.abs(vectors), axis=0)
    found = vectors * np.where(vectors[largest, np.arange(len(a))] < 0, -1.0, 1.0)
    gap = np.min(np.diff(values), initial=np.inf)
    tie = np.min(sizes[0] - sizes[1]) if len(a) > 1 else 1.0
    return found, bool(gap > least * np.max(np.abs(values), initial=0.0) and tie > least)


def orthogonal(a: Array, least: float) -> Found:
    """The orthogonal factor whose other factor has a positive diagonal, unless an element of that nearly vanishes."""
    if not np.isfinite(a).all():
        return np.full_like(a, np.nan), False
    q, r = np.linalg.qr(a)
    diagonal = np.diag(r)
    fair = np.min(np.abs(diagonal), initial=np.inf) > least * np.max(np.abs(a), initial=0.0)
    return q * np.where(diagonal < 0, -1.0, 1.0), bool(fair)


def _eigen(a: Array) -> tuple[Array, Array]:
    if not np.isfinite(a).all():
        return np.full(len(a), np.nan), np.full_like(a, np.nan)
    values, vectors = np.linalg.eigh((a + a.T) / 2)
    return values, vectors


DECOMPOSITIONS: Mapping[str, Callable[..., Found]] = {
    "inverse_root": inverse_root, "eigenbasis": eigenbasis, "orthogonal": orthogonal,
}  # fmt: skip

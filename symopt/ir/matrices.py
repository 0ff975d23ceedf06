"""What the operations on matrices mean, in exact arithmetic: the reference that kernels are held to.

Matrices are NumPy arrays of exact values. Products, transposes and orthogonal factors are exact or
certified balls. Eigenvectors, and roots made from them, are computed by mpmath to the working
precision and carry the error that their residual shows; they are not certified.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import flint
import mpmath
import numpy as np

# A value of ``symopt.ir.exact``: Fraction or flint.arb; an array of them.
Exact = Any
Matrix = Any

GUARD = 32  # bits more than the working precision


def matmul(a: Matrix, b: Matrix) -> Matrix:
    """The product of two matrices."""
    return np.dot(a, b) if a.shape[1] else _full(a.shape[0], b.shape[1], Fraction(0))


def transpose(a: Matrix) -> Matrix:
    """The transpose."""
    return a.transpose()


def wide(a: Matrix) -> Matrix:
    """The matrix, or its transpose where that has fewer rows."""
    return a if a.shape[0] <= a.shape[1] else a.transpose()


def unwide(a: Matrix, like: Matrix) -> Matrix:
    """What ``wide`` made of a matrix of the shape of ``like``, turned back."""
    return a if like.shape[0] <= like.shape[1] else a.transpose()


def orthogonal(a: Matrix) -> Matrix:
    """The orthogonal factor of QR by Gram and Schmidt: the other factor has a positive diagonal."""
    columns: list[Matrix] = []
    for column in a.transpose():
        rest = column
        for unit in columns:
            rest = rest - np.dot(unit, column) * unit
        columns.append(rest / _ball(np.dot(rest, rest)).sqrt())
    return np.array(columns, dtype=object).reshape(a.shape).transpose()


def eigenbasis(a: Matrix) -> Matrix:
    """Orthonormal eigenvectors as columns, by ascending eigenvalues; the largest element of each is positive."""
    with mpmath.workprec(flint.ctx.prec + GUARD):
        values, vectors = _eigen(a)
        found = np.empty(a.shape, dtype=object)
        for j in range(len(values)):
            column = [vectors[i, j] for i in range(len(values))]
            # Elements of equal size differ by rounding: the first of them counts as the largest.
            size = max(abs(x) for x in column) * (1 - mpmath.mpf(2) ** -GUARD)
            sign = 1 if next(x for x in column if abs(x) >= size) > 0 else -1
            found[:, j] = [_near(sign * x) for x in column]
    return found


def inverse_root(a: Matrix, damping: Exact, order: Exact) -> Matrix:
    """``(a + damping I) ** (-1 / order)`` of a symmetric positive semidefinite matrix, from its eigenvectors."""
    with mpmath.workprec(flint.ctx.prec + GUARD):
        values, vectors = _eigen(a)
        powers = [(value + _float(damping)) ** (-mpmath.mpf(1) / int(order)) for value in values]
        root = vectors * mpmath.diag(powers) * vectors.T
        return np.array([[_near(root[i, j]) for j in range(len(values))] for i in range(len(values))], dtype=object)


def _eigen(a: Matrix) -> tuple[list[Any], Any]:
    """Ascending eigenvalues and eigenvectors; the matrix is taken to be symmetric."""
    n = len(a)
    halves = mpmath.matrix([[(_float(a[i, j]) + _float(a[j, i])) / 2 for j in range(n)] for i in range(n)])
    values, vectors = mpmath.eigsy(halves)
    return list(values), vectors


def _float(value: Exact) -> Any:
    if isinstance(value, Fraction):
        return mpmath.mpf(value.numerator) / value.denominator
    return mpmath.mpf(value.mid().str(int(flint.ctx.prec * 0.31) + 10, radius=False))


def _near(value: Any) -> Exact:
    """A ball around a number that is right to the working precision."""
    digits = mpmath.nstr(value, int(flint.ctx.prec * 0.31) + 10)
    return flint.arb(digits) + flint.arb(0, abs(flint.arb(digits)) * flint.arb(2) ** -flint.ctx.prec)


def _ball(value: Exact) -> Any:
    return flint.arb(flint.fmpq(value.numerator, value.denominator)) if isinstance(value, Fraction) else value


def _full(rows: int, cols: int, value: Exact) -> Matrix:
    return np.full((rows, cols), value, dtype=object)


MEANING: Mapping[str, Callable[..., Matrix]] = {
    "matmul": matmul, "transpose": transpose, "wide": wide, "unwide": unwide, "inverse_root": inverse_root, "eigenbasis": eigenbasis,
    "orthogonal": orthogonal,
}  # fmt: skip

"""What the operations on matrices mean, in exact arithmetic: the reference that kernels are held to.

Matrices are NumPy arrays of exact values, and results are exact or balls that are proved to hold what is
meant. Eigenvectors are found by mpmath and proved by their residual. What a matrix does not determine, such
as the eigenvectors of an eigenvalue that it has twice, is the ball from -1 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
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
    if not a.shape[1]:
        return np.full((a.shape[0], b.shape[1]), Fraction(0), dtype=object)
    both = [*a.flat, *b.flat]
    return np.dot(a, b) if all(isinstance(x, Fraction) for x in both) else np.dot(_balls(a), _balls(b))


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
    """The orthogonal factor of QR by Gram and Schmidt: the other factor has a positive diagonal.

    From the first column on that depends on those before it nothing is determined.
    """
    with _more_precision():
        found = np.full(a.shape, _anything(), dtype=object)
        columns: list[Matrix] = []
        for j, column in enumerate(_balls(a).transpose()):
            rest = column
            for unit in columns:
                rest = rest - np.dot(unit, rest) * unit
            square = np.dot(rest, rest)
            if not square.is_finite():
                return np.full(a.shape, _nan(), dtype=object)
            if not square > 0:
                break
            columns.append(rest / square.sqrt())
            found[:, j] = columns[-1]
        return found


def eigenbasis(a: Matrix) -> Matrix:
    """Orthonormal eigenvectors as columns, by ascending eigenvalues; the largest element of each is positive.

    Elements whose sizes cannot be told apart count as equal, and the first of them as the largest.
    """
    with _more_precision():
        eigen = _Eigen(a)
        if not eigen.is_defined:
            return np.full(a.shape, _nan(), dtype=object)
        return np.array([_signed(eigen.vector(j)) for j in range(len(a))], dtype=object).reshape(a.shape).transpose()


def inverse_root(a: Matrix, damping: Exact, order: Exact) -> Matrix:
    """``(a + damping I) ** (-1 / order)`` of a symmetric positive semidefinite matrix, from its eigenvectors."""
    with _more_precision():
        eigen = _Eigen(a)
        exponent = flint.arb(-1) / flint.arb(int(order))
        values = [value + _ball(damping) for value in eigen.values]
        if not eigen.is_defined or not all(value - eigen.error > 0 for value in values):
            return np.full(a.shape, _nan(), dtype=object)
        if not len(a):
            return a
        powers = np.array([value**exponent for value in values], dtype=object)
        root = np.dot(eigen.vectors * powers, eigen.vectors.transpose())
        # The powers of two symmetric matrices differ by no more, in the Frobenius norm, than the steepest
        # slope of the power between their eigenvalues times the norm of the difference.
        slope = -exponent * (values[0] - eigen.error) ** (exponent - 1)
        return root + _around(slope * eigen.error)


class _Eigen:
    """Eigenvalues and eigenvectors of a matrix close to a symmetric one, which is ``error`` away in the Frobenius norm.

    ``vectors`` hold orthonormal columns, which together with the ascending ``values`` make that matrix.
    """

    def __init__(self, a: Matrix) -> None:
        halves = (_balls(a) + _balls(a).transpose()) / 2
        self.is_defined = all(x.is_finite() for x in halves.flat)
        self.values: list[Any] = []
        self.vectors: Matrix = halves
        self.error = flint.arb(0)
        if not self.is_defined or not len(a):
            return
        values, vectors = mpmath.eigsy(mpmath.matrix([[_middle(x) for x in row] for row in halves]))
        self.values = [flint.arb(value) for value in values]
        near = np.array([[flint.arb(vectors[i, j]) for j in range(len(a))] for i in range(len(a))], dtype=object)
        # The columns that were found are as far from the nearest orthonormal ones as their products are from 0 and 1.
        gap = _norm(np.dot(near.transpose(), near) - np.eye(len(a), dtype=int))
        residual = _norm(np.dot(halves, near) - near * np.array(self.values, dtype=object))
        scale = _norm(halves) + _norm(np.array(self.values, dtype=object))
        self.vectors = near + _around(gap)
        self.error = (residual + scale * gap).abs_upper()
        self.is_defined = bool(gap < 1)

    def vector(self, j: int) -> Matrix:
        """The eigenvector of the j-th smallest eigenvalue of the matrix itself: Davis & Kahan 1970."""
        others = [abs(self.values[j] - value) - self.error for k, value in enumerate(self.values) if k != j]
        if not all(distance > 0 for distance in others):
            return np.full(len(self.values), _anything(), dtype=object)
        angle = sum((self.error / distance for distance in others), flint.arb(0))
        return self.vectors[:, j] + _around(angle * flint.arb(2).sqrt())


def _signed(vector: Matrix) -> Matrix:
    """A vector, turned so that its largest element is positive."""
    largest = max(map(abs, vector), key=lambda size: float(size.mid()))
    first = next(x for x in vector if abs(x).overlaps(largest))
    return -vector if first < 0 else vector


def _more_precision() -> ExitStack:
    """Work with more bits inside the block, in balls and in mpmath alike."""
    bits = flint.ctx.prec + GUARD
    stack = ExitStack()
    stack.enter_context(flint.ctx.workprec(bits))
    stack.enter_context(mpmath.workprec(bits))
    return stack


def _norm(a: Matrix) -> Any:
    """The Frobenius norm."""
    squares = sum((x * x for x in a.flat), flint.arb(0))
    return squares.abs_upper().sqrt()


def _around(radius: Any) -> Any:
    """The ball of a radius around 0."""
    return flint.arb(0, radius.abs_upper())


def _anything() -> Any:
    """The ball that holds every element of a unit vector."""
    return flint.arb(0, 1)


def _nan() -> Any:
    return flint.arb("nan")


def _middle(value: Any) -> Any:
    """The midpoint of a ball for mpmath, to its precision."""
    mantissa, exponent = value.mid().man_exp()
    return mpmath.ldexp(mpmath.mpf(int(mantissa)), int(exponent))


def _ball(value: Exact) -> Any:
    return flint.arb(flint.fmpq(value.numerator, value.denominator)) if isinstance(value, Fraction) else value


def _balls(a: Matrix) -> Matrix:
    return np.array([_ball(x) for x in a.flat], dtype=object).reshape(a.shape)


MEANING: Mapping[str, Callable[..., Matrix]] = {
    "matmul": matmul, "transpose": transpose, "wide": wide, "unwide": unwide, "inverse_root": inverse_root,
    "eigenbasis": eigenbasis, "orthogonal": orthogonal,
}  # fmt: skip

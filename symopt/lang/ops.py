"""The operations that an update rule is written with, as SymPy expressions.

``+ - * / **`` and ``abs`` work on the recorder's symbols as on any SymPy expression. The functions
here are those that SymPy would evaluate, reorder or query assumptions for, and those that it lacks:
they stay as they are written until the rule is frozen into the graph.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

# Anything that SymPy accepts as an operand: its expressions and Python's numbers. SymPy ships no
# types for its functions, so nothing narrower can be checked.
Expr = Any

pi: Expr = sp.pi


class Opaque(sp.Function):  # type: ignore[misc]  # SymPy is untyped
    """A function that SymPy keeps as it is written; ``op`` is its name in the graph."""

    op: str = ""


class Maximum(Opaque):
    """The larger of two values."""

    op, nargs = "max", 2


class Minimum(Opaque):
    """The smaller of two values."""

    op, nargs = "min", 2


class Sign(Opaque):
    """-1, 0 or 1."""

    op, nargs = "sign", 1


class Absolute(Opaque):
    """The absolute value."""

    op, nargs = "abs", 1


class Where(Opaque):
    """The second argument where the first (a condition) holds, else the third."""

    op, nargs = "where", 3


class Floor(Opaque):
    """The largest integer that is not larger."""

    op, nargs = "floor", 1


class Reduction(Opaque):
    """A reduction over all elements of the tensor; ``axis`` is None, 0 (over rows) or 1 (over columns)."""


class Sum(Reduction):
    """The sum of the elements: over everything, or along one axis of a matrix."""

    op, nargs = "sum", (1, 2)


class Mean(Reduction):
    """The mean of the elements: over everything, or along one axis of a matrix."""

    op, nargs = "mean", (1, 2)


class MaxOf(Reduction):
    """The largest element: over everything, or along one axis of a matrix."""

    op, nargs = "amax", (1, 2)


class MinOf(Reduction):
    """The smallest element: over everything, or along one axis of a matrix."""

    op, nargs = "amin", (1, 2)


class ModelSum(Opaque):
    """The sum over the elements of all tensors of the model."""

    op, nargs = "model_sum", 1


class MatMul(Opaque):
    """The product of two matrices."""

    op, nargs = "matmul", 2


class Transpose(Opaque):
    """The transpose of a matrix."""

    op, nargs = "transpose", 1


class Wide(Opaque):
    """A matrix, or its transpose where that has fewer rows."""

    op, nargs = "wide", 1


class Unwide(Opaque):
    """The inverse of ``Wide``, for a matrix of the parameter's shape."""

    op, nargs = "unwide", 1


class InverseRoot(Opaque):
    """``(a + damping I) ** (-1 / order)`` of a symmetric positive semidefinite matrix."""

    op, nargs = "inverse_root", 3


class Eigenbasis(Opaque):
    """The orthonormal eigenvectors of a symmetric matrix, as columns."""

    op, nargs = "eigenbasis", 1


class Orthogonal(Opaque):
    """The orthogonal factor of a QR factorisation."""

    op, nargs = "orthogonal", 1


def sqrt(x: Expr) -> Expr:
    """The non-negative square root."""
    return sp.sqrt(x)


def cbrt(x: Expr) -> Expr:
    """The cube root of a value that is not negative."""
    return x ** sp.Rational(1, 3)


def exp(x: Expr) -> Expr:
    """The exponential function."""
    return sp.exp(x)


def log(x: Expr) -> Expr:
    """The natural logarithm."""
    return sp.log(x)


def cos(x: Expr) -> Expr:
    """The cosine of an angle in radians."""
    return sp.cos(x)


def floor(x: Expr) -> Expr:
    """The largest integer that is not larger than ``x``."""
    return Floor(x)


def sign(x: Expr) -> Expr:
    """-1 where ``x`` is negative, 0 where it is zero, 1 where it is positive."""
    return Sign(x)


def absolute(x: Expr) -> Expr:
    """The absolute value of ``x``."""
    return Absolute(x)


def maximum(a: Expr, b: Expr) -> Expr:
    """The larger of ``a`` and ``b``."""
    return Maximum(a, b)


def minimum(a: Expr, b: Expr) -> Expr:
    """The smaller of ``a`` and ``b``."""
    return Minimum(a, b)


def clip(x: Expr, lower: Expr, upper: Expr) -> Expr:
    """``x`` moved into ``[lower, upper]``."""
    return Minimum(Maximum(x, lower), upper)


def where(condition: Expr, a: Expr, b: Expr) -> Expr:
    """``a`` where the condition holds, else ``b``; conditions are ``<``, ``<=``, ``equal`` and their kin."""
    if isinstance(condition, bool):
        raise TypeError(f"where is given {condition}; that two values are the same is written equal(a, b)")
    return Where(condition, a, b)


def equal(a: Expr, b: Expr) -> Expr:
    """The condition that two values are the same (``==`` compares expressions, not values)."""
    return sp.Eq(a, b, evaluate=False)


def _along(axis: int | None) -> tuple[int, ...]:
    if axis is None:
        return ()
    if not isinstance(axis, int) or axis not in (0, 1):
        raise TypeError(f"there is no axis {axis}; a matrix has 0 (over rows) and 1 (over columns)")
    return (int(axis),)


def total(x: Expr, axis: int | None = None) -> Expr:
    """The sum of the elements of ``x``."""
    return Sum(x, *_along(axis))


def mean(x: Expr, axis: int | None = None) -> Expr:
    """The mean of the elements of ``x``."""
    return Mean(x, *_along(axis))


def largest(x: Expr, axis: int | None = None) -> Expr:
    """The largest element of ``x``."""
    return MaxOf(x, *_along(axis))


def smallest(x: Expr, axis: int | None = None) -> Expr:
    """The smallest element of ``x``."""
    return MinOf(x, *_along(axis))


def norm(x: Expr) -> Expr:
    """The Euclidean (Frobenius) norm of ``x``."""
    return sp.sqrt(Sum(x**2))


def rms(x: Expr) -> Expr:
    """The root of the mean square of ``x``."""
    return sp.sqrt(Mean(x**2))


def model_total(x: Expr) -> Expr:
    """The sum of the elements of ``x`` over all tensors of the model."""
    return ModelSum(x)


def model_norm(x: Expr) -> Expr:
    """The Euclidean norm of ``x`` over all tensors of the model, as if they were one vector."""
    return sp.sqrt(ModelSum(x**2))


def matmul(a: Expr, b: Expr) -> Expr:
    """The matrix product of ``a`` and ``b``."""
    return MatMul(a, b)


def transpose(a: Expr) -> Expr:
    """The transpose of the matrix ``a``."""
    return Transpose(a)


def wide(a: Expr) -> Expr:
    """The matrix ``a``, of the parameter's shape, or its transpose where that has fewer rows: never tall."""
    return Wide(a)


def unwide(a: Expr) -> Expr:
    """What ``wide`` made of a matrix, turned back to the parameter's shape."""
    return Unwide(a)


def inverse_root(a: Expr, order: int, damping: Expr = 0) -> Expr:
    """``(a + damping I) ** (-1 / order)`` of a symmetric positive semidefinite matrix ``a``."""
    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        raise TypeError(f"the order of a root is a positive whole number, not {order!r}")
    return InverseRoot(a, damping, order)


def eigenbasis(a: Expr) -> Expr:
    """The orthonormal eigenvectors of a symmetric matrix as columns, by ascending eigenvalues.

    Of the two signs of a column that one is taken whose element of largest absolute value, the first
    where several are, is positive.
    """
    return Eigenbasis(a)


def orthogonal(a: Expr) -> Expr:
    """The orthogonal factor of the QR factorisation of a square matrix whose other factor has no negative diagonal."""
    return Orthogonal(a)

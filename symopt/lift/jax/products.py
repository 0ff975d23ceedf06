"""Products of arrays as JAX states them: which dimensions are multiplied and added up."""

from __future__ import annotations

from collections.abc import Sequence

from symopt.errors import UnsupportedError
from symopt.lift.whole import Whole, elementwise, matmul, permuted, reduced, reshaped
from symopt.passes import build

Dimensions = tuple[tuple[Sequence[int], Sequence[int]], tuple[Sequence[int], Sequence[int]]]


def product(a: Whole, b: Whole, dimensions: Dimensions) -> Whole:
    """``lax.dot_general``.

    Raises
    ------
    UnsupportedError: a batch of several products, or one over more than a matrix.
    """
    (of_a, of_b), (batch_a, _) = dimensions
    if len(batch_a):
        return _batch_of_one(a, b, dimensions)
    if len(of_a) == a.ndim and len(of_b) == b.ndim:
        matched = permuted(b, [of_b[list(of_a).index(i)] for i in range(a.ndim)])
        return reduced("sum", elementwise(build.mul, a, matched))
    if not of_a and a.ndim == b.ndim == 1:
        return elementwise(build.mul, reshaped(a, (a.size, 1)), b)
    if len(of_a) != 1 or a.ndim > 2 or b.ndim > 2:
        raise UnsupportedError(f"a product of arrays of shapes {a.shape} and {b.shape}")
    left = _with_last(a, of_a[0])
    right = _with_last(b, of_b[0])
    if b.ndim == 1 or a.ndim == 1:
        return reduced("sum", elementwise(build.mul, left, right), [-1])
    return matmul(left, permuted(right, (1, 0)))


def _with_last(array: Whole, dim: int) -> Whole:
    """The array with one of its dimensions last."""
    return permuted(array, [*(i for i in range(array.ndim) if i != dim), dim])


def _batch_of_one(a: Whole, b: Whole, dimensions: Dimensions) -> Whole:
    """A batch of a single product: the dimensions of the batch come first, and have one element."""
    (of_a, of_b), (batch_a, batch_b) = dimensions
    if any(a.shape[dim] != 1 for dim in batch_a):
        raise UnsupportedError("a batch of products")
    inner = product(
        _without(a, batch_a), _without(b, batch_b), ((_moved(of_a, batch_a), _moved(of_b, batch_b)), ((), ()))
    )
    return reshaped(inner, (*(1 for _ in batch_a), *inner.shape))


def _without(array: Whole, dims: Sequence[int]) -> Whole:
    """The array without some dimensions of one element."""
    return reshaped(array, [extent for i, extent in enumerate(array.shape) if i not in dims])


def _moved(dims: Sequence[int], gone: Sequence[int]) -> list[int]:
    """Dimensions as they are counted where others are gone."""
    return [dim - sum(other < dim for other in gone) for dim in dims]

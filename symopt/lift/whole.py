"""Arrays as one expression: what element-wise operations, reductions, products and views do to it.

An array that code computes with has a concrete shape; its expression has at most two axes, ``down`` the rows and
``along`` the columns of the parameter, or is over ``all`` elements where nothing tells rows and columns apart. A
``Whole`` says which axis of the expression each dimension runs over. So a view, a transpose and an added dimension
change the labels and not the expression, and what is traced on one small array holds for arrays of every size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, num
from symopt.passes import build

DOWN, ALONG, ALL = "down", "along", "all"
Label = str | None
AXES = {DOWN: 0, ALONG: 1}


@dataclass(frozen=True)
class Whole:
    """An array: its expression, its shape, and for each dimension the axis that it runs over.

    A dimension over no axis repeats the same values (or has one element).
    """

    node: Node
    shape: tuple[int, ...] = ()
    labels: tuple[Label, ...] = ()

    def __post_init__(self) -> None:
        assert len(self.shape) == len(self.labels)

    @property
    def axes(self) -> frozenset[str]:
        """The axes that the expression varies over."""
        return frozenset(label for label in self.labels if label is not None)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    def of(self, node: Node) -> Whole:
        """An array of the same kind with another expression."""
        return Whole(node, self.shape, self.labels)


def scalar(node: Node) -> Whole:
    """One value."""
    return Whole(node)


def filled(node: Node, shape: Sequence[int]) -> Whole:
    """An array of one value."""
    return Whole(node, tuple(shape), (None,) * len(shape))


def parameter_like(node: Node, shape: Sequence[int]) -> Whole:
    """An array of the parameter's shape: a matrix, or a vector, whose elements are in no special order."""
    shape = tuple(shape)
    wide = [i for i, extent in enumerate(shape) if extent > 1]
    if len(wide) > 2:
        raise UnsupportedError(f"a parameter of shape {shape}; matrices and vectors are lifted")
    names = (DOWN, ALONG) if len(wide) == 2 else (ALL,)
    labels: list[Label] = [None] * len(shape)
    for position, name in zip(wide, names, strict=False):
        labels[position] = name
    return Whole(node, shape, tuple(labels))


def shaped(node: Node, shape: Sequence[int], matrix: tuple[int, int] | None) -> Whole:
    """An array of a state's shape: that of the parameter, of its rows or columns, or one number.

    ``matrix`` is the parameter's shape where it is a matrix.
    """
    shape = tuple(shape)
    wide = [extent for extent in shape if extent > 1]
    if matrix is None or len(wide) == 2:
        return parameter_like(node, shape)
    rows, cols = matrix
    kinds = {rows: DOWN, cols: ALONG, rows * cols: ALL}
    if not wide:
        return filled(node, shape)
    if len(wide) > 1 or wide[0] not in kinds:
        raise UnsupportedError(f"a state of shape {shape} for a parameter of shape {matrix}")
    return Whole(node, shape, tuple(kinds[wide[0]] if extent > 1 else None for extent in shape))


def broadcast_shape(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The shape that arrays are stretched to together."""
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    result = []
    for extents in zip(*padded, strict=True):
        wide = {extent for extent in extents if extent != 1}
        if len(wide) > 1:
            raise UnsupportedError(f"shapes do not fit: {' and '.join(map(str, shapes))}")
        result.append(wide.pop() if wide else 1)
    return tuple(result)


def stretched(array: Whole, shape: Sequence[int]) -> Whole:
    """The array with dimensions of one repeated."""
    missing = len(shape) - array.ndim
    labels = (None,) * missing + array.labels
    old = (1,) * missing + array.shape
    if any(a not in (1, b) for a, b in zip(old, shape, strict=True)):
        raise UnsupportedError(f"an array of shape {array.shape} is stretched to {tuple(shape)}")
    return Whole(array.node, tuple(shape), labels)


def aligned(arrays: Sequence[Whole]) -> list[Whole]:
    """The arrays stretched to a common shape, with labels that agree."""
    shape = broadcast_shape(*(array.shape for array in arrays))
    wide = [stretched(array, shape) for array in arrays]
    leading = next((a.labels for a in wide if len(a.axes) == 2), None)
    wide = [_oriented(array, leading) for array in wide] if leading is not None else wide
    for labels in zip(*(array.labels for array in wide), strict=True):
        if len({label for label in labels if label is not None}) > 1:
            raise UnsupportedError("rows and columns are combined element by element")
    return wide


def _oriented(array: Whole, labels: tuple[Label, ...]) -> Whole:
    """A matrix that runs the other way, as the transpose that it is."""
    if len(array.axes) == 2 and array.labels != labels and array.labels == _swapped(labels):
        return Whole(build.matrix("transpose", array.node), array.shape, labels)
    return array


def _swapped(labels: Sequence[Label]) -> tuple[Label, ...]:
    other = {DOWN: ALONG, ALONG: DOWN}
    return tuple(other.get(label, label) if label is not None else None for label in labels)


def elementwise(function: Callable[..., Node], *arrays: Whole) -> Whole:
    """An operation element by element."""
    wide = aligned(arrays)
    node = function(*(array.node for array in wide))
    if isinstance(node, Num):
        return filled(node, wide[0].shape)
    labels = tuple(
        next((label for label in labels if label is not None), None)
        for labels in zip(*(array.labels for array in wide), strict=True)
    )
    over = [label for label in labels if label is not None]
    if len(set(over)) < len(over) or (ALL in over and len(over) > 1):
        raise UnsupportedError("a vector is multiplied out with itself, or with another that runs over the same axis")
    return Whole(node, wide[0].shape, labels)


def reduced(name: str, array: Whole, dims: Sequence[int] | None = None, *, keep: bool = False) -> Whole:
    """A reduction (sum, mean, amax, amin) over some dimensions, or over all; kept dimensions have one element."""
    over = range(array.ndim) if dims is None else [dim % array.ndim for dim in dims] if array.ndim else []
    repeated = prod(array.shape[dim] for dim in over if array.labels[dim] is None)
    axes = {label for dim in over if (label := array.labels[dim]) is not None}
    node = build.value(array.node)
    if axes == array.axes and axes:
        node = build.reduced(name, node)
    elif axes:
        (axis,) = axes
        node = build.reduced(name, node, AXES[axis])
    if name == "sum" and repeated != 1:
        node = build.mul(num(repeated), node)
    kept = [i for i in range(array.ndim) if keep or i not in over]
    shape = tuple(1 if i in over else array.shape[i] for i in kept)
    return Whole(node, shape, tuple(None if i in over else array.labels[i] for i in kept))


def permuted(array: Whole, order: Sequence[int]) -> Whole:
    """The dimensions in another order."""
    return Whole(array.node, tuple(array.shape[i] for i in order), tuple(array.labels[i] for i in order))


def transposed(array: Whole) -> Whole:
    """The dimensions in reverse order."""
    return permuted(array, range(array.ndim - 1, -1, -1))


def reshaped(array: Whole, shape: Sequence[int], matrix: tuple[int, int] | None = None) -> Whole:
    """The same elements in another shape: dimensions of one come and go, a matrix is flattened or made of a vector."""
    shape = tuple(shape)
    if -1 in shape:
        known = prod(extent for extent in shape if extent != -1)
        shape = tuple(array.size // known if extent == -1 else extent for extent in shape)
    old = [(extent, label) for extent, label in zip(array.shape, array.labels, strict=True) if extent != 1]
    wide = [extent for extent in shape if extent != 1]
    if prod(wide) != array.size:
        raise UnsupportedError(f"an array of shape {array.shape} is reshaped to {shape}")
    labels = _reshaped_labels(old, wide, matrix)
    if labels is None:
        raise UnsupportedError(f"an array of shape {array.shape} is reshaped to {shape}, which mixes its rows")
    rest = iter(labels)
    return Whole(array.node, shape, tuple(None if extent == 1 else next(rest) for extent in shape))


def _reshaped_labels(
    old: list[tuple[int, Label]], wide: list[int], matrix: tuple[int, int] | None
) -> list[Label] | None:
    labels = [label for _, label in old]
    if [extent for extent, _ in old] == wide:
        return labels
    if all(label is None for label in labels):
        return [None] * len(wide)
    if labels == [DOWN, ALONG] and len(wide) == 1:
        return [ALL]
    if labels == [ALL] and matrix is not None and tuple(wide) == matrix:
        return [DOWN, ALONG]
    return None


def matmul(a: Whole, b: Whole) -> Whole:
    """The product of two matrices, of two vectors, or of a column and a row."""
    if a.ndim == 1 and b.ndim == 1:
        return reduced("sum", elementwise(build.mul, a, b))
    if a.ndim != 2 or b.ndim != 2:
        raise UnsupportedError(f"a product of arrays of shapes {a.shape} and {b.shape}")
    if a.shape[1] != b.shape[0]:
        raise UnsupportedError(f"shapes do not fit: a product of {a.shape} and {b.shape}")
    if a.shape[1] == 1:
        return elementwise(build.mul, a, b)
    shape = (a.shape[0], b.shape[1])
    if build.constant(0) in (a.node, b.node):
        return filled(num(0), shape)
    node = build.matrix("matmul", _upright(a), _upright(b))
    return Whole(node, shape, (DOWN, ALONG))


def _upright(array: Whole) -> Node:
    """The expression of a matrix whose dimensions are its rows and columns."""
    if array.labels == (DOWN, ALONG):
        return array.node
    if array.labels == (ALONG, DOWN):
        return build.matrix("transpose", array.node)
    raise UnsupportedError("a product with an array that repeats its rows or columns")

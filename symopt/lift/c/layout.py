"""How the elements of arrays are numbered in a run: a vector, a matrix with its rows and columns, or two tensors.

``At`` says which element an expression belongs to, one number for each axis; None stands where it is the same for all
elements along the axis. The columns of a parameter are numbered on from its rows, so that in matrices of rows by rows,
of columns by rows and so on, a row is never taken for a column.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Reduce, reduce

At = tuple[int | None, ...]
# The extent of the layout that each axis of an array has, by its number; None for an axis of one.
Axes = tuple[int | None, ...]
VECTOR, MATRIX, TENSORS = "vector", "matrix", "tensors"


@dataclass(frozen=True)
class Layout:
    """The axes of a run and their extents; of tensors the numbers of elements."""

    kind: str
    extents: tuple[int, ...]

    @property
    def rank(self) -> int:
        """The number of axes."""
        return 1 if self.kind == VECTOR else 2

    @property
    def everywhere(self) -> At:
        """Where a number is that is the same for all elements."""
        return (None,) * self.rank

    @property
    def axes(self) -> Axes:
        """The axes of an array like the parameter."""
        return tuple(range(self.rank))

    def places(self, axes: Axes) -> list[At]:
        """The elements of an array, in the order in which they lie in memory."""
        if self.kind == VECTOR:
            return [(i,) for i in range(self.extents[0])] if axes[0] is not None else [(None,)]
        if self.kind == TENSORS:
            if axes == (None, None):
                return [(None, None)]
            if axes[1] is None:
                return [(j, None) for j in range(len(self.extents))]
            return [(j, i) for j, extent in enumerate(self.extents) for i in range(extent)]
        down, along = ((None,) if axis is None else self._numbers(axis) for axis in axes)
        return [(r, c) for r in down for c in along]

    def matrix(self, rows: int, cols: int) -> list[At]:
        """The elements of a matrix of so many rows and columns.

        Raises
        ------
        UnsupportedError: one of them is no extent of the parameter, or the two cannot be told from each other.
        """
        if self.kind != MATRIX or len(set(self.extents)) < len(self.extents) or not {rows, cols} <= set(self.extents):
            raise UnsupportedError(f"an operation on a matrix of {rows} by {cols}")
        return self.places((self.extents.index(rows), self.extents.index(cols)))

    def _numbers(self, axis: int) -> range:
        """The numbers that the positions along an extent of a matrix have."""
        start = sum(self.extents[:axis])
        return range(start, start + self.extents[axis])

    def along(self, axis: int, at: At) -> list[At]:
        """The elements that differ from one in their number along an axis."""
        if self.kind == TENSORS:
            if axis == 0:
                return [(j, at[1]) for j in range(len(self.extents))]
            return [(at[0], i) for i in range(self.extents[at[0] or 0])]
        numbers = range(self.extents[0])
        if self.kind == MATRIX:
            numbers = self._numbers(0 if at[axis] in self._numbers(0) else 1)
        return [(*at[:axis], i, *at[axis + 1 :]) for i in numbers]

    def index(self, at: At) -> str:
        """The place of an element as a part of a message."""
        known = [i for i in at if i is not None]
        if self.kind == MATRIX:
            known = [i if i < self.extents[0] else i - self.extents[0] for i in known]
        return f"[{', '.join(map(str, known))}]" if known else ""

    def reduced(self, name: str, node: Node, axis: int) -> Node | None:
        """A reduction along an axis as an expression over whole arrays; None where there is none."""
        if self.kind == VECTOR:
            return reduce(name, node)
        if self.kind == TENSORS:
            if axis == 1:
                return reduce(name, node)
            if name != "sum":
                return None
            is_total = isinstance(node, Reduce) and (node.op, node.axis) == ("sum", None)
            return reduce("model_sum", node.args[0] if is_total else node)
        if isinstance(node, Reduce) and node.op == name and node.axis == 1 - axis:
            return reduce(name, node.args[0])
        return reduce(name, node, axis)


def joined(places: Collection[At]) -> At | None:
    """The element that several expressions belong to together; None where they belong to different ones."""
    first, *others = places
    for place in others:
        if place == first:
            continue
        result: list[int | None] = []
        for a, b in zip(first, place, strict=True):
            if a is not None and b is not None and a != b:
                return None
            result.append(b if a is None else a)
        first = tuple(result)
    return first

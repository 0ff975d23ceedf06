"""How the elements of arrays are numbered in a run: a vector, a matrix with its rows and columns, or two tensors.

``At`` says which element an expression belongs to, one number for each axis of the layout; None stands where it is
the same for all elements along the axis.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from symopt.ir.nodes import Node, Reduce, reduce

At = tuple[int | None, ...]
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

    def places(self, varies: Sequence[bool]) -> list[At]:
        """The elements of an array that varies over some axes, in the order in which they lie in memory."""
        if self.kind == VECTOR:
            return [(i,) for i in range(self.extents[0])] if varies[0] else [(None,)]
        if self.kind == TENSORS:
            if not any(varies):
                return [(None, None)]
            if not varies[1]:
                return [(j, None) for j in range(len(self.extents))]
            return [(j, i) for j, extent in enumerate(self.extents) for i in range(extent)]
        down, along = (range(e) if v else (None,) for e, v in zip(self.extents, varies, strict=True))
        return [(r, c) for r in down for c in along]

    def along(self, axis: int, at: At) -> list[At]:
        """The elements that differ from one in their number along an axis."""
        if self.kind == TENSORS:
            if axis == 0:
                return [(j, at[1]) for j in range(len(self.extents))]
            return [(at[0], i) for i in range(self.extents[at[0] or 0])]
        return [(*at[:axis], i, *at[axis + 1 :]) for i in range(self.extents[axis])]

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
    result: list[int | None] = []
    for numbers in zip(*places, strict=True):
        known = {number for number in numbers if number is not None}
        if len(known) > 1:
            return None
        result.append(known.pop() if known else None)
    return tuple(result)

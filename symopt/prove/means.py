"""Means as sums over counts: the mean of an array along an axis is its sum divided by the number of its elements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from symopt.errors import VerifyError
from symopt.ir.nodes import Node, Reduce, op, rebuild, reduce, ref, walk
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, Shape, let_shapes, node_shapes
from symopt.ir.trace import COLS, ROWS, SIZE, SIZES, Trace
from symopt.prove.runner import with_its_names

# How many elements a mean is over, by the shape of what it is given and its axis.
COUNTS: Mapping[tuple[Shape, int | None], str] = {
    (ELEMENT, None): SIZE, (ELEMENT, 0): ROWS, (ELEMENT, 1): COLS,
    (PER_ROW, None): ROWS, (PER_ROW, 0): ROWS, (PER_COL, None): COLS, (PER_COL, 1): COLS,
}  # fmt: skip


def means_as_sums(trace: Trace) -> Trace:
    """The trace with every mean whose count has a name written as a sum over that count."""
    if not any(isinstance(node, Reduce) and node.op == "mean" for node in walk(let.value for let in trace.lets)):
        return trace
    try:
        shapes = let_shapes(with_its_names(trace))
    except VerifyError:
        return trace
    counts: dict[str, None] = dict.fromkeys(trace.given)
    lets = tuple(replace(let, value=_rewritten(let.value, shapes, counts)) for let in trace.lets)
    given = (*trace.given, *(name for name in SIZES if name in counts and name not in trace.given))
    return replace(trace, lets=lets, given=given)


def _rewritten(root: Node, shapes: Mapping[str, Shape], counts: dict[str, None]) -> Node:
    own, done = node_shapes([root], shapes), dict[Node, Node]()
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = node if args == node.args else rebuild(node, args)
        if isinstance(node, Reduce) and node.op == "mean":
            count = COUNTS.get((own[node.args[0]], node.axis))
            if count is not None:
                counts[count] = None
                done[node] = op("div", reduce("sum", args[0], node.axis), ref(count))
    return done[root]

"""Sums that are divided by the number of their elements, as the means that they are.

Code divides by ``x.numel()``, which is a number like any other when it runs. On one shape the mean is the same
value; that it is meant is seen from its being there on every shape.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from symopt.errors import VerifyError
from symopt.ir.nodes import Node, Num, Op, Reduce, walk
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, SCALAR, Axis, Shape, node_shapes
from symopt.lift import build
from symopt.lift.whole import ALONG, DOWN, Whole


def shape_of(whole: Whole) -> Shape:
    """The shape of an array in a graph."""
    if not whole.axes:
        return SCALAR
    return PER_ROW if whole.axes == {DOWN} else PER_COL if whole.axes == {ALONG} else ELEMENT


def with_means(roots: Sequence[Node], shapes: Mapping[str, Shape], extents: tuple[int, int]) -> list[Node]:
    """Every root with quotients of sums by their numbers of elements replaced.

    Parameters
    ----------
    shapes: those of the names that are not numbers.
    extents: the rows and columns of the parameter.
    """
    nodes = list(walk(roots))
    if not any(isinstance(node, Reduce) for node in nodes):
        return list(roots)
    names = {node.name: SCALAR for node in nodes if hasattr(node, "name")} | dict(shapes)
    try:
        known = node_shapes(list(roots), names)
    except VerifyError:  # what does not fit is refused later on
        return list(roots)
    done: dict[Node, Node] = {}
    for node in nodes:
        args = tuple(done[arg] for arg in node.args)
        done[node] = _mean(node, args, known, extents) or (node if args == node.args else build.rebuilt(node, args))
    return [done[root] for root in roots]


def _mean(
    node: Node, args: tuple[Node, ...], known: Mapping[Node, Shape], extents: tuple[int, int]
) -> Node | None:  # fmt: skip
    """A quotient as a mean, or its root, where it is one; ``args`` are its operands as they are by now."""
    if not isinstance(node, Op) or node.op != "div":
        return None
    over, (divisor, rest) = node.args[0], _number_in(args[1])
    if isinstance(over, Reduce) and over.op == "sum" and divisor == _count(over, known, extents):
        return _divided(build.reduced("mean", args[0].args[0], over.axis), rest)
    if isinstance(over, Op) and over.op == "sqrt" and isinstance(over.args[0], Reduce):
        inner = over.args[0]
        if inner.op == "sum" and divisor * divisor == _count(inner, known, extents):
            mean = build.reduced("mean", args[0].args[0].args[0], inner.axis)
            return _divided(build.apply("sqrt", mean), rest)
    return None


def _number_in(divisor: Node) -> tuple[Fraction, Node | None]:
    """A divisor as a number, and what is left of it."""
    if isinstance(divisor, Num):
        return divisor.value, None
    if isinstance(divisor, Op) and divisor.op == "mul":
        a, b = divisor.args
        if isinstance(a, Num):
            return a.value, b
        if isinstance(b, Num):
            return b.value, a
    return Fraction(0), divisor


def _divided(node: Node, rest: Node | None) -> Node:
    return node if rest is None else build.div(node, rest)


def _count(node: Reduce, known: Mapping[Node, Shape], extents: tuple[int, int]) -> int:
    shape = known[node.args[0]]
    down, along = _extent(shape.down, extents), _extent(shape.along, extents)
    return down * along if node.axis is None else (down, along)[node.axis]


def _extent(axis: Axis, extents: tuple[int, int]) -> int:
    rows, cols = extents
    sizes = {Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(extents), Axis.LONG: max(extents)}
    return sizes.get(axis, 1)

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
from symopt.lift.whole import ALONG, DOWN, Whole
from symopt.passes import build


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
    averages = _Averages(known, extents)
    for node in nodes:
        averages.replace(node)
    return [averages.done[root] for root in roots]


class _Averages:
    """Expressions with means, operands first; ``done`` is what each has become."""

    def __init__(self, known: Mapping[Node, Shape], extents: tuple[int, int]) -> None:
        self._known, self._extents = known, extents
        self.done: dict[Node, Node] = {}

    def replace(self, node: Node) -> None:
        """Find out what an expression becomes, whose operands are done."""
        args = tuple(self.done[arg] for arg in node.args)
        self.done[node] = self._quotient(node) or (node if args == node.args else build.rebuilt(node, args))

    def _quotient(self, node: Node) -> Node | None:
        """A quotient as a mean with factors, where it is one."""
        if not isinstance(node, Op) or node.op != "div":
            return None
        divisor, rest = _number_in(self.done[node.args[1]])
        mean = self._divided(node.args[0], divisor)
        return mean if mean is None or rest is None else build.div(mean, rest)

    def _divided(self, node: Node, divisor: Fraction) -> Node | None:
        """A product in which a sum, or the root of one, has the divisor that makes it a mean; None where none has."""
        match node:
            case Reduce(op="sum") if divisor == self._count(node):
                return self._mean(node)
            case Op(op="sqrt", args=(Reduce(op="sum") as inner,)) if divisor * divisor == self._count(inner):
                return build.apply("sqrt", self._mean(inner))
            case Op(op="neg", args=(a,)):
                mean = self._divided(a, divisor)
                return None if mean is None else build.neg(mean)
            case Op(op="mul" | "div", args=(a, b)):
                mean = self._divided(a, divisor)
                if mean is not None:
                    return build.apply(node.op, mean, self.done[b])
                mean = self._divided(b, divisor) if node.op == "mul" else None
                return None if mean is None else build.mul(self.done[a], mean)
        return None

    def _mean(self, node: Reduce) -> Node:
        return build.reduced("mean", self.done[node.args[0]], node.axis)

    def _count(self, node: Reduce) -> int:
        """The number of elements that are added up."""
        shape = self._known[node.args[0]]
        down, along = _extent(shape.down, self._extents), _extent(shape.along, self._extents)
        return down * along if node.axis is None else (down, along)[node.axis]


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


def _extent(axis: Axis, extents: tuple[int, int]) -> int:
    rows, cols = extents
    sizes = {Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(extents), Axis.LONG: max(extents)}
    return sizes.get(axis, 1)

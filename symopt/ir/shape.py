"""Shapes: along which axes a value has elements.

A parameter is a matrix of ``ROWS`` by ``COLS`` where a rule has axes at all; where it has none, its
elements may be arranged in any way. What varies over one axis only is a row or a column of values;
products and transposes have other shapes. Element-wise operations stretch an axis of one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from symopt.errors import VerifyError
from symopt.ir.nodes import MatOp, Node, Reduce, Ref, walk
from symopt.ir.trace import Trace


class Axis(Enum):
    """The extent of an axis: one, the parameter's rows or columns, the fewer or the more of the two."""

    ONE = "1"
    ROWS = "rows"
    COLS = "cols"
    SHORT = "short"
    LONG = "long"


@dataclass(frozen=True)
class Shape:
    """The extents of a value down its columns and along its rows."""

    down: Axis
    along: Axis

    @property
    def transposed(self) -> Shape:
        """The shape of the transpose."""
        return Shape(self.along, self.down)

    @property
    def is_scalar(self) -> bool:
        """Whether it is one value."""
        return self == SCALAR

    def __str__(self) -> str:
        return f"{self.down.value} x {self.along.value}"


SCALAR = Shape(Axis.ONE, Axis.ONE)
ELEMENT = Shape(Axis.ROWS, Axis.COLS)
PER_ROW = Shape(Axis.ROWS, Axis.ONE)
PER_COL = Shape(Axis.ONE, Axis.COLS)
WIDE = Shape(Axis.SHORT, Axis.LONG)


def let_shapes(trace: Trace) -> dict[str, Shape]:
    """The shapes of a trace's inputs and statements, by name.

    A state has the shape that its initial value and its new values have together.

    Raises
    ------
    VerifyError: shapes that do not fit; the message names the operation and the statement.
    """
    shapes = dict.fromkeys(trace.inputs, SCALAR) | dict.fromkeys(trace.arrays, ELEMENT)
    shapes |= {state.name: shape_of(state.init, shapes) for state in trace.states}
    try:
        return _settled(trace, shapes, is_partial=False)
    except VerifyError:
        pass
    # Two states may have their shapes from each other, so what does not fit at first says nothing: it counts
    # as a number, and is refused once the shapes of all states are known.
    known = _settled(trace, shapes, is_partial=True)
    shapes |= {state.name: known[state.name] for state in trace.states}
    for let in trace.lets:
        try:
            shapes[let.name] = shape_of(let.value, shapes)
        except VerifyError as error:
            where = f"{let.place}: " if let.place else ""
            raise VerifyError(f"{where}{trace.name}: {let.target}: {error}") from None
    return shapes


def _settled(trace: Trace, shapes: Mapping[str, Shape], is_partial: bool) -> dict[str, Shape]:
    """The shapes of all names, with the least shapes of states that the update keeps."""
    found = dict(shapes)
    states = {state.name: trace.results[state.name] for state in trace.states if state.name in trace.results}
    while True:
        for let in trace.lets:
            found[let.name] = node_shapes([let.value], found, is_partial=is_partial)[let.value]
        try:
            wider = {name: joined(found[name], found[result]) for name, result in states.items()}
        except VerifyError as error:
            raise VerifyError(f"{trace.name}: a state and its new value: {error}") from None
        if all(found[name] == shape for name, shape in wider.items()):
            return found
        found |= wider


def shape_of(root: Node, shapes: Mapping[str, Shape]) -> Shape:
    """The shape of an expression, from the shapes of the names that it reads."""
    return node_shapes([root], shapes)[root]


def node_shapes(roots: list[Node], shapes: Mapping[str, Shape], *, is_partial: bool = False) -> dict[Node, Shape]:
    """The shape of every node below ``roots``; where ``is_partial``, what does not fit counts as a number."""
    found: dict[Node, Shape] = {}
    for node in walk(roots):
        try:
            found[node] = (
                shapes[node.name] if isinstance(node, Ref) else _shape(node, [found[arg] for arg in node.args])
            )
        except VerifyError:
            if not is_partial:
                raise
            found[node] = SCALAR
    return found


def _shape(node: Node, args: list[Shape]) -> Shape:
    match node:
        case Reduce():
            return _reduced(node, args[0])
        case MatOp(op=op):
            return _of_matrices(op, args)
        case _:
            return joined(*args)


def joined(*shapes: Shape) -> Shape:
    """The shape of an element-wise operation: axes of one are stretched."""
    result = SCALAR
    for shape in shapes:
        if result is SCALAR:
            result = shape
        elif shape is not result and shape is not SCALAR:
            result = Shape(_axis(result, shape, "down"), _axis(result, shape, "along"))
    return result


def _axis(a: Shape, b: Shape, side: str) -> Axis:
    first, second = getattr(a, side), getattr(b, side)
    if first != second and Axis.ONE not in (first, second):
        raise VerifyError(f"shapes do not fit element by element: {a} and {b}")
    return second if first is Axis.ONE else first  # type: ignore[no-any-return]  # an Axis


def _reduced(node: Reduce, shape: Shape) -> Shape:
    if shape.is_scalar:
        raise VerifyError(f"{node.op} is taken over elements, and what it is given is one number")
    if node.axis is None:
        return SCALAR
    reduced = shape.down if node.axis == 0 else shape.along
    if reduced is Axis.ONE:
        raise VerifyError(f"{node.op} along axis {node.axis} of a value of shape {shape}, which has no such axis")
    return Shape(Axis.ONE, shape.along) if node.axis == 0 else Shape(shape.down, Axis.ONE)


def _of_matrices(op: str, args: list[Shape]) -> Shape:
    first, *rest = args
    for shape in args if op == "matmul" else [first]:
        if Axis.ONE in (shape.down, shape.along):
            raise VerifyError(f"{op} takes a matrix, and is given a value of shape {shape}")
    if op == "inverse_root" and not all(shape.is_scalar for shape in rest):
        raise VerifyError(f"{op} takes a number as damping, and is given a value of shape {rest[0]}")
    match op:
        case "matmul":
            if first.along != args[1].down:
                raise VerifyError(f"shapes do not fit: a product of {first} and {args[1]}")
            return Shape(first.down, args[1].along)
        case "transpose":
            return first.transposed
        case "wide":
            return _required(op, first, ELEMENT, WIDE)
        case "unwide":
            return _required(op, first, WIDE, ELEMENT)
        case _:
            if first.down != first.along:
                raise VerifyError(f"{op} takes a square matrix, and is given one of {first}")
            return first


def _required(op: str, given: Shape, wanted: Shape, result: Shape) -> Shape:
    if given != wanted:
        raise VerifyError(f"{op} takes a matrix of {wanted}, and is given one of {given}")
    return result

"""What expressions of C are worth here: concrete integers, symbolic numbers, pointers, structs, vectors.

An ``int`` is known, a ``Node`` is a number of floating point or, where it is a condition, a truth value, and an
``IntNode`` is an integer that is not known, such as the number of the step. A ``Size`` is an integer that is known
and remembers that it is the extent of an array, so that a mean divides by ``numel`` and not by 11.
"""

from __future__ import annotations

from dataclasses import dataclass

from symopt.ir.nodes import Node, Op, num, op, ref
from symopt.lift.c.memory import Block
from symopt.passes import build
from symopt.passes.fold import FALSE, TRUE


@dataclass(frozen=True)
class IntNode:
    """An integer as an expression."""

    node: Node


class Size(int):
    """An extent: the number that it has in this run, and what it stands for."""

    node: Node

    def __new__(cls, value: int, node: Node) -> Size:
        made = int.__new__(cls, value)
        made.node = node
        return made


@dataclass(frozen=True)
class Pointer:
    """An element of a block; ``block`` None is NULL."""

    block: Block | None
    offset: int = 0

    def __add__(self, count: int) -> Pointer:
        return Pointer(self.block, self.offset + count)


@dataclass(frozen=True)
class Record:
    """A struct: a block of one element for each field."""

    fields: dict[str, Block]


@dataclass(frozen=True)
class Vector:
    """The lanes of a vector register; ``kind`` is float, double or int."""

    kind: str
    lanes: tuple[Node, ...]


@dataclass(frozen=True)
class FunctionName:
    """A function as a value."""

    name: str


@dataclass(frozen=True)
class Text:
    """A string literal."""

    text: str


Value = int | Node | IntNode | Pointer | Record | Vector | FunctionName | Text | None

NULL = Pointer(None)
# No real numbers: they may be compared with and taken a maximum of, and are refused where one is left.
INFINITY, NAN = ref("infinity"), ref("nan")
MINUS_INFINITY = op("neg", INFINITY)
# It is 0 on real numbers, and as a mask the bit of the sign.
NEGATIVE_ZERO = op("neg", num(0))


def is_number(value: Value) -> bool:
    """Whether a value can be computed with."""
    return isinstance(value, int | Node | IntNode)


def as_node(value: Value) -> Node:
    """A number as an expression; a truth value is 1 or 0."""
    if isinstance(value, Size):
        return value.node
    if isinstance(value, int):
        return num(value)
    if isinstance(value, IntNode):
        return value.node
    assert isinstance(value, Node)
    return build.value(value)


def as_condition(value: Value) -> int | Node:
    """Whether a value is not 0: 1 or 0 where that is known, else a condition."""
    match value:
        case int():
            return int(value != 0)
        case Pointer(block=block):
            return int(block is not None)
        case IntNode(node=node):
            return known(build.truth(node))
        case Node():
            return known(build.truth(value))
    return 1


def known(condition: Node) -> int | Node:
    """A condition, or 1 or 0 where it is known."""
    return 1 if condition is TRUE else 0 if condition is FALSE else condition


def is_condition(value: Value) -> bool:
    """Whether a value is a truth value that is not known."""
    return isinstance(value, Op) and build.is_condition(value)

"""One step of a kernel, statement by statement, in any two arithmetics: of numbers, and of elements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, TypeVar

from symopt.ir.evaluate import Arithmetic
from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.program import DType
from symopt.ir.trace import Let
from symopt.run.hazards.subject import Place, Subject

Value = TypeVar("Value")


class TwoTypes(Protocol[Value]):
    """The double precision of numbers and the type of the elements, with the ways between them."""

    @property
    def wide(self) -> Arithmetic[Value]:
        """The operations on numbers."""

    @property
    def narrow(self) -> Arithmetic[Value]:
        """The operations on elements."""

    def narrowed(self, value: Value) -> Value:
        """A number where it enters the elements: rounded once."""

    def widened(self, value: Value) -> Value:
        """An element in double precision."""


def run_statements(
    subject: Subject, inputs: Mapping[str, Value], types: TwoTypes[Value]
) -> tuple[dict[str, Value], dict[Place, Value]]:
    """The value of every name after a step, and of every operation on the way.

    ``inputs`` are those of the trace: elements in the type, numbers as doubles. What is reduced is computed
    in double precision; a reduction along an axis, and an operation on matrices, gives elements again.
    """
    names, places = dict(inputs), dict[Place, Value]()
    for let in subject.trace.lets:
        names[let.name] = _value(subject, let, names, places, types)
    return names, places


def _value(
    subject: Subject, let: Let, names: Mapping[str, Value], places: dict[Place, Value], types: TwoTypes[Value]
) -> Value:
    is_element = subject.is_element(let.name)
    is_reduced = isinstance(let.value, Reduce)
    arithmetic = types.narrow if is_element and not is_reduced else types.wide
    done: dict[Node, Value] = {}
    for node in walk([let.value]):
        args = [done[arg] for arg in node.args]
        match node:
            case Ref(name=name):
                done[node] = _read(subject, name, names[name], types, in_elements=is_element and not is_reduced)
            case Num(value=value):
                done[node] = arithmetic.number(value)
            case Op(op=op):
                done[node] = arithmetic.op(op, *args)
            case Reduce(op=op, axis=axis):
                done[node] = arithmetic.reduce(op, args[0], axis)
            case MatOp(op=op):
                done[node] = arithmetic.matop(op, *args)
        places[Place(let.name, node)] = done[node]
    found = done[let.value]
    return types.narrowed(found) if is_element and is_reduced else found


def _read(subject: Subject, name: str, value: Value, types: TwoTypes[Value], *, in_elements: bool) -> Value:
    """A name's value as the operations of a statement take it."""
    kind = subject.types[name]
    if kind is DType.BOOL or (kind is DType.ELEMENT) == in_elements:
        return value
    return types.narrowed(value) if in_elements else types.widened(value)

"""Evaluation of a graph in any arithmetic: exact rationals, balls, floats, whole arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Protocol, TypeVar

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.trace import Trace

Value = TypeVar("Value")


class Arithmetic(Protocol[Value]):
    """What an operation of the graph means for one kind of value.

    Every operation is total: where the mathematics is undefined (0/0, the root of a negative number)
    it returns the arithmetic's undefined value, since ``where`` may not choose that operand.
    """

    def number(self, value: Fraction) -> Value:
        """The value of an exact number."""

    def op(self, name: str, *args: Value) -> Value:
        """An element-wise operation of ``nodes.ARITY``."""

    def reduce(self, name: str, arg: Value, axis: int | None) -> Value:
        """A reduction of ``nodes.REDUCTIONS``."""

    def matop(self, name: str, *args: Value) -> Value:
        """A matrix operation of ``nodes.MATRIX_OPS``."""


def evaluate(roots: Iterable[Node], values: Mapping[str, Value], arithmetic: Arithmetic[Value]) -> list[Value]:
    """The values of ``roots``, given the values of the names that they read."""
    roots = list(roots)
    done: dict[Node, Value] = {}
    for node in walk(roots):
        args = [done[arg] for arg in node.args]
        match node:
            case Ref(name=name):
                done[node] = values[name]
            case Num(value=value):
                done[node] = arithmetic.number(value)
            case Op(op=op):
                done[node] = arithmetic.op(op, *args)
            case Reduce(op=op, axis=axis):
                done[node] = arithmetic.reduce(op, args[0], axis)
            case MatOp(op=op):
                done[node] = arithmetic.matop(op, *args)
    return [done[root] for root in roots]


def evaluate_step(trace: Trace, inputs: Mapping[str, Value], arithmetic: Arithmetic[Value]) -> dict[str, Value]:
    """The value of every statement of a step, given all of ``trace.inputs``."""
    values = dict(inputs)
    for let in trace.lets:
        values[let.name] = evaluate([let.value], values, arithmetic)[0]
    return values

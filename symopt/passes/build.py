"""Expressions as source code builds them: the graph's operations with identities of 0 and 1 applied at once.

Code computes with constants all the time (``1 - 0.0``, ``zeros_like(p).mul_(beta)``); with these folded, what is
traced from a fresh state and what is traced from a general one are the same graph wherever they can be.
"""

from __future__ import annotations

import math
from fractions import Fraction

from symopt.errors import UnsupportedError
from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, matop, num, op, reduce
from symopt.lang.domain import exact_number
from symopt.passes.fold import FALSE, TRUE, fold_once

NEGATED = {"le": "lt", "lt": "le"}
# Of a quotient of whole numbers that a source writes, as in ``1 / 3``. A double is near another one by no accident.
LARGEST_DENOMINATOR = 1000


def constant(value: object) -> Node:
    """A number of the source as an exact one, as it is written: ``0.1`` is 1/10.

    Raises
    ------
    UnsupportedError: it is not finite, or no real number.
    """
    if isinstance(value, bool):
        return TRUE if value else FALSE
    if isinstance(value, int | Fraction):
        return num(value)
    if isinstance(value, float) and math.isfinite(value):
        return num(_written(float(value)))
    raise UnsupportedError(f"{value!r} is no finite real number")


def _written(value: float) -> Fraction:
    """The number that a source means by a double: 1/3 where it is the double next to that, else its decimals."""
    near = Fraction(value).limit_denominator(LARGEST_DENOMINATOR)
    return near if float(near) == value else exact_number(value)


def apply(name: str, *args: Node) -> Node:
    """An element-wise operation, folded."""
    return fold_once(op(name, *args))


def add(a: Node, b: Node) -> Node:
    """``a + b``; numbers that are added one after the other are added up, so that a counter reads ``t``."""
    if isinstance(b, Num) and isinstance(a, Op) and a.op in ("add", "sub") and isinstance(a.args[1], Num):
        inner = a.args[1].value if a.op == "add" else -a.args[1].value
        return _plus(a.args[0], inner + b.value)
    if isinstance(a, Num) and isinstance(b, Op) and b.op in ("add", "sub") and isinstance(b.args[1], Num):
        return add(b, a)
    return apply("add", a, b)


def sub(a: Node, b: Node) -> Node:
    """``a - b``; numbers that are subtracted one after the other are added up."""
    if isinstance(b, Num) and isinstance(a, Op) and a.op in ("add", "sub") and isinstance(a.args[1], Num):
        return add(a, num(-b.value))
    return apply("sub", a, b)


def _plus(a: Node, value: Fraction) -> Node:
    return apply("sub", a, num(-value)) if value < 0 else apply("add", a, num(value))


def mul(a: Node, b: Node) -> Node:
    """``a * b``."""
    return apply("mul", a, b)


def div(a: Node, b: Node) -> Node:
    """``a / b``."""
    return apply("div", a, b)


def neg(a: Node) -> Node:
    """``-a``."""
    return apply("neg", a)


def power(a: Node, b: Node) -> Node:
    """``a ** b``; squares, roots and reciprocals are what they are."""
    if isinstance(b, Num):
        if b.value == 2:
            return mul(a, a)
        if b.value == Fraction(1, 2):
            return apply("sqrt", a)
        if b.value == -1:
            return div(num(1), a)
        if b.value == Fraction(-1, 2):
            return div(num(1), apply("sqrt", a))
    return apply("pow", a, b)


def where(condition: Node, a: Node, b: Node) -> Node:
    """``a`` where the condition holds, else ``b``."""
    return apply("where", condition, a, b)


def compare(name: str, a: Node, b: Node) -> Node:
    """A comparison; ``name`` is one of lt, le, gt, ge, eq, ne. Of an expression with itself it is decided."""
    if a is b:
        return TRUE if name in ("le", "ge", "eq") else FALSE
    match name:
        case "lt" | "le" | "eq":
            return apply(name, a, b)
        case "gt":
            return apply("lt", b, a)
        case "ge":
            return apply("le", b, a)
        case "ne":
            return negated(apply("eq", a, b))
    raise UnsupportedError(f"{name} is no comparison")


def negated(condition: Node) -> Node:
    """The condition that holds where this one does not."""
    if isinstance(condition, Op) and condition.op in NEGATED and condition not in (TRUE, FALSE):
        return apply(NEGATED[condition.op], *reversed(condition.args))
    if isinstance(condition, Op) and condition.op == "not":
        return condition.args[0]
    return apply("not", condition)


def is_condition(node: Node) -> bool:
    """Whether a node is a truth value."""
    return isinstance(node, Op) and node.op in ("lt", "le", "eq", "and", "or", "not")


def truth(node: Node) -> Node:
    """A value as a condition: whether it is not 0."""
    if isinstance(node, Op) and node.op == "where" and node.args[1:] == (num(1), num(0)):
        return node.args[0]
    return node if is_condition(node) else compare("ne", node, num(0))


def value(node: Node) -> Node:
    """A condition as a number, 1 or 0; a number as it is."""
    return where(node, num(1), num(0)) if is_condition(node) else node


def reduced(name: str, arg: Node, axis: int | None = None) -> Node:
    """A reduction; that of a constant stays, since it depends on the size."""
    return reduce(name, arg, axis)


def matrix(name: str, *args: Node) -> Node:
    """A matrix operation; a transpose of a transpose goes away."""
    if name == "transpose" and isinstance(args[0], MatOp) and args[0].op == "transpose":
        return args[0].args[0]
    return matop(name, *args)


def tanh(x: Node) -> Node:
    """The hyperbolic tangent."""
    twice = apply("exp", mul(num(2), x))
    return div(sub(twice, num(1)), add(twice, num(1)))


def sigmoid(x: Node) -> Node:
    """The logistic function."""
    return div(num(1), add(num(1), apply("exp", neg(x))))


def rebuilt(node: Node, args: tuple[Node, ...]) -> Node:
    """The same operation over other operands, folded."""
    match node:
        case Op(op="add"):
            return add(*args)
        case Op(op="sub"):
            return sub(*args)
        case Op():
            return apply(node.op, *args)
        case Reduce():
            return reduced(node.op, args[0], node.axis)
        case MatOp():
            return matrix(node.op, *args)
        case _:
            return node

"""The operators of C on values: integers are computed, floating point becomes expressions."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Op, num, op, ref
from symopt.ir.trace import COLS, ROWS, SIZE
from symopt.lift.c.values import (
    INFINITY,
    MINUS_INFINITY,
    NEGATIVE_ZERO,
    IntNode,
    Pointer,
    Size,
    Value,
    as_condition,
    as_node,
    known,
)  # fmt: skip
from symopt.lift.scalars import floor_division, remainder
from symopt.passes import build

COMPARISONS = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
PLAIN: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "&": operator.and_, "|": operator.or_,
    "^": operator.xor, "<<": operator.lshift, ">>": operator.rshift,
}  # fmt: skip
COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
REAL: Mapping[str, Callable[[Node, Node], Node]] = {
    "+": build.add, "-": build.sub, "*": build.mul, "/": build.div,
}  # fmt: skip
WHOLE = {**REAL, "/": floor_division, "%": remainder}
# Which way a comparison of a finite number with infinity goes, the number on the left.
BEFORE_INFINITY = {"lt": 1, "le": 1, "gt": 0, "ge": 0, "eq": 0, "ne": 1}
AFTER_MINUS_INFINITY = {"lt": 0, "le": 0, "gt": 1, "ge": 1, "eq": 0, "ne": 1}
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}


def binary(symbol: str, a: Value, b: Value) -> Value:
    """The value of ``a symbol b``.

    Raises
    ------
    UnsupportedError: the operator has no meaning for such values here.
    """
    if isinstance(a, int) and isinstance(b, int):
        return integers(symbol, a, b)
    if isinstance(a, Pointer) or isinstance(b, Pointer):
        return pointers(symbol, a, b)
    if not isinstance(a, int | Node | IntNode) or not isinstance(b, int | Node | IntNode):
        raise UnsupportedError(f"{symbol} between such operands")
    if symbol in COMPARISONS:
        return compared(COMPARISONS[symbol], as_node(a), as_node(b))
    if isinstance(a, int | IntNode) and isinstance(b, int | IntNode) and symbol in WHOLE:
        return whole(WHOLE[symbol](as_node(a), as_node(b)))
    if symbol in REAL:
        return real(symbol, as_node(a), as_node(b))
    if symbol in ("&", "|"):
        return both(symbol, a, b)
    raise UnsupportedError(f"{symbol} of numbers that are not known when the code is read")


def integers(symbol: str, a: int, b: int) -> int:
    """An operator on integers that are known; a product of extents stays one."""
    if symbol == "*" and isinstance(a, Size) and isinstance(b, Size):
        return Size(int(a) * int(b), product_of_extents(a.node, b.node))
    if symbol == "*" and (a == 1 or b == 1):
        return b if a == 1 else a
    if symbol in PLAIN:
        return PLAIN[symbol](a, b)
    if symbol in COMPARE:
        return int(COMPARE[symbol](a, b))
    if symbol in ("/", "%"):
        if b == 0:
            raise UnsupportedError("a division of integers by 0")
        quotient = abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return quotient if symbol == "/" else a - b * quotient
    raise UnsupportedError(f"the operator {symbol}")


def product_of_extents(a: Node, b: Node) -> Node:
    """The number of elements is rows times columns."""
    return ref(SIZE) if {a, b} == {ref(ROWS), ref(COLS)} else build.mul(a, b)


def pointers(symbol: str, a: Value, b: Value) -> Value:
    """Pointer arithmetic, and comparisons of pointers."""
    if isinstance(a, Pointer) and isinstance(b, int):
        if symbol in ("+", "-"):
            return a + (b if symbol == "+" else -b)
        if b == 0 and symbol in ("==", "!="):
            return int((a.block is None) == (symbol == "=="))
    if isinstance(b, Pointer) and isinstance(a, int) and symbol in ("+", "==", "!="):
        return pointers(symbol, b, a)
    if isinstance(a, Pointer) and isinstance(b, Pointer):
        if symbol in ("==", "!="):
            return int((a == b) == (symbol == "=="))
        if a.block is b.block and symbol == "-":
            return a.offset - b.offset
        if a.block is b.block and symbol in COMPARE:
            return int(COMPARE[symbol](a.offset, b.offset))
    raise UnsupportedError(f"{symbol} between pointers to different arrays")


def compared(name: str, a: Node, b: Node) -> Value:
    """A comparison; that of a real number with itself or with infinity is known."""
    if a is b:
        return int(name in ("le", "ge", "eq"))
    for left, right, way in ((a, b, name), (b, a, MIRRORED[name])):
        if right is INFINITY:
            return BEFORE_INFINITY[way] if left is not MINUS_INFINITY else int(way in ("lt", "le", "ne"))
        if right is MINUS_INFINITY:
            return AFTER_MINUS_INFINITY[way]
    return known(build.compare(name, a, b))


def whole(node: Node) -> Value:
    """An integer as it is known best."""
    if isinstance(node, Num) and node.value.denominator == 1:
        return int(node.value)
    return IntNode(node)


def real(symbol: str, a: Node, b: Node) -> Node:
    """Arithmetic on real numbers."""
    if symbol == "-" and _sign_operand(a, b) is not None:
        return build.apply("sign", _sign_operand(a, b) or a)
    return REAL[symbol](a, b)


def _sign_operand(a: Node, b: Node) -> Node | None:
    """What ``(x > 0) - (x < 0)`` is the sign of."""
    match a, b:
        case (
            Op(op="where", args=(Op(op="lt", args=(Num(value=0), x)), Num(value=1), Num(value=0))),
            Op(op="where", args=(Op(op="lt", args=(y, Num(value=0))), Num(value=1), Num(value=0))),
        ) if x is y:
            return x
    return None


def both(symbol: str, a: Value, b: Value) -> Value:
    """``&`` and ``|`` of truth values."""
    x, y = as_condition(a), as_condition(b)
    if not all((isinstance(v, int) and v in (0, 1)) or (isinstance(v, Node) and build.is_condition(v)) for v in (a, b)):
        raise UnsupportedError(f"{symbol} on the bits of a number")
    return logical("&&" if symbol == "&" else "||", x, y)


def logical(symbol: str, a: int | Node, b: int | Node) -> Value:
    """``&&`` and ``||`` of conditions."""
    if isinstance(a, int) or isinstance(b, int):
        certain, other = (a, b) if isinstance(a, int) else (b, a)
        return other if certain == (symbol == "&&") else certain
    return known(build.apply("and" if symbol == "&&" else "or", a, b))


def negated(value: Value) -> Value:
    """``!value``."""
    condition = as_condition(value)
    return 1 - condition if isinstance(condition, int) else build.negated(condition)


def minus(value: Value) -> Value:
    """``-value``."""
    if isinstance(value, int):
        return -value
    if value is num(0):
        return NEGATIVE_ZERO
    return whole(build.neg(as_node(value))) if isinstance(value, IntNode) else build.neg(as_node(value))


def chosen(condition: Node, a: Value, b: Value) -> Value:
    """``condition ? a : b``; a choice of the larger or smaller is a maximum or minimum.

    Raises
    ------
    UnsupportedError: the two sides are no numbers.
    """
    if a is b or (not isinstance(a, Node) and a == b):
        return a
    numbers = all(isinstance(side, int | Node | IntNode) for side in (a, b))
    if not numbers:
        raise UnsupportedError("a pointer, a struct or a vector that depends on the values of elements")
    x, y = as_node(a), as_node(b)
    if all(isinstance(side, int) or (isinstance(side, Op) and build.is_condition(side)) for side in (a, b)):
        return _chosen_truth(condition, a, b)
    node = selected(condition, x, y)
    return whole(node) if all(isinstance(side, int | IntNode) for side in (a, b)) else node


def _chosen_truth(condition: Node, a: Value, b: Value) -> Value:
    x, y = as_condition(a), as_condition(b)
    if (a, b) == (1, 0):
        return condition
    if (a, b) == (0, 1):
        return build.negated(condition)
    if isinstance(a, int) and isinstance(b, int):
        return whole(build.where(condition, num(a), num(b)))
    return logical("||", _node(logical("&&", condition, x)), _node(logical("&&", build.negated(condition), y)))


def _node(value: Value) -> int | Node:
    assert isinstance(value, int | Node)
    return value


def selected(condition: Node, a: Node, b: Node) -> Node:
    """``where``, or the maximum or minimum that it is on real numbers."""
    if isinstance(condition, Op) and condition.op in ("lt", "le"):
        if condition.args == (b, a):
            return op("max", a, b)
        if condition.args == (a, b):
            return op("min", a, b)
        if condition.op == "lt" and _is_sign(condition, a, b):
            return build.apply("sign", condition.args[1])
    return build.where(condition, a, b)


def _is_sign(condition: Op, a: Node, b: Node) -> bool:
    """Whether it is 1 where x is positive, -1 where it is negative, and 0 or x where it is 0."""
    zero, x = condition.args
    if zero is not num(0) or a is not num(1) or not isinstance(b, Op) or b.op != "where":
        return False
    return b.args[0] is op("lt", x, num(0)) and b.args[1] is num(-1) and b.args[2] in (num(0), x)


def larger(a: Node, b: Node) -> Node:
    """The maximum; that with minus infinity is the other."""
    if MINUS_INFINITY in (a, b):
        return b if a is MINUS_INFINITY else a
    return build.apply("max", a, b)


def smaller(a: Node, b: Node) -> Node:
    """The minimum; that with infinity is the other."""
    if INFINITY in (a, b):
        return b if a is INFINITY else a
    return build.apply("min", a, b)

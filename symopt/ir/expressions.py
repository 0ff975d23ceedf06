"""Expressions that a user writes, as in ``eps*sqrt(1 - beta2**t)``, read into the graph without evaluating them."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from fractions import Fraction

from symopt.errors import UsageError, nearest
from symopt.ir.nodes import Node, num, op, ref
from symopt.ir.trace import STEP

BINARY: Mapping[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
}  # fmt: skip
FUNCTIONS = ("sqrt", "exp", "log", "abs", "sign", "floor", "cos", "max", "min")


def read_expression(text: str, names: tuple[str, ...]) -> Node:
    """The expression over ``names`` and ``t``.

    Raises
    ------
    UsageError: the text is no such expression, or holds another name.
    """
    try:
        return _read(ast.parse(text.replace("^", "**"), mode="eval").body, text, names)
    except SyntaxError:
        raise UsageError(f"{text!r} is no expression; write one as in eps*sqrt(1 - beta2**t)") from None


def _read(node: ast.expr, text: str, names: tuple[str, ...]) -> Node:
    match node:
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return num(Fraction(repr(value)))
        case ast.Name(id=name) if name in names or name == STEP:
            return ref(name)
        case ast.Name(id=name):
            raise UsageError(f"{text!r}: no hyper-parameter is called {name!r}; {nearest(name, [*names, STEP])}")
        case ast.UnaryOp(op=ast.USub()):
            return op("neg", _read(node.operand, text, names))
        case ast.BinOp() if type(node.op) in BINARY:
            return op(BINARY[type(node.op)], _read(node.left, text, names), _read(node.right, text, names))
        case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS and not node.keywords:
            try:
                return op(name, *(_read(arg, text, names) for arg in node.args))
            except ValueError as error:
                raise UsageError(f"{text!r}: {error}") from None
    raise UsageError(f"{text!r}: {ast.unparse(node)} is no arithmetic on {', '.join([*names, STEP])}")

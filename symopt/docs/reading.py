"""Reads expressions and relations from text, as verdicts write them, so that they can be typeset.

The text is parsed as a Python expression and never evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from symopt.ir.nodes import ARITY, MATRIX_OPS, MODEL_REDUCTIONS, REDUCTIONS, Node, matop, num, op, reduce, ref
from symopt.ir.trace import PARAMETER
from symopt.lang.domain import exact_number

BINARY: Mapping[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
}  # fmt: skip
RELATIONS: Mapping[type[ast.cmpop], Callable[[Node, Node], Node]] = {
    ast.Eq: lambda a, b: op("eq", a, b),
    ast.NotEq: lambda a, b: op("not", op("eq", a, b)),
    ast.Lt: lambda a, b: op("lt", a, b),
    ast.LtE: lambda a, b: op("le", a, b),
    ast.Gt: lambda a, b: op("not", op("le", a, b)),
    ast.GtE: lambda a, b: op("not", op("lt", a, b)),
}
# Spellings of SymPy and Python for operations of the graph.
SPELLINGS: Mapping[str, str] = {"Abs": "abs", "Max": "max", "Min": "min", "and_": "and", "or_": "or", "not_": "not"}
# Those of the language, and what norms are norms of.
WORDS: Mapping[str, str] = {"total": "sum", "largest": "amax", "smallest": "amin", "model_total": "model_sum"}
NORMS: Mapping[str, str] = {"norm": "sum", "rms": "mean", "model_norm": "model_sum"}


class _UnreadableError(Exception):
    """The text is no expression of the graph."""


def read(text: str) -> Node | None:
    """The expression or relation that ``text`` denotes (``=`` is equality), or None where it is neither."""
    try:
        return _node(ast.parse(_with_equality(text).strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, _UnreadableError):
        return None


def _with_equality(text: str) -> str:
    """``=`` as Python's ``==``; ``<=``, ``!=``, the like and ``axis=`` stay."""
    padded = f" {text} "
    return "".join(
        "==" if char == "=" and padded[i] not in "<>=!" and padded[i + 2] != "=" and text[i - 4 : i] != "axis" else char
        for i, char in enumerate(text)
    )  # fmt: skip


def _node(tree: ast.expr) -> Node:
    match tree:
        case ast.Name(id=name):
            return ref(name)
        case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
            return num(exact_number(value))
        case ast.BinOp(left=left, op=operator, right=right) if type(operator) in BINARY:
            return op(BINARY[type(operator)], _node(left), _node(right))
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            return matop("matmul", _node(left), _node(right))
        case ast.BinOp(left=left, op=ast.Mod(), right=right):
            a, k = _node(left), _node(right)
            return op("sub", a, op("mul", k, op("floor", op("div", a, k))))
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return op("neg", _node(operand))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return op("not", _node(operand))
        case ast.BoolOp(op=connective, values=values) if all(isinstance(value, ast.Compare) for value in values):
            return _folded("and" if isinstance(connective, ast.And) else "or", [_node(value) for value in values])
        case ast.Compare(left=left, ops=relations, comparators=rest) if all(type(r) in RELATIONS for r in relations):
            return _chain([_node(operand) for operand in (left, *rest)], relations)
        case ast.Call(func=ast.Name(id=function), args=args, keywords=[]):
            return _call(SPELLINGS.get(function, function), [_node(arg) for arg in args])
        case ast.Call(
            func=ast.Name(id=function), args=[arg], keywords=[ast.keyword(arg="axis", value=ast.Constant(value=axis))]
        ) if isinstance(axis, int):
            return reduce(WORDS.get(function, function), _node(arg), axis)
    raise _UnreadableError


def _chain(operands: list[Node], relations: list[ast.cmpop]) -> Node:
    """``a <= b < c`` as ``a <= b`` and ``b < c``."""
    pairs = zip(relations, operands[:-1], operands[1:], strict=True)
    return _folded("and", [RELATIONS[type(relation)](left, right) for relation, left, right in pairs])


def _folded(function: str, nodes: list[Node]) -> Node:
    """Nodes combined from left to right."""
    result = nodes[0]
    for node in nodes[1:]:
        result = op(function, result, node)
    return result


def _call(function: str, args: list[Node]) -> Node:
    function = WORDS.get(function, function)
    if function in (*REDUCTIONS, *MODEL_REDUCTIONS) and len(args) == 1:
        return reduce(function, args[0])
    if function in NORMS and len(args) == 1:
        return op("sqrt", reduce(NORMS[function], op("pow", args[0], num(2))))
    if function in MATRIX_OPS:
        return _matrix(function, args)
    if function in ("max", "min") and len(args) > 1:
        return _folded(function, args)
    if ARITY.get(function) != len(args):
        raise _UnreadableError
    return op(function, *args)


def _matrix(function: str, args: list[Node]) -> Node:
    """An operation on matrices with its operands in the order of the language."""
    if function == "inverse_root" and len(args) in (2, 3):
        matrix, order, damping = (*args, num(0))[:3]
        return matop(function, matrix, damping, order)
    return matop(function, *args, *([ref(PARAMETER)] if function == "unwide" else []))

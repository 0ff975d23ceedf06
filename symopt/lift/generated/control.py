"""Comparisons and choices of a text as calls, so that they are expressions and decide nothing while it runs."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from symopt.lift.generated.vocabulary import chosen, compared, joined

NAMES: Mapping[type[ast.cmpop], str] = {
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip
COMPARED, CHOSEN, JOINED = "_symopt_compared", "_symopt_chosen", "_symopt_joined"
# What the calls mean, by their names in the text.
CONTROL: Mapping[str, Any] = {COMPARED: compared, CHOSEN: chosen, JOINED: joined}


def without_control(text: str) -> ast.Module:
    """The text with calls in the place of single comparisons, ``and``, ``or`` and choices."""
    tree: ast.Module = _Calls().visit(ast.parse(text))
    return ast.fix_missing_locations(tree)


class _Calls(ast.NodeTransformer):
    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node  # the domains of hyper-parameters

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        if len(node.ops) > 1 or type(node.ops[0]) not in NAMES:
            return node
        return _call(COMPARED, ast.Constant(NAMES[type(node.ops[0])]), node.left, node.comparators[0])

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        return _call(CHOSEN, node.test, _later(node.body), _later(node.orelse))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        name = "and" if isinstance(node.op, ast.And) else "or"
        return _call(JOINED, ast.Constant(name), *map(_later, node.values))


def _call(name: str, *args: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), list(args), [])


def _later(node: ast.expr) -> ast.Lambda:
    return ast.Lambda(ast.arguments([], [], None, [], [], None, []), node)

"""Conditions as a person reads them."""

from __future__ import annotations

from collections.abc import Iterable

from symopt.ir.nodes import Node, Op
from symopt.prove.render import node_text

SIGNS = {"lt": "<", "le": "<=", "eq": "="}
OPPOSITE = {"lt": ">=", "le": ">", "eq": "!="}


def condition_text(node: Node) -> str:
    """A condition, as in ``momentum != 0``."""
    match node:
        case Op(op="not", args=(Op(op="lt" | "le" | "eq") as inner,)):
            return f"{node_text(inner.args[0])} {OPPOSITE[inner.op]} {node_text(inner.args[1])}"
        case Op(op="lt" | "le" | "eq"):
            return f"{node_text(node.args[0])} {SIGNS[node.op]} {node_text(node.args[1])}"
        case Op(op="and" | "or"):
            return f"({condition_text(node.args[0])} {node.op} {condition_text(node.args[1])})"
        case Op(op="not"):
            return f"not ({condition_text(node.args[0])})"
    return node_text(node)


def assumption_texts(conditions: Iterable[Node]) -> tuple[str, ...]:
    """Conditions as texts, each once."""
    return tuple(dict.fromkeys(condition_text(condition) for condition in conditions))

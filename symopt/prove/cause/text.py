"""Expressions in sentences: conditions are written as people write them."""

from __future__ import annotations

from symopt.ir.nodes import CONDITIONS, Node, Op, rebuild, ref, walk
from symopt.prove.render import node_text

WORDS = {"lt": "<", "le": "<=", "eq": "=", "and": "and", "or": "or"}


def text(node: Node) -> str:
    """An expression as people write it."""
    if _is_condition(node):
        return _condition(node)
    done: dict[Node, Node] = {}
    for each in walk([node]):
        args = tuple(ref(_condition(arg)) if _is_condition(arg) else done[arg] for arg in each.args)
        done[each] = each if args == each.args else each if _is_condition(each) else rebuild(each, args)
    return node_text(done[node])


def _is_condition(node: Node) -> bool:
    return isinstance(node, Op) and node.op in CONDITIONS


def _condition(node: Node) -> str:
    if not isinstance(node, Op) or node.op not in CONDITIONS:
        return text(node)
    words = [_condition(arg) for arg in node.args]
    return f"not {words[0]}" if node.op == "not" else f" {WORDS[node.op]} ".join(words)


def size(root: Node) -> int:
    """The number of operations of an expression written out, where nothing is shared."""
    sizes: dict[Node, int] = {}
    for node in walk([root]):
        sizes[node] = 1 + sum(sizes[arg] for arg in node.args)
    return sizes[root]

"""Expressions as text in which what they share is written once."""

from __future__ import annotations

from collections.abc import Sequence

from symopt.ir.nodes import Node, Num, Ref, rebuild, ref, walk
from symopt.ir.text import node_text

SHARED_FROM = 6  # nodes from which an expression that is used twice gets a name of its own


def written(roots: Sequence[Node]) -> tuple[dict[str, str], list[str]]:
    """Expressions as text, and the texts of what they share under names ``_1``, ``_2``, ... in order."""
    users: dict[Node, int] = {}
    size: dict[Node, int] = {}
    for node in walk(roots):
        size[node] = 1 + sum(size[arg] for arg in node.args)
        for arg in node.args:
            users[arg] = users.get(arg, 0) + 1
    shared: dict[str, str] = {}
    short: dict[Node, Node] = {}
    for node in walk(roots):
        here = node if isinstance(node, Ref | Num) else rebuild(node, tuple(short[arg] for arg in node.args))
        if users.get(node, 0) > 1 and size[node] >= SHARED_FROM:
            name = f"_{len(shared) + 1}"
            shared[name] = node_text(here)
            here = ref(name)
        short[node] = here
    return shared, [node_text(short[root]) for root in roots]

"""What is known of conditions on one side of a branch, and expressions with that made use of."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.ir.nodes import Node, Op, walk
from symopt.passes import build
from symopt.passes.fold import FALSE, TRUE

Facts = Mapping[Node, bool]


def facts_of(condition: Node, holds: bool) -> dict[Node, bool]:
    """The conditions that are decided where a condition holds, or where it does not."""
    facts = {condition: holds, build.negated(condition): not holds}
    match condition:
        case Op(op="not", args=(inner,)):
            facts |= facts_of(inner, not holds)
        case Op(op="and" | "or" as kind, args=args) if holds is (kind == "and"):
            for inner in args:
                facts |= facts_of(inner, holds)
    return facts


def under(root: Node, facts: Facts) -> Node:
    """An expression where some conditions are decided."""
    if not facts:
        return root
    done: dict[Node, Node] = {}
    for node in walk([root]):
        if node in facts:
            done[node] = TRUE if facts[node] else FALSE
        else:
            done[node] = build.rebuilt(node, tuple(done[arg] for arg in node.args))
    return done[root]


def settled(root: Node) -> Node:
    """The same number, in which no choice is made twice: what an outer choice decides is decided inside of it."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        if isinstance(node, Op) and node.op == "where":
            condition, a, b = args
            args = condition, under(a, facts_of(condition, True)), under(b, facts_of(condition, False))
        done[node] = build.rebuilt(node, args)
    return done[root]

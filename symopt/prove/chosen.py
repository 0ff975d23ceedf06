"""Choices inside choices: where a condition is known, since what chooses by it is chosen by it, it is not asked again.

Code that avoids a division by a norm of zero writes ``where(n <= 0, 0, norm(where(n <= 0, 1, x)))``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from symopt.ir.nodes import MODEL_REDUCTIONS, Node, Op, Reduce, rebuild, walk


def chosen(nodes: Mapping[str, Node], is_number: Callable[[Node], bool]) -> dict[str, Node]:
    """Expressions with inner choices made by the outer ones with the same condition.

    ``is_number`` says whether a condition is the same for all elements of a tensor: another one is not known of the
    other elements that a reduction is over.
    """
    choices = (node.args[0] for node in walk(nodes.values()) if isinstance(node, Op) and node.op == "where")
    repeated = {condition for condition, number in Counter(choices).items() if number > 1 and is_number(condition)}
    if not repeated:
        return dict(nodes)
    done: dict[Node, Node] = {}
    for node in walk(nodes.values()):
        args = tuple(done[arg] for arg in node.args)
        if isinstance(node, Op) and node.op == "where" and node.args[0] in repeated:
            args = (args[0], *(_assuming(arg, args[0], i) for i, arg in enumerate(args[1:])))
        done[node] = node if args == node.args else rebuild(node, args)
    return {name: done[node] for name, node in nodes.items()}


def _assuming(root: Node, condition: Node, branch: int) -> Node:
    """An expression where a condition holds (``branch`` 0) or does not (1)."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        if isinstance(node, Reduce) and node.op in MODEL_REDUCTIONS:
            done[node] = node  # over other tensors too, of which it is not known
        elif isinstance(node, Op) and node.op == "where" and node.args[0] is condition:
            done[node] = args[1 + branch]
        else:
            done[node] = node if args == node.args else rebuild(node, args)
    return done[root]

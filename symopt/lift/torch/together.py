"""Several tensors in one optimizer: what one tensor's update reads of another, and sums over the whole model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symopt.ir.nodes import Node, Op, Reduce, Ref, reduce, ref, refs, walk
from symopt.lift import build
from symopt.lift.assemble import substituted
from symopt.lift.torch.case import OTHER


def exchanged(nodes: Sequence[Node], own: Sequence[str]) -> list[Node]:
    """Expressions with every name of ``own`` and the same name of the second tensor exchanged."""
    exchange: dict[str, Node] = {name: ref(name + OTHER) for name in own}
    exchange |= {name + OTHER: ref(name) for name in own}
    return substituted(nodes, exchange)


def reads_other(nodes: Sequence[Node]) -> list[str]:
    """The names of the second tensor that expressions read."""
    return [name.removesuffix(OTHER) for name in refs(*nodes) if name.endswith(OTHER)]


def with_model_sums(nodes: Sequence[Node], own: Sequence[str]) -> list[Node]:
    """Expressions with sums over both tensors as sums over the model.

    Parameters
    ----------
    own: the names that the first tensor has for itself.
    """
    done: dict[Node, Node] = {}
    for node in walk(nodes):
        args = tuple(done[arg] for arg in node.args)
        new = node if args == node.args else build.rebuilt(node, args)
        if isinstance(new, Op) and new.op in ("add", "sub"):
            new = _with_model_sum(new, own)
        done[node] = new
    return [done[node] for node in nodes]


def _with_model_sum(node: Op, own: Sequence[str]) -> Node:
    a, b = node.args
    combine = build.add if node.op == "add" else build.sub
    if isinstance(a, Op) and a.op == node.op and _is_pair(a.args[1], b, own):
        total = _over_model(a.args[1], b, own)
        return node if total is None else combine(a.args[0], total)
    if node.op == "add" and _is_pair(a, b, own):
        total = _over_model(a, b, own)
        return node if total is None else total
    return node


def _is_pair(a: Node, b: Node, own: Sequence[str]) -> bool:
    """Whether two expressions are the same of either tensor."""
    return a is not b and exchanged([a], own)[0] is b and (bool(reads_other([a])) != bool(reads_other([b])))


def _over_model(a: Node, b: Node, own: Sequence[str]) -> Node | None:
    mine = b if reads_other([a]) else a
    return _total(mine)


def _total(node: Node) -> Node | None:
    """A sum over a tensor as one over the model; factors that do not depend on tensors go along."""
    match node:
        case Reduce(op="sum", axis=None, args=(inner,)):
            return reduce("model_sum", inner)
        case Op(op="mul" | "div", args=(Node() as a, Node() as b)):
            left, right = _total(a), _total(b) if node.op == "mul" else None
            if left is not None and _is_number(b):
                return build.apply(node.op, left, b)
            if right is not None and _is_number(a):
                return build.apply(node.op, a, right)
        case Op(op="neg", args=(a,)):
            total = _total(a)
            return None if total is None else build.neg(total)
    return None


def _is_number(node: Node) -> bool:
    """Whether an expression reads nothing that a tensor has for itself, as far as its names tell."""
    return not any(isinstance(item, Reduce) for item in walk([node])) and not any(
        item.name in ("p", "g") for item in walk([node]) if isinstance(item, Ref)
    )


def renamed(values: Mapping[str, Node], own: Sequence[str], position: int) -> dict[str, Node]:
    """The new values of one tensor, by the names that the first has."""
    names = [name for name in values if not name.endswith(OTHER)]
    if position == 0:
        return {name: values[name] for name in names}
    keys = [name + OTHER if name in own else name for name in names]
    return dict(zip(names, exchanged([values[key] for key in keys], own), strict=True))

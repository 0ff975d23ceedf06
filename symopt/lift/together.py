"""Two tensors in one model: what the update of one reads of the other, and sums over the whole model.

The names of the second tensor are those of the first with a mark behind them; a name that both share has none.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from symopt.ir.nodes import MODEL_REDUCTIONS, Node, Num, Op, Reduce, reduce, ref, refs, walk
from symopt.ir.trace import GRADIENT, PARAMETER
from symopt.lift.assemble import substituted
from symopt.passes import build

OTHER = "'"
ONE_TENSOR = "the model has no other tensor, which its update would read"


def own_names(names: Iterable[str]) -> list[str]:
    """The names that each of two tensors has for itself, as the first has them, from all that a step changes."""
    return [GRADIENT, *(name.removesuffix(OTHER) for name in names if name.endswith(OTHER))]


def of_tensor(values: Mapping[str, Node], own: Collection[str], position: int) -> dict[str, Node]:
    """The new values of one of two tensors, by the names that the first has."""
    names = [name for name in values if not name.endswith(OTHER)]
    if position == 0:
        return {name: values[name] for name in names}
    keys = [name + OTHER if name in own else name for name in names]
    return dict(zip(names, exchanged([values[key] for key in keys], own), strict=True))


def of_one_in_a_model(alone: Mapping[str, Node], pair: Mapping[str, Node]) -> dict[str, Node] | None:
    """The new values of one of two tensors that are updated alike, with sums over the model.

    None where they read of the other tensor more than such sums, or the two are updated in different ways.

    Parameters
    ----------
    alone: the new values where the model has one tensor.
    pair: those of both tensors of a model of two.
    """
    own = own_names(pair)
    first, second = (of_tensor(pair, own, position) for position in (0, 1))
    if first == second == dict(alone):
        return first
    mine, others = (with_model_sums(list(values.values()), own) for values in (first, second))
    if set(first) != set(alone) or read_of_other(mine) or mine != others:
        return None
    return {name: dict(zip(first, mine, strict=True))[name] for name in alone}


def exchanged(nodes: Sequence[Node], own: Collection[str]) -> list[Node]:
    """Expressions with the two tensors exchanged; ``own`` are the names that the first has for itself."""
    there = {name: ref(name + OTHER) for name in own}
    back = {name + OTHER: ref(name) for name in own}
    return substituted(nodes, {**there, **back})


def read_of_other(nodes: Sequence[Node]) -> list[str]:
    """The names of the second tensor that expressions read, as the first has them."""
    return [name.removesuffix(OTHER) for name in refs(*nodes) if name.endswith(OTHER)]


def that_matter(values: Mapping[str, Node]) -> list[str]:
    """The parameter, and the names among those of new values that its own depends on, over any number of steps."""
    wanted, waiting = {PARAMETER: None}, [PARAMETER]
    while waiting:
        read = [name for name in refs(values[waiting.pop()]) if name in values and name not in wanted]
        wanted |= dict.fromkeys(read)
        waiting += read
    return [name for name in values if name in wanted]


def is_mean_over_model(nodes: Sequence[Node], size: int) -> bool:
    """Whether a sum over the model is divided by the number of its elements, of which there are ``size``."""
    return any(
        isinstance(node, Op) and node.op == "div" and isinstance(node.args[1], Num) and node.args[1].value == size
        and any(isinstance(item, Reduce) and item.op in MODEL_REDUCTIONS for item in walk([node.args[0]]))
        for node in walk(nodes)
    )  # fmt: skip


def with_model_sums(nodes: Sequence[Node], own: Collection[str]) -> list[Node]:
    """Expressions in which what is added up over either tensor is a sum over the model."""
    done: dict[Node, Node] = {}
    for node in walk(nodes):
        args = tuple(done[arg] for arg in node.args)
        new = node if args == node.args else build.rebuilt(node, args)
        done[node] = _with_model_sum(new, own) if isinstance(new, Op) and new.op in ("add", "sub") else new
    return [done[node] for node in nodes]


def _with_model_sum(node: Op, own: Collection[str]) -> Node:
    """``x + y``, ``z + x + y`` or ``z - x - y``, where x and y are the same of either tensor."""
    a, b = node.args
    combine = build.add if node.op == "add" else build.sub
    if isinstance(a, Op) and a.op == node.op and _are_twins(a.args[1], b, own):
        total = _over_model(b if read_of_other([a.args[1]]) else a.args[1], own)
        return node if total is None else combine(a.args[0], total)
    total = _over_model(b if read_of_other([a]) else a, own) if node.op == "add" and _are_twins(a, b, own) else None
    return node if total is None else total


def _are_twins(a: Node, b: Node, own: Collection[str]) -> bool:
    """Whether two expressions, one over each tensor, are the same of either."""
    return bool(read_of_other([a])) is not bool(read_of_other([b])) and exchanged([a], own)[0] is b


def _over_model(node: Node, own: Collection[str]) -> Node | None:
    """A sum over one tensor, and factors that both share, as one over the model; None where it is no such sum."""
    match node:
        case Reduce(op="sum", axis=None, args=(inner,)):
            return reduce("model_sum", inner)
        case Op(op="neg", args=(a,)):
            total = _over_model(a, own)
            return None if total is None else build.neg(total)
        case Op(op="mul" | "div", args=(a, b)):
            left = _over_model(a, own)
            if left is not None and not set(own) & set(refs(b)):
                return build.apply(node.op, left, b)
            right = _over_model(b, own) if node.op == "mul" else None
            if right is not None and not set(own) & set(refs(a)):
                return build.mul(a, right)
    return None

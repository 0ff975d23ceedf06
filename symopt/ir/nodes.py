"""The graph: exact, immutable, hash-consed expressions.

Equal expressions are the same object, so identity decides structural equality and every table over
a graph is keyed by node. Nothing is reordered or simplified when a node is built: ``a - b - c`` and
``a - (b + c)`` are two graphs, because they round differently. Numbers are rationals.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeVar
from weakref import WeakValueDictionary

# The vocabulary: operation -> number of operands. Conditions (the last two rows) have truth values,
# everything else has real values.
ARITY: Mapping[str, int] = {
    "add": 2, "sub": 2, "mul": 2, "div": 2, "pow": 2,
    "neg": 1, "sqrt": 1, "abs": 1, "sign": 1, "exp": 1, "log": 1, "cos": 1, "floor": 1,
    "max": 2, "min": 2, "where": 3,
    "lt": 2, "le": 2, "eq": 2,
    "and": 2, "or": 2, "not": 1,
}  # fmt: skip
CONDITIONS = frozenset({"lt", "le", "eq", "and", "or", "not"})
REDUCTIONS = frozenset({"sum", "mean", "amax", "amin"})
# Reductions over all tensors of the model -> what each is over one tensor.
MODEL_REDUCTIONS: Mapping[str, str] = {"model_sum": "sum"}
# Operations on whole matrices; "unwide" takes the parameter too, whose shape it restores, and "inverse_root"
# what is added to the diagonal and the order.
MATRIX_OPS: Mapping[str, int] = {
    "matmul": 2, "transpose": 1, "wide": 1, "unwide": 2, "inverse_root": 3, "eigenbasis": 1, "orthogonal": 1,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Node:
    """An expression; ``args`` are its operands, ``()`` for a leaf."""

    args: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Ref(Node):
    """A value by name: an input of the trace or an earlier statement."""

    name: str


@dataclass(frozen=True, eq=False)
class Num(Node):
    """An exact rational number."""

    value: Fraction


@dataclass(frozen=True, eq=False)
class Op(Node):
    """An element-wise operation of ``ARITY``."""

    op: str


@dataclass(frozen=True, eq=False)
class Reduce(Node):
    """A reduction over all elements (``axis`` None), rows (0) or columns (1), or over the model's tensors."""

    op: str
    axis: int | None


@dataclass(frozen=True, eq=False)
class MatOp(Node):
    """A matrix operation of ``MATRIX_OPS``."""

    op: str


AnyNode = TypeVar("AnyNode", bound=Node)
_interned: WeakValueDictionary[tuple[Any, ...], Node] = WeakValueDictionary()


def _intern(kind: type[AnyNode], args: tuple[Node, ...], *fields: Any) -> AnyNode:
    key = (kind, args, *fields)
    node = _interned.get(key)
    if node is None:
        node = kind(args, *fields)
        _interned[key] = node
    return node  # type: ignore[return-value]  # the key holds the kind


def ref(name: str) -> Ref:
    """The value called ``name``."""
    return _intern(Ref, (), name)


def num(value: int | Fraction) -> Num:
    """An exact number."""
    return _intern(Num, (), Fraction(value))


def op(name: str, *args: Node) -> Op:
    """An element-wise operation, exactly as written."""
    if ARITY.get(name) != len(args):
        raise ValueError(f"{name} with {len(args)} operands is not an operation of the graph")
    return _intern(Op, args, name)


def reduce(name: str, arg: Node, axis: int | None = None) -> Reduce:
    """A reduction over all elements, or along one axis of a matrix."""
    over = REDUCTIONS if axis in (0, 1) else {*REDUCTIONS, *MODEL_REDUCTIONS}
    if name not in over or axis not in (None, 0, 1):
        raise ValueError(f"{name} along axis {axis} is not a reduction of the graph")
    return _intern(Reduce, (arg,), name, axis)


def matop(name: str, *args: Node) -> MatOp:
    """A matrix operation."""
    if MATRIX_OPS.get(name) != len(args):
        raise ValueError(f"{name} with {len(args)} operands is not a matrix operation of the graph")
    return _intern(MatOp, args, name)


ZERO, ONE = num(0), num(1)


def rebuild(node: Node, args: tuple[Node, ...]) -> Node:
    """The same operation over other operands."""
    match node:
        case Op():
            return op(node.op, *args)
        case Reduce():
            return reduce(node.op, args[0], node.axis)
        case MatOp():
            return matop(node.op, *args)
        case _:
            return node


def walk(roots: Iterable[Node], known: Container[Node] = ()) -> Iterator[Node]:
    """Every node below ``roots`` once, operands before their users, left to right; not what is known, and below that.

    Iterative, since unrolled rules are deeper than Python's stack.
    """
    seen: set[Node] = set()
    for root in roots:
        stack = [(root, False)]
        while stack:
            node, ready = stack.pop()
            if node in seen or node in known:
                continue
            if ready:
                seen.add(node)
                yield node
            else:
                stack.append((node, True))
                stack.extend((arg, False) for arg in reversed(node.args) if arg not in seen)


def refs(*roots: Node) -> list[str]:
    """The names that an expression reads, in order of first use."""
    return [node.name for node in walk(roots) if isinstance(node, Ref)]


def substitute(roots: Iterable[Node], values: Mapping[str, Node]) -> list[Node]:
    """Every root with names replaced by expressions, all at once."""
    roots = list(roots)
    done: dict[Node, Node] = {}
    for node in walk(roots):
        if isinstance(node, Ref):
            done[node] = values.get(node.name, node)
        else:
            args = tuple(done[arg] for arg in node.args)
            done[node] = node if args == node.args else rebuild(node, args)
    return [done[root] for root in roots]

"""Small changes of graphs and traces that edits and rewritings are made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from symopt.errors import SymoptError
from symopt.ir.nodes import Node, Op, Ref, op, rebuild, ref, refs, walk
from symopt.ir.trace import PARAMETER, Let, Query, Trace
from symopt.ir.verify import verify_trace


class Change(NamedTuple):
    """A changed trace: of which kind the change is, and what was changed in words."""

    kind: str
    what: str
    trace: Trace


def replaced(root: Node, old: Node, new: Node) -> Node:
    """An expression with one subexpression replaced wherever it stands."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = new if node is old else node if args == node.args else rebuild(node, args)
    return done[root]


def with_value(trace: Trace, i: int, value: Node) -> Trace:
    """A trace with another value in its statement ``i``."""
    let = trace.lets[i]
    return trace.with_lets((*trace.lets[:i], Let(let.name, value, let.target), *trace.lets[i + 1 :]))


def everywhere(trace: Trace, old: Node, new: Node, start: int = 0, stop: int | None = None) -> Trace:
    """A trace with a subexpression replaced in some of its statements, and in its points where these are all."""
    chosen = range(*slice(start, stop).indices(len(trace.lets)))
    lets = tuple(
        Let(let.name, replaced(let.value, old, new), let.target) if i in chosen else let
        for i, let in enumerate(trace.lets)
    )
    queries = trace.queries
    if start == 0 and stop is None:
        queries = tuple(Query(q.name, replaced(q.point, old, new)) for q in queries)
    return replace(trace, lets=lets, queries=queries)


def is_rule(trace: Trace) -> bool:
    """Whether a changed trace is a rule at all: names known where they are read, shapes that fit."""
    try:
        verify_trace(trace)
    except (SymoptError, KeyError):
        return False
    return True


def statement(trace: Trace, name: str) -> int:
    """The position of a statement; -1 for an input."""
    return next((i for i, let in enumerate(trace.lets) if let.name == name), -1)


def terms(node: Node, sign: int = 1) -> list[tuple[int, Node]]:
    """A sum of sums as signed terms."""
    match node:
        case Op(op="add", args=(a, b)):
            return [*terms(a, sign), *terms(b, sign)]
        case Op(op="sub", args=(a, b)):
            return [*terms(a, sign), *terms(b, -sign)]
        case Op(op="neg", args=(a,)):
            return terms(a, -sign)
    return [(sign, node)]


def summed(signed: Iterable[tuple[int, Node]]) -> Node | None:
    """The sum of signed terms, from left to right."""
    total: Node | None = None
    for sign, node in signed:
        if total is None:
            total = node if sign > 0 else op("neg", node)
        else:
            total = op("add" if sign > 0 else "sub", total, node)
    return total


def reads(node: Node, name: str) -> bool:
    """Whether an expression reads a name."""
    return name in refs(node)


def fresh(trace: Trace, wish: str) -> str:
    """A name that a trace does not have yet."""
    taken = {*trace.inputs, *(let.name for let in trace.lets)}
    return next(name for name in (wish, *(f"{wish}_{k}" for k in range(1, 99))) if name not in taken)


def states_by_new_value(trace: Trace) -> dict[str, str]:
    """The states, and the parameter, by the statement that holds their new value."""
    return {let: name for name, let in trace.results.items()}


__all__ = [
    "PARAMETER", "Change", "Ref", "everywhere", "fresh", "is_rule", "reads", "ref", "replaced", "statement",
    "states_by_new_value", "summed", "terms", "with_value",
]  # fmt: skip

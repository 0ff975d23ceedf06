"""Edits of one place of a rule, which should change it; tests/never_wrong makes those that people make."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from symopt.ir.nodes import Node, Num, Op, Ref, num, op, rebuild, ref, walk
from symopt.ir.trace import Let, Trace

SWAPPED = {"add": "sub", "sub": "add", "mul": "div", "div": "mul", "max": "min", "min": "max", "lt": "le", "le": "lt"}


def mutants(trace: Trace, seed: int, number: int) -> Iterator[tuple[str, Trace]]:
    """Random edits of one place of a trace: an operator, a number, a name, a root."""
    chosen = random.Random(f"{trace.title} {seed}")
    for _ in range(number):
        i = chosen.randrange(len(trace.lets))
        let = trace.lets[i]
        node = chosen.choice(list(walk([let.value])))
        readable = [*trace.inputs, *(earlier.name for earlier in trace.lets[:i])]
        new = _edited(node, readable, chosen)
        if new is None or new is node:
            continue
        value = replaced(let.value, node, new)
        lets = (*trace.lets[:i], Let(let.name, value, let.target), *trace.lets[i + 1 :])
        yield f"{let.target}: {node} -> {new}", trace.with_lets(lets)


def _edited(node: Node, readable: list[str], chosen: random.Random) -> Node | None:
    match node:
        case Num(value=value):
            return num(value + chosen.choice([1, -1, Fraction(1, 2)]))
        case Ref():
            return chosen.choice([ref(chosen.choice(readable)), op("add", node, num(1)), op("neg", node)])
        case Op(op="sqrt", args=(arg,)):
            return chosen.choice([arg, op("abs", arg), op("sqrt", op("add", arg, num(1)))])
        case Op(op=name, args=(a, b)) if name in SWAPPED:
            return chosen.choice([op(SWAPPED[name], a, b), op(name, b, a), a, op("neg", node)])
        case Op(op="pow", args=(a, b)):
            return chosen.choice([op("pow", a, op("add", b, num(1))), op("pow", a, op("sub", b, num(1))), a])
    return None


def replaced(root: Node, old: Node, new: Node) -> Node:
    """An expression with one subexpression replaced wherever it stands."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = new if node is old else node if args == node.args else rebuild(node, args)
    return done[root]

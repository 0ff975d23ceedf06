"""Edits of rules: those that should change them, and those that must not."""

from __future__ import annotations

import random
from collections.abc import Iterator
from fractions import Fraction

from symopt.ir.nodes import Node, Num, Op, Ref, num, op, rebuild, ref, substitute, walk
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


def shuffled(trace: Trace, seed: int) -> Trace:
    """The same rule written otherwise: products and sums turned round, roots split, differences of squares."""
    chosen = random.Random(f"{trace.title} {seed}")
    lets = []
    for let in trace.lets:
        done: dict[Node, Node] = {}
        for node in walk([let.value]):
            args = tuple(done[arg] for arg in node.args)
            same = node if args == node.args else rebuild(node, args)
            done[node] = _rewritten(same, chosen)
        lets.append(Let(let.name, done[let.value], let.target))
    return trace.with_lets(tuple(lets))


def _rewritten(node: Node, chosen: random.Random) -> Node:
    match node:
        case Op(op="add" | "mul" as name, args=(a, b)):
            return chosen.choice([node, op(name, b, a)])
        case Op(op="sub", args=(a, b)):
            return chosen.choice([node, op("add", a, op("neg", b)), op("neg", op("sub", b, a))])
        case Op(op="div", args=(a, b)):
            return chosen.choice([node, op("mul", a, op("div", num(1), b)), op("div", op("neg", a), op("neg", b))])
        case Op(op="pow", args=(a, Num(value=k))) if k == 2:
            return chosen.choice([node, op("mul", a, a)])
        case Op(op="pow", args=(a, Ref(name="t") as t)):
            return chosen.choice([node, op("mul", a, op("pow", a, op("sub", t, num(1))))])
        case Op(op="max", args=(a, b)):
            half = op("add", op("add", a, b), op("abs", op("sub", a, b)))
            return chosen.choice([node, op("max", b, a), op("div", half, num(2)), op("where", op("lt", a, b), b, a)])
        case Op(op="abs", args=(a,)):
            return chosen.choice(
                [node, op("max", a, op("neg", a)), op("sqrt", op("mul", a, a)), op("mul", a, op("sign", a))]
            )
        case Op(op="where", args=(condition, a, b)):
            return chosen.choice([node, op("where", op("not", condition), b, a)])
    return node


__all__ = ["mutants", "replaced", "shuffled", "substitute"]

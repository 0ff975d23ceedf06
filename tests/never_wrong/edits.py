"""Edits that should change a rule: the slips that people make when they copy one, at any place of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, matop, num, op, rebuild, reduce, ref, walk
from symopt.ir.trace import PARAMETER, STEP, Query, Trace
from symopt.lang.domain import Domain
from tests.never_wrong.graphs import Change, everywhere, is_rule, replaced, states_by_new_value, with_value
from tests.never_wrong.whole_edits import order_edits

# Of a hundred edits so many are two at once, which may cancel.
DOUBLE = 0.15
SWAPPED = {"add": "sub", "sub": "add", "mul": "div", "div": "mul", "max": "min", "min": "max", "and": "or", "or": "and"}
COMPARED = {"lt": "le", "le": "lt", "eq": "le"}
ONE = num(1)


def mutants(trace: Trace, seed: int, number: int) -> Iterator[Change]:
    """Random edits, every kind that a rule has a place for as often as any other."""
    chosen = random.Random(f"{trace.title} mutants {seed}")
    for _ in range(number):
        yield mutant(trace, chosen)


def mutant(trace: Trace, chosen: random.Random) -> Change:
    """One random edit, or two."""
    first = _single(trace, chosen)
    if chosen.random() >= DOUBLE:
        return first
    second = _single(first.trace, chosen)
    return Change("two edits", f"{first.kind}: {first.what}; {second.kind}: {second.what}", second.trace)


def _single(trace: Trace, chosen: random.Random) -> Change:
    by_kind: dict[str, list[tuple[str, Trace]]] = {}
    for kind, what, edited in (*_at_nodes(trace), *order_edits(trace)):
        by_kind.setdefault(kind, []).append((what, edited))
    while True:
        kind = chosen.choice(list(by_kind))
        what, edited = chosen.choice(by_kind[kind])
        if is_rule(edited):
            return Change(kind, what, edited)
        by_kind[kind].remove((what, edited))
        if not by_kind[kind]:
            del by_kind[kind]


def _at_nodes(trace: Trace) -> Iterator[Change]:
    places = _Places(trace)
    for i, let in enumerate(trace.lets):
        for node in walk([let.value]):
            for kind, new in places.others(i, node):
                if new is not node:
                    edited = with_value(trace, i, replaced(let.value, node, new))
                    yield Change(kind, f"{let.target}: {text(node)} -> {text(new)}", edited)
    for k, query in enumerate(trace.queries):
        for node in walk([query.point]):
            for kind, new in places.others(0, node):
                asked = Query(query.name, replaced(query.point, node, new))
                edited = replace(trace, queries=(*trace.queries[:k], asked, *trace.queries[k + 1 :]))
                yield Change("point of a gradient", f"{kind}: {text(node)} -> {text(new)}", edited)


class _Places:
    """What may stand in a place instead, from what a rule has."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.hypers = {hyper.name: hyper.domain for hyper in trace.hypers}
        self.states = {state.name: trace.results[state.name] for state in trace.states}
        self.made = states_by_new_value(trace)

    def others(self, i: int, node: Node) -> Iterator[tuple[str, Node]]:
        """Every edit of a node of statement ``i``, with its kind."""
        match node:
            case Num(value=value):
                yield from (("number", num(other)) for other in (value + 1, value - 1, -value, value * Fraction(1, 2)))
            case Ref(name=name):
                yield from self._names(i, name)
            case Op():
                yield from self._operations(node)
            case Reduce(op=name, axis=axis, args=(arg,)):
                other_ops = [other for other in ("sum", "mean", "amax", "amin", "model_sum") if other != name]
                yield from (("reduction", reduce(other, arg)) for other in other_ops)
                if axis is not None:
                    yield from (("axis", reduce(name, arg, other)) for other in (0, 1) if other != axis)
                yield "reduction", arg
            case MatOp(args=args):
                yield "matrix", args[0]
                yield "matrix", matop("transpose", args[0])
                if args[1:]:
                    yield "matrix", rebuild(node, args[::-1])

    def _names(self, i: int, name: str) -> Iterator[tuple[str, Node]]:
        own = ref(name)
        if name in self.hypers:
            yield from (("another hyper-parameter", ref(other)) for other in self.hypers if other != name)
            yield "hyper-parameter squared", op("mul", own, own)
        elif name == STEP:
            yield "off by one", op("add", own, ONE)
            yield "off by one", op("sub", own, ONE)
        elif name in self.states:
            yield "new state for old", ref(self.states[name])
            yield from (("another state", ref(other)) for other in self.states if other != name)
        elif name in self.made:
            yield "old state for new", ref(self.made[name])
        else:
            earlier = [let.name for let in self.trace.lets[:i]]
            yield from (("another statement", ref(other)) for other in earlier[-2:] if other != name)
            yield from (("another input", ref(q.name)) for q in self.trace.queries if q.name != name)
        if name not in self.hypers and name != STEP:
            yield "sign", op("neg", own)
            yield "exponent", op("pow", own, num(2))

    def _operations(self, node: Op) -> Iterator[tuple[str, Node]]:
        name, args = node.op, node.args
        if name in SWAPPED:
            yield ("max for min" if name in ("max", "min") else "operator"), op(SWAPPED[name], *args)
        if name in COMPARED:
            yield "comparison", op(COMPARED[name], *args)
            yield "comparison", op(name, *args[::-1])
        match name, args:
            case (("add" | "sub"), (a, b)):
                yield "sign", op("add" if name == "sub" else "sub", a, b)
                yield "dropped term", a
                yield "dropped term", b
                yield from self._eps(a, b)
            case (("mul" | "div"), (a, b)):
                yield "dropped factor", a
                yield "dropped factor", b
                if name == "div":
                    yield "operator", op("div", b, a)
            case (("max" | "min"), (a, b)):
                yield "dropped term", a
                yield "dropped term", b
            case "pow", (a, b):
                yield from (("exponent", op("pow", a, other)) for other in (op("add", b, ONE), op("sub", b, ONE)))
                yield "exponent", a
                yield "exponent", op("mul", op("abs", a), a)
            case "sqrt", (a,):
                yield "root", a
                yield "root", op("sqrt", op("abs", a))
                yield from (("eps", op("sqrt", op("add", a, ref(e)))) for e in self._small())
                match a:
                    case Op(op="add", args=(x, Ref(name=e))) if e in self._small():
                        yield "eps", op("add", op("sqrt", x), ref(e))
            case (("abs" | "sign" | "exp" | "log" | "cos" | "floor" | "not"), (a,)):
                yield "dropped function", a
            case "neg", (a,):
                yield "sign", a
            case "where", (condition, a, b):
                yield "branches", op("where", condition, b, a)
                yield "branches", a
                yield "branches", b
        if name == "sub" and args[0] is ONE:
            yield "correction", ONE
        if name not in ("lt", "le", "eq", "and", "or", "not"):
            yield "sign", op("neg", node)

    def _eps(self, a: Node, b: Node) -> Iterator[tuple[str, Node]]:
        """What is added to a root may stand inside, be squared or be a bound instead."""
        if isinstance(b, Ref) and b.name in self._small():
            yield "eps", op("max", a, b)
            yield "eps", op("sqrt", op("add", op("mul", a, a), op("mul", b, b)))
            if isinstance(a, Op) and a.op == "sqrt":
                yield "eps", op("sqrt", op("add", a.args[0], b))
                yield "eps", op("sqrt", op("add", a.args[0], op("mul", b, b)))

    def _small(self) -> list[str]:
        return [name for name, domain in self.hypers.items() if domain == Domain(Fraction(0), None, True)]


def text(node: Node, depth: int = 3) -> str:
    """An expression in short."""
    match node:
        case Ref(name=name):
            return name
        case Num(value=value):
            return str(value)
    what = getattr(node, "op", "?")
    return f"{what}({', '.join(text(arg, depth - 1) for arg in node.args)})" if depth else f"{what}(...)"


__all__ = ["PARAMETER", "everywhere", "mutant", "mutants", "text"]

"""Equal rewritings of expressions: the same value, defined at the same points, written otherwise."""

from __future__ import annotations

import random
from collections.abc import Iterator

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, num, op, ref, walk
from symopt.ir.trace import STEP, Trace
from tests.never_wrong.forms_of_cases import comparisons, extremes, wide
from tests.never_wrong.graphs import Change, is_rule, replaced, with_value
from tests.never_wrong.positive import Domains, not_negative, positive

ONE, TWO, ZERO = num(1), num(2), num(0)
# Statements do not grow beyond this many nodes.
LARGEST = 120
CONDITIONS = ("lt", "le", "eq", "and", "or", "not")


def rewritten(trace: Trace, chosen: random.Random, number: int) -> Change:
    """A trace after so many rewritings at random places."""
    names = []
    for _ in range(number):
        i = chosen.randrange(len(trace.lets))
        value = trace.lets[i].value
        places = list(walk([value]))
        found: dict[str, list[tuple[Node, Node]]] = {}
        for node in places:
            for name, new in forms(node, trace.domains):
                if new is not node:
                    found.setdefault(name, []).append((node, new))
        if not found or len(places) > LARGEST:
            continue
        name = chosen.choice(list(found))
        node, new = chosen.choice(found[name])
        changed = with_value(trace, i, replaced(value, node, new))
        if is_rule(changed):  # a name may stand for a truth value
            trace = changed
            names.append(name)
    return Change("+".join(dict.fromkeys(names)) or "nothing", ", ".join(names), trace)


def forms(node: Node, domains: Domains) -> Iterator[tuple[str, Node]]:
    """The other forms of an expression, each with what the rewriting is called."""
    match node:
        case Op(op="add" | "sub" | "neg"):
            yield from _sums(node)
        case Op(op="mul" | "div"):
            yield from _products(node, domains)
        case Op(op="pow"):
            yield from _powers(node)
        case Op(op="sqrt", args=(a,)):
            yield from _roots(a, domains)
        case Op(op="max" | "min" | "abs" | "sign"):
            yield from extremes(node)
        case Op(op="where", args=(condition, a, b)):
            yield "where turned", op("where", op("not", condition), b, a)
            if isinstance(condition, Op) and condition.op == "and":
                x, y = condition.args
                yield "where nested", op("where", x, op("where", y, a, b), b)
        case Op(op="lt" | "le" | "eq" | "and" | "or"):
            yield from comparisons(node)
        case Reduce() | MatOp():
            yield from wide(node)
    if isinstance(node, Ref | Op) and getattr(node, "op", "") not in CONDITIONS:
        yield "neutral", op("mul", node, ONE)
        yield "neutral", op("sub", op("add", node, ref(STEP)), ref(STEP))
        yield "neutral", op("div", op("add", node, node), TWO)
        for name, domain in domains.items():
            if positive(ref(name), domains) and domain.upper is None and name != STEP:
                yield "neutral", op("div", op("mul", node, ref(name)), ref(name))


def _sums(node: Op) -> Iterator[tuple[str, Node]]:
    match node.op, node.args:
        case "add", (a, b):
            yield "commuted", op("add", b, a)
            yield "sign moved", op("sub", a, op("neg", b))
            if isinstance(b, Op) and b.op in ("add", "sub"):
                yield "regrouped", op(b.op, op("add", a, b.args[0]), b.args[1])
            if isinstance(a, Op) and a.op in ("add", "sub"):
                yield "regrouped", op("add", a.args[0], op("add" if a.op == "add" else "sub", b, a.args[1]))
            yield from _common(node.op, a, b)
            yield from _average(a, b)
        case "sub", (a, b):
            yield "sign moved", op("add", a, op("neg", b))
            yield "sign moved", op("neg", op("sub", b, a))
            if isinstance(b, Op) and b.op in ("add", "sub"):
                yield "regrouped", op("sub" if b.op == "add" else "add", op("sub", a, b.args[0]), b.args[1])
            if isinstance(a, Op) and a.op == "sub":
                yield "regrouped", op("sub", a.args[0], op("add", a.args[1], b))
            yield from _common(node.op, a, b)
            x, y = _root_of_square(a), _root_of_square(b)
            if x is not None and y is not None:
                yield "difference of squares", op("mul", op("sub", x, y), op("add", x, y))
        case "neg", (a,):
            yield "sign moved", op("mul", num(-1), a)
            yield "sign moved", op("sub", ZERO, a)
            if isinstance(a, Op) and a.op == "sub":
                yield "sign moved", op("sub", a.args[1], a.args[0])


def _common(name: str, a: Node, b: Node) -> Iterator[tuple[str, Node]]:
    """A common factor or divisor taken out."""
    if isinstance(a, Op) and isinstance(b, Op):
        if a.op == b.op == "mul":
            for x in (0, 1):
                for y in (0, 1):
                    if a.args[x] is b.args[y]:
                        yield "factored", op("mul", a.args[x], op(name, a.args[1 - x], b.args[1 - y]))
        if a.op == b.op == "div" and a.args[1] is b.args[1]:
            yield "common divisor", op("div", op(name, a.args[0], b.args[0]), a.args[1])
    if isinstance(b, Op) and b.op == "mul":
        for k in (0, 1):
            if b.args[k] is a:
                yield "factored", op("mul", a, op(name, ONE, b.args[1 - k]))


def _average(a: Node, b: Node) -> Iterator[tuple[str, Node]]:
    """An exponential average as a step towards the new value."""
    match a, b:
        case Op(op="mul", args=(beta, old)), Op(op="mul", args=(Op(op="sub", args=(one, other)), new)):
            if one is ONE and other is beta:
                yield "average as a step", op("add", old, op("mul", op("sub", ONE, beta), op("sub", new, old)))
                yield "average as a step", op("add", new, op("mul", beta, op("sub", old, new)))
                yield "average as a step", op("sub", old, op("mul", op("sub", ONE, beta), op("sub", old, new)))


def _products(node: Op, domains: Domains) -> Iterator[tuple[str, Node]]:
    a, b = node.args
    if node.op == "mul":
        yield "commuted", op("mul", b, a)
        if a is b:
            yield "square", op("pow", a, TWO)
        for x, y in ((a, b), (b, a)):
            if isinstance(y, Op) and y.op in ("add", "sub"):
                yield "distributed", op(y.op, op("mul", x, y.args[0]), op("mul", x, y.args[1]))
            if isinstance(y, Op) and y.op == "mul":
                yield "regrouped", op("mul", op("mul", x, y.args[0]), y.args[1])
            if isinstance(y, Op) and y.op == "div":
                yield "regrouped", op("div", op("mul", x, y.args[0]), y.args[1])
            if positive(y, domains):
                yield "quotient of a quotient", op("div", x, op("div", ONE, y))
        return
    yield "reciprocal", op("mul", a, op("div", ONE, b))
    yield "both signs", op("div", op("neg", a), op("neg", b))
    yield "both scaled", op("div", op("mul", num(3), a), op("mul", num(3), b))
    if isinstance(a, Op) and a.op in ("add", "sub"):
        yield "distributed", op(a.op, op("div", a.args[0], b), op("div", a.args[1], b))
    if isinstance(a, Op) and a.op == "mul":
        yield "regrouped", op("mul", a.args[0], op("div", a.args[1], b))
    if isinstance(a, Op) and a.op == "div":
        yield "quotient of a quotient", op("div", a.args[0], op("mul", a.args[1], b))
    if isinstance(b, Op) and b.op == "mul":
        yield "quotient of a quotient", op("div", op("div", a, b.args[0]), b.args[1])
    if isinstance(b, Op) and b.op == "div" and positive(b.args[1], domains):
        yield "quotient of a quotient", op("div", op("mul", a, b.args[1]), b.args[0])
    for name in domains:
        if name != STEP and positive(ref(name), domains):
            yield "both scaled", op("div", op("mul", a, ref(name)), op("mul", b, ref(name)))
        correction = op("sub", ONE, op("pow", ref(name), ref(STEP)))
        if name != STEP and positive(correction, domains):
            for factor in (correction, op("sqrt", correction)):
                yield "both corrected", op("div", op("mul", a, factor), op("mul", factor, b))
                yield "both corrected", op("div", op("div", a, factor), op("div", b, factor))


def _powers(node: Op) -> Iterator[tuple[str, Node]]:
    match node.args:
        case (a, Num(value=k)) if k == 2:
            yield "square", op("mul", a, a)
            yield "square", op("pow", op("neg", a), TWO)
            yield "square", op("pow", op("abs", a), TWO)
            if isinstance(a, Op) and a.op in ("add", "sub"):
                x, y = a.args
                squares = op("add", op("mul", x, x), op("mul", y, y))
                yield "expanded", op(a.op, squares, op("mul", TWO, op("mul", x, y)))
        case (a, Num(value=k)) if k.denominator == 1 and k > 2:
            yield "power split", op("mul", a, op("pow", a, num(k - 1)))
        case (a, Ref(name=name) as t) if name == STEP:
            yield "power split", op("mul", a, op("pow", a, op("sub", t, ONE)))
            yield "power split", op("mul", op("pow", a, op("sub", t, ONE)), a)
            split = op("mul", a, op("pow", a, op("sub", t, ONE)))
            yield "power doubled", op("div", op("add", op("pow", a, t), split), TWO)


def _roots(a: Node, domains: Domains) -> Iterator[tuple[str, Node]]:
    root = op("sqrt", a)
    yield "root scaled", op("div", op("sqrt", op("mul", num(4), a)), TWO)
    yield "root scaled", op("mul", num(3), op("sqrt", op("div", a, num(9))))
    if isinstance(a, Op) and a.op == "div" and positive(a.args[1], domains):
        yield "root split", op("div", op("sqrt", a.args[0]), op("sqrt", a.args[1]))
    if isinstance(a, Op) and a.op == "mul":
        for x, y in (a.args, a.args[::-1]):
            if positive(y, domains):
                yield "root split", op("mul", op("sqrt", x), op("sqrt", y))
    for name in domains:
        if name != STEP and positive(ref(name), domains):
            yield "root scaled", op("div", op("sqrt", op("mul", a, ref(name))), op("sqrt", ref(name)))
    square = _root_of_square(a)
    if square is not None:
        yield "root of a square", op("abs", square)
    if not_negative(a, domains):
        yield "root of a square", op("sqrt", op("abs", a))
    yield "root of a square", op("sqrt", op("sqrt", op("mul", op("abs", a), a))) if not_negative(a, domains) else root


def _root_of_square(node: Node) -> Node | None:
    """What a square is the square of."""
    match node:
        case Op(op="pow", args=(a, Num(value=k))) if k == 2:
            return a
        case Op(op="mul", args=(a, b)) if a is b:
            return a
    return None

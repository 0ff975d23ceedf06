"""Expressions in one order: what differs only in how products, sums and signs are written becomes one expression.

This is for telling quickly that two code paths compute the same, before a proof is tried.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, matop, num, op, reduce, walk


def canonical(roots: Iterable[Node]) -> list[Node]:
    """Every root with the operands of sums and products in one order and numbers in front."""
    roots = list(roots)
    done: dict[Node, Node] = {}
    for node in walk(roots):
        done[node] = _canonical(node, tuple(done[arg] for arg in node.args))
    return [done[root] for root in roots]


def _canonical(node: Node, args: tuple[Node, ...]) -> Node:
    match node:
        case Op(op="mul" | "div" | "neg"):
            return _product(node.op, args)
        case Op(op="add" | "sub"):
            return _sum([*_terms(args[0]), *(_scaled(term, node.op == "sub") for term in _terms(args[1]))])
        case Op(op="max" | "min"):
            return op(node.op, *_ordered(args))
        case Op():
            return op(node.op, *args)
        case Reduce():
            return reduce(node.op, args[0], node.axis)
        case MatOp():
            return matop(node.op, *args)
    return node


def _ordered(nodes: Iterable[Node]) -> list[Node]:
    """Nodes in the order of their addresses: equal expressions are one object."""
    return sorted(nodes, key=id)


def _factors(node: Node) -> tuple[Fraction, list[Node], list[Node]]:
    """A canonical product as a number, factors, and divisors."""
    if isinstance(node, Num):
        return node.value, [], []
    if isinstance(node, Op) and node.op == "div":
        number, above, below = _factors(node.args[0])
        return number, above, [*below, *_chain(node.args[1])]
    if isinstance(node, Op) and node.op == "mul":
        chain = _chain(node)
        numbers = [factor.value for factor in chain if isinstance(factor, Num)]
        return (numbers[0] if numbers else Fraction(1)), [f for f in chain if not isinstance(f, Num)], []
    return Fraction(1), [node], []


def _chain(node: Node) -> list[Node]:
    """The factors of nested products."""
    if isinstance(node, Op) and node.op == "mul":
        return [*_chain(node.args[0]), *_chain(node.args[1])]
    return [node]


def _product(name: str, args: tuple[Node, ...]) -> Node:
    number, above, below = _factors(args[0])
    if name == "neg":
        return _joined(-number, above, below)
    other, more_above, more_below = _factors(args[1])
    if name == "mul":
        return _joined(number * other, above + more_above, below + more_below)
    if other == 0:
        return op("div", *args)
    return _joined(number / other, above + more_below, below + more_above)


def _joined(number: Fraction, above: list[Node], below: list[Node]) -> Node:
    top = _multiplied([*([num(number)] if number != 1 or not above else []), *_ordered(above)])
    return op("div", top, _multiplied(_ordered(below))) if below else top


def _multiplied(factors: list[Node]) -> Node:
    first, *rest = factors
    for factor in rest:
        first = op("mul", first, factor)
    return first


def _terms(node: Node) -> list[Node]:
    if isinstance(node, Op) and node.op == "add":
        return [*_terms(node.args[0]), *_terms(node.args[1])]
    return [node]


def _scaled(node: Node, is_negative: bool) -> Node:
    return _product("neg", (node,)) if is_negative else node


def _sum(terms: list[Node]) -> Node:
    first, *rest = _ordered(terms)
    for term in rest:
        first = op("add", first, term)
    return first

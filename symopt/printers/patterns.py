"""Patterns: what people have one sign for, and the graph several operations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

from symopt.ir.nodes import Node, Num, Op, Reduce, Ref, num, op, rebuild, ref, refs, walk
from symopt.ir.trace import Trace, exact
from symopt.passes.freeze import PI
from symopt.passes.rewriting import Names, map_lets

# The names of standard normal numbers begin with it; those of other random numbers, and no others, with "draw".
NORMAL = "normal"
# A multiple of pi with larger numbers is clearer as digits.
LARGEST_MULTIPLE = 100
NORMS = {"sum": "norm", "mean": "rms", "model_sum": "model_norm"}


def square(node: Node) -> Node | None:
    """``x`` where a node is x squared."""
    if isinstance(node, Op) and node.op == "pow" and exact(node.args[1]) == 2:
        return node.args[0]
    if isinstance(node, Op) and node.op == "mul" and node.args[0] is node.args[1]:
        return node.args[0]
    return None


def squared_norm(node: Node) -> tuple[str, Node] | None:
    """The name of a norm and its operand, where a node is a sum or a mean of squares over all elements."""
    if not isinstance(node, Reduce) or node.axis is not None or node.op not in NORMS:
        return None
    operand = square(node.args[0])
    return None if operand is None else (NORMS[node.op], operand)


def norm(node: Node) -> tuple[str, Node] | None:
    """The name of a norm and its operand, where a node is the root of a sum or a mean of squares."""
    return squared_norm(node.args[0]) if isinstance(node, Op) and node.op == "sqrt" else None


def remainder(node: Node) -> tuple[Node, Node] | None:
    """``(a, k)`` where a node is ``a - k floor(a / k)``, the remainder of a divided by k."""
    terms = list(_terms(node, 1)) if isinstance(node, Op) and node.op == "sub" else []
    for term, sign in terms:
        match term, sign:
            case (Op(op="mul", args=(k, Op(op="floor", args=(Op(op="div", args=(a, divisor)),)))), -1) if k is divisor:
                rest = Counter(terms)
                rest.subtract([(term, sign), *_terms(a, 1)])
                if not any(rest.values()):
                    return a, k
    return None


def _terms(node: Node, sign: int) -> Iterator[tuple[Node, int]]:
    """The terms of a sum with their signs."""
    if isinstance(node, Op) and node.op in ("add", "sub"):
        yield from _terms(node.args[0], sign)
        yield from _terms(node.args[1], sign if node.op == "add" else -sign)
    else:
        yield node, sign


def multiple_of_pi(value: Fraction) -> Fraction | None:
    """``k`` where a number is ``k`` times pi with a small k."""
    k = value / PI.value
    return k if k and max(abs(k.numerator), k.denominator) <= LARGEST_MULTIPLE else None


def with_normals(trace: Trace) -> Trace:
    """The rule for people: standard normal numbers are drawn as such, not made from uniform ones.

    They are ``sqrt(-2 log(a)) cos(2 pi b)`` of two uniform numbers: Box & Muller 1958.
    """
    if len(trace.draws) < 2:
        return trace
    names = Names([*trace.inputs, *(let.name for let in trace.lets)])
    made: dict[tuple[str, str], Ref] = {}

    def changed(roots: list[Node]) -> list[Node]:
        done: dict[Node, Node] = {}
        for node in walk(roots):
            args = tuple(done[arg] for arg in node.args)
            same = node if args == node.args else rebuild(node, args)
            done[node] = _normal(same, made, names) if isinstance(same, Op) and same.op == "mul" else same
        return [done[root] for root in roots]

    shown = map_lets(trace, changed)
    read = refs(*(let.value for let in shown.lets), *(query.point for query in shown.queries))
    kept = [name for name in trace.draws if name in read]
    return replace(shown, draws=(*kept, *(name.name for name in made.values() if name.name in read)))


def _normal(node: Op, made: dict[tuple[str, str], Ref], names: Names) -> Node:
    """A product in which the two factors of a normal number, and a root of 2, are that number."""
    factors = list(_factors(node))
    radii = [(f, d) for f in factors for d in [_radius(f)] if d is not None]
    angles = [(f, d) for f in factors for d in [_angle(f)] if d is not None]
    if not radii or not angles:
        return node
    (radius, a), (angle, b) = radii[0], angles[0]
    if (a, b) not in made:
        made[a, b] = ref(names.fresh(ref(NORMAL if not made else f"{NORMAL}{len(made) + 1}")))
    root = op("sqrt", num(2))
    kept = [f for f in factors if f is not radius and f is not angle]
    z: Node = made[a, b]
    if root in kept:
        kept.remove(root)
    else:
        z = op("div", z, root)
    product, *rest = [*kept, z]
    for factor in rest:
        product = op("mul", product, factor)
    return product


def _factors(node: Node) -> Iterator[Node]:
    if isinstance(node, Op) and node.op == "mul":
        yield from _factors(node.args[0])
        yield from _factors(node.args[1])
    else:
        yield node


def _radius(node: Node) -> str | None:
    """``d`` where a node is ``sqrt(-log(d))``."""
    match node:
        case Op(op="sqrt", args=(Op(op="neg", args=(Op(op="log", args=(Ref(name=name),)),)),)):
            return name
    return None


def _angle(node: Node) -> str | None:
    """``d`` where a node is ``cos(2 pi d)``."""
    match node:
        case Op(op="cos", args=(Op(op="mul", args=(Num(value=value), Ref(name=name))),)) if value == 2 * PI.value:
            return name
    return None

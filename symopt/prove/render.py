"""From the field back to the graph, to SymPy and to text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import sympy as sp

from symopt.ir.nodes import ONE, Node, Num, Op, Reduce, Ref, num, op, ref, walk
from symopt.ir.trace import STEP
from symopt.prove.elements import Condition, Element, Poly
from symopt.prove.field import Field
from symopt.prove.general import BEFORE
from symopt.prove.pair import EARLIER, bare


def element_node(field: Field, element: Element) -> Node:
    """An element as an expression, numerator and denominator factored, each factor positive where that is known."""
    sign = 1
    sides: list[Node] = []
    for poly in element:
        constant, factors = field.ring.factor(poly)
        value = int(constant)
        product: list[Node] = []
        for irreducible, exponent in factors:
            known = field.sign(irreducible).value
            turned = known < 0 or (known == 0 and _constant_term(irreducible) < 0)
            factor = -irreducible if turned else irreducible
            value *= (-1) ** int(exponent) if turned else 1
            product.append(_raised(poly_node(field, factor), int(exponent)))
        sign *= 1 if value >= 0 else -1
        numbers = [num(abs(value))] if abs(value) != 1 or not product else []
        sides.append(_chain("mul", numbers + product))
    result = sides[0] if sides[1] is ONE else op("div", *sides)
    return op("neg", result) if sign < 0 else result


def poly_node(field: Field, poly: Poly) -> Node:
    """A polynomial as a sum of products."""
    terms: list[Node] = []
    for monomial, coefficient in poly.to_dict().items():
        exponents = {position: int(exponent) for position, exponent in enumerate(monomial) if exponent}
        factors = [
            *_powers_of_the_step(field, exponents),
            *(_raised(generator_node(field, position), exponent) for position, exponent in exponents.items()),
        ]
        numbers = [num(int(coefficient))] if int(coefficient) != 1 or not factors else []
        terms.append(_chain("mul", numbers + factors))
    return _chain("add", terms) if terms else num(0)


def _powers_of_the_step(field: Field, exponents: dict[int, int]) -> list[Node]:
    """``b * b**(t-1)`` is written ``b**t``; what is used is taken out of ``exponents``."""
    generators = field.ring
    if BEFORE not in generators.index:
        return []
    written: list[Node] = []
    for position in list(exponents):
        meaning = generators.meanings.get(position)
        if meaning is None or meaning.kind != "pow" or meaning.args[1].num != generators.gens[generators.index[BEFORE]]:
            continue
        base = next((i for i in exponents if generators.gens[i] == meaning.args[0].num), None)
        if base is None or meaning.args[0].den != 1 or meaning.args[1].den != 1:
            continue
        shared = min(exponents[base], exponents[position])
        written.append(op("pow", generator_node(field, base), _times(shared, ref(STEP))))
        for used in (base, position):
            exponents[used] -= shared
            if not exponents[used]:
                del exponents[used]
    return written


def _times(number: int, node: Node) -> Node:
    return node if number == 1 else op("mul", num(number), node)


def _constant_term(poly: Poly) -> int:
    return next((int(c) for monomial, c in poly.to_dict().items() if not any(monomial)), 0)


def generator_node(field: Field, position: int) -> Node:
    """What a generator stands for."""
    meaning = field.ring.meanings.get(position)
    if meaning is None:
        name = field.ring.names[position]
        return op("sub", ref(STEP), ONE) if name == BEFORE else ref(name)
    args = [element_node(field, arg) for arg in meaning.args]
    if meaning.kind in ("sqrt", "pow", "exp", "log", "cos", "floor"):
        return op(meaning.kind, *args)
    if meaning.kind in field.ring.written:
        return cast(Node, field.ring.written[meaning.kind])
    # A reduction or an operation on matrices, written for people only.
    return ref(f"{meaning.kind}({', '.join(map(node_text, args))})")


def _raised(node: Node, exponent: int) -> Node:
    return node if exponent == 1 else op("pow", node, num(exponent))


def _chain(name: str, nodes: list[Node]) -> Node:
    result = nodes[0] if nodes else ONE
    for node in nodes[1:]:
        result = op(name, result, node)
    return result


SYMPY: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b, "neg": lambda a: -a, "sqrt": sp.sqrt, "exp": sp.exp, "log": sp.log, "cos": sp.cos,
    "abs": sp.Function("abs"), "sign": sp.Function("sign"), "floor": sp.Function("floor"),
    "max": sp.Function("max"), "min": sp.Function("min"), "where": sp.Function("where"),
    "lt": sp.Function("lt"), "le": sp.Function("le"), "eq": sp.Function("eq"),
    "and": sp.Function("and_"), "or": sp.Function("or_"), "not": sp.Function("not_"),
}  # fmt: skip


def node_sympy(root: Node) -> Any:
    """An expression of the graph in SymPy, for showing; names as they are declared."""
    done: dict[Node, Any] = {}
    for node in walk([root]):
        args = [done[arg] for arg in node.args]
        match node:
            case Ref(name=name):
                done[node] = sp.Symbol(shown(name))
            case Num(value=value):
                done[node] = sp.Rational(value.numerator, value.denominator)
            case Op(op=name):
                done[node] = SYMPY[name](*args)
            case Reduce(op=name):
                done[node] = sp.Function(name)(*args)
            case _:
                done[node] = sp.Function(getattr(node, "op", "f"))(*args)
    return done[root]


def shown(name: str) -> str:
    """A name as people read it: ``m`` for ``left.m``, ``lr_prev`` for ``lr.before``."""
    return bare(name.removesuffix(EARLIER) + ("_prev" if name.endswith(EARLIER) else ""))


def node_text(node: Node) -> str:
    """An expression as people write it, with as few leading minus signs as SymPy's orders allow."""
    expression = node_sympy(node)
    plain = str(sp.sstr(expression))
    if not _minus_signs(plain):
        return plain
    return min((plain, str(sp.sstr(expression, order="rev-lex"))), key=_minus_signs)


def _minus_signs(text: str) -> int:
    return text.startswith("-") + text.count("(-")


def element_text(field: Field, element: Element) -> str:
    """An element as people write it."""
    return node_text(element_node(field, element))


def condition_text(field: Field, condition: Condition) -> str:
    """A condition as people write it, as in ``1 - lr*weight_decay != 0``."""
    poly = condition.poly
    if condition.relation == "!= 0" and _constant_term(poly) < 0:
        poly = -poly
    text = f"{node_text(poly_node(field, poly))} {condition.relation}"
    return f"{text} where {case_text(field, condition.facts)}" if condition.facts else text


def case_text(field: Field, facts: Sequence[tuple[Poly, int]]) -> str:
    """A case of signs as people write it, as in ``g > 0 and v = 0``."""
    signs = {1: "> 0", 0: "= 0", -1: "< 0"}
    return " and ".join(f"{node_text(poly_node(field, fact))} {signs[sign]}" for fact, sign in facts)

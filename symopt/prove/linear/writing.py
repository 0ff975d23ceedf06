"""Rational functions of hyper-parameters as expressions of the graph and as text."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from symopt.ir.nodes import ONE, ZERO, Node, op, ref, substitute
from symopt.lang.domain import Domain
from symopt.prove.elements import Element, Generators, Poly, terms
from symopt.prove.field import Field
from symopt.prove.linear.rational import Rational, Ring, Vector
from symopt.prove.linear.solve import Solver
from symopt.prove.linear.system import SHIFT
from symopt.prove.pair import bare
from symopt.prove.render import element_node, node_text, poly_node
from symopt.prove.signs import Sign


class Writer:
    """Writes what is over a ring, with factors whose sign is known turned to be positive."""

    def __init__(self, ring: Ring, domains: Mapping[str, Domain]) -> None:
        generators = Generators(ring.names)
        self.field = Field(generators, domains)

    def _moved(self, poly: Poly) -> Poly:
        return poly.project_to_context(self.field.ring.ring)

    def node(self, value: Rational) -> Node:
        """A rational function as an expression."""
        return element_node(self.field, Element(self._moved(value.num), self._moved(value.den)))

    def text(self, value: Rational) -> str:
        """A rational function as text, the variable of transfer functions as z."""
        return node_text(substitute([self.node(value)], {SHIFT: ref(SHIFT.removesuffix("."))})[0])

    def poly_text(self, poly: Poly) -> tuple[str, bool]:
        """A polynomial or its negative, whichever is plainer as text, and whether it is the negative."""
        moved = self._moved(poly)
        texts = [node_text(poly_node(self.field, side)) for side in (moved, -moved)]
        turned = min((0, 1), key=lambda i: (texts[i].startswith("-"), len(texts[i]), texts[i]))
        return texts[turned], bool(turned)

    def combination(self, row: Vector, names: Sequence[str]) -> Node:
        """A sum of names with coefficients."""
        total: Node = ZERO
        for coefficient, name in zip(row, names, strict=True):
            if coefficient.is_zero:
                continue
            factor = self.node(coefficient)
            term = ref(name) if factor is ONE else op("mul", factor, ref(name))
            total = term if total is ZERO else op("add", total, term)
        return total

    def conditions(
        self, sign: Callable[[Poly], Sign], ring: Ring, needs: Sequence[tuple[Poly, str]]
    ) -> tuple[str, ...]:
        """What polynomials must be, as text; the strongest of what is said of one polynomial or its negative."""
        strongest: dict[frozenset[Any], tuple[Poly, str]] = {}
        for poly, relation in needs:
            if relation == "!=" and sign(poly).strict:
                continue
            key = frozenset((tuple(terms(poly).items()), tuple(terms(-poly).items())))
            if key not in strongest or ORDER[relation] > ORDER[strongest[key][1]]:
                strongest[key] = poly, relation
        return tuple(self.relation_text(ring, poly, relation) for poly, relation in strongest.values())

    def polynomial(self, ring: Ring, coefficients: Sequence[Poly]) -> str:
        """A polynomial in z from its coefficients, the constant term first."""
        powers = ["", "z", *(f"z**{k}" for k in range(2, len(coefficients)))]
        parts = []
        for power, coefficient in reversed(list(zip(powers, coefficients, strict=True))):
            if coefficient != 0:
                text = node_text(self.node(Rational(coefficient, ring.one)))
                bracketed = f"({text})" if " " in text else text
                parts.append(power if text == "1" and power else f"{bracketed}*{power}" if power else bracketed)
        return " + ".join(parts)

    def relation_text(self, ring: Ring, poly: Poly, relation: str) -> str:
        """``poly`` is in ``relation`` to 0, as text: solved for a name where it is linear in that alone."""
        used = ring.used(poly)
        if len(used) == 1 and ring.degree(poly, used[0]) == 1:
            constant, slope = (int(c.leading_coefficient()) if c != 0 else 0 for c in ring.by_powers(poly, used[0]))
            return f"{bare(used[0])} {TURNED[relation] if slope < 0 else relation} {Fraction(-constant, slope)}"
        text, turned = self.poly_text(poly)
        return f"{text} {TURNED[relation] if turned else relation} 0"


TURNED = {"!=": "!=", ">=": "<=", "<=": ">=", ">": "<", "<": ">"}
# How much a relation says.
ORDER = {"!=": 1, ">=": 1, "<=": 1, ">": 2, "<": 2}


def bounds(solver: Solver, value: Rational, domain: Domain) -> list[tuple[Poly, str]]:
    """What is not known and must hold for a value to lie in a domain: polynomials, and what they must be."""
    found: list[tuple[Poly, str]] = []
    for bound, sign, is_open in ((domain.lower, 1, domain.lower_open), (domain.upper, -1, domain.upper_open)):
        if bound is None:
            continue
        distance = (value - solver.ring.number(bound)) * solver.ring.number(sign)
        known = solver.sign_of_value(distance)
        if not ((distance.is_zero and not is_open) or (known.value > 0 and (known.strict or not is_open))):
            found.append(_unknown_part(solver, distance, is_open))
    return found


def _unknown_part(solver: Solver, value: Rational, strict: bool) -> tuple[Poly, str]:
    """The factor of unknown sign that must be positive for a value to be; factors that are known are left out."""
    rest, divides = solver.ring.one, False
    for side in (value.num, value.den):
        constant, factors = side.factor()
        rest *= 1 if constant > 0 else -1
        for factor, exponent in factors:
            known = solver.sign(factor).value
            if int(exponent) % 2:
                rest *= known or factor
                divides = divides or (side is value.den and not known)
    return rest, ">" if strict or divides else ">="

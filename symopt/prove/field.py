"""The field of the normal form: fractions of polynomials over generators, with an exact zero test.

Generators are the names of a rule, and spare ones that stand for roots (one for each irreducible
radicand, with the relation ``r**2 = f``), powers ``b**t`` and transcendental functions. Equal
elements have equal normal forms where no radicand hides a square; elements with equal normal forms
are equal wherever the recorded conditions hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from symopt.ir.nodes import Node
from symopt.lang.domain import Domain
from symopt.prove.elements import (
    Condition,
    Element,
    Fact,
    ForkError,
    Generators,
    Meaning,
    NotDecidedError,
    Poly,
    UndefinedHereError,
    poly_key,
    terms,
)
from symopt.prove.facts import are_possible, sign_by_facts
from symopt.prove.polynomials import pseudo_remainder
from symopt.prove.roots import rationalised, square_root
from symopt.prove.signs import UNKNOWN, Sign, sign_of

MOST_TERMS = 20_000
NO_MEANING = Meaning("", ())
LARGEST_EXPONENT = 1_000


class Field:
    """Arithmetic of elements under the domains of the generators and the facts of one case."""

    def __init__(self, generators: Generators, domains: Mapping[str, Domain], facts: Sequence[Fact] = ()) -> None:
        self.ring, self.given = generators, domains
        self.domains = {generators.index[n]: d for n, d in domains.items() if n in generators.index}
        self.domains |= generators.domains
        self.facts = list(facts)
        self.conditions: dict[tuple[Any, ...], Condition] = {}
        # What was converted in this case or, before it was split, in the one around it.
        self.known: dict[Node, Element] = {}
        self.relations: list[tuple[int, int, Poly]] = []
        case = tuple((poly_key(poly), sign) for poly, sign in facts)
        self._signs = generators.signs.setdefault(case, {})
        self._made: set[int] = set()
        self.one = Element(generators.one, generators.one)
        self.zero = Element(generators.zero, generators.one)
        for poly, sign in self.facts:
            self._assume(poly, sign)

    def split(self, poly: Poly, sign: int) -> Field:
        """The field of a case of this one, in which the sign of a polynomial is known.

        What was converted before stays true; where something is zero it is converted again, since it may
        be undefined.
        """
        case = Field(self.ring, self.given, [*self.facts, (poly, sign)])
        if sign:
            case.take_over(self)
            case.known = dict(self.known)
            for condition in self.conditions.values():
                case.require(condition.poly, condition.relation)
        return case

    def is_possible(self) -> bool:
        """Whether no fact of this case is refuted by the others."""
        return are_possible(self.facts, self.domains)

    def take_over(self, other: Field) -> None:
        """Know the generators that a field with fewer facts has made."""
        for position in sorted(other._made - self._made, reverse=True):
            self.generator(self.ring.meanings[position], other.domains[position])

    def of_all(self, over_model: bool) -> Field:
        """The field in which only those facts hold that are the same for all elements: of a tensor, or of all tensors.

        What is computed in it is true of every element.
        """
        facts = [fact for fact in self.facts if not self.ring.varies(fact[0], over_model)]
        return Field(self.ring, self.given, facts)

    # Ring operations

    def make(self, num: Poly, den: Poly) -> Element:
        """The fraction ``num/den`` in normal form.

        Raises
        ------
        NotDecidedError: it has more terms than are worth going on with, or the time is up.
        """
        self.ring.deadline.check()
        if len(num) + len(den) > MOST_TERMS:
            raise NotDecidedError(f"more than {MOST_TERMS} terms")
        num, den = self.reduced(num), self.reduced(den)
        if den == 0:
            raise UndefinedHereError("a denominator is zero")
        if num == 0:
            return self.zero
        common = num.gcd(den)
        if common != 1:
            num, den = divmod(num, common)[0], divmod(den, common)[0]
        if den.leading_coefficient() < 0:
            num, den = -num, -den
        return Element(num, den)

    def number(self, value: int | Fraction) -> Element:
        """An exact number."""
        exact = Fraction(value)
        return Element(self.ring.ring.constant(exact.numerator), self.ring.ring.constant(exact.denominator))

    def name(self, name: str) -> Element:
        """The generator called ``name``."""
        return self.make(self.ring.gens[self.ring.index[name]], self.ring.one)

    def add(self, a: Element, b: Element) -> Element:
        """The sum of two elements."""
        if a.den == b.den:
            return self.make(a.num + b.num, a.den)
        common = a.den.gcd(b.den)
        x, y = divmod(a.den, common)[0], divmod(b.den, common)[0]
        return self.make(a.num * y + b.num * x, a.den * y)

    def neg(self, a: Element) -> Element:
        """The negative of an element."""
        return Element(-a.num, a.den)

    def sub(self, a: Element, b: Element) -> Element:
        """The difference of two elements."""
        return self.add(a, self.neg(b))

    def mul(self, a: Element, b: Element) -> Element:
        """The product of two elements."""
        return self.make(a.num * b.num, a.den * b.den)

    def inv(self, a: Element) -> Element:
        """The reciprocal; that the element is not zero becomes a condition unless it is known."""
        if a.num == 0:
            raise UndefinedHereError("a division by zero")
        self.require(a.num, "!= 0")
        return self.make(a.den, a.num)

    def div(self, a: Element, b: Element) -> Element:
        """The quotient of two elements."""
        return self.mul(a, self.inv(b))

    def power(self, a: Element, k: int) -> Element:
        """An integer power.

        Raises
        ------
        NotDecidedError: the exponent is too large to multiply out.
        """
        if abs(k) > LARGEST_EXPONENT:
            raise NotDecidedError(f"a power of {k}")
        if k < 0:
            a, k = self.inv(a), -k
        result = self.one
        for _ in range(k):
            result = self.mul(result, a)
        return result

    def equal(self, a: Element, b: Element) -> bool:
        """Whether the two are equal by their normal form; False only says that this was not shown."""
        difference = self.reduced(a.num * b.den - b.num * a.den)
        return bool(difference == 0) or self._vanishes(difference)

    def _vanishes(self, poly: Poly) -> bool:
        """Whether a polynomial is zero by the zeros among the facts, whatever their leading coefficients are."""
        for zero in (fact for fact, sign in self.facts if sign == 0):
            position = next(i for i, degree in enumerate(zero.degrees()) if degree)
            rest, factor = pseudo_remainder(self.ring, poly, zero, position)
            if self.reduced(rest) == 0 and self.reduced(factor) != 0:
                self.require(factor, "!= 0")
                return True
            poly = rest
        return False

    def reduced(self, poly: Poly) -> Poly:
        """The remainder of a polynomial after the relations, the largest generator first."""
        if not self.relations or poly.is_constant():
            return poly
        degrees = poly.degrees()
        for position, degree, relation in self.relations:
            if degrees[position] >= degree:
                poly = divmod(poly, relation)[1]
                degrees = poly.degrees()
        return poly

    def _relate(self, position: int, degree: int, relation: Poly) -> None:
        self.relations.append((position, degree, relation))
        self.relations.sort(key=lambda item: item[0])

    # Signs

    def sign(self, poly: Poly) -> Sign:
        """What is known of the sign of a polynomial."""
        key = poly_key(poly)
        if key not in self._signs:
            self._signs[key] = self._sign(poly)
        return self._signs[key]

    def _sign(self, poly: Poly) -> Sign:
        direct = sign_of(terms(poly), self.domains)
        return direct if direct.strict else sign_by_facts(poly, self.facts, self.domains) or direct

    def _assume(self, poly: Poly, sign: int) -> None:
        """Use a fact of this case: a bound where it is about one generator, a relation where it is a zero."""
        names = [i for i, degree in enumerate(poly.degrees()) if degree]
        single = len(names) == 1 and poly.total_degree() == 1 and len(poly) == 1
        if sign == 0:
            self._relate(names[0], poly.degrees()[names[0]], poly)
        elif single:
            positive = (poly.leading_coefficient() > 0) == (sign > 0)
            before = self.domains.get(names[0], Domain())
            self.domains[names[0]] = (
                Domain(Fraction(0), before.upper, True, before.upper_open)
                if positive
                else Domain(before.lower, Fraction(0), before.lower_open, True)
            )

    def decide(self, poly: Poly) -> int:
        """The sign of an irreducible polynomial in this case: -1, 0 or 1.

        Raises
        ------
        ForkError: this case does not say.
        """
        known = self.sign(poly)
        if known.strict:
            return known.value
        for fact, value in self.facts:
            if poly == fact:
                return value
            if poly == -fact:
                return -value
        raise ForkError(poly, (0, known.value) if known.value else (1, -1, 0))

    def sign_element(self, a: Element) -> int:
        """The sign of an element: -1, 0 or 1; see ``decide``."""
        # Roots in a denominator whose sign is known may stay: the norm that takes them out has another sign.
        if not self.element_sign(Element(a.den, self.ring.one)).strict:
            a = self.rationalised(a)
        if a.num == 0:
            return 0
        result = 1
        for side in a:
            constant, factors = self.ring.factor(side)
            result *= 1 if constant > 0 else -1
            for factor, exponent in factors:
                sign = self.decide(factor)
                result *= sign if int(exponent) % 2 else sign * sign
        return result

    def element_sign(self, a: Element) -> Sign:
        """What is known of the sign of an element, without a case split."""
        if a.num == 0:
            return UNKNOWN
        value, strict = 1, True
        for side in a:
            constant, factors = self.ring.factor(side)
            value *= 1 if constant > 0 else -1
            for factor, exponent in factors:
                known = self.sign(factor)
                strict = strict and known.strict
                if int(exponent) % 2:
                    value *= known.value
        return Sign(value, strict and bool(value))

    def require(self, poly: Poly, relation: str) -> None:
        """Record what is needed of a polynomial, ``!= 0`` or ``>= 0``, unless it is known."""
        if self.sign(poly).strict and (relation == "!= 0" or self.sign(poly).value > 0):
            return
        parts = [poly] if relation == ">= 0" else [f for f, _ in self.ring.factor(poly)[1] if not self.sign(f).strict]
        if len(parts) > 1 and self.sign(prod(parts, start=self.ring.one)).strict:
            return
        for part in parts:
            if relation == ">= 0" and self.sign(part).value > 0:
                continue
            self.conditions.setdefault((poly_key(part), relation), Condition(part, relation))

    # Roots

    def generator(self, meaning: Meaning, domain: Domain) -> Poly:
        """The spare generator with this meaning."""
        position = self.ring.slot(meaning)
        if position not in self._made:
            self._made.add(position)
            self.domains.setdefault(position, domain)  # a fact of this case may say more
            if not self.facts:
                self.ring.domains[position] = domain
            if meaning.kind == "sqrt":
                gen = self.ring.gens[position]
                self._relate(position, 2, gen * gen - meaning.args[0].num)
        return self.ring.gens[position]

    def roots_in(self, poly: Poly) -> list[int]:
        """The positions of the roots that a polynomial holds, the largest generator first."""
        degrees = poly.degrees()
        return [
            position for position, _, _ in self.relations
            if degrees[position] and self.ring.meanings.get(position, NO_MEANING).kind == "sqrt"
        ]  # fmt: skip

    def rationalised(self, a: Element) -> Element:
        """The same element without roots in the denominator."""
        return rationalised(self, a)

    def sqrt(self, a: Element) -> Element:
        """The non-negative root; that the element is not negative becomes a condition unless it is known."""
        return square_root(self, a)

    def absolute(self, a: Element) -> Element:
        """The absolute value."""
        known = self.element_sign(a).value
        sign = known or self.sign_element(a)
        return a if sign > 0 else self.neg(a) if sign < 0 else self.zero

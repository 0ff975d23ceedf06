"""Signs that facts of a case give: a polynomial as a multiple of a fact plus a rest that has the same sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice

from symopt.lang.domain import Domain
from symopt.prove.elements import Fact, Poly, terms
from symopt.prove.signs import Sign, sign_of

MOST_RATIOS, FEW_TERMS, MANY_TERMS = 6, 12, 100
Domains = Mapping[int, Domain]


def are_possible(facts: Sequence[Fact], domains: Domains) -> bool:
    """Whether no fact is refuted by the others."""
    for i, (poly, value) in enumerate(facts):
        known = sign_of(terms(poly), domains)
        if not known.value:
            known = sign_by_facts(poly, [*facts[:i], *facts[i + 1 :]], domains) or known
        if known.value and (value == -known.value or (known.strict and value != known.value)):
            return False
    return True


def sign_by_facts(poly: Poly, facts: Sequence[Fact], domains: Domains, depth: int = 2) -> Sign | None:
    """The sign of a multiple of a fact plus a rest, where the two have one sign; the rest may need a fact too."""
    if len(poly) > MANY_TERMS:
        return None
    for i, (fact, value) in enumerate(facts):
        for ratio in _ratios(poly, fact):
            rest = poly * ratio.denominator - fact * ratio.numerator
            said = value if ratio > 0 else -value
            known = sign_of(terms(rest), domains)
            if not known.value and rest != 0 and depth > 1 and len(rest) <= FEW_TERMS:
                others = [*facts[:i], *facts[i + 1 :]]
                known = sign_by_facts(rest, others, domains, depth - 1) or known
            if said == 0 and known.value:
                return known
            if said and (rest == 0 or known.value == said):
                return Sign(said, True)
    return None


def _ratios(poly: Poly, fact: Poly) -> list[Fraction]:
    """The quotients of the coefficients of two polynomials at monomials that they share; a few of them."""
    own = fact.to_dict()
    shared = (Fraction(int(c), int(own[monomial])) for monomial, c in poly.to_dict().items() if monomial in own)
    return list(islice(dict.fromkeys(shared), MOST_RATIOS))

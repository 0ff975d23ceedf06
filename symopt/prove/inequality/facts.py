"""What is known in one case: what was given, the facts of the case, and what follows from both at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from symopt.lang.domain import Domain
from symopt.prove.elements import Poly
from symopt.prove.field import Field
from symopt.prove.signs import sign_of

LONGEST = 60


class Fact(NamedTuple):
    """A polynomial that is known not to be negative, or where ``strict`` to be positive, and why."""

    poly: Poly
    strict: bool
    why: str


def known_facts(field: Field, given: Sequence[Fact]) -> list[Fact]:
    """All that is known, without factors that are positive anyway; what is too long to be of use is left out."""
    case = [Fact(poly if sign > 0 else -poly, True, "this case") for poly, sign in field.facts if sign]
    facts = (*given, *case, *_moved_ends(field), *_powers(field), *_roots(field, given))
    plain = (Fact(_stripped(field, fact.poly), fact.strict, fact.why) for fact in facts)
    return [fact for fact in plain if not fact.poly.is_constant() and len(fact.poly) <= LONGEST]


def _moved_ends(field: Field) -> Iterator[Fact]:
    """The ends of the intervals of names that a zero of this case replaces by others."""
    for i, domain in field.domains.items() if field.facts else ():
        gen = field.ring.gens[i]
        if field.reduced(gen) == gen:
            continue
        if domain.lower is not None:
            low = gen * domain.lower.denominator - domain.lower.numerator
            yield Fact(field.reduced(low), domain.lower_open, "an interval")
        if domain.upper is not None:
            high = domain.upper.numerator - gen * domain.upper.denominator
            yield Fact(field.reduced(high), domain.upper_open, "an interval")


def _powers(field: Field) -> Iterator[Fact]:
    """``b**(t - 1) <= b`` from the second step on, for b between 0 and 1."""
    gens = field.ring.gens
    counts = [gens[i] for i, d in field.domains.items() if d.integer and d.lower is not None and d.lower >= 1]
    for i, meaning in field.ring.meanings.items():
        if meaning.kind != "pow" or not all(arg.den == 1 for arg in meaning.args):
            continue
        base, exponent = (arg.num for arg in meaning.args)
        within = field.sign(base).value > 0 and field.sign(1 - base).value > 0
        if within and field.domains.get(i, Domain()).lower is not None and exponent in counts:
            yield Fact(base - gens[i], False, "a power of a number between 0 and 1")


def _roots(field: Field, given: Sequence[Fact]) -> Iterator[Fact]:
    """``|x| <= r`` from a known ``x**2 <= r**2`` where r is a root or the product of two."""
    ring = field.ring
    roots = [ring.gens[i] for i, meaning in ring.meanings.items() if meaning.kind == "sqrt"]
    for fact in given:
        for i, degree in enumerate(fact.poly.degrees()):
            gen = ring.gens[i]
            square = field.reduced(fact.poly + gen * gen)
            if int(degree) != 2 or int(square.degrees()[i]):
                continue
            for root in (*roots, *(a * b for a, b in combinations(roots, 2))):
                if field.reduced(root * root) == square:
                    yield from (Fact(root + sign * gen, fact.strict, f"the root of {fact.why}") for sign in (1, -1))


def _stripped(field: Field, poly: Poly) -> Poly:
    """A polynomial without the factors that are known to be positive."""
    poly = field.reduced(poly)
    if poly == 0:
        return poly
    constant, factors = poly.factor()
    result = field.ring.one * (1 if constant > 0 else -1)
    for factor, exponent in factors:
        sign = sign_of({tuple(map(int, m)): int(c) for m, c in factor.to_dict().items()}, field.domains)
        result = result * (sign.value ** int(exponent) if sign.strict else factor ** int(exponent))
    return result

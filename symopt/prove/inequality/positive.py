"""That a polynomial is not negative where others are not: a search for identities that show it.

A polynomial is looked at factor by factor. One of unknown sign is a sum of products of what is known
(``products``), or moved to others (``moves``), shallow proofs first. What is negative at a point at which
everything known holds is not looked at further. The search is incomplete and never wrong: what it
returns is multiplied out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from symopt.checker.certificate import Identity, Term
from symopt.prove.elements import Poly, poly_key
from symopt.prove.field import Field
from symopt.prove.inequality.facts import Fact, known_facts
from symopt.prove.inequality.moves import Move, Moves
from symopt.prove.inequality.naming import Naming
from symopt.prove.inequality.points import Points
from symopt.prove.inequality.products import Products

DEPTHS = (1, 3, 5)
# Polynomials that one search looks at more closely than by their coefficients.
MOST_SEARCHES = 24
MOST_MONOMIALS = 400
Key = tuple[str, bool]


class Positivity:
    """The search in one case: a field with the facts of the case, and what else is known."""

    def __init__(self, field: Field, knowns: Sequence[Fact], tick: Callable[[], None] = lambda: None) -> None:
        self.field, self.tick = field, tick
        self.naming = Naming(field)
        self.knowns = known_facts(field, knowns)
        self.points = Points(field, [(fact.poly, fact.strict) for fact in self.knowns])
        self.products = Products(field, self.naming, self.knowns, tick)
        self.moves = Moves(field, self.naming, self.knowns, lambda poly: self.cheap(poly, True))
        self._proofs: dict[Key, tuple[Identity, tuple[Key, ...]]] = {}
        self._failed: dict[Key, int] = {}
        self._searched, self._limit = 0, 0
        self._without: set[tuple[Key, int]] = set()

    def shown(self, poly: Poly, strict: bool = False) -> bool:
        """Whether a polynomial was shown not to be negative, or where ``strict`` to be positive.

        Shallow proofs are looked for first.
        """
        for limit in DEPTHS:
            self._limit, self._failed, self._searched = limit, {}, 0
            if self._shown(poly, strict, 0):
                return True
        return False

    def _shown(self, poly: Poly, strict: bool, depth: int) -> bool:
        self.tick()
        poly = self.field.reduced(poly)
        if poly == 0 or poly.is_constant():
            return not strict if poly == 0 else bool(poly.leading_coefficient() > 0)
        if self._given(poly, strict):
            return True
        key = (poly_key(poly), strict)
        if key in self._proofs:
            return True
        if self._by_names(poly, strict):
            return True
        if depth > self._limit or len(poly) > MOST_MONOMIALS or self._failed.get(key, depth + 1) <= depth:
            return False
        self._failed[key] = depth  # what needs itself is not shown either
        if self.points.refute(poly):
            return False
        return self._by_factors(poly, strict, depth)

    def identities(self, poly: Poly, strict: bool) -> tuple[Identity, ...]:
        """The identities that show what ``shown`` said is so, each after those that it uses."""
        found: dict[Key, Identity] = {}

        def collect(key: Key) -> None:
            if key in self._proofs and key not in found:
                identity, needs = self._proofs[key]
                for need in needs:
                    collect(need)
                found[key] = identity

        poly = self.field.reduced(poly)
        key = (poly_key(poly), strict)
        collect(key)
        text = self.naming.poly(poly)
        if key not in found:  # it is known, or a number
            terms = () if poly == 0 else (Term(Fraction(1), (text,)),)
            return (Identity(text, strict, terms),)
        return tuple(found.values())

    def _given(self, poly: Poly, strict: bool) -> bool:
        return self._is_atom(poly, strict) or any(
            poly == fact.poly and (fact.strict or not strict) for fact in self.knowns
        )

    def _is_atom(self, poly: Poly, strict: bool) -> bool:
        """Whether this is a name, or its distance to an end of its interval."""
        used = [i for i, degree in enumerate(poly.degrees()) if degree]
        if len(used) != 1 or used[0] not in self.field.domains:
            return False
        gen, domain = self.field.ring.gens[used[0]], self.field.domains[used[0]]
        low, high = domain.lower, domain.upper
        if low is not None and (domain.lower_open or not strict) and poly == gen - low.numerator:
            return low.denominator == 1
        return high is not None and (domain.upper_open or not strict) and (
            high.denominator == 1 and poly == high.numerator - gen
        )  # fmt: skip

    def _say(
        self, goal: Poly, strict: bool, terms: Sequence[Term], needs: Sequence[tuple[Poly, bool]] = (),
        multipliers: Sequence[Poly] = (),
    ) -> bool:  # fmt: skip
        texts = tuple(self.naming.poly(m) for m in multipliers if not m.is_one())
        identity = Identity(self.naming.poly(goal), strict, tuple(terms), texts)
        keys = tuple((poly_key(self.field.reduced(p)), strictly) for p, strictly in needs)
        self._proofs[poly_key(goal), strict] = (identity, keys)
        return True

    # Factors

    def _by_factors(self, poly: Poly, strict: bool, depth: int) -> bool:
        constant, factors = poly.factor()
        if len(factors) == 1 and int(factors[0][1]) == 1:
            return self._whole(poly, strict, depth) if abs(int(constant)) == 1 else self._scaled(poly, strict, depth)
        sign = 1 if constant > 0 else -1
        open_: list[Poly] = []
        known: list[Poly] = []
        squares: list[Poly] = []
        bases: list[Poly] = []
        for factor, exponent in factors:
            squares += [factor] * (int(exponent) // 2)
            if strict and int(exponent) > 1:
                base = factor if self.cheap(factor, True) else -factor
                if not self.cheap(base, True):
                    return False
                bases.append(base)
            if int(exponent) % 2:
                value = 1 if self.cheap(factor, strict) else -1 if self.cheap(-factor, strict) else 0
                sign *= value or 1
                (known if value else open_).append(factor * (value or 1))
        if len(open_) > 1 or (not open_ and sign < 0):
            return self._whole(poly, strict, depth)
        for factor in open_:
            if not self._shown(sign * factor, strict, depth):
                return False
            known.append(sign * factor)
        for factor in (*known, *bases):
            self._record(factor, strict)
        term = Term(
            Fraction(abs(int(constant))),
            tuple(map(self.naming.poly, known)),
            tuple(map(self.naming.poly, squares)),
        )
        return self._say(poly, strict, [term], [(factor, strict) for factor in (*known, *bases)])

    def _scaled(self, poly: Poly, strict: bool, depth: int) -> bool:
        constant, ((factor, _),) = poly.factor()
        inner = factor if constant > 0 else -factor
        if not self._shown(inner, strict, depth):
            return False
        term = Term(Fraction(abs(int(constant))), (self.naming.poly(inner),))
        return self._say(poly, strict, [term], [(inner, strict)])

    def cheap(self, poly: Poly, strict: bool) -> bool:
        """Whether the sign is known without a search."""
        if poly.is_constant():
            return bool(poly != 0 and poly.leading_coefficient() > 0)
        if self._given(poly, strict):
            return True
        sign = self.field.sign(poly)
        return sign.value > 0 and self.products.of_names(poly, strict) is not None

    def _record(self, poly: Poly, strict: bool) -> None:
        """Note the identity that shows a sign which is known without a search."""
        poly = self.field.reduced(poly)
        if not poly.is_constant() and not self._given(poly, strict) and (poly_key(poly), strict) not in self._proofs:
            self._by_names(poly, strict)

    # One polynomial

    def _whole(self, poly: Poly, strict: bool, depth: int) -> bool:
        self._searched += 1
        if self._searched > MOST_SEARCHES:
            return False
        return (
            self._by_products(poly, strict, 0)
            or any(self._by_move(poly, strict, move, depth) for move in self._moves(poly, strict))
            or (depth <= 1 and self._by_products(poly, strict, 1))
        )

    def _by_names(self, poly: Poly, strict: bool) -> bool:
        key = (poly_key(poly), strict)
        if (key, -1) in self._without:
            return False
        terms = self.products.of_names(poly, strict)
        if terms is None:
            self._without.add((key, -1))
        return terms is not None and self._say(poly, strict, terms)

    def _by_products(self, poly: Poly, strict: bool, effort: int) -> bool:
        key = ((poly_key(poly), strict), effort)
        if key in self._without:
            return False
        self._without.add(key)
        terms = self.products.of_knowns(poly, strict, effort)
        return terms is not None and self._say(poly, strict, terms)

    def _moves(self, poly: Poly, strict: bool) -> Iterator[Move]:
        yield from self.moves.bounds(poly, strict, True)
        yield from self.moves.roots(poly, strict)
        yield from self.moves.squares(poly, strict)
        yield from self.moves.bounds(poly, strict, False)
        yield from self.moves.coefficients(poly, strict)

    def _by_move(self, poly: Poly, strict: bool, move: Move, depth: int) -> bool:
        if any(self.points.refute(self.field.reduced(part.poly)) for part in move.parts):
            return False
        if not all(self._shown(part.poly, part.strict, depth + 1) for part in move.parts):
            return False
        return self._say(poly, strict, move.terms, move.parts, move.multipliers)

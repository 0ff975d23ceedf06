"""All solutions of polynomial equations between hyper-parameters, as pieces that one formula describes each.

An equation is split into its irreducible factors, and a factor that is linear in an unknown is solved
for it: once where the coefficient is not zero, and once more where it and the rest are. The pieces
cover every solution in the domains, but for those of equations that are linear in nothing, which are
left open in their piece.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.elements import Poly, UndefinedHereError, terms
from symopt.prove.linear.rational import Rational, Ring, replaced, substituted
from symopt.prove.signs import UNKNOWN, Sign, sign_of

MOST_PIECES = 400


@dataclass(frozen=True)
class Piece:
    """Solutions of one form: ``values`` of some unknowns in terms of the others, where ``nonzero`` are not zero.

    ``open`` are equations that were not solved.
    """

    values: Mapping[str, Rational] = field(default_factory=dict)
    nonzero: tuple[Poly, ...] = ()
    open: tuple[Poly, ...] = ()


class Solver:
    """Solves equations over a ring; ``order`` are the unknowns, those first that are solved for by preference."""

    def __init__(self, ring: Ring, order: Sequence[str], domains: Mapping[str, Domain], deadline: Deadline) -> None:
        self.ring, self.order, self.deadline = ring, tuple(order), deadline
        self.domains = {ring.index[name]: domain for name, domain in domains.items() if name in ring.index}
        self._by_name = domains
        self._signs: dict[frozenset[tuple[tuple[int, ...], int]], Sign] = {}

    def sign(self, poly: Poly) -> Sign:
        """What the domains say of the sign of a polynomial."""
        read = terms(poly)
        key = frozenset(read.items())
        if key not in self._signs:
            self._signs[key] = sign_of(read, self.domains)
        return self._signs[key]

    def sign_of_value(self, value: Rational) -> Sign:
        """What the domains say of the sign of a rational function."""
        result, strict = 1, True
        for side in (value.num, value.den):
            constant, factors = side.factor()
            result *= 1 if constant > 0 else -1
            for factor, exponent in factors:
                known = self.sign(factor)
                strict = strict and (known.strict or side is value.den)  # a denominator is not zero
                if int(exponent) % 2:
                    result *= known.value
                elif not known.strict and side is value.num:
                    strict = False
        return Sign(result, strict and bool(result)) if value.num != 0 else UNKNOWN

    def pieces(self, equations: Sequence[Poly]) -> list[Piece]:
        """All solutions in the domains, none of them within another."""
        found: list[Piece] = []
        pending: list[tuple[list[Poly], Piece]] = [(list(equations), Piece())]
        count = 0
        while pending:
            self.deadline.check()
            count += 1
            if count > MOST_PIECES:
                found += [Piece(piece.values, piece.nonzero, tuple(rest)) for rest, piece in pending]
                break
            rest, piece = pending.pop()
            simple = self._simplified(rest, piece)
            if simple is None:
                continue
            if not simple:
                at_bound = self._beyond_domain(piece)
                if at_bound is None:
                    found.append(self._continued(piece))
                elif at_bound:
                    pending.append((at_bound, piece))
                continue
            pending += reversed(list(self._split(simple, piece)))
        return self._largest(found)

    def _simplified(self, equations: Sequence[Poly], piece: Piece) -> list[list[Poly]] | None:
        """Each equation as those of its factors that may be zero; None where one of them cannot be."""
        found: list[list[Poly]] = []
        for equation in equations:
            if equation == 0:
                continue
            factors = [f for f, _ in equation.factor()[1] if not self._never_zero(f, piece)]
            if not factors:
                return None
            if factors not in found:
                found.append(factors)
        return found

    def _never_zero(self, factor: Poly, piece: Piece) -> bool:
        return self.sign(factor).strict or any(factor in (other, -other) for other in piece.nonzero)

    def _split(self, equations: list[list[Poly]], piece: Piece) -> Iterator[tuple[list[Poly], Piece]]:
        """The pieces that the plainest equation parts a piece into."""
        equations = sorted(equations, key=lambda factors: min(map(self._cost, factors)) + (1000 * (len(factors) > 1)))
        chosen, *others = equations
        rest = [_together(self.ring, factors) for factors in others]
        for factor in chosen:
            yield from self._solved(factor, rest, piece)

    def _cost(self, factor: Poly) -> int:
        """How plain an equation is: what it is solved for, whether that needs a case of its own, its length."""
        found = self._best(factor)
        if found is None:
            return 100_000 + len(factor)
        name, coefficient, _ = found
        return 100 * self.order.index(name) * (coefficient.is_constant() is False) + len(factor)

    def _best(self, factor: Poly) -> tuple[str, Poly, Poly] | None:
        """The unknown that an equation is solved for, with its coefficient and the rest."""
        degrees = factor.degrees()
        name = next((name for name in self.order if degrees[self.ring.index[name]] == 1), None)
        if name is None:
            return None
        rest, coefficient = self.ring.by_powers(factor, name)
        return name, coefficient, rest

    def _solved(self, factor: Poly, rest: list[Poly], piece: Piece) -> Iterator[tuple[list[Poly], Piece]]:
        best = self._best(factor)
        if best is None:
            yield rest, Piece(piece.values, piece.nonzero, (*piece.open, factor))
            return
        name, coefficient, constant = best
        with suppress(UndefinedHereError):
            yield self._substituted(name, Rational(-constant, coefficient), rest, piece, coefficient)
        if not self._never_zero(coefficient, piece) and not coefficient.is_constant():
            yield [coefficient, constant, *rest], piece

    def _substituted(
        self, name: str, value: Rational, rest: Sequence[Poly], piece: Piece, coefficient: Poly
    ) -> tuple[list[Poly], Piece]:
        known = {name: value}
        new = [substituted(self.ring, poly, known).num for poly in (*rest, *piece.open)]
        values = {**{n: replaced(self.ring, v, known) for n, v in piece.values.items()}, name: value}
        nonzero: list[Poly] = []
        for poly in (*piece.nonzero, coefficient):
            over = substituted(self.ring, poly, known)
            if over.is_zero:
                raise UndefinedHereError("a coefficient is zero in this piece")
            nonzero += [f for side in (over.num, over.den) for f, _ in side.factor()[1]]
        kept = [f for i, f in enumerate(nonzero) if not self.sign(f).strict and f not in nonzero[:i]]
        return new, Piece(values, tuple(kept))

    def _beyond_domain(self, piece: Piece) -> list[Poly] | None:
        """None where values may lie in their domains; else the equations under which they still do, none if never."""
        for name, value in piece.values.items():
            domain = self._by_name.get(name, Domain())
            if value.value is not None and value.value not in domain:
                return []
            for bound, direction, is_open in (
                (domain.lower, 1, domain.lower_open), (domain.upper, -1, domain.upper_open),
            ):  # fmt: skip
                if bound is None or value.value is not None:
                    continue
                distance = value - self.ring.number(bound)
                known = self.sign_of_value(distance)
                if known.value * direction < 0:
                    return [] if known.strict or is_open else [distance.num]
        return None

    def in_domains(self, values: Mapping[str, Rational]) -> bool:
        """Whether nothing is known to lie outside its domain, or to lie in it at an end alone."""
        return self._beyond_domain(Piece(values)) is None

    def _continued(self, piece: Piece) -> Piece:
        """The piece with all that its formulas give: they solve the equations wherever they are defined."""
        if piece.open:
            return piece
        factors = [f for value in piece.values.values() for f, _ in value.den.factor()[1]]
        kept = [f for i, f in enumerate(factors) if not self.sign(f).strict and f not in factors[:i]]
        return Piece(piece.values, tuple(kept))

    def _largest(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces that lie within no other, the first of those that are the same."""
        found: list[Piece] = []
        for piece in pieces:
            if not any(self.within(piece, other) for other in found):
                found = [other for other in found if not self.within(other, piece)] + [piece]
        return found

    def within(self, piece: Piece, other: Piece) -> bool:
        """Whether every solution of one piece is one of another; False only says that this was not shown."""
        if other.open:
            return False
        try:
            for name, value in other.values.items():
                own = piece.values.get(name, self.ring.name(name))
                if own != replaced(self.ring, value, piece.values):
                    return False
            return not any(substituted(self.ring, poly, piece.values).is_zero for poly in other.nonzero)
        except UndefinedHereError:
            return False


def _together(ring: Ring, factors: Sequence[Poly]) -> Poly:
    result = ring.one
    for factor in factors:
        result *= factor
    return result

"""Ways from one polynomial to others: that they are not negative shows that it is not.

Each gives the sum that the polynomial is, times what is positive, and what remains to be shown for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from symopt.checker.certificate import Term
from symopt.lang.domain import Domain
from symopt.prove.elements import Generators, Poly
from symopt.prove.field import Field
from symopt.prove.inequality.facts import Fact
from symopt.prove.inequality.naming import Naming


class Part(NamedTuple):
    """``poly`` is to be not negative, or where ``strict`` positive."""

    poly: Poly
    strict: bool


class Move(NamedTuple):
    """The product of ``multipliers`` and a polynomial is the sum of ``terms``, once all ``parts`` are shown."""

    terms: tuple[Term, ...]
    parts: tuple[Part, ...]
    multipliers: tuple[Poly, ...] = ()


class Moves:
    """The moves in one case."""

    def __init__(
        self, field: Field, naming: Naming, knowns: Sequence[Fact], is_positive: Callable[[Poly], bool]
    ) -> None:
        """``is_positive`` says of which polynomials this is known without a search."""
        self.field, self.ring, self.naming, self.knowns = field, field.ring, naming, knowns
        self.is_positive = is_positive

    def bounds(self, poly: Poly, strict: bool, free: bool) -> Iterator[Move]:
        """A known bound on a name put in its place: ``b*(a*x + c) = a*(b*x + d) + (b*c - a*d)`` with b > 0.

        ``free`` are names without an interval.
        """
        degrees = poly.degrees()
        for known in self.knowns:
            for i, degree in enumerate(known.poly.degrees()):
                if int(degree) != 1 or int(degrees[i]) != 1 or free == (i in self.field.domains):
                    continue
                (d, b, _), (c, a, _) = (powers(p, i, self.ring) for p in (known.poly, poly))
                sign = 1 if self.is_positive(b) else -1 if self.is_positive(-b) else 0
                if not sign:
                    continue
                a, b = sign * a, sign * b
                rest = self.field.reduced(b * c - a * d)
                terms = (self._term(1, a, known.poly), *self._terms_of(rest))
                yield Move(terms, (Part(b, True), Part(a, False), Part(rest, strict)), (b,))

    def roots(self, poly: Poly, strict: bool) -> Iterator[Move]:
        """``(A - B*q)*(A + B*q) = A**2 - B**2*q**2`` for a root q, A and -B not negative, or A and B turned."""
        for position, meaning in list(self.ring.meanings.items()):
            if meaning.kind != "sqrt" or int(poly.degrees()[position]) != 1:
                continue
            root, radicand = self.ring.gens[position], meaning.args[0].num
            rest, factor, _ = powers(poly, position, self.ring)
            for sign in (1, -1):
                conjugate = sign * (rest - factor * root)
                difference = self.field.reduced(sign * (rest * rest - factor * factor * radicand))
                parts = (
                    Part(-sign * factor, False), Part(sign * rest, False), Part(conjugate, True),
                    Part(difference, strict),
                )  # fmt: skip
                yield Move(self._terms_of(difference), parts, (conjugate,))

    def squares(self, poly: Poly, strict: bool) -> Iterator[Move]:
        """``A*(A*x**2 + B*x + C) = (2*A*x + B)**2/4 + (4*A*C - B**2)/4`` with A > 0; free names first."""
        second = [i for i, degree in enumerate(poly.degrees()) if int(degree) == 2]
        for i in sorted(second, key=lambda position: position in self.field.domains):
            last, linear, quadratic = powers(poly, i, self.ring)
            rest = self.field.reduced(4 * quadratic * last - linear * linear)
            base = self.naming.poly(2 * quadratic * self.ring.gens[i] + linear)
            terms = (Term(Fraction(1, 4), (), (base,)), *self._terms_of(rest, Fraction(1, 4)))
            yield Move(terms, (Part(quadratic, True), Part(rest, strict)), (quadratic,))

    def coefficients(self, poly: Poly, strict: bool) -> Iterator[Move]:
        """The coefficients of the powers of a name that is not negative, one by one."""
        for i, degree in enumerate(poly.degrees()):
            if not 1 <= int(degree) <= 2 or self.field.domains.get(i, Domain()).lower != 0:
                continue
            found = [(k, part) for k, part in enumerate(powers(poly, i, self.ring)) if part != 0]
            if len(found) < 2 or (strict and found[0][0]):
                continue
            name = self.naming.name(i)
            terms = tuple(
                Term(Fraction(1), (self.naming.poly(part), *([name] if k == 1 else [])), (name,) if k == 2 else ())
                for k, part in found
            )
            yield Move(terms, tuple(Part(part, strict and k == 0) for k, part in found))

    def _term(self, weight: int, *factors: Poly) -> Term:
        return Term(Fraction(weight), tuple(self.naming.poly(factor) for factor in factors))

    def _terms_of(self, rest: Poly, weight: Fraction = Fraction(1)) -> tuple[Term, ...]:
        return () if rest == 0 else (Term(weight, (self.naming.poly(rest),)),)


def powers(poly: Poly, position: int, ring: Generators) -> list[Poly]:
    """The coefficients of the powers 0, 1 and 2 of a generator of degree 2 at most."""
    found: list[dict[tuple[int, ...], int]] = [{}, {}, {}]
    for monomial, c in poly.to_dict().items():
        exponents = tuple(map(int, monomial))
        found[exponents[position]][(*exponents[:position], 0, *exponents[position + 1 :])] = int(c)
    return [ring.ring.from_dict(part) for part in found]

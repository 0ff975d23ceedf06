"""Polynomials as sums of products of what is known, the weights found by linear programming."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations_with_replacement, islice
from typing import NamedTuple

from symopt.checker.certificate import Term
from symopt.lang.domain import Domain
from symopt.prove.elements import Poly
from symopt.prove.field import Field
from symopt.prove.inequality.facts import Fact
from symopt.prove.inequality.naming import Naming
from symopt.prove.inequality.shifted import Form, Monomial, Shift
from symopt.prove.inequality.simplex import Row, feasible

MOST_COLUMNS, MOST_ROWS = 160, 260


class Column(NamedTuple):
    """A product that is not negative, its factors as text, and whether it is positive."""

    poly: Poly
    factors: tuple[str, ...]
    strict: bool

    def times(self, other: Column) -> Column:
        """The product of two."""
        return Column(self.poly * other.poly, (*self.factors, *other.factors), self.strict and other.strict)


class Products:
    """Sums of products in one case: of names alone, or of what is known and of names."""

    def __init__(self, field: Field, naming: Naming, knowns: Sequence[Fact], tick: Callable[[], None]) -> None:
        self.field, self.naming, self.knowns, self.tick = field, naming, knowns, tick

    def of_names(self, poly: Poly, strict: bool) -> list[Term] | None:
        """A polynomial whose coefficients over names and distances to the ends of intervals are not negative."""
        shift = Shift(self.field.domains, [poly])
        form = shift(poly)
        if any(c < 0 or shift.is_odd(monomial) for monomial, c in form.items()):
            return None
        return self._terms(shift, form) if not strict or any(self._is_strict(shift, m) for m in form) else None

    def of_knowns(self, poly: Poly, strict: bool, effort: int) -> list[Term] | None:
        """A polynomial as a sum of products with knowns, and a rest that is one of names alone."""
        columns = list(self._columns(poly, effort))
        if not columns:
            return None
        shift = Shift(self.field.domains, [poly, *(column.poly for column in columns)])
        goal, forms = shift(poly), [shift(column.poly) for column in columns]
        weights = self._weights(shift, goal, forms)
        if weights is None:
            return None
        rest = dict(goal)
        terms: list[Term] = []
        is_strict = False
        for weight, column, form in zip(weights, columns, forms, strict=True):
            if weight:
                terms.append(Term(weight, column.factors))
                is_strict = is_strict or column.strict
                for monomial, c in form.items():
                    rest[monomial] = rest.get(monomial, 0) - weight * c
        rest = {monomial: c for monomial, c in rest.items() if c}
        is_strict = is_strict or any(self._is_strict(shift, monomial) for monomial in rest)
        return None if strict and not is_strict else [*terms, *self._terms(shift, rest)]

    def _weights(self, shift: Shift, goal: Form, forms: Sequence[Form]) -> list[Fraction] | None:
        """Weights of the columns such that no coefficient of the rest is negative, and odd ones are zero."""
        monomials = list(dict.fromkeys(m for form in (goal, *forms) for m in form))
        if len(monomials) > MOST_ROWS:
            return None
        rows: list[tuple[Row, Fraction]] = []
        for monomial in monomials:
            row = {j: Fraction(form[monomial]) for j, form in enumerate(forms) if monomial in form}
            bound = Fraction(goal.get(monomial, 0))
            rows.append((row, bound))
            if shift.is_odd(monomial):
                rows.append(({j: -a for j, a in row.items()}, -bound))
        return feasible(rows, len(forms), self.tick)

    def _terms(self, shift: Shift, form: Form) -> list[Term]:
        """A form with no negative coefficient as terms."""
        found = []
        for monomial, c in form.items():
            scale, parts = shift.parts(monomial)
            factors: list[str] = []
            squares: list[str] = []
            for position, which, power in parts:
                text = self.naming.distance(position, which)
                squares += [text] * (power // 2)
                factors += [text] * (power % 2)
            found.append(Term(c * scale, tuple(factors), tuple(squares)))
        return found

    def _is_strict(self, shift: Shift, monomial: Monomial) -> bool:
        """Whether no factor of a monomial of a form is ever zero."""
        for position, which, _ in shift.parts(monomial)[1]:
            domain = self.field.domains.get(position, Domain())
            if not ((which == "low" and domain.lower_open) or (which == "high" and domain.upper_open)):
                return False
        return True

    def _columns(self, poly: Poly, effort: int) -> Iterator[Column]:
        """Products of knowns and of names, simple ones first, no higher in any name than goal or knowns are."""
        read = [poly.degrees(), *(fact.poly.degrees() for fact in self.knowns)]
        degrees = [max(map(int, d)) + effort for d in zip(*read, strict=True)]
        one = Column(self.field.ring.one, (), True)
        atoms = list(self._atoms(poly))
        knowns = [Column(fact.poly, (self.naming.poly(fact.poly),), fact.strict) for fact in self.knowns]
        several = _pairs(knowns)
        plans = [(knowns, [one, *atoms]), (several, [one])]
        if effort:
            plans += [(several, atoms), (knowns, _pairs(atoms))]
        products = (known.times(scale) for some, scales in plans for known in some for scale in scales)
        fitting = (
            product
            for product in products
            if all(int(d) <= limit for d, limit in zip(product.poly.degrees(), degrees, strict=True))
        )
        for product in islice(fitting, MOST_COLUMNS):
            yield product._replace(poly=self.field.reduced(product.poly))

    def _atoms(self, poly: Poly) -> Iterator[Column]:
        """Names and distances to ends that are not negative, of what the goal or a known reads."""
        polys = [poly, *(fact.poly for fact in self.knowns)]
        for i, gen in enumerate(self.field.ring.gens):
            domain = self.field.domains.get(i)
            if domain is None or not any(int(p.degrees()[i]) for p in polys):
                continue
            if domain.lower is not None and domain.lower.denominator == 1:
                yield Column(gen - int(domain.lower), (self.naming.distance(i, "low"),), domain.lower_open)
            if domain.upper is not None and domain.upper.denominator == 1:
                yield Column(int(domain.upper) - gen, (self.naming.distance(i, "high"),), domain.upper_open)


def _pairs(columns: Sequence[Column]) -> list[Column]:
    return [a.times(b) for a, b in combinations_with_replacement(columns, 2)]

"""Whether one set of inequalities follows from another: identities that show it, or a point that refutes it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.elements import Generators, Poly, terms
from symopt.prove.field import Field
from symopt.prove.inequality.facts import Fact
from symopt.prove.inequality.positive import Positivity
from symopt.prove.linear.rational import Ring
from symopt.prove.linear.reading import Bound

# What names are set to in the search for a point, the plainest first; then this many at random.
PLAIN = tuple(map(Fraction, ("1/2", "1", "2", "1/4", "3/4", "3", "9/10", "5", "1/10", "0", "10", "-1")))
MOST_POINTS, RANDOM_POINTS = 3000, 1500
Point = Mapping[str, Fraction]


class Implications:
    """Bounds over one ring that follow from others, in the domains of its names."""

    def __init__(self, ring: Ring, domains: Mapping[str, Domain], deadline: Deadline) -> None:
        self.ring, self.domains, self.deadline = ring, domains, deadline
        self.field = Field(Generators(ring.names), domains)

    def shown(self, known: Sequence[Bound], goal: Bound) -> str | None:
        """The identity that shows that a bound follows from others, as text; None where none was found."""
        facts = [Fact(self._moved(b.poly), b.strict, "known") for b in known]
        search = Positivity(self.field, facts, self.deadline.check)
        poly = self._moved(goal.poly)
        if not search.shown(poly, goal.strict):
            return None
        return "; ".join(map(str, search.identities(poly, goal.strict)))

    def essential(self, bounds: Sequence[Bound], given: Sequence[Bound]) -> list[Bound]:
        """The bounds without those that follow from the rest."""
        kept = list(bounds)
        for bound in sorted(bounds, key=lambda b: -len(b.poly)):
            rest = [other for other in kept if other is not bound]
            if len(rest) < len(kept) and self.shown([*rest, *given], bound) is not None:
                kept = rest
        return kept

    def _moved(self, poly: Poly) -> Poly:
        return poly.project_to_context(self.field.ring.ring)


def holds(ring: Ring, bounds: Sequence[Bound], point: Point) -> bool:
    """Whether all bounds hold at a point."""
    values = [(value_at(ring, bound.poly, point), bound.strict) for bound in bounds]
    return all(value > 0 or (value == 0 and not strict) for value, strict in values)


def value_at(ring: Ring, poly: Poly, point: Point) -> Fraction:
    """The value of a polynomial."""
    total = Fraction(0)
    for monomial, coefficient in terms(poly).items():
        product = Fraction(coefficient)
        for name, exponent in zip(ring.names, monomial, strict=True):
            if exponent:
                product *= point[name] ** exponent
        total += product
    return total


def points(names: Sequence[str], domains: Mapping[str, Domain], deadline: Deadline) -> Iterator[Point]:
    """Points in the domains: a grid of plain numbers, the plainest first, then random ones."""
    fits = [[value for value in PLAIN if value in domains.get(name, Domain())] for name in names]
    grid = itertools.product(*fits)
    for values in itertools.islice(sorted(itertools.islice(grid, 20_000), key=_cost), MOST_POINTS):
        deadline.check()
        yield dict(zip(names, values, strict=True))
    chosen = random.Random(1)
    for _ in range(RANDOM_POINTS):
        deadline.check()
        point = {name: Fraction(chosen.randint(-40, 160), chosen.choice((8, 20, 40))) for name in names}
        if all(value in domains.get(name, Domain()) for name, value in point.items()):
            yield point


def _cost(values: Sequence[Fraction]) -> int:
    return sum(PLAIN.index(value) for value in values)

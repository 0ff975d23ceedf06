"""Polynomials over variables that are not negative: the form of Bernstein, in which signs are read.

Each bounded name is written over what is not negative: ``x`` in [a, inf) over ``x - a``, ``x`` in
[a, b] over ``x - a`` and ``b - x``, homogeneously of the degree ``top``. A polynomial whose coefficients
are not negative, with even powers of unbounded names, is not negative, and the form is the identity that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import comb

from symopt.lang.domain import Domain
from symopt.prove.elements import Poly

Monomial = tuple[int, ...]
Number = int | Fraction
Form = dict[Monomial, Number]
Moved = tuple[tuple[int, Number], ...]


class Shift:
    """The change of variables for polynomials of limited degrees; forms are over the ``positions`` that these read."""

    def __init__(self, domains: Mapping[int, Domain], polys: Sequence[Poly]) -> None:
        degrees = [max(map(int, column)) for column in zip(*(poly.degrees() for poly in polys), strict=True)]
        self.positions = [i for i, degree in enumerate(degrees) if degree]
        self.top = [degrees[i] for i in self.positions]
        self.domains = [domains.get(i, Domain()) for i in self.positions]
        self._tables: dict[tuple[int, int], Moved] = {}

    def __call__(self, poly: Poly) -> Form:
        """The polynomial over the new variables."""
        form: Form = {tuple(int(monomial[i]) for i in self.positions): int(c) for monomial, c in poly.to_dict().items()}
        for i, domain in enumerate(self.domains):
            if domain.upper is None and (domain.lower is None or domain.lower == 0):
                continue
            new: Form = {}
            for monomial, c in form.items():
                for k, factor in self._moved(i, monomial[i]):
                    key = (*monomial[:i], k, *monomial[i + 1 :])
                    new[key] = new.get(key, 0) + c * factor
            form = {monomial: c for monomial, c in new.items() if c}
        return form

    def _moved(self, i: int, k: int) -> Moved:
        if (i, k) not in self._tables:
            self._tables[i, k] = _moved(k, self.top[i], self.domains[i])
        return self._tables[i, k]

    def is_odd(self, monomial: Monomial) -> bool:
        """Whether a monomial may have either sign."""
        return any(
            power % 2 and domain.lower is None and domain.upper is None
            for power, domain in zip(monomial, self.domains, strict=True)
        )

    def parts(self, monomial: Monomial) -> tuple[Fraction, list[tuple[int, str, int]]]:
        """A monomial of the form: a number, and powers of names and distances to ends as (position, which, power)."""
        scale = Fraction(1)
        found: list[tuple[int, str, int]] = []
        for i, power, top, domain in zip(self.positions, monomial, self.top, self.domains, strict=True):
            if domain.lower is not None and domain.upper is not None:
                scale /= (domain.upper - domain.lower) ** top
                found += [(i, "low", power), (i, "high", top - power)]
            else:
                which = "low" if domain.lower is not None else "high" if domain.upper is not None else ""
                found.append((i, which, power))
        return scale, [part for part in found if part[2]]


def _moved(k: int, top: int, domain: Domain) -> Moved:
    """``x**k`` over the new variable."""
    low, high = (_plain(end) for end in (domain.lower, domain.upper))
    found: dict[int, Number] = {}
    if low is not None and high is not None:
        for j in range(k + 1):
            for i in range(top - k + 1):
                c = comb(k, j) * low ** (k - j) * high**j * comb(top - k, i)
                found[i + j] = found.get(i + j, 0) + c
    elif low is not None:
        found = {j: comb(k, j) * low ** (k - j) for j in range(k + 1)}
    else:
        assert high is not None
        found = {j: comb(k, j) * high ** (k - j) * (-1) ** j for j in range(k + 1)}
    return tuple((j, c) for j, c in found.items() if c)


def _plain(end: Fraction | None) -> Number | None:
    return int(end) if end is not None and end.denominator == 1 else end

"""Polynomials over variables that are not negative: the form of Bernstein, in which signs are read.

Each bounded name is written over what is not negative: ``x`` in [a, inf) over ``x - a``, ``x`` in
[a, b] over ``x - a`` and ``b - x``, homogeneously of the degree ``top``. A polynomial whose coefficients
are not negative, with even powers of unbounded names, is not negative, and the form is the identity that shows it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from math import comb

from symopt.lang.domain import Domain
from symopt.prove.elements import Poly

Monomial = tuple[int, ...]
Number = int | Fraction
Form = dict[Monomial, Number]


def terms(poly: Poly) -> Form:
    """Coefficients by exponents."""
    return {tuple(map(int, monomial)): int(c) for monomial, c in poly.to_dict().items()}


class Shift:
    """The change of variables for polynomials of limited degrees."""

    def __init__(self, domains: Mapping[int, Domain], polys: Sequence[Poly]) -> None:
        width = len(polys[0].degrees())
        degrees = [poly.degrees() for poly in polys]
        self.top = [max((int(d[i]) for d in degrees), default=0) for i in range(width)]
        self.domains = {i: domains.get(i, Domain()) for i in range(width) if self.top[i]}

    def __call__(self, poly: Poly) -> Form:
        """The polynomial over the new variables."""
        form = terms(poly)
        for i, domain in self.domains.items():
            if (domain.lower, domain.upper) in ((None, None), (Fraction(0), None)):
                continue
            new: Form = {}
            for monomial, c in form.items():
                for k, factor in _moved(monomial[i], self.top[i], domain):
                    key = (*monomial[:i], k, *monomial[i + 1 :])
                    new[key] = new.get(key, 0) + c * factor
            form = {monomial: c for monomial, c in new.items() if c}
        return form

    def is_odd(self, monomial: Monomial) -> bool:
        """Whether a monomial may have either sign."""
        return any(
            monomial[i] % 2 and domain.lower is None and domain.upper is None for i, domain in self.domains.items()
        )

    def parts(self, monomial: Monomial) -> tuple[Fraction, list[tuple[int, str, int]]]:
        """A monomial of the form: a number, and powers of names and distances to ends as (position, which, power)."""
        scale = Fraction(1)
        found: list[tuple[int, str, int]] = []
        for i, domain in self.domains.items():
            k = monomial[i]
            if domain.lower is not None and domain.upper is not None:
                scale /= (domain.upper - domain.lower) ** self.top[i]
                found += [(i, "low", k), (i, "high", self.top[i] - k)]
            else:
                found.append((i, "low" if domain.lower is not None else "high" if domain.upper is not None else "", k))
        return scale, [part for part in found if part[2]]


@lru_cache(maxsize=4096)
def _moved(k: int, top: int, domain: Domain) -> tuple[tuple[int, Number], ...]:
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

"""Signs of polynomials, read from their coefficients.

Every generator that is bounded is written over variables that are not negative: ``x`` in [a, inf) as
``a + y``, ``x`` in [a, b) as ``(a + b y)/(1 + y)``. A polynomial all of whose coefficients then have
one sign, with even powers of the unbounded generators, has that sign everywhere. The test is
incomplete and never wrong; it proves ``1 - beta**t > 0`` and ``beta*v + (1-beta)*g**2 >= 0``. What has
odd powers is tried as a sum of squares.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from math import comb
from typing import NamedTuple

from symopt.lang.domain import Domain

Monomial = tuple[int, ...]
Terms = dict[Monomial, Fraction | int]


class Sign(NamedTuple):
    """``value`` is 1 or -1 where the polynomial is known to be >= 0 or <= 0, else 0; ``strict`` excludes zero."""

    value: int
    strict: bool


UNKNOWN = Sign(0, False)
# Of longer polynomials no sum of squares is looked for.
MOST_TERMS = 40


def sign_of(terms: Mapping[Monomial, Fraction | int], domains: Mapping[int, Domain]) -> Sign:
    """The sign that a polynomial has for all values of its generators in their domains.

    ``terms`` maps exponents to coefficients; ``domains`` maps a generator's position to its domain,
    and a generator that it lacks is any real number.
    """
    if not terms:
        return UNKNOWN
    width = len(next(iter(terms)))
    used = [i for i in range(width) if any(monomial[i] for monomial in terms)]
    changed: Terms = dict(terms)
    for i in used:
        changed = _over_nonnegative(changed, i, domains.get(i, Domain()))
        if not changed:
            return UNKNOWN
    free = [i for i in used if domains.get(i, Domain()).lower is None and domains.get(i, Domain()).upper is None]
    signs = {1 if c > 0 else -1 for c in changed.values()}
    if len(signs) != 1 or any(monomial[i] % 2 for monomial in changed for i in free):
        return _sign_of_squares(changed, free)
    sign = signs.pop()
    return Sign(sign, _excludes_zero(terms, changed, used, domains))


def _sign_of_squares(terms: Terms, free: list[int]) -> Sign:
    """The sign of a sum of squares, as ``g**2 + 2*g*p*w + p**2*w**2 + h``; of what is none it is unknown."""
    if len(terms) > MOST_TERMS:
        return UNKNOWN
    for sign in (1, -1):
        if _is_sum_of_squares({monomial: sign * c for monomial, c in terms.items()}, free):
            return Sign(sign, False)
    return UNKNOWN


def _is_sum_of_squares(terms: Terms, free: list[int]) -> bool:
    """Whether the terms are a quadratic form in the roots of some of them, with a matrix that is not negative.

    The roots are taken of terms with a positive coefficient and even powers of the generators that may be
    negative. Each other term is to be twice the product of two roots.
    """
    squares = [m for m, c in terms.items() if c > 0 and all(m[i] % 2 == 0 for i in free)]
    matrix: list[list[Fraction]] = [[Fraction(0)] * len(squares) for _ in squares]
    for i, monomial in enumerate(squares):
        matrix[i][i] = Fraction(terms[monomial])
    for monomial, c in terms.items():
        if monomial in squares:
            continue
        pair = next(
            ((i, j) for i, a in enumerate(squares) for j, b in enumerate(squares[:i])
             if all(x + y == 2 * z for x, y, z in zip(a, b, monomial, strict=True))),
            None,
        )  # fmt: skip
        if pair is None:
            return False
        i, j = pair
        matrix[i][j] = matrix[j][i] = matrix[i][j] + Fraction(c) / 2
    return _is_not_negative(matrix)


def _is_not_negative(matrix: list[list[Fraction]]) -> bool:
    """Whether a symmetric matrix has no negative eigenvalue, by elimination."""
    rows = [list(row) for row in matrix]
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(rows[k][k:])):
            return False
        for i in range(k + 1, len(rows)):
            factor = rows[i][k] / pivot if pivot else Fraction(0)
            rows[i] = [x - factor * y for x, y in zip(rows[i], rows[k], strict=True)]
    return True


def _over_nonnegative(terms: Terms, i: int, domain: Domain) -> Terms:
    """Generator ``i`` replaced by one that is >= 0, the polynomial multiplied by what clears fractions."""
    low, high = domain.lower, domain.upper
    if (low is None and high is None) or (low == 0 and high is None):
        return terms
    top = max(monomial[i] for monomial in terms)
    result: Terms = {}
    for monomial, coefficient in terms.items():
        for degree, factor in _replaced(monomial[i], top, low, high):
            key = (*monomial[:i], degree, *monomial[i + 1 :])
            result[key] = result.get(key, 0) + coefficient * factor
    return {monomial: c for monomial, c in result.items() if c}


@lru_cache(maxsize=4096)
def _replaced(k: int, top: int, low: Fraction | None, high: Fraction | None) -> tuple[tuple[int, Fraction | int], ...]:
    """``x**k`` over the new variable ``y``, times ``(1 + y)**top`` where ``x`` is bounded on both sides."""
    if low is not None and high is not None:
        powers = {j: comb(k, j) * low ** (k - j) * high**j for j in range(k + 1)}
        rest = {j: Fraction(comb(top - k, j)) for j in range(top - k + 1)}
    elif low is not None:
        powers, rest = {j: comb(k, j) * low ** (k - j) for j in range(k + 1)}, {0: Fraction(1)}
    else:
        assert high is not None
        powers, rest = {j: comb(k, j) * high ** (k - j) * Fraction(-1) ** j for j in range(k + 1)}, {0: Fraction(1)}
    product: dict[int, Fraction] = {}
    for a, x in powers.items():
        for b, y in rest.items():
            if x and y:
                product[a + b] = product.get(a + b, Fraction(0)) + x * y
    return tuple((degree, int(c) if c.denominator == 1 else c) for degree, c in product.items())


def _excludes_zero(
    terms: Mapping[Monomial, Fraction | int], changed: Terms, used: list[int], domains: Mapping[int, Domain]
) -> bool:
    """Whether one term is never zero; a closed upper end of an interval is looked at by itself."""
    positive = [i for i in used if _away_from_zero(domains.get(i, Domain()))]
    if not any(all(i in positive for i in used if monomial[i]) for monomial in changed):
        return False
    for i in used:
        domain = domains.get(i, Domain())
        if domain.lower is not None and domain.upper is not None and not domain.upper_open:
            ends: Terms = {}
            for monomial, c in terms.items():
                key = (*monomial[:i], 0, *monomial[i + 1 :])
                ends[key] = ends.get(key, 0) + c * domain.upper ** monomial[i]
            if not sign_of({m: c for m, c in ends.items() if c}, domains).strict:
                return False
    return True


def _away_from_zero(domain: Domain) -> bool:
    """Whether the variable that replaces a generator of this domain is never zero."""
    if domain.lower is not None:
        return domain.lower_open
    return domain.upper is not None and domain.upper_open

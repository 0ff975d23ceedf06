"""Rational functions of hyper-parameters, and small matrices of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any

from flint import Ordering, fmpz_mpoly_ctx

from symopt.prove.elements import Poly, Terms, UndefinedHereError, terms


class Ring:
    """Polynomials with whole coefficients over some names."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(dict.fromkeys(names))
        self.context = fmpz_mpoly_ctx.get(list(self.names), Ordering.lex)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.zero, self.one = self.context.constant(0), self.context.constant(1)

    def gen(self, name: str) -> Poly:
        """The polynomial that is one name."""
        return self.context.gens()[self.index[name]]

    def name(self, name: str) -> Rational:
        """One name as a rational function."""
        return Rational(self.gen(name), self.one)

    def number(self, value: int | Fraction) -> Rational:
        """An exact number."""
        exact = Fraction(value)
        return Rational(self.context.constant(exact.numerator), self.context.constant(exact.denominator))

    def used(self, poly: Poly) -> list[str]:
        """The names in a polynomial."""
        return [name for name, degree in zip(self.names, poly.degrees(), strict=True) if degree > 0]

    def degree(self, poly: Poly, name: str) -> int:
        """The degree of a polynomial in one name."""
        return int(poly.degrees()[self.index[name]])

    def by_powers(self, poly: Poly, name: str) -> list[Poly]:
        """The coefficients of the powers of one name, from the constant term up."""
        position = self.index[name]
        found: list[Terms] = [{} for _ in range(max(self.degree(poly, name), 0) + 1)]
        for monomial, coefficient in terms(poly).items():
            rest = (*monomial[:position], 0, *monomial[position + 1 :])
            found[monomial[position]][rest] = coefficient
        return [self.context.from_dict(part) for part in found]


class Rational:
    """A fraction of two polynomials without a common factor; the denominator leads with a positive number."""

    __slots__ = ("den", "num")

    def __init__(self, num: Poly, den: Poly) -> None:
        if den == 0:
            raise UndefinedHereError("a denominator is zero")
        common = num.gcd(den)
        if common != 1:
            num, den = divmod(num, common)[0], divmod(den, common)[0]
        if den.leading_coefficient() < 0:
            num, den = -num, -den
        self.num, self.den = num, den

    def __add__(self, other: Rational) -> Rational:
        if self.den == other.den:
            return Rational(self.num + other.num, self.den)
        return Rational(self.num * other.den + other.num * self.den, self.den * other.den)

    def __neg__(self) -> Rational:
        return Rational(-self.num, self.den)

    def __sub__(self, other: Rational) -> Rational:
        return self + -other

    def __mul__(self, other: Rational) -> Rational:
        return Rational(self.num * other.num, self.den * other.den)

    def __truediv__(self, other: Rational) -> Rational:
        return Rational(self.num * other.den, self.den * other.num)

    def __pow__(self, exponent: int) -> Rational:
        if exponent < 0:
            return Rational(self.den**-exponent, self.num**-exponent)
        return Rational(self.num**exponent, self.den**exponent)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rational) and bool(self.num == other.num and self.den == other.den)

    def __hash__(self) -> int:
        return hash((tuple(terms(self.num).items()), tuple(terms(self.den).items())))

    def __repr__(self) -> str:
        return f"({self.num})/({self.den})"

    @property
    def is_zero(self) -> bool:
        """Whether it is 0."""
        return bool(self.num == 0)

    @property
    def value(self) -> Fraction | None:
        """The number that it is, or None."""
        if not (self.num.is_constant() and self.den.is_constant()):
            return None
        return Fraction(_number(self.num), _number(self.den))


def _number(poly: Poly) -> int:
    return int(poly.leading_coefficient()) if poly != 0 else 0


def substituted(ring: Ring, poly: Poly, values: Mapping[str, Rational]) -> Rational:
    """A polynomial with names replaced by rational functions.

    Raises
    ------
    UndefinedHereError: a denominator becomes zero.
    """
    used = [name for name in ring.used(poly) if name in values]
    if not used:
        return Rational(poly, ring.one)
    # Over a common denominator, so that there is one division and not one for each term.
    tops = {name: int(poly.degrees()[ring.index[name]]) for name in used}
    total, common = ring.zero, ring.one
    for name in used:
        common *= values[name].den ** tops[name]
    groups: dict[tuple[int, ...], Terms] = {}
    positions = [ring.index[name] for name in used]
    for monomial, coefficient in terms(poly).items():
        key = tuple(monomial[i] for i in positions)
        rest = tuple(0 if i in positions else e for i, e in enumerate(monomial))
        groups.setdefault(key, {})[rest] = coefficient
    for key, part in groups.items():
        product = ring.context.from_dict(part)
        for name, exponent in zip(used, key, strict=True):
            product *= values[name].num ** exponent * values[name].den ** (tops[name] - exponent)
        total += product
    return Rational(total, common)


def replaced(ring: Ring, value: Rational, values: Mapping[str, Rational]) -> Rational:
    """A rational function with names replaced by rational functions."""
    return substituted(ring, value.num, values) / substituted(ring, value.den, values)


Vector = tuple[Rational, ...]
Matrix = tuple[Vector, ...]


def dot(a: Sequence[Rational], b: Sequence[Rational], zero: Rational) -> Rational:
    """The inner product."""
    total = zero
    for x, y in zip(a, b, strict=True):
        if not (x.is_zero or y.is_zero):
            total = total + x * y
    return total


def product(a: Matrix, b: Matrix, zero: Rational) -> Matrix:
    """The product of two matrices, given by rows."""
    columns = list(zip(*b, strict=True))
    return tuple(tuple(dot(row, column, zero) for column in columns) for row in a)


def apply(a: Matrix, x: Vector, zero: Rational) -> Vector:
    """A matrix times a column."""
    return tuple(dot(row, x, zero) for row in a)


def solve(a: Sequence[Sequence[Rational]], b: Sequence[Rational], zero: Rational) -> list[Rational] | None:
    """A solution of ``a x = b``, zero in every place that is not determined; None where there is none."""
    width = len(a[0]) if a else 0
    rows = [[*row, right] for row, right in zip(a, b, strict=True)]
    pivots: list[int] = []
    for column in range(width):
        at = next((i for i in range(len(pivots), len(rows)) if not rows[i][column].is_zero), None)
        if at is None:
            continue
        here = len(pivots)
        rows[here], rows[at] = rows[at], rows[here]
        head = rows[here][column]
        rows[here] = [x / head for x in rows[here]]
        for i, row in enumerate(rows):
            if i != here and not row[column].is_zero:
                factor = row[column]
                rows[i] = [x - factor * y for x, y in zip(row, rows[here], strict=True)]
        pivots.append(column)
    if any(not row[width].is_zero for row in rows[len(pivots) :]):
        return None
    found: list[Any] = [zero] * width
    for i, column in enumerate(pivots):
        found[column] = rows[i][width]
    return found

"""Polynomials with relations between their generators: remainders, and squares that the relations hide."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

from symopt.prove.elements import Element, Generators, Poly

if TYPE_CHECKING:
    from symopt.prove.field import Field

# Radicands of more terms are not searched for a hidden square.
MOST_TERMS_DENESTED = 200


def coefficients(ring: Generators, poly: Poly, position: int) -> list[Poly]:
    """The coefficients of a polynomial in one generator, the constant one first."""
    parts: list[dict[tuple[int, ...], int]] = [{} for _ in range(int(poly.degrees()[position]) + 1)]
    for monomial, coefficient in poly.to_dict().items():
        degree = int(monomial[position])
        rest = tuple(0 if i == position else int(e) for i, e in enumerate(monomial))
        parts[degree][rest] = int(coefficient)
    return [ring.ring.from_dict(part) for part in parts]


def pseudo_remainder(ring: Generators, poly: Poly, divisor: Poly, position: int) -> tuple[Poly, Poly]:
    """``(r, c)`` with ``c*poly = q*divisor + r`` and a smaller degree of ``r`` in one generator."""
    degree = int(divisor.degrees()[position])
    leading = coefficients(ring, divisor, position)[-1]
    factor = ring.one
    while poly != 0 and int(poly.degrees()[position]) >= degree:
        own = int(poly.degrees()[position])
        top = coefficients(ring, poly, position)[-1]
        poly = poly * leading - top * divisor * ring.gens[position] ** (own - degree)
        factor = factor * leading
    return poly, factor


def hidden_root(field: Field, poly: Poly) -> Element | None:
    """An element whose square is ``poly`` by the relations of roots; None where none is found.

    With ``poly = a + b*r`` and ``r**2 = f`` it is ``x + b/(2x)*r``, where ``x**2 = (a + n)/2`` and
    ``n**2 = a**2 - b**2*f`` (denesting of square roots; Borodin, Fagin, Hopcroft & Tompa 1985, theorem 1).
    """
    if len(poly) > MOST_TERMS_DENESTED or not field.roots_in(poly):
        return None
    return _root(field, poly)


def _root(field: Field, poly: Poly) -> Element | None:
    ring = field.ring
    inside = field.roots_in(poly)
    if not inside:
        return _plain_root(ring, poly)
    position = inside[0]
    a, b = coefficients(ring, poly, position)[:2]
    square = field.ring.meanings[position].args[0].num
    norm = field.reduced(a * a - b * b * square)
    n = _root(field, norm) if norm != 0 else field.zero
    if n is None or not n.den.is_constant():
        return None
    for sign in (1, -1):
        # (2x)**2 = 2*(a + n) over the denominator of n.
        x = _root(field, field.reduced(2 * n.den * (a * n.den + sign * n.num)))
        if x is None or x.num == 0:
            continue
        doubled = field.make(x.num, x.den * n.den)
        other = field.mul(field.make(b, ring.one), field.make(doubled.den * ring.gens[position], doubled.num))
        found = field.add(field.make(doubled.num, doubled.den * 2), other)
        if found.den.is_constant() and field.reduced(found.num**2 - poly * found.den**2) == 0:
            return found
    return None


def _plain_root(ring: Generators, poly: Poly) -> Element | None:
    """The root of a polynomial without roots, over its generators and the roots that there are."""
    constant, factors = ring.factor(poly)
    root = isqrt(abs(constant))
    if constant < 0 or root * root != constant:
        return None
    product = ring.one * root
    for factor, exponent in factors:
        product *= factor ** (exponent // 2)
        if exponent % 2:
            known = next((i for i, m in ring.meanings.items() if m.kind == "sqrt" and m.args[0].num == factor), None)
            if known is None:
                return None
            product *= ring.gens[known]
    return Element(product, ring.one)

"""What else is zero where a sum is: in ``h + g**2 = 0`` with ``h >= 0`` it is ``g``."""

from __future__ import annotations

from symopt.prove.elements import Poly, terms
from symopt.prove.field import Field
from symopt.prove.polynomials import coefficients
from symopt.prove.signs import sign_of


def forced_zero(field: Field) -> Poly | None:
    """A generator that is zero by the facts of this case, and that the normal form does not know to be zero."""
    for poly, sign in field.facts:
        if sign:
            continue
        for position, degree in enumerate(poly.degrees()):
            generator = field.ring.gens[position]
            if degree == 2 and _is_forced(field, poly, position) and field.reduced(generator) != 0:
                return generator
    return None


def _is_forced(field: Field, poly: Poly, position: int) -> bool:
    """Whether ``poly`` is a square times what is positive plus what is not negative, or the negative of such a sum."""
    rest, odd, factor = coefficients(field.ring, poly, position)
    if odd != 0:
        return False
    known = sign_of(terms(factor), field.domains)
    return known.strict and (rest == 0 or sign_of(terms(rest), field.domains).value == known.value)

"""Square roots in the normal form: one generator for each irreducible radicand, none left in a denominator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from symopt.lang.domain import NonNegative, Positive
from symopt.prove.elements import Element, Meaning, NotDecidedError, Poly, UndefinedHereError
from symopt.prove.integers import prime_factors, square_part
from symopt.prove.polynomials import hidden_root

if TYPE_CHECKING:
    from symopt.prove.field import Field


def rationalised(field: Field, a: Element) -> Element:
    """The same element without roots in the denominator."""
    num, den = a
    for position, _, _ in list(field.relations):
        meaning = field.ring.meanings.get(position)
        if meaning is None or meaning.kind != "sqrt" or den.degrees()[position] == 0:
            continue
        root = field.ring.gens[position]
        rest = den.subs({field.ring.names[position]: 0})
        conjugate = rest - (divmod(den - rest, root)[0]) * root
        if field.reduced(den * conjugate) == 0:
            raise NotDecidedError("a denominator with roots that cancel")
        num, den = field.make(num * conjugate, den * conjugate)
    return Element(num, den)


def square_root(field: Field, a: Element) -> Element:
    """The non-negative root; that the element is not negative becomes a condition unless it is known."""
    num, den = field.rationalised(a)
    if num == 0:
        return field.zero
    constant, factors = field.ring.factor(field.reduced(num * den))
    unit = 1 if constant > 0 else -1
    outside, inside = square_part(abs(int(constant)))
    root = field.ring.one * outside
    for prime in prime_factors(inside):
        root *= _root(field, field.ring.ring.constant(prime))
    core = denominator = field.ring.one
    for irreducible, exponent in factors:
        power, known = int(exponent), field.sign(irreducible)
        factor = -irreducible if known.value < 0 else irreducible
        hidden = hidden_root(field, factor) if power % 2 else None
        if hidden is not None:
            root *= field.absolute(hidden).num ** power
            denominator *= hidden.den**power
            unit *= (-1) ** power if known.value < 0 else 1
            continue
        if known.value < 0:
            unit *= (-1) ** power
        if known.value:
            root *= factor ** (power // 2) * (_root(field, factor) if power % 2 else 1)
        else:
            root *= (_absolute(field, factor) if power // 2 % 2 else factor) ** (power // 2)
            core *= factor ** (power % 2)
    if unit < 0 or not core.is_one():
        core = core * unit
        if core.is_constant():
            for irreducible, exponent in factors:  # it may be zero
                if int(exponent) % 2:
                    field.decide(irreducible)
            raise UndefinedHereError("the root of a negative number")
        field.require(core, ">= 0")
        root *= _root(field, core)
    return field.make(root, _absolute(field, den) * denominator)


def _root(field: Field, poly: Poly) -> Poly:
    strict = field.sign(poly).strict
    meaning = Meaning("sqrt", (Element(poly, field.ring.one),))
    return field.generator(meaning, Positive if strict else NonNegative)


def _absolute(field: Field, poly: Poly) -> Poly:
    return poly * field.sign_element(Element(poly, field.ring.one)) if not field.sign(poly).value else (
        poly * field.sign(poly).value
    )  # fmt: skip

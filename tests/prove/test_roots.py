"""Squares that the relations of roots hide, and signs that follow from several facts, against exact values."""

from __future__ import annotations

import pytest

from symopt.ir.expressions import read_expression
from symopt.lang.domain import NonNegative, Positive
from symopt.prove.convert import Converter
from symopt.prove.elements import Element, Generators
from symopt.prove.facts import are_possible, sign_by_facts
from symopt.prove.field import Field
from symopt.prove.polynomials import hidden_root, pseudo_remainder

NAMES = ("a", "b", "x", "y")


def field(**domains: object) -> Field:
    return Field(Generators(NAMES), {"a": Positive, "b": Positive, **domains})


def element(over: Field, text: str) -> Element:
    return Converter(over, {})(read_expression(text, NAMES))


@pytest.mark.parametrize(
    "root",
    ["sqrt(a)*x + y", "x - 3*sqrt(b)", "sqrt(a)*sqrt(b) + x*y", "2*sqrt(a)*x**2 - y + 1", "sqrt(a) + sqrt(b)"],
)
def test_the_root_of_an_expanded_square_is_found(root: str) -> None:
    over = field()
    expanded = element(over, f"({root})*({root})")
    found = hidden_root(over, expanded.num)
    assert found is not None
    assert over.equal(over.mul(found, found), Element(expanded.num, over.ring.one))


@pytest.mark.parametrize("text", ["a*x*x + 2*sqrt(a)*x*y + y*y + 1", "a + sqrt(a) + 2", "x*sqrt(a) + b"])
def test_what_is_no_square_has_no_root(text: str) -> None:
    over = field()
    assert hidden_root(over, element(over, text).num) is None


def test_the_normal_form_sees_the_absolute_value() -> None:
    over = field(x=NonNegative, y=NonNegative)
    assert over.equal(element(over, "sqrt((sqrt(a)*x + y)**2)"), element(over, "sqrt(a)*x + y"))


def test_a_pseudo_remainder_is_a_remainder() -> None:
    over = field()
    poly, divisor = element(over, "x**3*y + a*x + b").num, element(over, "y*x**2 + a").num
    position = over.ring.index["x"]
    rest, factor = pseudo_remainder(over.ring, poly, divisor, position)
    assert int(rest.degrees()[position]) < 2
    assert divmod(poly * factor - rest, divisor)[1] == 0


def test_signs_follow_from_two_facts() -> None:
    """x + y - b > 0 and x > 0 hold: then 2x + y - b > 0; nothing is said of x - y."""
    over = field()
    facts = [(element(over, "x + y - b").num, 1), (element(over, "x").num, 1)]
    known = sign_by_facts(element(over, "2*x + y - b").num, facts, over.domains)
    assert known is not None
    assert known.value == 1
    assert sign_by_facts(element(over, "x - y").num, facts, over.domains) is None


def test_a_tie_gives_signs_too() -> None:
    over = field()
    tie = [(element(over, "x - a - b").num, 0)]
    known = sign_by_facts(element(over, "x").num, tie, over.domains)
    assert known is not None
    assert known.value == 1


@pytest.mark.parametrize(("second", "sign", "possible"), [("x", -1, True), ("x", 1, False), ("x - 1", 1, False)])
def test_contradictory_facts_are_seen(second: str, sign: int, possible: bool) -> None:
    """With a > 0, x + a < 0 leaves only negative x."""
    over = field()
    facts = [(element(over, "x + a").num, -1), (element(over, second).num, sign)]
    assert are_possible(facts, over.domains) is possible


def test_equality_under_a_tie_whose_leading_coefficient_is_no_number() -> None:
    """Where a*x = b, the quotient b/a is x."""
    generators = Generators(NAMES)
    plain = Field(generators, {"a": Positive, "b": Positive})
    tie = Field(generators, {"a": Positive, "b": Positive}, [(element(plain, "a*x - b").num, 0)])
    assert tie.equal(element(tie, "x"), element(tie, "b/a"))
    assert not tie.equal(element(tie, "x"), element(tie, "b"))
    assert not plain.equal(element(plain, "x"), element(plain, "b/a"))

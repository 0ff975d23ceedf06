"""Declarations and configured rules."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symopt.lang import Domain, Hyper, NonNegative, Option, Positive, PositiveInteger, Real, Rule, State, UnitInterval
from symopt.lang.domain import exact_number


class Optional(Rule):
    """A rule with options that depend on one another."""

    lr = Hyper(0.1, domain=NonNegative)
    decay = Hyper(0, when="decayed")
    decayed = Option(False)
    nesterov = Option(False, needs="decayed")
    plain = Option(False, excludes="decayed")
    kind = Option("b", choices=("a", "b"))
    m = State(when="nesterov")

    def update(s) -> None:
        s.p = s.p - s.lr * s.g


class Child(Optional, name="child_of"):
    """Inherits declarations and adds one."""

    extra = Hyper(2)


def test_declarations_keep_the_order_of_the_text_and_are_inherited() -> None:
    assert list(Optional.declarations) == ["lr", "decay", "decayed", "nesterov", "plain", "kind", "m"]
    assert list(Child.declarations) == [*Optional.declarations, "extra"]
    assert (Optional.name, Child.name) == ("optional", "child_of")


def test_a_declared_name_reads_as_what_was_configured() -> None:
    assert Optional.lr is Optional.declarations["lr"]
    assert (Optional().lr, Optional(lr=3).lr) == (0.1, 3)
    assert (Optional().kind, Optional(kind="a").kind) == ("b", "a")


def test_a_rule_does_not_change() -> None:
    with pytest.raises(AttributeError, match=r"a rule does not change; build another one with lr=\.\.\."):
        Optional().lr = 3


def test_variants_are_the_legal_choices_the_default_first() -> None:
    assert [variant.settings for variant in Optional.variants()] == [
        {},
        {"kind": "a"},
        {"plain": True},
        {"plain": True, "kind": "a"},
        {"decayed": True},
        {"decayed": True, "kind": "a"},
        {"decayed": True, "nesterov": True},
        {"decayed": True, "nesterov": True, "kind": "a"},
    ]


def test_what_hangs_on_an_option_exists_with_it() -> None:
    assert not Optional().exists(Optional.m)
    assert Optional(decayed=True, nesterov=True).exists(Optional.m)
    assert Optional().exists(Optional.lr)


def test_the_title_is_the_target() -> None:
    assert Optional().title == "optional"
    assert Optional(lr=1, decayed=True).title == "optional[lr=1,decayed=True]"
    assert repr(Optional(kind="a")) == "Optional(kind='a')"


@pytest.mark.parametrize(
    ("domain", "inside", "outside"),
    [
        (Real, [-1e300, 0, Fraction(1, 3)], []),
        (NonNegative, [0, 1e-300], [-1e-300]),
        (Positive, [1e-300], [0, -1]),
        (UnitInterval, [0, 0.9999999999999999], [1, -1e-300, 2]),
        (PositiveInteger, [1, 10**12, 2.0], [0, 1.5, -1]),
        (Domain(upper=Fraction(1)), [1, -5], [1.1]),
    ],
)
def test_domains(domain: Domain, inside: list[float], outside: list[float]) -> None:
    assert [value in domain for value in inside] == [True] * len(inside)
    assert [value in domain for value in outside] == [False] * len(outside)


def test_domains_in_words() -> None:
    said = [d.describe("x") for d in (Real, NonNegative, Positive, UnitInterval, PositiveInteger)]
    assert said == ["x real", "0 <= x", "0 < x", "0 <= x < 1", "1 <= x, an integer"]
    assert Domain(upper=Fraction(1, 2)).describe("x") == "x <= 1/2"


def test_a_literal_is_the_decimal_that_is_written() -> None:
    assert exact_number(0.1) == Fraction(1, 10) != Fraction(0.1)
    assert exact_number(1e-8) == Fraction(1, 10**8)
    assert exact_number(Fraction(1, 3)) == Fraction(1, 3)

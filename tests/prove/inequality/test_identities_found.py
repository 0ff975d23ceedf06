"""Polynomials that are shown not to be negative: the identities hold, and nothing false is ever shown."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
import sympy as sp

from symopt.checker.certificate import Certificate
from symopt.ir.expressions import read_expression
from symopt.lang.domain import Domain, NonNegative, Positive, UnitInterval
from symopt.prove.deadline import Deadline
from symopt.prove.inequality.claims import Bound
from symopt.prove.inequality.obligation import Obligation, Outcome

DOMAINS: dict[str, Domain] = {"b": UnitInterval, "v": NonNegative, "eps": Positive, "lr": NonNegative}
NAMES = (*DOMAINS, "x", "y", "g", "m")


def settled(goal: str, *known: str, strict: bool = False) -> Outcome:
    def bound(text: str, strictly: bool = False) -> Bound:
        return Bound(read_expression(text, NAMES), strictly, text)

    obligation = Obligation("test", bound(goal, strict), [bound(text) for text in known], NAMES, (), DOMAINS)
    return obligation.settle(Deadline.after(20))


def assert_identities(certificate: Certificate) -> None:
    """Multiplied out by SymPy, with each root's square replaced."""
    for identity in certificate.identities:
        left = sp.sympify(identity.goal) * sp.prod(map(sp.sympify, identity.multipliers))
        right = sp.Integer(0)
        for term in identity.terms:
            assert term.coefficient > 0
            coefficient = sp.Rational(term.coefficient.numerator, term.coefficient.denominator)
            squares = sp.prod(sp.sympify(square) ** 2 for square in term.squares)
            right += coefficient * sp.prod(map(sp.sympify, term.factors)) * squares
        difference = sp.expand(left - right)
        for root, radicand in certificate.relations:
            difference = sp.rem(difference, sp.Symbol(root) ** 2 - sp.sympify(radicand), sp.Symbol(root))
        for zero in certificate.zeros:
            difference = sp.rem(difference, sp.sympify(zero))
        assert sp.expand(difference) == 0, str(identity)


TRUE = [
    ("b*v + (1 - b)*g**2 - (b*m + (1 - b)*g)**2", ("v - m**2",)),
    ("(1 - b**t)*(b*v + (1 - b)*g**2) - (b*m + (1 - b)*g)**2", ("(1 - b**(t - 1))*v - m**2",)),
    ("sqrt(v) + eps - sqrt(v + eps**2)", ()),
    ("sqrt(2)*sqrt(v + eps**2) - sqrt(v) - eps", ()),
    ("1 - sqrt(1 - b**t)", ()),
    ("x**2 + y**2 - x*y", ()),
    ("x**4 - 2*x**2*y**2 + y**4", ()),
    ("max(x, y) - x", ()),
    ("abs(x) + abs(y) - abs(x + y)", ()),
    ("eps + b*y - b*x", ("eps - x + y", "x - y")),
    ("b**2 - b**3", ()),
    ("v - (1 - b)*sign(v - g**2)*g**2", ()),
]


@pytest.mark.parametrize(("goal", "known"), TRUE, ids=[goal for goal, _ in TRUE])
def test_what_is_true_is_shown_by_identities(goal: str, known: tuple[str, ...]) -> None:
    outcome = settled(goal, *known)
    assert outcome.proved, outcome.open
    assert outcome.conditions == ()
    assert outcome.certificates
    for certificate in outcome.certificates:
        assert_identities(certificate)


FALSE = [
    ("x", ()),
    ("b - 1/2", ()),
    ("x**2 + y**2 - 3*x*y", ()),
    ("b*v + (1 - b)*g**2 - 2*(b*m + (1 - b)*g)**2", ("v - m**2",)),
    ("sqrt(v) + eps - sqrt(v + 2*eps**2)", ()),
    ("7/5*sqrt(v + eps**2) - sqrt(v) - eps", ()),
    ("eps + b*y - b*x", ("eps - x + 2*y", "x - y")),
    ("1 - sqrt(1 + b**t)", ()),
    ("max(x, y) - x - y", ()),
    ("v - (1 + b)*sign(v - g**2)*g**2", ()),
]


@pytest.mark.parametrize(("goal", "known"), FALSE, ids=[goal for goal, _ in FALSE])
def test_what_is_false_is_not_shown(goal: str, known: tuple[str, ...]) -> None:
    assert not settled(goal, *known).proved


def test_strict_is_more() -> None:
    assert settled("v + eps", strict=True).proved
    assert settled("x**2 + y**2").proved
    assert not settled("x**2 + y**2", strict=True).proved
    assert not settled("v", strict=True).proved
    assert not settled("b", strict=True).proved
    assert settled("1 - b", strict=True).proved


def test_what_is_undefined_becomes_a_condition() -> None:
    assert settled("x**2/y**2").conditions == ("y != 0",)
    assert settled("x*y*sqrt(x*y)").conditions == ("x*y >= 0",)


@pytest.mark.parametrize("seed", range(80))
def test_random_polynomials_are_judged_as_exact_points_say(seed: int) -> None:
    """A polynomial that is shown is not negative at any point of a grid, exactly."""
    chosen = random.Random(seed)
    monomials = ["1", "x", "y", "x**2", "y**2", "x*y", "v", "v*x**2", "b", "b*x**2", "eps", "b*v", "x**2*y**2"]
    parts = [f"({chosen.randint(-2, 4)})*{chosen.choice(monomials)}" for _ in range(chosen.randint(2, 5))]
    goal = " + ".join(parts)
    if not settled(goal).proved:
        return
    for _ in range(300):
        values = {
            "x": Fraction(chosen.randint(-20, 20), chosen.choice((1, 3, 8))),
            "y": Fraction(chosen.randint(-20, 20), chosen.choice((1, 3, 8))),
            "v": Fraction(chosen.randint(0, 40), 8), "b": Fraction(chosen.randint(0, 99), 100),
            "eps": Fraction(chosen.randint(1, 40), 100),
        }  # fmt: skip
        assert eval(goal, {}, values) >= 0, (goal, values)

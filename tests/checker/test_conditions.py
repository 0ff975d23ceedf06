"""Conditions of a verdict: read from their text, tested at points, and points are sampled that satisfy them."""

from __future__ import annotations

import random
from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest

from symopt.checker.check import check_equality
from symopt.checker.runs import UndefinedValueError, random_in, value, value_or_none
from symopt.checker.stated import Fact
from symopt.ir.nodes import num, op, ref
from symopt.lang import Hyper, NonNegative, Real, Rule
from symopt.lang.domain import Domain, PositiveInteger, UnitInterval
from symopt.lang.domain import NonNegative as AtLeastZero
from symopt.passes.tracing import trace

NAMES = ("a", "b")


def holds(text: str, a: Any, b: Any) -> bool:
    fact = Fact.read(text, NAMES)
    assert fact is not None
    with flint.ctx.workprec(400):
        return fact.holds({"a": _balls(a), "b": _balls(b)})


def _balls(x: Any) -> Any:
    return np.array([flint.arb(i) for i in x], dtype=object) if isinstance(x, list) else flint.arb(x)


@pytest.mark.parametrize(
    ("text", "true", "false"),
    [
        ("a != 0", (1, 0), (0, 0)),
        ("a - b >= 0", (1, 1), (0, 1)),
        ("a < 0", (-1, 0), (0, 0)),
        ("a > 0 and b = 0", (1, 0), (1, 1)),
        ("not (a > 0 and b = 0)", (1, 1), (1, 0)),
        ("a != 0 where b > 0", (0, -1), (0, 1)),
        ("a >= 0 where b > 0 and a != 3", (-1, 0), (-1, 1)),
        ("a != 0 where b > 0", ([0, 1], [0, 1]), ([0, 1], [1, 0])),
        ("not (a = 0)", ([2, 1], 0), ([0, 1], 0)),
    ],
)
def test_conditions_are_read_and_tested(text: str, true: tuple[Any, Any], false: tuple[Any, Any]) -> None:
    assert holds(text, *true)
    assert not holds(text, *false)


@pytest.mark.parametrize(
    "text", ["a is the same at every step", "also equal when a = 0", "a != 0 where it rains", "c >= 0"]
)
def test_sentences_are_no_facts(text: str) -> None:
    assert Fact.read(text, NAMES) is None


def test_what_has_no_known_sign_is_undefined() -> None:
    with pytest.raises(UndefinedValueError):
        holds("1/a >= 0", 0, 0)


class Linear(Rule):
    """Gradient descent, by a learning rate of either sign."""

    lr = Hyper(0.1, domain=Real)
    k = Hyper(1, domain=Real)

    def update(s) -> None:
        s.p = s.p - s.lr * s.k * s.g


class Sized(Linear):
    """Gradient descent by the absolute value of it, except where the gradient is positive and k is negative."""

    def update(s) -> None:
        s.p = s.p - abs(s.lr) * abs(s.k) * s.g


def check(*conditions: str) -> bool:
    return check_equality(trace(Linear), trace(Sized), {"lr": "lr", "k": "k"}, {}, conditions).passed


def test_random_points_satisfy_the_conditions() -> None:
    assert not check()
    assert not check("lr >= 0")
    assert check("lr*k >= 0")
    assert check("lr >= 0", "k >= 0 where lr > 0")
    assert check("lr >= 0", "k >= 0 where lr != 0")
    assert not check("lr >= 0", "k >= 0 where lr < 0")


def test_conditions_that_no_point_satisfies_leave_nothing_checked() -> None:
    assert not check("lr*k >= 0", "lr**2 < 0")


def test_an_operand_that_is_undefined_makes_the_result_so() -> None:
    for node in (op("sqrt", ref("a")), op("abs", ref("a")), op("lt", ref("a"), num(0)), op("neg", ref("a"))):
        assert value_or_none(node, {"a": None}) is None
        with pytest.raises(UndefinedValueError):
            value(node, {"a": None})
    chosen = op("where", op("lt", ref("b"), num(0)), ref("b"), op("sqrt", ref("a")))
    assert value(chosen, {"a": None, "b": flint.arb(-1)}) == -1


@pytest.mark.parametrize(
    "domain", [UnitInterval, AtLeastZero, PositiveInteger, Domain(upper=Fraction(1)), Domain(), NonNegative]
)
def test_random_numbers_lie_in_their_domain(domain: Domain) -> None:
    chosen = random.Random(1)
    assert all(random_in(domain, chosen, bits) in domain for bits in (2, 63) for _ in range(50))


def test_a_number_without_a_domain_has_either_sign() -> None:
    chosen = random.Random(2)
    assert {random_in(Domain(), chosen) > 0 for _ in range(30)} == {True, False}

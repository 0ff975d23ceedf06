from fractions import Fraction

import pytest

from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, num, op, ref
from symopt.lang.domain import Domain, NonNegative, Positive, Real, UnitInterval
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.render import condition_text, element_text

DOMAINS = {"a": Real, "x": Real, "y": Real, "v": NonNegative, "c": Positive, "b": UnitInterval, "d": UnitInterval,
           "n": Domain(upper=Fraction(0))}  # fmt: skip


def settle(left: Node, right: Node):
    general = GeneralStep(tuple(DOMAINS), DOMAINS)

    def check(field):
        convert = Converter(field, general.values(field), general.whole)
        return None if field.equal(convert(left), convert(right)) else "open"

    cases = in_every_case(general.generators, general.domains, check, Deadline.after(5))
    field = Field(general.generators, general.domains)
    return cases, [condition_text(field, condition) for condition in cases.conditions.values()]


def read(text: str) -> Node:
    return read_expression(text, tuple(DOMAINS))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sqrt(v/(1 - b**t))", "sqrt(v)/sqrt(1 - b**t)"),
        ("sqrt(4*v)", "2*sqrt(v)"),
        ("sqrt(12*c)", "2*sqrt(3)*sqrt(c)"),
        ("1/(sqrt(v) + c)", "(sqrt(v) - c)/(v - c*c)"),
        ("b**(t + 2)", "b*b*b**t"),
        ("b**(2*t)", "(b**t)**2"),
        ("b**t", "b*b**(t - 1)"),
        ("exp(x + 2*y)", "exp(x)*exp(y)*exp(y)"),
        ("abs(x)*abs(x)", "x*x"),
        ("abs(x*y)", "abs(x)*abs(y)"),
        ("sqrt(x*x)", "abs(x)"),
        ("max(x, y)", "(x + y + abs(x - y))/2"),
        ("min(x, y)", "-max(-x, -y)"),
        ("max(x, y) + min(x, y)", "x + y"),
        ("min(max(x, -c), c)", "max(min(x, c), -c)"),
    ],
)
def test_equal_expressions_have_equal_normal_forms(left: str, right: str) -> None:
    cases, _ = settle(read(left), read(right))
    assert cases.open is None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("sqrt(v + c*c)", "sqrt(v) + c"),
        ("b**t", "b**(t - 1)"),
        ("abs(x)", "x"),
        ("max(x, y)", "x"),
        ("sqrt(v*c)", "sqrt(v)*c"),
        ("b**t*d**t", "(b*b)**t"),
        ("min(max(x, -c), c)", "x"),
        ("exp(x*y)", "exp(x)*exp(y)"),
    ],
)
def test_unequal_expressions_are_never_shown_equal(left: str, right: str) -> None:
    cases, _ = settle(read(left), read(right))
    assert cases.open is not None


def test_ties_are_cases_of_their_own() -> None:
    """sign(x) is not where(x > 0, 1, -1): they differ at 0 alone."""
    positive = op("lt", num(0), ref("x"))
    cases, _ = settle(op("sign", ref("x")), op("where", positive, num(1), num(-1)))
    assert cases.open is not None
    cases, _ = settle(
        op("sign", ref("x")), op("where", positive, num(1), op("where", op("eq", ref("x"), num(0)), num(0), num(-1)))
    )
    assert cases.open is None


def test_what_is_divided_by_is_a_condition_unless_it_is_known() -> None:
    cases, conditions = settle(read("x*a/a"), read("x"))
    assert cases.open is None
    assert conditions == ["a != 0"]
    cases, conditions = settle(read("x*(1 - b**t)/(1 - b**t) + x*c/c"), read("2*x"))
    assert cases.open is None
    assert conditions == []


def test_comparisons_at_a_tie() -> None:
    zero = num(0)
    at_most = op("where", op("le", ref("x"), zero), num(1), zero)
    below = op("where", op("lt", ref("x"), zero), num(1), zero)
    not_above = op("where", op("lt", zero, ref("x")), zero, num(1))
    assert settle(at_most, not_above)[0].open is None
    assert settle(at_most, below)[0].open is not None
    assert settle(at_most, num(1))[0].open is not None
    either = op("where", op("or", op("lt", ref("x"), zero), op("eq", ref("x"), zero)), num(1), zero)
    assert settle(at_most, either)[0].open is None


def test_a_power_reaches_one_where_its_exponent_may_be_zero() -> None:
    cases, conditions = settle(read("x*(1 - b**v)/(1 - b**v)"), read("x"))
    assert cases.open is None
    assert conditions == ["1 - b**v != 0"]


def test_a_power_whose_exponent_is_not_positive_is_at_most_one() -> None:
    """``t**k`` for ``t >= 1`` and ``k <= 0``."""
    cases, conditions = settle(op("abs", read("1 - t**n")), read("1 - t**n"))
    assert (cases.open, conditions) == (None, [])
    cases, conditions = settle(op("abs", read("1 - t**(n - 1)")), read("1 - t**(n - 1)"))
    assert (cases.open, conditions) == (None, [])
    assert settle(op("abs", read("1 - t**n")), read("t**n - 1"))[0].open is not None
    assert settle(read("max(t**a, 1)"), read("t**a"))[0].open is not None


def test_a_branch_that_is_not_taken_may_be_undefined() -> None:
    safe = op("where", op("eq", ref("x"), num(0)), num(1), op("div", ref("x"), ref("x")))
    cases, conditions = settle(safe, num(1))
    assert cases.open is None
    assert conditions == []


def test_nothing_is_proved_where_nothing_is_defined() -> None:
    cases, _ = settle(read("x/(y - y)"), read("x/(y - y)"))
    assert cases.open == "nothing is defined"


def test_elements_print_factored_with_known_signs_positive() -> None:
    general = GeneralStep(tuple(DOMAINS), DOMAINS)
    field = Field(general.generators, general.domains)
    convert = Converter(field, general.values(field), general.whole)
    assert element_text(field, convert(read("c*sqrt(1 - b**t)/(b - 1)"))) == "-c*sqrt(1 - b**t)/(1 - b)"

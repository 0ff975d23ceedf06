"""Exact arithmetic against mpmath, Python's integers and the definitions."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import (
    OPERATIONS,
    UNDEFINED,
    ArrayArithmetic,
    ScalarArithmetic,
    UndecidedError,
    ball,
    compare,
    differ,
    is_defined,
    precision,
)
from symopt.ir.nodes import ARITY, CONDITIONS, Node, matop, num, op, reduce, ref

HALF, TWO, THREE = Fraction(1, 2), Fraction(2), Fraction(3)
fractions = st.fractions(min_value=-20, max_value=20, max_denominator=50)
positive = st.fractions(min_value=Fraction(1, 50), max_value=20, max_denominator=50)


def scalar(node: Node, **values: Fraction) -> object:
    return evaluate([node], values, ScalarArithmetic())[0]


def assert_holds(found: object, expected: mpmath.mpf, digits: int = 14) -> None:
    """A found value is a ball around the expected one, of a radius that says something."""
    decimals = flint.arb(mpmath.nstr(expected, 40))
    assert ball(found).overlaps(decimals)
    assert float(ball(found).rad()) <= 10.0**-digits * max(1.0, abs(float(expected)))


def real(value: Fraction) -> mpmath.mpf:
    return mpmath.mpf(value.numerator) / value.denominator


@given(x=fractions)
def test_exp_and_cos_agree_with_mpmath(x: Fraction) -> None:
    with mpmath.workdps(50):
        assert_holds(OPERATIONS["exp"](x), mpmath.exp(real(x)), 13)
        assert_holds(OPERATIONS["cos"](x), mpmath.cos(real(x)))


@given(x=positive, y=fractions)
def test_log_root_and_power_agree_with_mpmath(x: Fraction, y: Fraction) -> None:
    with mpmath.workdps(50):
        assert_holds(OPERATIONS["log"](x), mpmath.log(real(x)))
        assert_holds(OPERATIONS["sqrt"](x), mpmath.sqrt(real(x)))
        assert_holds(OPERATIONS["pow"](x, y), mpmath.power(real(x), real(y)), 12)


@given(x=fractions, y=fractions)
def test_fractions_stay_fractions(x: Fraction, y: Fraction) -> None:
    found = {name: OPERATIONS[name](x, y) for name in ("add", "sub", "mul", "max", "min")}
    assert found == {"add": x + y, "sub": x - y, "mul": x * y, "max": max(x, y), "min": min(x, y)}
    assert {type(value) for value in found.values()} == {Fraction}
    assert [OPERATIONS[name](x) for name in ("neg", "abs", "sign")] == [-x, abs(x), (x > 0) - (x < 0)]
    assert (OPERATIONS["lt"](x, y), OPERATIONS["le"](x, y), OPERATIONS["eq"](x, y)) == (x < y, x <= y, x == y)
    floor = OPERATIONS["floor"](x)
    assert floor <= x < floor + 1
    assert floor.denominator == 1


@given(x=fractions)
def test_the_root_of_a_square_stays_rational(x: Fraction) -> None:
    found = OPERATIONS["sqrt"](x * x)
    assert isinstance(found, Fraction)
    assert found == abs(x)


def test_functions_stay_rational_where_they_are() -> None:
    found = [OPERATIONS["exp"](Fraction(0)), OPERATIONS["log"](Fraction(1)), OPERATIONS["cos"](Fraction(0))]
    assert found == [1, 0, 1]
    assert {type(value) for value in found} == {Fraction}


@pytest.mark.parametrize(
    ("base", "exponent", "expected"),
    [(2, -2, Fraction(1, 4)), (-2, 3, -8), (0, 0, 1), (0, 3, 0), (0, HALF, 0), (Fraction(2, 3), 2, Fraction(4, 9))],
)
def test_powers(base: int, exponent: int, expected: int) -> None:
    assert OPERATIONS["pow"](Fraction(base), Fraction(exponent)) == expected


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("div", (0, 0)), ("div", (1, 0)), ("sqrt", (-1,)), ("log", (0,)), ("log", (-1,)),
        ("pow", (0, -1)), ("pow", (0, -HALF)), ("pow", (-2, HALF)),
    ],
)  # fmt: skip
def test_what_is_undefined(name: str, args: tuple[int, ...]) -> None:
    assert not is_defined(OPERATIONS[name](*map(Fraction, args)))


REAL = [name for name in ARITY if name not in CONDITIONS and name != "where"]


@pytest.mark.parametrize("name", REAL)
def test_the_undefined_never_becomes_defined(name: str) -> None:
    for args in product((UNDEFINED, TWO), repeat=ARITY[name]):
        if UNDEFINED not in args and all(arg is TWO for arg in args):
            continue
        try:
            assert not is_defined(OPERATIONS[name](*args))
        except UndecidedError:
            assert name in {"max", "min", "sign"}


def test_where_does_not_choose_the_undefined() -> None:
    safe = op("where", op("eq", ref("x"), num(0)), num(1), op("div", num(1), ref("x")))
    assert scalar(safe, x=Fraction(0)) == 1
    assert scalar(safe, x=TWO) == HALF
    assert not is_defined(scalar(op("where", op("lt", num(0), num(1)), op("sqrt", num(-1)), num(1))))
    assert not is_defined(scalar(op("mul", num(0), op("div", num(1), num(0)))))


def test_what_balls_cannot_decide_is_an_error() -> None:
    root = OPERATIONS["sqrt"](TWO)
    square = OPERATIONS["mul"](root, root)
    for name in ("lt", "le", "eq", "max", "min"):
        with pytest.raises(UndecidedError, match="cannot be told apart at 53 bits"):
            OPERATIONS[name](square, TWO)
    with pytest.raises(UndecidedError):
        OPERATIONS["sign"](OPERATIONS["sub"](square, TWO))
    with pytest.raises(UndecidedError):
        compare(UNDEFINED, TWO)
    assert (compare(root, THREE), compare(THREE, root), compare(TWO, TWO)) == (-1, 1, 0)
    assert (differ(square, TWO), differ(root, TWO), differ(TWO, TWO), differ(TWO, THREE)) == (False, True, False, True)


def test_more_bits_decide_more() -> None:
    near = Fraction(14142135623730950488016887242096980785696718753769, 10**49)
    with pytest.raises(UndecidedError):
        compare(OPERATIONS["sqrt"](TWO), near)
    with precision(300):
        assert compare(OPERATIONS["sqrt"](TWO), near) == 1
        assert flint.ctx.prec == 300
    assert flint.ctx.prec == 53
    with pytest.raises(ZeroDivisionError), precision(100):
        raise ZeroDivisionError
    assert flint.ctx.prec == 53


def test_conditions() -> None:
    for one, other in product((False, True), repeat=2):
        assert OPERATIONS["and"](one, other) is (one and other)
        assert OPERATIONS["or"](one, other) is (one or other)
        assert OPERATIONS["not"](one) is (not one)


def test_arrays_agree_with_numpy_on_integers() -> None:
    a, b = np.arange(6).reshape(2, 3), np.arange(12).reshape(3, 4) - 5
    values = {"a": a.astype(object), "b": b.astype(object)}
    for name in values:
        values[name] = np.frompyfunc(Fraction, 1, 1)(values[name])
    roots = [
        op("add", ref("a"), num(HALF)), reduce("sum", ref("a")), reduce("mean", ref("a"), 0),
        reduce("mean", ref("a"), 1), reduce("amax", ref("b"), 1), reduce("amin", ref("b"), 0),
        matop("matmul", ref("a"), ref("b")), matop("transpose", ref("b")), reduce("mean", ref("b")),
    ]  # fmt: skip
    found = evaluate(roots, values, ArrayArithmetic())
    expected = [
        a + 0.5, a.sum(), a.mean(axis=0, keepdims=True), a.mean(axis=1, keepdims=True),
        b.max(axis=1, keepdims=True), b.min(axis=0, keepdims=True), a @ b, b.T, b.mean(),
    ]  # fmt: skip
    for one, other in zip(found, expected, strict=True):
        assert np.shape(one) == np.shape(other)
        np.testing.assert_array_equal(np.asarray(one, dtype=float), other)


def test_a_reduction_of_one_element_is_the_element() -> None:
    assert [scalar(reduce(name, ref("x")), x=THREE) for name in ("sum", "mean", "amax", "amin")] == [THREE] * 4
    assert scalar(matop("matmul", ref("x"), ref("x")), x=THREE) == 9
    assert scalar(matop("transpose", ref("x")), x=THREE) == 3


def test_a_power_with_too_many_digits_becomes_a_ball() -> None:
    """Its digits would fill the memory; the ball still holds it."""
    huge = OPERATIONS["pow"](Fraction(2), Fraction(10**6))
    assert not isinstance(huge, Fraction)
    assert OPERATIONS["div"](OPERATIONS["pow"](Fraction(2), Fraction(10**6 + 1)), huge).contains(2)
    assert OPERATIONS["pow"](Fraction(-1), Fraction(10**30)) == 1

"""Numbers that are balls and residues agree with fractions, and the residue of a root is a root."""

from __future__ import annotations

from fractions import Fraction

import flint
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st


from symopt.checker.written import read
from symopt.ir.nodes import num, op, ref
from symopt.ir.text import node_text

rationals = st.fractions(-100, 100, max_denominator=1000)


def residue(value: Fraction) -> int:
    return value.numerator * pow(value.denominator, PRIME - 2, PRIME) % PRIME


@given(rationals, rationals, st.integers(-3, 3))
def test_arithmetic_is_that_of_fractions(a: Fraction, b: Fraction, k: int) -> None:
    assume(b != 0)
    x, y = Exact.of(a), Exact.of(b)
    for found, expected in ((x + y, a + b), (x - y, a - b), (x * y, a * b), (x / y, a / b), (y**k, b**k), (-x, -a)):
        assert found.residue == residue(expected)
        assert found.ball.overlaps(flint.arb(flint.fmpq(expected.numerator, expected.denominator)))
    assert abs(x).residue == residue(abs(a))
    assert (1 - x).residue == residue(1 - a)


@given(rationals)
def test_the_residue_of_a_root_is_one(a: Fraction) -> None:
    root = Exact.of(a * a).sqrt()
    assert root.residue in (residue(a), residue(-a))
    assert root.rooted
    assert (root * 1).rooted


def test_what_has_no_residue_has_none() -> None:
    assert PRIME % 4 == 3
    assert Exact.of(Fraction(-1)).sqrt().residue is None  # minus one is no square modulo such a prime
    assert (Exact.of(Fraction(1, 3)) + lifted(flint.arb(1) / 3)).residue is None
    assert Exact.of(Fraction(2)).exp().residue is None
    assert (Exact.of(Fraction(1)) / Exact.of(Fraction(0))).residue is None


def test_written_expressions_are_read_back() -> None:
    node = op("where", op("lt", ref("left.m"), num(0)), op("div", num(Fraction(-1, 3)), ref("p")), op("sqrt", ref("g")))
    assert read(node_text(node)) is node


@pytest.mark.parametrize("text", ["", "(", ")", "(sub p", "(sub p g))", "p g", "(nothing p)", "(sub p)", "()"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)

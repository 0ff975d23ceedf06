"""Numbers of a source as what it means by them."""

from fractions import Fraction

import pytest

from symopt.ir.nodes import num
from symopt.passes.build import constant


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        (1 / 3, Fraction(1, 3)), (-2 / 7, Fraction(-2, 7)), (0.1, Fraction(1, 10)), (1e-8, Fraction(1, 10**8)),
        (2**0.5, Fraction("1.4142135623730951")), (1 - 0.9, Fraction("0.09999999999999998")), (3.0, Fraction(3)),
        (0.1234567, Fraction("0.1234567")),
    ],
)  # fmt: skip
def test_a_double_is_the_quotient_or_the_decimals_that_it_is_nearest_to(value: float, meant: Fraction) -> None:
    assert constant(value) == num(meant)

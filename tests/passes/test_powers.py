"""Small whole powers are products."""

import numpy as np
import pytest
from numbers_of_passes import Float64, hostile
from small import trace_of

from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import Node, num, op, ref
from symopt.ir.text import node_text
from symopt.passes.powers import LARGEST, expand_powers


def expanded(value: Node) -> Node:
    return expand_powers(trace_of(("p_new", value), ("m_new", ref("m")))).lets[0].value


def test_a_square_keeps_its_bits() -> None:
    g = hostile(500, 0)
    (product,) = evaluate([expanded(op("pow", ref("g"), num(2)))], {"g": g}, Float64())
    with np.errstate(all="ignore"):
        assert np.array_equal(product, g * g)
        assert np.array_equal(product, np.float_power(g, 2), equal_nan=True)


@pytest.mark.parametrize("exponent", range(2, LARGEST + 1))
def test_a_power_is_the_exact_power(exponent: int) -> None:
    (value,) = evaluate([expanded(op("pow", ref("g"), num(exponent)))], {"g": np.float64(3)}, Float64())
    assert value == 3**exponent


@pytest.mark.parametrize("exponent", [num(-1), num(LARGEST + 1), num(1), op("div", num(1), num(2)), ref("beta")])
def test_other_powers_stay(exponent: Node) -> None:
    value = op("pow", ref("g"), exponent)
    assert expanded(value) is value


def test_a_cube_is_square_times_base() -> None:
    assert node_text(expanded(op("pow", ref("g"), num(3)))) == "(mul (mul g g) g)"

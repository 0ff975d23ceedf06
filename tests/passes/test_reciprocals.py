"""Division by a value of the step becomes multiplication, within the bound that the pass states."""

import numpy as np
from numbers_of_passes import Float64
from small import trace_of

from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import Node, op, ref
from symopt.ir.text import node_text
from symopt.passes.reciprocals import use_reciprocals


def changed(value: Node) -> Node:
    return use_reciprocals(trace_of(("p_new", value), ("m_new", ref("m")))).lets[0].value


def test_only_what_varies_less_is_inverted() -> None:
    assert node_text(changed(op("div", ref("g"), ref("lr")))) == "(mul g (div 1 lr))"
    for kept in (op("div", ref("lr"), ref("g")), op("div", ref("g"), ref("p")), op("div", ref("lr"), ref("beta"))):
        assert changed(kept) is kept


def test_the_error_is_one_unit_in_the_last_place_at_most() -> None:
    rng = np.random.default_rng(0)
    g = rng.standard_normal(20000) * 10.0 ** rng.integers(-100, 100, 20000)
    lr = np.abs(rng.standard_normal(20000)) + 1e-3
    (product,) = evaluate([changed(op("div", ref("g"), ref("lr")))], {"g": g, "lr": lr}, Float64())
    distance = np.abs(product - g / lr) / np.spacing(np.abs(g / lr))
    assert 0 < distance.max() <= 1

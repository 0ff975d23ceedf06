from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from float_runs import value

from symopt.catalogue import resolve
from symopt.errors import UsageError
from symopt.ir.nodes import Node, num, op, reduce, ref
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, SCALAR
from symopt.lang.theorem import Identity
from symopt.passes.tracing import trace
from symopt.prove.settlement import Settlement
from symopt.prove.structure.identities import settle_identity
from symopt.prove.structure.means import Means, Sum

SAME_MEAN = ("mean(v) = mean(c)",)


def identity(rule: str, left: str, right: str, **more: Any) -> Settlement:
    return settle_identity(Identity(rule, left, right, **more), trace(resolve(rule)), 10)


@pytest.mark.parametrize(
    ("rule", "left", "right", "more", "verdict"),
    [
        ("lars[mu=0,weight_decay=0]", "norm(p - old(p))", "lr*trust*norm(old(p))", {"assuming": ("norm(g)",)}, "holds"),
        ("lars[mu=0]", "norm(p - old(p))", "lr*trust*norm(old(p))", {"assuming": ("norm(g)",)}, "fails"),
        ("lamb", "norm(p - old(p))", "lr*norm(old(p))", {"assuming": ("norm(old(p))", "norm(u)")}, "holds"),
        ("lamb", "norm(p - old(p))", "2*lr*norm(old(p))", {"assuming": ("norm(old(p))", "norm(u)")}, "fails"),
        ("lamb", "norm(p - old(p))", "lr*norm(old(p))", {}, "fails"),
        ("adafactor", "mean(v)", "mean(c)", {"knowing": SAME_MEAN}, "holds"),
        ("adafactor", "mean(v*c/mean(v), axis=1)", "v", {"knowing": SAME_MEAN}, "holds"),
        ("adafactor", "mean(v*c/mean(v), axis=0)", "v", {"knowing": SAME_MEAN}, "fails"),
        ("adafactor", "mean(v)", "mean(c)", {"knowing": ("mean(v) = 2*mean(c)",)}, "unknown"),
        ("adafactor", "mean(v)", "mean(c)", {"knowing": ("mean(v) = 0", "mean(c) = 0")}, "unknown"),
        ("adafactor", "v*c/mean(v)", "q", {"first": True}, "fails"),
        ("muon", "x_2", "1", {"given": {"x_1": "1"}, "one_element": True}, "fails"),
        ("muon", "x_2", "701/1000", {"given": {"x_1": "1"}, "one_element": True}, "holds"),
        ("adam", "m_hat*(1 - beta1**t)", "m", {}, "holds"),
        ("novograd", "v", "total(g**2)", {"first": True}, "holds"),
        ("novograd", "v", "total(g**2)", {}, "fails"),
    ],
)  # fmt: skip
def test_identities(rule: str, left: str, right: str, more: dict[str, Any], verdict: str) -> None:
    settled = identity(rule, left, right, **more)
    assert settled.verdict == verdict, settled
    assert settled.check.passed is (verdict != "unknown")


def test_a_product_of_a_column_and_a_row_is_found_again() -> None:
    product = {"q": "mean(p, axis=1)*mean(g, axis=0)"}
    assert identity("adafactor", "v*c/mean(v)", "q", given=product, first=True).verdict == "holds"
    two = {"q": "mean(p, axis=1)*mean(g, axis=0) + p*g"}
    assert identity("adafactor", "v*c/mean(v)", "q", given=two, first=True).verdict == "fails"
    # By NumPy: rank 1 and the identity matrix.
    for square, is_exact in ((np.outer([1.0, 2.0], [3.0, 5.0]), True), (np.eye(2), False)):
        rows, columns = square.mean(axis=1, keepdims=True), square.mean(axis=0, keepdims=True)
        factored = rows * columns / rows.mean()
        assert np.allclose(factored, square) is is_exact
        np.testing.assert_allclose(factored.mean(axis=1, keepdims=True), rows)


SHAPES = {"x": ELEMENT, "y": ELEMENT, "r": PER_ROW, "k": PER_COL, "s": SCALAR, "rows": SCALAR, "cols": SCALAR}


def random_expression(generator: np.random.Generator, depth: int, is_array: bool = True) -> Node:
    kind = generator.integers(0, 6 if depth else 2)
    if kind == 0:
        return ref(str(generator.choice(["x", "y"] if is_array else ["x", "y", "r", "k", "s"])))
    if kind == 1:
        return ref("x") if is_array else num(Fraction(int(generator.integers(1, 5)), 2))
    if kind in (2, 3):
        name = str(generator.choice(["add", "sub", "mul"]))
        sides = random_expression(generator, depth - 1), random_expression(generator, depth - 1, False)
        return op(name, *sides)
    axis = (None, 0, 1)[generator.integers(0, 3)]
    inner = random_expression(generator, depth - 1)
    reduced = reduce(str(generator.choice(["mean", "sum"])), inner, axis)
    return op("mul", ref("x"), reduced) if is_array else reduced


def numbers(a: Sum, names: dict[str, Any]) -> Any:
    """A normal form in floats."""
    return sum((float(c) * np.prod([atom(x, names) ** e for x, e in m], axis=0) for m, c in a.items()), 0.0)


def atom(x: tuple[Any, ...], names: dict[str, Any]) -> Any:
    if x[0] == "name":
        return names[x[1]] + np.zeros((3, 2))
    axes = tuple({"r": 0, "c": 1}[a] for a in x[1])
    return numbers({x[2]: Fraction(1)}, names).mean(axis=axes, keepdims=True) + np.zeros((3, 2))


@pytest.mark.parametrize("seed", range(60))
def test_the_normal_form_of_means_has_the_value_of_the_expression(seed: int) -> None:
    generator = np.random.default_rng(seed)
    names = {
        "x": generator.normal(size=(3, 2)), "y": generator.normal(size=(3, 2)), "r": generator.normal(size=(3, 1)),
        "k": generator.normal(size=(1, 2)), "s": 1.5, "rows": 3.0, "cols": 2.0,
    }  # fmt: skip
    node = random_expression(generator, 4)
    wanted = value(node, names) + np.zeros((3, 2))
    np.testing.assert_allclose(numbers(Means(SHAPES)(node), names) + np.zeros((3, 2)), wanted, rtol=1e-9, atol=1e-9)


def test_bad_input_is_refused() -> None:
    with pytest.raises(UsageError, match="has no statement 'w'"):
        identity("adam", "m", "m", given={"w": "g"})
    with pytest.raises(UsageError, match="is no equation; write one as in"):
        identity("adafactor", "mean(v)", "mean(c)", knowing=("mean(v)",))
    with pytest.raises(UsageError, match="mean takes one operand, and axis=0 or axis=1"):
        identity("adafactor", "mean(v, axis=2)", "v")
    with pytest.raises(UsageError, match="old takes one name"):
        identity("adam", "old(p + 1)", "p")
    with pytest.raises(UsageError, match="eigenbasis of one element is no arithmetic"):
        identity("soap", "m", "m", one_element=True)

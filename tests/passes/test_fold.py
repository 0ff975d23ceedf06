"""Folding keeps the value of every expression, and folds what it promises to."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError, differ, is_defined
from symopt.ir.nodes import Node, num, op, reduce, ref, walk
from symopt.passes.fold import FALSE, TRUE, fold

x, y, t = ref("x"), ref("y"), ref("t")
ZERO, ONE, TWO = num(0), num(1), num(2)
SURE, UNSURE = op("lt", ZERO, ONE), op("lt", x, y)

# Expressions as nested tuples, which Hypothesis prints briefly: a name, a number, or an operation and its operands.
Tree = Any
unary = st.sampled_from(["neg", "sqrt", "abs", "sign", "floor", "exp", "cos"])
binary = st.sampled_from(["add", "sub", "mul", "div", "max", "min"])
exponents = st.sampled_from([0, 1, 2, -1, Fraction(1, 2), "t"])
leaves = st.sampled_from([0, 1, -1, 2, Fraction(1, 2), "x", "y", "t"])


def conditions(values: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    relations = st.tuples(st.sampled_from(["lt", "le", "eq"]), values, values)
    connected = st.tuples(st.sampled_from(["and", "or"]), relations, relations)
    return relations | connected | st.tuples(st.just("not"), relations | connected)


trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(unary, inner),
        st.tuples(binary, inner, inner),
        st.tuples(st.just("pow"), inner, exponents),
        st.tuples(st.just("where"), conditions(inner), inner, inner),
        st.tuples(st.just("sum"), inner),
    ),
    max_leaves=12,
)


def graph(tree: Tree) -> Node:
    if isinstance(tree, tuple):
        args = [graph(part) for part in tree[1:]]
        return reduce("sum", *args) if tree[0] == "sum" else op(tree[0], *args)
    return ref(tree) if isinstance(tree, str) else num(tree)


points = st.fixed_dictionaries({
    "x": st.sampled_from([Fraction(0), Fraction(1), Fraction(-2, 3), Fraction(5)]),
    "y": st.sampled_from([Fraction(0), Fraction(-1), Fraction(7, 2)]),
    "t": st.sampled_from([Fraction(1), Fraction(3)]),
})  # fmt: skip


@settings(max_examples=400)
@given(tree=trees, point=points)
def test_the_value_is_kept_where_there_is_one(tree: Tree, point: dict[str, Fraction]) -> None:
    root = graph(tree)
    try:
        (before,) = evaluate([root], point, ScalarArithmetic())
    except (UndecidedError, OverflowError):
        assume(False)
    assume(is_defined(before))
    (after,) = evaluate(fold([root]), point, ScalarArithmetic())
    assert not differ(before, after)
    if isinstance(before, Fraction):
        assert after == before


@given(tree=trees)
@example(tree=("sub", 0, ("neg", "x")))
def test_folding_twice_is_folding_once_and_adds_nothing(tree: Tree) -> None:
    root = graph(tree)
    (once,) = fold([root])
    assert fold([once])[0] is once
    # A number may be new, and a negation where there was a subtraction.
    assert sum(1 for _ in walk([once])) <= sum(1 for _ in walk([root])) + 2


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        (op("add", x, ZERO), x), (op("add", ZERO, x), x),
        (op("sub", x, ZERO), x), (op("sub", ZERO, x), op("neg", x)), (op("sub", x, x), ZERO),
        (op("mul", x, ZERO), ZERO), (op("mul", ZERO, x), ZERO), (op("mul", ONE, x), x), (op("mul", x, ONE), x),
        (op("div", ZERO, x), ZERO), (op("div", x, ONE), x),
        (op("pow", x, ZERO), ONE), (op("pow", ONE, x), ONE), (op("pow", x, ONE), x),
        (op("pow", ZERO, t), ZERO),
        (op("neg", op("neg", x)), x),
        (op("where", SURE, x, y), x), (op("where", op("not", SURE), x, y), y), (op("where", UNSURE, x, x), x),
        (op("where", op("and", UNSURE, op("lt", ONE, ZERO)), x, y), y),
        (op("where", op("or", SURE, UNSURE), x, y), x),
        (op("where", op("and", SURE, UNSURE), x, y), op("where", UNSURE, x, y)),
        (op("where", op("or", UNSURE, FALSE), x, y), op("where", UNSURE, x, y)),
        (op("not", TRUE), FALSE),
        # Numbers are computed, inside out.
        (op("mul", op("sub", ONE, num(Fraction(9, 10))), x), op("mul", num(Fraction(1, 10)), x)),
        (op("sqrt", num(Fraction(4, 9))), num(Fraction(2, 3))),
        (op("max", TWO, op("div", ONE, TWO)), TWO),
        (op("exp", op("sub", x, x)), ONE),
        # What is zero only after folding counts too; reductions are not entered but what they hold is.
        (op("add", x, op("mul", y, op("sub", ONE, ONE))), x),
        (reduce("sum", op("add", x, ZERO)), reduce("sum", x)),
    ],
)  # fmt: skip
def test_what_goes_away(root: Node, expected: Node) -> None:
    assert fold([root])[0] is expected


@pytest.mark.parametrize(
    "root",
    [
        op("sqrt", TWO),  # irrational
        op("sqrt", num(-1)), op("div", ONE, ZERO), op("div", ZERO, ZERO), op("log", ZERO),  # undefined
        op("pow", ZERO, x),  # 1 at x = 0
        op("div", x, x),  # undefined at x = 0
        op("add", x, op("neg", x)),
        op("div", op("mul", x, y), y),
        op("where", UNSURE, x, y),
    ],
)  # fmt: skip
def test_what_stays(root: Node) -> None:
    assert fold([root])[0] is root


def test_several_roots_share_their_parts() -> None:
    shared = op("add", x, ZERO)
    assert fold([op("neg", shared), shared]) == [op("neg", x), x]

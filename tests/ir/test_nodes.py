"""The graph: hash-consing, order of walks, substitution, what is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symopt.ir.nodes import (
    ARITY,
    MATRIX_OPS,
    ONE,
    REDUCTIONS,
    Node,
    Num,
    matop,
    num,
    op,
    rebuild,
    reduce,
    ref,
    refs,
    substitute,
    walk,
)
from symopt.ir.text import node_text

DEEP = 100_000
a, b, c = ref("a"), ref("b"), ref("c")


def deep(leaf: Node) -> Node:
    """``leaf`` with a long chain above it."""
    node = leaf
    for _ in range(DEEP):
        node = op("add", node, ONE)
    return node


def test_equal_expressions_are_one_object() -> None:
    assert op("add", a, op("mul", num(2), b)) is op("add", ref("a"), op("mul", num(Fraction(4, 2)), ref("b")))
    assert reduce("sum", a, 0) is reduce("sum", a, 0)
    assert matop("matmul", a, b) is matop("matmul", a, b)


def test_nothing_is_reordered_or_simplified() -> None:
    assert op("add", a, b) is not op("add", b, a)
    assert op("sub", op("sub", a, b), c) is not op("sub", a, op("add", b, c))
    assert op("mul", ONE, a) is not a
    assert reduce("sum", a, 0) is not reduce("sum", a, 1)
    assert reduce("sum", a) is not reduce("mean", a)


def test_a_name_and_a_number_are_never_the_same() -> None:
    assert ref("1") is not num(1)
    assert isinstance(num(1), Num)
    assert num(1).value == Fraction(1)


def test_operands_come_before_users_left_to_right_and_once() -> None:
    shared = op("mul", a, b)
    root = op("sub", op("add", c, shared), op("div", shared, a))
    assert [node_text(node) for node in walk([root, c])] == [
        "c", "a", "b", "(mul a b)", "(add c (mul a b))", "(div (mul a b) a)",
        "(sub (add c (mul a b)) (div (mul a b) a))",
    ]  # fmt: skip
    assert refs(root) == ["c", "a", "b"]


def test_a_graph_may_be_deeper_than_the_stack() -> None:
    root = deep(a)
    assert sum(1 for _ in walk([root])) == DEEP + 2
    assert substitute([root], {"a": b})[0] is deep(b)


def test_a_shared_subexpression_is_visited_once() -> None:
    node: Node = a
    for _ in range(200):
        node = op("add", node, node)
    assert sum(1 for _ in walk([node])) == 201


def test_names_are_replaced_all_at_once() -> None:
    root = op("sub", a, b)
    swapped = substitute([root, a, op("neg", c)], {"a": b, "b": a})
    assert swapped == [op("sub", b, a), b, op("neg", c)]
    assert substitute([root], {"a": op("add", a, b)})[0] is op("sub", op("add", a, b), b)


def test_what_is_not_touched_stays_the_same_object() -> None:
    root = op("add", a, matop("transpose", reduce("amax", b, 1)))
    assert substitute([root], {"q": c})[0] is root


def test_rebuild_keeps_the_operation() -> None:
    assert rebuild(reduce("mean", a, 1), (b,)) is reduce("mean", b, 1)
    assert rebuild(matop("matmul", a, b), (b, a)) is matop("matmul", b, a)
    assert rebuild(op("where", a, b, c), (c, b, a)) is op("where", c, b, a)
    assert rebuild(a, ()) is a


@pytest.mark.parametrize("name", [*ARITY, "nothing"])
def test_wrong_numbers_of_operands_are_refused(name: str) -> None:
    for count in {0, 1, 2, 3, 4} - {ARITY.get(name)}:
        with pytest.raises(ValueError, match=f"{name} with {count} operands is not an operation"):
            op(name, *[a] * count)


@pytest.mark.parametrize("name", [*MATRIX_OPS, "nothing"])
def test_wrong_matrix_operations_are_refused(name: str) -> None:
    for count in {0, 1, 2, 3} - {MATRIX_OPS.get(name)}:
        with pytest.raises(ValueError, match=f"{name} with {count} operands is not a matrix operation"):
            matop(name, *[a] * count)


def test_wrong_reductions_are_refused() -> None:
    assert sorted(REDUCTIONS) == ["amax", "amin", "mean", "sum"]
    with pytest.raises(ValueError, match="max along axis None is not a reduction"):
        reduce("max", a)
    with pytest.raises(ValueError, match="sum along axis 2 is not a reduction"):
        reduce("sum", a, 2)

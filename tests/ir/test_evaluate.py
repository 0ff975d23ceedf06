"""Evaluation: one walk, any arithmetic."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from symopt.catalogue import resolve
from symopt.ir.evaluate import Arithmetic, evaluate, evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.nodes import Node, matop, num, op, reduce, ref
from symopt.passes.tracing import trace


class Words(Arithmetic[str]):
    """Values are texts; counts what it is asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def number(self, value: Fraction) -> str:
        return f"#{value}"

    def op(self, name: str, *args: str) -> str:
        self.asked += 1
        return f"{name}({','.join(args)})"

    def reduce(self, name: str, arg: str, axis: int | None) -> str:
        return f"{name}/{axis}({arg})"

    def matop(self, name: str, *args: str) -> str:
        return f"{name}[{','.join(args)}]"


def test_every_kind_of_node_reaches_its_method_with_its_operands_in_order() -> None:
    root = op("where", op("lt", ref("a"), num(Fraction(1, 2))), reduce("mean", ref("b"), 1), reduce("sum", ref("b")))
    other = matop("matmul", ref("a"), matop("transpose", ref("b")))
    assert evaluate([root, other, ref("a")], {"a": "A", "b": "B"}, Words()) == [
        "where(lt(A,#1/2),mean/1(B),sum/None(B))", "matmul[A,transpose[B]]", "A",
    ]  # fmt: skip


def test_shared_work_is_done_once() -> None:
    node: Node = ref("a")
    for _ in range(30):
        node = op("add", node, node)

    class Counting(Words):
        def op(self, name: str, *args: Any) -> str:
            self.asked += 1
            return "x"

    counting = Counting()
    evaluate([node, node], {"a": "A"}, counting)
    assert counting.asked == 30


def test_deep_graphs_are_evaluated_without_recursion() -> None:
    node: Node = ref("a")
    for _ in range(20_000):
        node = op("add", node, num(1))
    assert evaluate([node], {"a": Fraction(1)}, ScalarArithmetic()) == [20_001]


def test_a_missing_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="b"):
        evaluate([op("add", ref("a"), ref("b"))], {"a": Fraction(1)}, ScalarArithmetic())


def test_a_step_of_momentum_by_hand() -> None:
    # b = 1/2 * 4 + 3 = 5, p = 10 - 1/10 * 5 = 19/2.
    heavy = trace(resolve("momentum"))
    numbers = {"p": 10, "g": 3, "b": 4, "t": 2, "lr": Fraction(1, 10), "mu": Fraction(1, 2)}
    inputs = {name: Fraction(number) for name, number in numbers.items()}
    assert sorted(inputs) == sorted(heavy.inputs)
    values = evaluate_step(heavy, inputs, ScalarArithmetic())
    assert (values[heavy.results["b"]], values[heavy.results["p"]]) == (5, Fraction(19, 2))
    # The expanded step says the same.
    step = heavy.step()
    assert evaluate([step["b"], step["p"]], inputs, ScalarArithmetic()) == [5, Fraction(19, 2)]

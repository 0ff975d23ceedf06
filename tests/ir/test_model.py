"""Evaluation over several tensors: what is shared, what differs, and sums over all of them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ArrayArithmetic
from symopt.ir.model import ModelArithmetic, PerTensor
from symopt.ir.nodes import Node, matop, num, op, reduce, ref


def exactly(*numbers: int) -> Any:
    return np.array([Fraction(n) for n in numbers], dtype=object)


VALUES = {"x": PerTensor([exactly(1, 2), exactly(3, 4, 5)]), "n": Fraction(10)}


def value(node: Node, count: int = 2) -> Any:
    return evaluate([node], VALUES, ModelArithmetic(ArrayArithmetic(), count))[0]


def test_what_is_shared_stays_one_number() -> None:
    assert value(op("add", ref("n"), num(1))) == 11


def test_an_operation_is_done_on_every_tensor() -> None:
    first, second = value(op("mul", ref("x"), ref("n")))
    assert list(first) == [10, 20]
    assert list(second) == [30, 40, 50]


def test_a_reduction_is_that_of_each_tensor_and_one_over_the_model_that_of_all() -> None:
    square = op("mul", ref("x"), ref("x"))
    assert tuple(value(reduce("sum", square))) == (5, 50)
    assert value(reduce("model_sum", square)) == 55
    assert [list(part) for part in value(op("sub", ref("x"), reduce("model_sum", ref("x"))))] == [
        [-14, -13], [-12, -11, -10],
    ]  # fmt: skip


def test_operations_on_matrices_are_those_of_each_tensor() -> None:
    values = {"a": PerTensor([exactly(1, 2).reshape(1, 2), exactly(3, 4).reshape(2, 1)])}
    product = matop("matmul", ref("a"), matop("transpose", ref("a")))
    first, second = evaluate([product], values, ModelArithmetic(ArrayArithmetic(), 2))[0]
    assert first.tolist() == [[5]]
    assert second.tolist() == [[9, 12], [12, 16]]


def test_a_model_of_no_tensors_has_the_sum_zero() -> None:
    values = {"x": PerTensor(())}
    assert evaluate([reduce("model_sum", ref("x"))], values, ModelArithmetic(ArrayArithmetic(), 0)) == [0]

"""The checker's own operations on matrices agree with the exact ones that witnesses are found with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import flint
import numpy as np
import pytest

from symopt.checker.arrays import matrix
from symopt.ir.matrices import MEANING


@pytest.fixture(autouse=True)
def precise() -> Iterator[None]:
    with flint.ctx.workprec(400):
        yield


def random_matrix(seed: int, rows: int, cols: int) -> Any:
    numbers = np.random.default_rng(seed).integers(-5, 6, (rows, cols))
    return np.array([[flint.arb(int(x)) / 4 for x in row] for row in numbers], dtype=object)


def assert_agree(op: str, *args: Any) -> None:
    exact = [int(x) if op == "inverse_root" and i == 2 else x for i, x in enumerate(args)]
    for mine, theirs in zip(matrix(op, *args).flat, MEANING[op](*exact).flat, strict=True):
        if mine.is_finite() and theirs.is_finite():
            assert mine.overlaps(theirs), op
            assert float(mine.rad()) < 1e-80


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("size", [2, 3])
def test_operations_agree(seed: int, size: int) -> None:
    a, tall = random_matrix(seed, size, size), random_matrix(seed, size + 1, size)
    gram = matrix("matmul", tall, tall.transpose())
    assert_agree("matmul", tall, a)
    for op in ("transpose", "wide"):
        assert_agree(op, tall)
    assert_agree("unwide", MEANING["wide"](tall), tall)
    assert_agree("orthogonal", a)
    assert_agree("eigenbasis", gram)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_roots_agree(order: int) -> None:
    tall = random_matrix(order, 3, 2)
    gram = matrix("matmul", tall, tall.transpose())
    damping = flint.arb(1) / 8
    found = matrix("inverse_root", gram, damping, flint.arb(order))
    exact = MEANING["inverse_root"](gram, damping, order)
    assert all(a.is_finite() and a.overlaps(b) for a, b in zip(found.flat, exact.flat, strict=True))


def test_what_is_not_determined_is_undefined() -> None:
    one, zero = flint.arb(1), flint.arb(0)
    same = np.array([[one, zero], [zero, one]], dtype=object)
    singular = np.array([[one, one], [one, one]], dtype=object)
    assert not any(x.is_finite() for x in matrix("eigenbasis", same).flat)
    assert not any(x.is_finite() for x in matrix("orthogonal", singular)[:, 1])
    assert not any(x.is_finite() for x in matrix("inverse_root", singular, zero, flint.arb(2)).flat)

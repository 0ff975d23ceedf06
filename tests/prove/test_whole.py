"""Functions of whole arrays in proofs: factors come out, products are associative, operands are compared by cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules import rule_of

from symopt.prove.compare import compare

EQUAL = [
    ("norm(s.lr * s.g)", "s.lr * norm(s.g)"),
    ("total(-s.g) + total(s.p)", "total(s.p) - total(s.g)"),
    ("total(abs(s.g))", "total(maximum(s.g, -s.g))"),
    ("total(s.g**2, axis=1)", "s.cols * mean(s.g**2, axis=1)"),
    ("matmul(matmul(s.g, transpose(s.p)), s.g)", "matmul(s.g, matmul(transpose(s.p), s.g))"),
    ("transpose(matmul(transpose(s.g), 2 * s.p))", "2 * matmul(transpose(s.p), s.g)"),
    ("matmul(s.g + 3 * s.p, transpose(s.g))", "matmul(s.g, transpose(s.g)) + 3 * matmul(s.p, transpose(s.g))"),
]
DIFFERENT = [
    ("norm(s.lr * s.g)", "s.lr**2 * norm(s.g)"),
    ("total(s.g * s.p)", "total(s.g) * total(s.p)"),
    ("total(abs(s.g))", "total(s.g)"),
    ("total(s.g**2, axis=1)", "s.rows * mean(s.g**2, axis=1)"),
    ("matmul(matmul(s.g, transpose(s.p)), s.g)", "matmul(s.g, matmul(transpose(s.g), s.p))"),
    ("largest(-s.g)", "-largest(s.g)"),
]


def written(folder: Path, name: str, value: str) -> object:
    is_matrix = value.startswith(("matmul(matmul(s.g, transpose(s.p)", "matmul(s.g, matmul"))
    step = "s.x" if "matmul" not in value or is_matrix else "norm(s.x)"
    return rule_of(folder, name, f"def update(s):\n    s.x = {value}\n    s.p = s.p - s.lr * {step} * s.g")


@pytest.mark.parametrize(("left", "right"), EQUAL)
def test_the_same_function_written_otherwise(tmp_path: Path, left: str, right: str) -> None:
    verdict = compare(written(tmp_path, "Left", left), written(tmp_path, "Right", right))
    assert verdict.verdict == "equal", verdict.text()


@pytest.mark.parametrize(("left", "right"), DIFFERENT)
def test_another_function(tmp_path: Path, left: str, right: str) -> None:
    verdict = compare(written(tmp_path, "Left", left), written(tmp_path, "Right", right))
    assert verdict.verdict != "equal", verdict.text()
    assert verdict.witness is not None

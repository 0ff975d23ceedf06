"""Clamps that do not bind."""

from pathlib import Path

import pytest

from symopt.prove.clamps import unclamped_equality
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline
from tests.prove.rules import rule_of

MOMENTUM = """
cap = Hyper(1, 'c', NonNegative)
m = State()

def update(s):
    s.m = s.m / 2 + s.g
    s.rate = {rate}
    s.p = s.p - s.rate * s.m
"""


@pytest.mark.parametrize(
    ("clamped", "rate", "condition"),
    [("minimum(s.lr, s.cap / sqrt(s.t))", "s.lr + 0 * s.cap", "lr <= cap/sqrt(t)"),
     ("minimum(s.lr, s.cap / sqrt(s.t))", "s.cap / sqrt(s.t)", "cap/sqrt(t) <= lr"),
     ("maximum(s.lr, s.cap)", "s.cap", "lr <= cap")],
)  # fmt: skip
@pytest.mark.parametrize("turned", [False, True])
def test_equal_where_the_clamp_does_not_bind(
    tmp_path: Path, clamped: str, rate: str, condition: str, turned: bool
) -> None:
    sides = [rule_of(tmp_path, name, MOMENTUM.format(rate=text)) for name, text in (("A", clamped), ("B", rate))]
    verdict = compare(*sides[::-1] if turned else sides)
    assert (verdict.verdict, verdict.conditions) == ("equal-if", (condition,))
    assert verdict.witness is not None
    assert "does not bind" in verdict.proof.text()


@pytest.mark.parametrize(
    ("clamped", "rate"),
    [("minimum(s.lr, s.cap)", "2 * s.lr * s.cap"),  # neither operand
     ("minimum(s.lr, s.g * s.g)", "s.lr * s.cap")],  # which differs between elements
)  # fmt: skip
def test_different_where_no_open_condition_helps(tmp_path: Path, clamped: str, rate: str) -> None:
    sides = [rule_of(tmp_path, name, MOMENTUM.format(rate=text)) for name, text in (("A", clamped), ("B", rate))]
    assert compare(*sides).verdict == "different"


def test_a_condition_without_room_is_none(tmp_path: Path) -> None:
    """The smaller of lr and lr + cap is lr + cap only where cap = 0, which fixes what both have."""
    rates = "minimum(s.lr + s.cap, s.lr)", "s.lr + s.cap"
    sides = [rule_of(tmp_path, name, MOMENTUM.format(rate=rate)) for name, rate in zip("AB", rates, strict=True)]
    assert unclamped_equality(*sides, (), Deadline.after(10)) is None

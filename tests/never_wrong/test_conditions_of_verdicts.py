"""Conditions of verdicts are read as they are meant; what cannot be read is said."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.never_wrong.conditions import Conditions
from tests.never_wrong.mp import real

NAMES = ("a", "g", "v", "lr")


@pytest.mark.parametrize(
    ("text", "at", "step", "expected"),
    [
        ("a != 0", {"a": 0}, 2, False),
        ("a != 0", {"a": 1}, 2, True),
        ("1 - a >= 0", {"a": 1}, 2, True),
        ("1 - a > 0", {"a": 1}, 2, False),
        ("v != 0", {"v": 0}, 1, True),  # about the steps after the first: v is a state
        ("v != 0", {"v": 0}, 2, False),
        ("a != 0 where g > 0 and v = 0", {"a": 0, "g": 1, "v": 0}, 2, False),
        ("a != 0 where g > 0 and v = 0", {"a": 0, "g": 1, "v": 1}, 2, True),
        ("a != 0 where g > 0 and v = 0", {"a": 1, "g": 1, "v": 0}, 2, True),
        ("not (g > 0 and v = 0)", {"g": 1, "v": 0}, 2, False),
        ("not (g > 0 and v = 0)", {"g": -1, "v": 0}, 2, True),
        ("lr is the same at every step", {}, 2, True),
    ],
)
def test_what_holds(text: str, at: dict[str, int], step: int, expected: bool) -> None:
    conditions = Conditions([text], NAMES, ["v"])
    assert not conditions.unread
    values = {name: real(Fraction(at.get(name, 1))) for name in NAMES}
    assert conditions.hold(values, 0, step) == expected


def test_one_element_is_enough_to_break_a_condition() -> None:
    conditions = Conditions(["g != 0", "not (g > 1 and a = 0)"], NAMES, [])
    one = [np.array([[real(Fraction(1)), real(Fraction(k))]], dtype=object) for k in (2, 0)]
    values = {name: [real(Fraction(0))] * 2 for name in NAMES}
    assert not conditions.hold({**values, "g": one}, 2, 2)
    assert not conditions.hold({**values, "g": one[:1] * 2}, 2, 2)
    assert conditions.hold({**values, "g": one[:1] * 2, "a": [real(Fraction(1))] * 2}, 2, 2)


def test_what_is_no_condition_is_unread() -> None:
    assert Conditions(["sum(g) != 0", "equal when lr = 0"], NAMES, []).unread == ["sum(g) != 0", "equal when lr = 0"]

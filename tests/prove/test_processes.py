"""Limits that hold although the work does not look at the clock, and results that cross processes unchanged."""

from __future__ import annotations

import pickle
import time

import flint
import pytest

from symopt.errors import UsageError
from symopt.prove.compare import compare, compare_within
from symopt.prove.deadline import OutOfTimeError
from symopt.prove.processes import within


def refuse() -> None:
    raise UsageError("what and where")


def test_work_that_hangs_is_ended_within_a_second_of_its_limit() -> None:
    start = time.monotonic()
    with pytest.raises(OutOfTimeError, match=r"no answer within 0\.2 s"):
        within(0.2, time.sleep, 60)
    assert time.monotonic() - start < 5  # a second by itself; more where other tests take the cores


def test_what_the_work_raises_comes_through() -> None:
    with pytest.raises(UsageError, match="what and where"):
        within(5, refuse)


@pytest.mark.parametrize("ball", [flint.arb(2).sqrt(), flint.arb(-3) / 7, flint.arb(0), flint.arb(5, 2)])
def test_balls_hold_the_same_on_the_other_side(ball: flint.arb) -> None:
    copy = pickle.loads(pickle.dumps(ball))
    assert copy.mid() == ball.mid()
    assert ball in copy
    assert copy.rad() <= ball.rad() * (1 + flint.arb(2) ** -25)


def test_a_verdict_from_another_process_is_the_verdict() -> None:
    near, far = compare("adamw", "adam_l2"), compare_within("adamw", "adam_l2")
    assert {**near.to_json(), "seconds": 0} == {**far.to_json(), "seconds": 0}

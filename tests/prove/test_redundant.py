"""States that are always something else: found in runs, proved by induction, and only then left out."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules import rule_of

from symopt.catalogue import resolve
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline
from symopt.prove.redundant import without_redundant_states
from symopt.prove.render import node_text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("primal_averaging[share=1]", "sgd"),
        ("triple_momentum[beta=0,gamma=0,delta=0]", "sgd"),
        ("schedule_free[beta=0]", "sgd"),
        ("accumulated[period=1]", "sgd"),
    ],
)
def test_rules_that_collapse_are_equal_to_what_is_left(left: str, right: str) -> None:
    assert compare(left, right).verdict == "equal"


def test_a_map_is_found_after_a_state_is_gone() -> None:
    verdict = compare("lookahead[period=1]", "sgd")
    assert verdict.verdict == "equal-if"
    assert verdict.hyper_map == {"lr": "alpha*lr"}


def test_a_sum_of_states_is_found(tmp_path: Path) -> None:
    averaged = rule_of(
        tmp_path, "Averaged", "start, z = State(init='p'), State()\ndef update(s):\n    s.start = s.start\n"
        "    s.z = s.z + s.g\n    s.p = s.start - s.lr * s.z",
    )  # fmt: skip
    found = without_redundant_states(averaged, Deadline.after(10))
    assert {name: node_text(value) for name, value in found.values.items()} == {"start": "lr*z + p"}
    assert found.constant == ("lr",)
    verdict = compare(averaged, "sgd")
    assert verdict.verdict == "equal"
    assert verdict.conditions == ("lr is the same at every step",)
    assert compare(averaged, "sgd", varying=("lr",)).verdict == "different"


def test_what_agrees_for_some_steps_only_is_kept(tmp_path: Path) -> None:
    late = rule_of(
        tmp_path, "Late", "old = State(init='p')\ndef update(s):\n"
        "    s.p = s.p - s.lr * s.g - where(s.t > 40, s.p - s.old, 0)\n"
        "    s.old = where(s.t > 30, s.p + 1, s.p)",
    )  # fmt: skip
    assert without_redundant_states(late, Deadline.after(10)).values == {}


@pytest.mark.parametrize("name", ["heavy_ball", "adam", "adan", "nadam"])
def test_rules_of_the_catalogue_need_their_states(name: str) -> None:
    assert without_redundant_states(trace(resolve(name)), Deadline.after(10)).values == {}

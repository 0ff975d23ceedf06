"""Where no proof is found: an identity test that says no more than it may, a solver's model, a domain on one side."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from rules import rule_of

from symopt.catalogue import resolve
from symopt.ir.trace import Trace
from symopt.passes.tracing import trace
from symopt.prove import comparison
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline
from symopt.prove.identity import probably_equal
from symopt.prove.pair import make_pair
from symopt.prove.relation import by_name
from symopt.prove.runs import UNDEFINED_TEXT

BAND = "def update(s):\n    s.p = s.p - s.lr * where((s.g - 1.23)**2 < {width} * (1 + s.p**2), {inside}, s.g)"


def long_product(folder: Path, name: str, last: str) -> Trace:
    body = "def update(s):\n    s.a = matmul(s.g, transpose(s.g))\n"
    body += "    s.b = s.a - 2 * matmul(s.a, s.a) + s.lr * matmul(s.a, matmul(s.a, s.a))\n"
    return rule_of(folder, name, body + f"    s.p = s.p - s.lr * {last}")


FACTORED = "matmul(matmul(s.b, s.b) - 3 * matmul(s.b, s.a), s.g)"
EXPANDED = "(matmul(s.b, matmul(s.b, s.g)) - 3 * matmul(s.b, matmul(s.a, s.g)))"
WRONG = "(matmul(s.b, matmul(s.b, s.g)) - 3 * matmul(s.a, matmul(s.a, s.g)))"


def agree(left: Trace, right: Trace) -> bool:
    pair = make_pair(left, right)
    relation = by_name(pair)
    assert relation is not None
    return probably_equal(pair, relation, Deadline.after(10))


def test_the_identity_test_agrees_with_what_is_proved_and_refuted(tmp_path: Path) -> None:
    factored, expanded, wrong = (
        long_product(tmp_path, name, last) for name, last in (("F", FACTORED), ("E", EXPANDED), ("W", WRONG))
    )  # fmt: skip
    assert agree(factored, expanded)
    assert not agree(factored, wrong)
    assert agree(trace(resolve("adam_l2")), trace(resolve("adam[l2=True]")))
    assert not agree(trace(resolve("adam")), trace(resolve("adam_tf")))


def test_what_only_the_identity_test_settles_is_not_called_equal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "plain_equality", lambda *args: (None, "no proof today"))
    verdict = compare(long_product(tmp_path, "F", FACTORED), long_product(tmp_path, "E", EXPANDED))
    assert verdict.verdict == "unknown"
    assert verdict.method == ("probabilistic identity test",)
    assert "no proof today; probably equal" in str(verdict.reason)


def test_a_narrow_band_is_found_by_the_solver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("z3", reason="z3 is not installed; pip install 'symopt-codegen[prove]'")
    band = rule_of(tmp_path, "Band", BAND.format(width="1e-6", inside="2 * s.g"))
    verdict = compare(band, "sgd")
    assert verdict.verdict == "different"
    assert verdict.witness is not None
    theta, (g,) = verdict.witness.theta, verdict.witness.grads[:1]
    assert (g - resolve_fraction("1.23")) ** 2 < resolve_fraction("1e-6") * (1 + theta**2)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, package=None: None)
    monkeypatch.setattr("symopt.prove.inequality.smt.find_spec", lambda name: None)
    assert compare(band, "sgd").verdict == "unknown"


def test_a_band_in_which_nothing_changes_is_equal(tmp_path: Path) -> None:
    assert compare(rule_of(tmp_path, "Same", BAND.format(width="1e-6", inside="s.g")), "sgd").verdict == "equal"


def resolve_fraction(text: str) -> object:
    from fractions import Fraction

    return Fraction(text)


@pytest.mark.parametrize(
    ("step", "side"),
    [
        ("s.g / (s.t - 1)", "left"),
        ("sqrt(-1 - s.g**2)", "left"),
        ("s.g * log(-absolute(s.g) - 1)", "left"),
    ],
)
def test_a_step_that_is_never_defined_is_another_rule(tmp_path: Path, step: str, side: str) -> None:
    broken = rule_of(tmp_path, "Broken", f"def update(s):\n    s.p = s.p - s.lr * ({step})")
    verdict = compare(broken, "sgd")
    assert verdict.verdict == "different"
    assert verdict.witness is not None
    assert verdict.witness.to_json()[side] == UNDEFINED_TEXT
    assert f"On the {side} alone the step is undefined" in str(verdict.cause)
    assert compare("sgd", broken).witness.to_json()["right"] == UNDEFINED_TEXT


def test_a_point_at_which_both_are_undefined_is_a_condition(tmp_path: Path) -> None:
    left = rule_of(tmp_path, "Left", "def update(s):\n    s.p = s.p - s.lr * s.g / abs(s.g)")
    verdict = compare(left, rule_of(tmp_path, "Right", "def update(s):\n    s.p = s.p - s.lr * abs(s.g) / s.g"))
    assert verdict.verdict == "equal"
    assert any("g" in condition for condition in verdict.conditions)


def test_an_undefined_value_that_is_not_chosen_makes_no_difference(tmp_path: Path) -> None:
    """At the first step 1/v is undefined in both, and where does not choose it."""
    body = (
        "v = State()\ndef update(s):\n    s.n = s.g / {least}\n    s.d = where(s.t > 1, s.n, 0)\n"
        "    s.v = s.v + s.g**2\n    s.p = s.p - s.lr * s.d"
    )  # fmt: skip
    left = rule_of(tmp_path, "Left", body.format(least="minimum(s.v, 1)"))
    right = rule_of(tmp_path, "Right", body.format(least="minimum(s.v, 2)"))
    verdict = compare(left, right)
    assert verdict.verdict == "different"
    assert verdict.witness is not None
    assert verdict.witness.step > 1
    assert UNDEFINED_TEXT not in str(verdict.witness.to_json())


def test_a_map_stays_in_its_domain_at_the_first_step_too(tmp_path: Path) -> None:
    """At t = 1 the map takes lr to lr/(1 - decay), which is no learning rate where decay is above one."""
    body = "decay = Hyper(0.1, 'd', NonNegative)\ndef update(s):\n"
    body += "    s.p = s.p - s.lr / (1 + (s.t - {off}) * s.decay) * s.g"
    left, right = (rule_of(tmp_path, name, body.format(off=off)) for name, off in (("Left", 2), ("Right", 1)))
    verdict = compare(left, right)
    assert verdict.verdict == "equal-if"
    assert "lr/(1 - decay) >= 0" in verdict.conditions

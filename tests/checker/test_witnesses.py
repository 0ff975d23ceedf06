"""Witnesses are replayed; one that was changed, or at which nothing differs, is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from symopt.checker.check import check_witness
from symopt.ir.trace import Trace
from symopt.lang import Hyper, NonNegative, Rule, State, sqrt, where
from symopt.passes.tracing import trace
from symopt.prove.deadline import Deadline
from symopt.prove.witness import Witness, find_domain_difference, find_witness


class Plain(Rule):
    """A step of length lr along the sign of the gradient, which stays where the gradient is zero."""

    lr = Hyper(0.5, domain=NonNegative)
    v = State()

    def update(s) -> None:
        s.v = s.g**2
        s.p = s.p - where(s.v > 0, s.lr * s.g / sqrt(s.v), 0)


class Dividing(Plain):
    """The same, but undefined where the gradient is zero."""

    def update(s) -> None:
        s.v = s.g**2
        s.p = s.p - s.lr * s.g / sqrt(s.v)


class Twice(Plain):
    """A step twice as long."""

    def update(s) -> None:
        s.v = s.g**2
        s.p = s.p - where(s.v > 0, 2 * s.lr * s.g / sqrt(s.v), 0)


Document = dict[str, Any]
PLAIN, DIVIDING, TWICE = trace(Plain), trace(Dividing), trace(Twice)


def undefined_on_one_side() -> Witness:
    found = find_domain_difference(PLAIN, DIVIDING, (), Deadline.after(10))
    assert found is not None
    return found


def test_what_has_a_value_on_one_side_only_is_a_difference() -> None:
    witness = undefined_on_one_side()
    document = witness.to_json()
    assert document["right"] == "undefined" != document["left"]
    check = check_witness(PLAIN, DIVIDING, document, witness.step, witness.query)
    assert check.passed, check.how
    turned = {**document, "left": document["right"], "right": document["left"]}
    assert check_witness(DIVIDING, PLAIN, turned, witness.step, witness.query).passed


def the_other_side(d: Document) -> None:
    d["left"], d["right"] = d["right"], d["left"]


def both_sides(d: Document) -> None:
    d["left"] = "undefined"


def no_side(d: Document) -> None:
    d["right"] = d["left"]


def a_gradient_at_which_both_have_a_value(d: Document) -> None:
    d["grads"] = ["1" for _ in d["grads"]]


@pytest.mark.parametrize("change", [the_other_side, both_sides, no_side, a_gradient_at_which_both_have_a_value])
def test_a_changed_record_of_what_is_undefined_is_refused(change: Callable[[Document], None]) -> None:
    witness = undefined_on_one_side()
    document = witness.to_json()
    change(document)
    assert not check_witness(PLAIN, DIVIDING, document, witness.step, witness.query).passed


def test_rules_of_which_neither_has_a_value_do_not_differ() -> None:
    document = undefined_on_one_side().to_json() | {"left": "undefined", "right": "undefined"}
    refused = check_witness(DIVIDING, DIVIDING, document, 1, None)
    assert not refused.passed
    assert "do not differ" in refused.how


def replay(left: Trace, right: Trace, change: Document) -> bool:
    witness, _ = find_witness(PLAIN, TWICE, (), Deadline.after(10))
    assert witness is not None
    return check_witness(left, right, witness.to_json() | change, witness.step, witness.query).passed


def test_values_that_differ_are_replayed() -> None:
    assert replay(PLAIN, TWICE, {})
    assert not replay(PLAIN, TWICE, {"left": "7"})
    assert not replay(PLAIN, TWICE, {"right": "undefined"})
    assert not replay(PLAIN, PLAIN, {})

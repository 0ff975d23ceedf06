"""The checker takes certificates that the prover makes, and refuses each of them once it is changed."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from symopt.catalogue import resolve
from symopt.checker.equality import check_certificate
from symopt.ir.text import trace_text
from symopt.ir.trace import Trace
from symopt.lang import Hyper, NonNegative, Rule, State
from symopt.passes.tracing import trace
from symopt.prove.certificate import NoCertificateError, certificate
from symopt.prove.compare import compare

PAIRS = [
    ("adam_tf", "adam"), ("momentum_ema", "heavy_ball"), ("sum_momentum", "qhm"), ("adamw", "adamw_paper"),
    ("adamaxw[weight_decay=0]", "adamax"), ("lamb[weight_decay=0]", "lamb_keras"),
    ("sum_momentum[sigma=1]", "sgd[momentum=True,nesterov=True]"), ("asgd[lambd=0]", "sgd"),
    ("nag", "triple_momentum"),
]  # fmt: skip
Document = dict[str, Any]


@cache
def traces(left: str, right: str) -> tuple[Trace, Trace]:
    return trace(resolve(left)), trace(resolve(right))


@cache
def made(left: str, right: str) -> str:
    a, b = traces(left, right)
    return json.dumps(certificate(a, b, compare(a, b)).to_json())


@pytest.mark.parametrize("pair", PAIRS, ids=" ".join)
def test_what_the_prover_certifies_is_accepted(pair: tuple[str, str]) -> None:
    check = check_certificate(*traces(*pair), json.loads(made(*pair)))
    assert check.passed, check.how
    assert "steps from general states" in check.how


def another_map(d: Document) -> None:
    d["hypers"]["eps"] = "(div eps (sub 1 (pow beta2 t)))"


def another_state(d: Document) -> None:
    d["states"]["are"]["v"] = "(mul 2 left.v)"


def a_state_left_out(d: Document) -> None:
    del d["states"]["are"]["m"]
    for step in ("first", "later"):
        d[step]["claims"] = [claim for claim in d[step]["claims"] if claim["what"] != "the state m"]


def another_obligation(d: Document) -> None:
    claim = next(claim for claim in d["later"]["claims"] if claim["what"] == "the parameter")
    claim["right"] = claim["right"].replace("eps", "0")


def an_obligation_left_out(d: Document) -> None:
    del d["later"]["claims"][1]


def a_case_left_out(d: Document) -> None:
    d["first"]["cases"] = [case for case in d["first"]["cases"] if case["facts"] != ["g > 0"]]


def a_state_said_not_to_be_negative(d: Document) -> None:
    d["not_negative"].append("m")


def a_state_said_to_be_known(d: Document) -> None:
    d["known"]["right"]["m"] = "g"


def another_rule(d: Document) -> None:
    d["right"]["trace"] = d["left"]["trace"]


def another_schema(d: Document) -> None:
    d["schema"] = "symopt.certificate/0"


def text_that_is_none(d: Document) -> None:
    d["states"]["are"]["v"] = "(mul 2 left.v"


@pytest.mark.parametrize(
    "change",
    [another_map, another_state, a_state_left_out, another_obligation, an_obligation_left_out, a_case_left_out,
     a_state_said_not_to_be_negative, a_state_said_to_be_known, another_rule, another_schema, text_that_is_none],
)  # fmt: skip
def test_a_changed_certificate_is_refused(change: Callable[[Document], None]) -> None:
    document = json.loads(made("adam_tf", "adam"))
    before = copy.deepcopy(document)
    change(document)
    assert document != before
    assert not check_certificate(*traces("adam_tf", "adam"), document).passed


def test_a_certificate_is_about_its_rules_alone() -> None:
    a, b = traces("adam_tf", "adam")
    document = json.loads(made("adam_tf", "adam"))
    assert not check_certificate(b, a, document).passed
    assert not check_certificate(a, trace(resolve("adamw")), document).passed


class Plain(Rule):
    """Gradient descent."""

    lr = Hyper(0.1, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.g


class Haunted(Plain):
    """Gradient descent with two states that stay zero, of which one moves the parameter and takes the other's value."""

    a, b = State(), State()

    def update(s) -> None:
        s.p = s.p - s.lr * s.g + s.a
        s.a = s.a + s.b
        s.b = 2 * s.b


def test_what_holds_from_the_start_and_is_not_inductive_is_refused() -> None:
    """With ``a = 0`` alone no run disagrees; a step from a state with ``b = 1`` does."""
    left, right = trace(Plain), trace(Haunted)
    document: Document = {
        "schema": "symopt.certificate/1",
        "left": {"trace": trace_text(left).splitlines()}, "right": {"trace": trace_text(right).splitlines()},
        "varying": [], "hypers": {"lr": "lr"}, "states": {"of": "right", "are": {"a": "0", "b": "0"}},
        "known": {"left": {}, "right": {}}, "not_negative": [], "conditions": [],
        **{step: {"where": {}, "cases": [{"facts": []}], "excluded": [], "claims": [
            {"what": "point", "left": "p", "right": "p"},
            *({"what": name, "left": text, "right": text} for name, text in
              (("p", "(sub p (mul lr g))"), ("a", "0"), ("b", "0"))),
        ]} for step in ("first", "later")},
    }  # fmt: skip
    assert check_certificate(left, right, document).passed
    del document["states"]["are"]["b"]
    for step in ("first", "later"):
        document[step]["claims"].pop()
    refused = check_certificate(left, right, document)
    assert not refused.passed
    assert "general state" in refused.how


def test_a_difference_has_no_certificate() -> None:
    a, b = traces("adam", "sgd")
    with pytest.raises(NoCertificateError):
        certificate(a, b, compare(a, b))

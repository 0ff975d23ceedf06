"""Claims that hold: they are proved by certificates alone, without conditions, and z3 is not asked."""

from __future__ import annotations

import pytest

from symopt.catalogue import resolve
from symopt.lang.theorem.bounds import Invariant, Ordered
from symopt.passes.tracing import trace
from symopt.prove.inequality.induction import BEFORE, FIRST, GENERAL
from symopt.prove.inequality.settle import BY_SOLVER, Found, Search, settle_bound

TRUE = [
    Invariant("adam", "v >= 0"),
    Invariant("adam", "m**2 <= (1 - beta1**t)*v", given=("beta2 = beta1",)),
    Invariant("adam", "v <= 1 - beta2**t", given=("abs(g) <= 1",)),
    Invariant("adagrad", "h <= t", given=("abs(g) <= 1", "initial_accumulator = 0")),
    Invariant("adagrad", "h_new - h = g**2"),
    Invariant("momentum", "abs(b) <= 1/(1 - mu)", given=("mu < 1", "abs(g) <= 1")),
    Invariant("rmsprop[centered=True]", "v - a**2 >= 0"),
    Invariant("rmsprop[centered=True]", "variance >= 0"),
    Invariant("adamax", "u_new >= eps"),
    Invariant("nadam", "0 <= mu_product <= 1"),
    Invariant("signum", "abs(p_new - p) <= lr"),
    Invariant("signum", "abs(p - p_0) <= lr*t"),
    Ordered("amsgrad", "adam", "left.v_hat >= right.v_hat"),
    Ordered("adamax", "adamax_paper", "0 <= left.u - right.u <= eps"),
    Ordered("adam", "adam_tf", "left.m = right.m"),
]


@pytest.mark.parametrize("claim", TRUE, ids=str)
def test_a_true_claim_holds(claim: Invariant | Ordered) -> None:
    found = settle_bound(claim, trace(resolve(claim.rule)), 30.0)
    assert found.verdict == "holds", found.reason
    assert found.check.passed, found.check.how
    assert found.proof is not None
    assert found.proof.conditions == ()
    assert "identities were multiplied out" in found.check.how
    assert BY_SOLVER not in found.proof.text()
    assert found.proof.steps[-1].statement == str(claim)


def test_auxiliary_invariants_are_found_and_said() -> None:
    found = settle_bound(
        Invariant("adam", "abs(p_new - p) <= lr", given=("beta2 = beta1",)), trace(resolve("adam")), 30.0
    )  # fmt: skip
    assert "m**2 <= v*(1 - beta1**t)" in found.found
    assert found.proof is not None
    said = [step.statement for step in found.proof.steps]
    assert any(text.startswith("m**2 <= v*(1 - beta1**t) from each step") for text in said)


def test_a_proof_has_the_certificates_of_all_its_cases() -> None:
    search = Search(
        Invariant("rmsprop[centered=True]", "v - a**2 >= 0"), [trace(resolve("rmsprop[centered=True]"))], 30.0
    )
    found = search.outcome()
    assert isinstance(found, Found)
    assert [shown.where for shown in found.attempt.shown] == [BEFORE, FIRST, GENERAL]
    last = found.attempt.shown[-1].outcome.certificates[0]
    assert any(term.squares for identity in last.identities for term in identity.terms)
    assert any("v - a**2" in term.factors for identity in last.identities for term in identity.terms)
    assert [known.why for known in last.knowns if known.poly == "v - a**2"] == ["v - a ** 2 >= 0"]


def test_states_of_two_rules_that_stay_equal_are_one() -> None:
    claim = Ordered("adam_tf", "adam", "left.m = right.m")
    search = Search(claim, [trace(resolve(rule)) for rule in claim.rules], 5.0)
    assert search.premises.system.same == {"right.m": "left.m", "right.v": "left.v"}


def test_what_only_z3_decides_says_so() -> None:
    pytest.importorskip("z3")
    claim = Invariant("sgd", "a**4*b**2 + a**2*b**4 + c**6 >= 3*a**2*b**2*c**2", free=("a", "b", "c"))
    found = settle_bound(claim, trace(resolve("sgd")), 30.0)
    assert found.verdict == "holds"
    assert found.proof is not None
    assert BY_SOLVER in found.proof.text()
    assert found.proof.steps[0].method == BY_SOLVER


def test_without_z3_such_a_claim_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("symopt.prove.inequality.smt.find_spec", lambda name: None)
    claim = Invariant("sgd", "a**4*b**2 + a**2*b**4 + c**6 >= 3*a**2*b**2*c**2", free=("a", "b", "c"))
    found = settle_bound(claim, trace(resolve("sgd")), 30.0)
    assert found.verdict == "unknown"
    assert "pip install 'symopt-codegen[prove]'" in found.reason

"""Edited and rewritten rules, put to the independent checker; tests/never_wrong puts many more to an oracle."""

from __future__ import annotations

import random

import pytest

from symopt import catalogue
from symopt.checker.check import check_equality, check_witness
from symopt.ir.expressions import read_expression
from symopt.ir.trace import Let, Trace
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from tests.never_wrong.edits import mutants
from tests.never_wrong.rewrites import rewritten

RULES = ["adam", "adam_tf", "adamax", "lion", "momentum_ema", "nag", "sgd[momentum=True,dampening=True]", "qhm"]


def traced(target: str) -> Trace:
    return trace(catalogue.resolve(target))


@pytest.mark.parametrize("target", RULES)
def test_the_checker_agrees_on_edited_rules(target: str) -> None:
    original = traced(target)
    different = 0
    for _, what, mutant in mutants(original, seed=3, number=6):
        verdict = compare(mutant, original, time_limit=5)
        if verdict.proof is not None:
            maps = verdict.hyper_map or {}, verdict.state_map or {}
            check = check_equality(mutant, original, *maps, verdict.conditions)
            assert check.passed, f"{what}: {verdict.verdict}, and {check.how}"
        if verdict.witness is not None and "undefined" not in str(verdict.witness.to_json()):
            witness = verdict.witness
            check = check_witness(mutant, original, witness.to_json(), witness.step, witness.query)
            assert check.passed, f"{what}: {check.how}"
        different += verdict.verdict == "different"
    assert different > 0


@pytest.mark.parametrize("target", [*RULES, "amsgrad", "adamw_transformers", "nadam_tf"])
def test_a_rewritten_rule_is_equal(target: str) -> None:
    original = traced(target)
    for seed in range(2):
        change = rewritten(original, random.Random(f"{target} {seed}"), 6)
        verdict = compare(change.trace, original)
        assert verdict.verdict == "equal", f"{change.what}: {verdict.text()}"


@pytest.mark.parametrize(
    ("target", "statement", "edit"),
    [
        ("adamw", "v", "beta2*v + (1 - beta2)*g**3"),
        ("adamw", "v", "beta1*v + (1 - beta2)*g**2"),
        ("adamw", "m", "beta1*m - (1 - beta1)*g"),
        ("adamw", "p", "p - lr*weight_decay*p - lr*m_hat/sqrt(v_hat + eps)"),
        ("adamw", "p", "p + lr*weight_decay*p - lr*m_hat/(sqrt(v_hat) + eps)"),
        ("rmsprop", "u", "g/sqrt(v_new + eps)"),
    ],
)
def test_known_mistakes_are_refuted(target: str, statement: str, edit: str) -> None:
    original = traced(target)
    names = (*original.inputs, *(let.name for let in original.lets))
    lets = tuple(
        Let(let.name, read_expression(edit, names), let.target) if let.target == statement else let
        for let in original.lets
    )
    assert lets != original.lets
    assert compare(original.with_lets(lets), original).verdict == "different"


@pytest.mark.parametrize(
    ("statement", "edit"),
    [
        ("m_hat", "m_new"),
        ("m_hat", "m_new/(1 - beta2**t)"),
        ("v_hat", "v_new/(1 - beta2**(t + 1))"),
        ("v_hat", "v_new/(1 - beta2**t)**2"),
    ],
)
def test_a_wrong_correction_is_another_rule_that_schedules_of_lr_and_eps_make_equal(statement: str, edit: str) -> None:
    original = traced("adam")
    lets = tuple(
        Let(let.name, read_expression(edit, (*original.inputs, "m_new", "v_new")), let.target)
        if let.target == statement
        else let
        for let in original.lets
    )
    verdict = compare(original.with_lets(lets), original)
    assert verdict.verdict == "equal-if"
    assert verdict.witness is not None
    assert "**t" in verdict.hyper_map["lr"]

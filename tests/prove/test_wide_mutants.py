"""Soundness on arrays: edited rules with norms, axes and matrices are equal only where models of tensors agree."""

from __future__ import annotations

from dataclasses import replace

import pytest

from symopt.checker.check import check_equality, check_witness
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from tests.never_wrong.edits import mutants
from tests.never_wrong.faults import fault
from tests.never_wrong.judge import on_random_runs
from tests.never_wrong.tally import MUTANT, Case
from tests.run.small_rules import RULES

NAMES = ("number_state", "factored", "newton", "roots", "global_clip", "sharpness", "given")
# The checker takes no inverse root of a matrix with equal eigenvalues yet; the oracle replays these witnesses.
UNCHECKED = ()
NUMBER, LIMIT = 8, 2


@pytest.mark.parametrize("name", NAMES)
def test_an_edited_rule_is_equal_only_where_models_agree(name: str) -> None:
    (original,) = (trace(rule) for rule in RULES if rule.name == name)
    seen = set()
    for seed, change in enumerate(mutants(original, seed=7, number=NUMBER)):
        mutant = replace(change.trace, title="edited")
        verdict = compare(mutant, original, time_limit=LIMIT)
        seen.add(verdict.verdict)
        plainly = on_random_runs(mutant, original, seed)
        wrong = fault(Case(name, MUTANT, seed), mutant, original, verdict, plainly).wrong
        assert not wrong, f"{change.what}: {wrong}"
        if verdict.proof is not None:
            maps = verdict.hyper_map or {}, verdict.state_map or {}
            check = check_equality(mutant, original, *maps, verdict.conditions)
            assert check.passed, f"{change.what}: {check.how}"
        if verdict.witness is not None and "undefined" not in str(verdict.witness.to_json()):
            witness = verdict.witness
            check = check_witness(mutant, original, witness.to_json(), witness.step, witness.query)
            assert check.passed or name in UNCHECKED, f"{change.what}: {check.how}"
    assert "different" in seen

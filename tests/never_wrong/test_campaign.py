"""The campaign finds a prover that is wrong, whichever way it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from symopt.ir.trace import Trace
from symopt.prove.compare import compare
from symopt.prove.field import Field
from symopt.prove.verdict import Verdict
from tests.never_wrong.campaign import cases, every, settled, targets
from tests.never_wrong.tally import MUTANT, REWRITE, Case, summary

SOME = ("adam", "sgd[momentum=True]", "rmsprop", "lion")
EDITED = [Case(target, MUTANT, seed) for target in SOME for seed in range(4)]
REWRITTEN = [Case(target, REWRITE, seed) for target in SOME for seed in range(1, 4, 2)]


def always(verdict: str, **others: Any) -> Any:
    """A prover that always says the same."""

    def prover(left: Trace, right: Trace, time_limit: float) -> Verdict:
        return replace(compare(left, right, time_limit=time_limit), verdict=verdict, **others)

    return prover


def test_a_prover_that_calls_everything_equal_is_found_out() -> None:
    same: dict[str, Any] = {"hyper_map": {}, "state_map": {}, "conditions": (), "witness": None}
    results = [settled(case, 2, always("equal", **same)) for case in EDITED]
    false = [r for r in results if r.wrong.startswith("false equal")]
    assert len(false) == sum(r.oracle == "differs" for r in results) > len(EDITED) // 2
    assert summary(results)[-len(results) :] != summary([r for r in results if not r.wrong])


def test_a_prover_that_calls_everything_different_is_found_out() -> None:
    results = [settled(case, 2, always("different")) for case in REWRITTEN]
    assert all(r.wrong.startswith("false different") for r in results)


def test_a_witness_that_does_not_differ_is_found_out() -> None:
    def prover(left: Trace, right: Trace, time_limit: float) -> Verdict:
        verdict = compare(left, right, time_limit=time_limit)
        if verdict.witness is None:
            return verdict
        return replace(verdict, witness=replace(verdict.witness, grads=tuple(0 * g for g in verdict.witness.grads)))

    assert any(settled(case, 2, prover).wrong.startswith("false witness") for case in EDITED)


def test_an_engine_that_finds_all_normal_forms_equal_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the zero test broken and no witness looked for, mutants are called equal."""
    monkeypatch.setattr(Field, "equal", lambda self, a, b: True)
    monkeypatch.setattr("symopt.prove.comparison.find_witness", lambda *args, **others: (None, 1))
    results = [settled(case, 2) for case in EDITED]
    assert sum(r.wrong.startswith("false equal") for r in results) > len(EDITED) // 4


def test_an_error_of_the_prover_is_a_finding() -> None:
    def prover(left: Trace, right: Trace, time_limit: float) -> Verdict:
        raise KeyError(left.title)

    assert settled(EDITED[0], 2, prover).wrong.startswith("error of the prover")


def test_every_target_is_met() -> None:
    often = [target for target in targets() if every(target) == 1]
    assert {case.target for case in cases(len(targets()), 0)} == {*targets()}
    second = [case.target for case in cases(len(targets()) + len(often), 0)[len(targets()) :]]
    assert second == often
    assert cases(300, 100) == cases(300, 100)

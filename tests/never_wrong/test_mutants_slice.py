"""A slice of the campaign: edits of every rule. No verdict may be false; `make never-wrong` runs thousands."""

from __future__ import annotations

import pytest

from tests.never_wrong.campaign import cases, settled
from tests.never_wrong.tally import summary

MUTANTS, PARTS = 400, 8
# Shorter than the campaign's: what takes longer is unknown, which is not false.
LIMIT = 1.0
CASES = cases(MUTANTS, 0)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_verdict_on_a_mutant_is_false(part: int) -> None:
    results = [settled(case, LIMIT) for case in CASES[part::PARTS]]
    # How late an answer may be is the campaign's to say: here the limit is short and the machine is shared.
    wrong = [r for r in results if r.wrong and not r.wrong.startswith("late")]
    assert not wrong, "\n".join(summary(results))
    assert any(r.verdict == "different" for r in results)


def test_mutants_of_plain_rules_are_settled() -> None:
    plain = ("adam", "sgd", "lion", "adamw")
    results = [settled(case, 5) for case in CASES if case.target in plain]
    assert all(r.settles for r in results), "\n".join(summary(results))

"""A slice of the campaign: equal rewritings of every rule. None may be called different."""

from __future__ import annotations

import pytest

from tests.never_wrong.campaign import cases, settled
from tests.never_wrong.tally import summary

REWRITES, PARTS = 200, 5
LIMIT = 1.0
CASES = cases(0, REWRITES)


@pytest.mark.parametrize("part", range(PARTS))
def test_no_verdict_on_a_rewritten_rule_is_false(part: int) -> None:
    results = [settled(case, LIMIT) for case in CASES[part::PARTS]]
    wrong = [r for r in results if r.wrong and not r.wrong.startswith("late")]
    assert not wrong, "\n".join(summary(results))
    assert sum(r.verdict == "equal" for r in results) > len(results) // 2

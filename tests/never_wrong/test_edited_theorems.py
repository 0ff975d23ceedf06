"""Edited theorems: none may be settled against what random runs show; the claims of the catalogue pass these runs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from symopt.lang.theorem import ClosedForm, FirstStep, Invariant
from symopt.theorems.catalogue import theorems
from tests.never_wrong.theorems import edited, refuted, settled_theorem

LIMIT = 1.0
# Theorems whose edits the checker cannot look at yet: its replay knows no run that one side leaves undefined, and
# no matrices under a given map.
GAPS = ()
KINDS = (ClosedForm, FirstStep, Invariant)
STATED: dict[str, Any] = {name: t.subject for name, t in theorems().items() if isinstance(t.subject, KINDS)}
TRUE = [name for name in STATED if theorems()[name].claim == "holds"]


def test_no_run_refutes_a_theorem_of_the_catalogue() -> None:
    refutations = {name: refuted(STATED[name], name) for name in TRUE}
    assert not {name: found for name, found in refutations.items() if found}


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("m_unrolled", {"term": "(1 - beta1)*beta1**(t - k)*g*2"}),
        ("second_moment_is_not_negative", {"of": "v >= 1"}),
        ("first_step_of_schedule_free", {"value": "p + lr*g"}),
    ],
)
def test_runs_refute_what_is_false(name: str, changes: dict[str, str]) -> None:
    claim = replace(STATED[name], **changes)
    assert refuted(claim, "seed").startswith("false holds")


def test_no_edited_theorem_is_settled_against_runs() -> None:
    settled = [settled_theorem(what, theorem, LIMIT) for what, theorem in edited(0)]
    found = [result for result in settled if result is not None]
    assert not [result for result in found if result.wrong and result.name not in GAPS]
    assert len(found) > 40

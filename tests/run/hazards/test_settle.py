"""Theorems about floats settle as they are stated, and the checks behind them can fail."""

from __future__ import annotations

from dataclasses import replace

import pytest
from symopt.specs.theorems.floats import THEOREMS

from symopt.catalogue import resolve
from symopt.errors import SpecError, UsageError
from symopt.lang.theorem import InFloats
from symopt.passes.tracing import trace
from symopt.run.hazards.kinds import hazard
from symopt.run.hazards.settle import _check_never, settle_in_floats
from symopt.run.hazards.subject import subject
from symopt.theorems.settle import settle

pytest.importorskip("ml_dtypes")


@pytest.mark.parametrize("theorem", THEOREMS, ids=lambda theorem: theorem.name)
def test_theorems_settle_as_stated(theorem: object) -> None:
    found = settle(theorem)  # type: ignore[arg-type]
    assert found.as_stated, found.text()
    assert found.check.passed, found.text()
    assert found.seconds < 4


def test_an_exclusion_that_is_wrong_is_noticed() -> None:
    """Of another type the argument is wrong: float16 has the zero that float32 excludes."""
    found = hazard("adam", "float32", "denominator is zero")
    assert _check_never(subject("adam", "float32"), found, None).passed
    there = hazard("adam", "float16", "denominator is zero")
    assert not _check_never(subject("adam", "float16"), replace(found, seen=there.seen), None).passed


def test_a_missing_package_leaves_it_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    from symopt.errors import MissingToolError
    from symopt.run.hazards import kinds

    def missing(*_: object) -> None:
        raise MissingToolError("NumPy has no bfloat16 without ml_dtypes: pip install ml_dtypes")

    monkeypatch.setattr(kinds, "subject", missing)
    claim = InFloats("adam", "bfloat16", "eps is zero")
    found = settle_in_floats(claim, trace(resolve("adam")), 10.0)
    assert found.verdict == "unknown"
    assert "ml_dtypes" in found.reason


def test_bad_claims() -> None:
    adam = trace(resolve("adam"))
    with pytest.raises(SpecError, match="'big' is no number"):
        settle_in_floats(InFloats("adam", "float16", "square overflows", most="big"), adam, 10.0)
    with pytest.raises(UsageError, match="a positive number is meant"):
        settle_in_floats(InFloats("adam", "float16", "square overflows", most="-1"), adam, 10.0)
    with pytest.raises(UsageError, match="no hazard is called"):
        settle_in_floats(InFloats("adam", "float16", "square explodes"), adam, 10.0)

"""Every defect is a rule that loads like a user's file, and runs in floating point bear its verdict out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from float_run import FloatArithmetic

from symopt.catalogue import resolve
from symopt.docs import defects as page
from symopt.ir.evaluate import evaluate
from symopt.ir.trace import Trace
from symopt.passes.tracing import trace

CASES = [(title, case) for title, of_kind in page.cases() for case in of_kind]
NO_DEFECT = "Reported, and no defect"
STEPS = 4


@pytest.mark.parametrize(("title", "case"), CASES, ids=[case.left for _, case in CASES])
def test_runs_in_floating_point_differ_where_there_is_a_defect(title: str, case: page.Case) -> None:
    """Another evaluation, another arithmetic, no prover: with one value for each name both run side by side."""
    left, right = case.sides
    hypers = {hyper.name: value_of(hyper.default) for trace in (right, left) for hyper in trace.hypers}
    away = max(
        float(np.max(np.abs(run(left, hypers, start, gradient) - run(right, hypers, start, gradient))))
        for start in (np.array([[0.5, -0.25, 1.0]]), np.zeros((1, 3)))
        for gradient in (rising, falling)
    )
    assert away < 1e-12 if title == NO_DEFECT else away > 1e-6


def value_of(default: Any) -> float:
    """Values at which nothing that a hyper-parameter does is too small to see."""
    value = float(default)
    return value if 0.1 <= abs(value) < 1 or value >= 2 else 0.25


def rising(p: Any, t: int) -> Any:
    return np.cos(np.arange(3.0) + p) * t


def falling(p: Any, t: int) -> Any:
    return (np.array([1.0, 0.5, 2.0]) + 0.1 * p) * 4.0**-t


def run(rule: Trace, hypers: Mapping[str, float], start: Any, gradient: Callable[[Any, int], Any]) -> Any:
    """The parameter after some steps."""
    p = start
    sizes = {"rows": 1.0, "cols": 3.0, "size": 3.0}
    known = {**hypers, **sizes}
    arithmetic = FloatArithmetic()
    first = evaluate([state.init for state in rule.states], {**known, "p": p}, arithmetic)
    states = {state.name: value for state, value in zip(rule.states, first, strict=True)}
    new = rule.step()
    for t in range(1, STEPS + 1):
        with np.errstate(all="ignore"):
            values = {**known, **states, "p": p, "t": float(t), rule.queries[0].name: gradient(p, t)}
            found = dict(zip(new, evaluate(list(new.values()), values, arithmetic), strict=True))
        p = np.nan_to_num(np.broadcast_to(found.pop("p"), start.shape), nan=1e6)
        states = found
    return p


def test_every_defect_is_a_rule_of_its_own() -> None:
    for _, case in CASES:
        found = resolve(str(Path(page.__file__).parents[2] / page.written(case.left)))
        assert found.name == case.left
        assert type(found).__doc__.endswith(".")
        assert all(report in found.source for report in case.reports)
        assert trace(found).lets

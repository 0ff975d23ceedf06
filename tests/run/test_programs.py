"""Programs do what their traces say: every rule, and random ones, lowered and run stage by stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from symopt import catalogue
from symopt.errors import UnsupportedError
from symopt.ir.nodes import MatOp, Reduce, walk
from symopt.ir.program import Program
from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace
from symopt.run.hostile import inside
from tests.run.program_run import Arrays, ProgramRun, first_states
from tests.run.random_rules import random_trace
from tests.run.small_rules import RULES
from tests.run.trace_run import trace_step

STEPS = 7
MATRICES = ((3, 4), (5, 2), (0, 3), (1, 1), (4, 4))
ARRAYS = ((7,), (0,), (3, 2), (1,))


def tensors(recorded: Trace, seed: int) -> Arrays:
    rng = np.random.default_rng(seed)
    # A statement with axes that leads to nothing is no part of the program, and yet of the trace.
    nodes = walk([*(let.value for let in recorded.lets), *(query.point for query in recorded.queries)])
    has_axes = any(isinstance(n, MatOp) or (isinstance(n, Reduce) and n.axis is not None) for n in nodes)
    found = [rng.standard_normal(shape) for shape in (MATRICES if has_axes or "rows" in recorded.given else ARRAYS)]
    found[-1][...] = 0.0  # a parameter, and below gradients, of zeros
    return found


def hypers_of(recorded: Trace) -> dict[str, float]:
    return {hyper.name: inside(hyper.domain, position) for position, hyper in enumerate(recorded.hypers)}


def given_to(recorded: Trace, ps: Arrays, t: int) -> dict[str, Any]:
    rng = np.random.default_rng(100 + t)
    arrays = {name: [rng.uniform(0.1, 0.9, p.shape) for p in ps] for name in ("hessian", *recorded.draws)}
    return {
        name: value for name, value in {"loss": 0.75, **arrays}.items() if name in (*recorded.given, *recorded.draws)
    }


def compare(recorded: Trace, seed: int = 0, tolerance: float = 1e-9) -> Program:
    """Steps of the program and of the trace, each from where the trace is."""
    program = lower(recorded)
    ps, hypers = tensors(recorded, seed), hypers_of(recorded)
    states = first_states(program, hypers, ps)
    run = ProgramRun(program, hypers)
    for t in range(1, STEPS + 1):
        noise = [np.random.default_rng(t).standard_normal(p.shape) * (p.size > 0 and bool(p.any())) for p in ps]
        noise = [x if t % 3 else x * 0 for x in noise]

        def oracle(points: Arrays, name: str, noise: Arrays = noise) -> Arrays:
            return [np.tanh(point) / 2 * bool(n.any()) + n * len(name) for point, n in zip(points, noise, strict=True)]

        given = given_to(recorded, ps, t)
        mine, my_states = [p.copy() for p in ps], copied(states)
        with np.errstate(all="ignore"):
            run.step(mine, my_states, t, oracle, given)
            ps, states = trace_step(recorded, hypers, ps, states, t, oracle, given)
        ps = [np.array(p) for p in ps]
        assert_equal({"p": mine, **my_states}, {"p": ps, **states}, tolerance, t)
    return program


def copied(states: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: [x.copy() if isinstance(x, np.ndarray) else x for x in value] if isinstance(value, list) else value
        for name, value in states.items()
    }


def assert_equal(mine: Mapping[str, Any], theirs: Mapping[str, Any], tolerance: float, t: int) -> None:
    assert list(mine) == list(theirs)
    for name, value in mine.items():
        pairs = zip(*(v if isinstance(v, list) else [v] for v in (value, theirs[name])), strict=True)
        for a, b in pairs:
            assert np.shape(a) == np.shape(b), name
            finite = np.abs(np.asarray(b))[np.isfinite(b)]
            scale = float(np.max(finite, initial=1e-300))
            np.testing.assert_allclose(a, b, rtol=0, atol=tolerance * scale, err_msg=f"{name} after step {t}")


def configured() -> list[Rule]:
    return [variant for name in catalogue.rule_names() for variant in catalogue.rule(name).variants()]


@pytest.mark.parametrize("rule", [cls() for cls in RULES], ids=lambda rule: rule.name)
def test_small_rules_of_every_class(rule: Rule) -> None:
    compare(trace(rule))


@pytest.mark.parametrize("rule", configured(), ids=lambda rule: rule.title)
def test_the_catalogue(rule: Rule) -> None:
    compare(trace(rule))


@pytest.mark.parametrize("block", range(6))
def test_random_rules(block: int) -> None:
    made = 0
    for seed in range(40 * block, 40 * block + 40):
        try:
            compare(random_trace(seed), seed)
            made += 1
        except UnsupportedError:
            continue
    assert made > 20

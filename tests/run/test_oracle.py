"""Kernels against exact steps: a right one is within the bound, and one that is off is not. No kernel is generated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from symopt.backends.base import Variant, variants_of
from symopt.ir.nodes import op, ref
from symopt.ir.program import Phase, Program, Sweep
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace
from symopt.run.check import exact_trials, varied
from symopt.run.hostile import MILD, ZERO_GRADIENTS, ZERO_PARAMETERS
from symopt.run.oracle import Distance, against_exact, apart, measures
from symopt.run.trial import Trial
from tests.run.program_run import ProgramKernel
from tests.run.random_rules import random_trace
from tests.run.small_rules import RULES

STEPS = 4


class Off:
    """A kernel whose parameters are off, in one step, by a part of themselves."""

    def __init__(self, kernel: ProgramKernel, part: float, at: int = 2) -> None:
        self.kernel, self.part, self.at = kernel, part, at
        self.init, self.point = kernel.init, kernel.point

    def step(self, p: Any, g: Any, states: Any, t: int, /, **given: Any) -> None:
        self.kernel.step(p, g, states, t, **given)
        for array in p if isinstance(p, list) else [p]:
            array[...] *= 1 + self.part * (t == self.at)


def measured(trials: Sequence[Trial], kernel: Any) -> Distance:
    found = Distance()
    for trial in trials:
        found = found.joined(against_exact(trial, kernel, STEPS))
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_rules_of_every_class_are_within_their_bounds_and_no_further(rule: type[Rule]) -> None:
    """Double precision; that the share comes near to one says that the bound is no larger than it must be."""
    (variant,) = variants_of(rule)
    trials, kernel = exact_trials(variant, "float64"), ProgramKernel(variant.program)
    right = measured(trials, kernel)
    assert right.compared > 40
    assert 0.1 < right.share <= 1
    assert measured(trials, Off(kernel, 1e-5)).share > 1


@pytest.mark.parametrize("feed", [ZERO_PARAMETERS, ZERO_GRADIENTS], ids=lambda feed: feed.name)
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_tensors_of_zeros(rule: type[Rule], feed: Any) -> None:
    (variant,) = variants_of(rule)
    shapes = [(3, 2), (0, 2)] if variant.program.over_model else [(3, 2)]
    found = against_exact(
        Trial(variant, "float64", varied(variant), shapes, feed), ProgramKernel(variant.program), STEPS
    )
    assert found.compared > 0
    assert found.share <= 1


def test_random_rules_are_within_their_bounds() -> None:
    compared = 0
    for seed in range(60):
        recorded = random_trace(seed)
        try:
            program = lower(recorded)
        except Exception:  # what kernels cannot do is refused, and a matter of other tests
            continue
        variant = Variant(next(iter(RULES))(), "", recorded, program)
        shapes = [(3, 2), (0, 2), (2, 2)] if program.over_model else [(3, 2)]
        found = against_exact(Trial(variant, "float64", {"lr": 0.25}, shapes, MILD), ProgramKernel(program), 2)
        assert found.share <= 1, seed
        compared += found.compared
    assert compared > 400


def changed(program: Program, name: str) -> Program:
    """A program in which one statement of the step adds g to what it should be."""
    step: Phase = program.step
    segments = []
    for segment in step.segments:
        stages = []
        for stage in segment.stages:
            if isinstance(stage, Sweep):
                body = [replace(b, value=op("add", b.value, ref("g"))) if b.name == name else b for b in stage.body]
                stages.append(replace(stage, body=tuple(body)))
            else:
                stages.append(stage)
        segments.append(replace(segment, stages=tuple(stages)))
    return replace(program, phases=(*program.phases[:-1], replace(step, segments=tuple(segments))))


@pytest.mark.parametrize(("rule", "statement"), [("trust", "m_new"), ("newton", "b_new"), ("global_clip", "m_new")])
def test_a_wrong_formula_is_seen(rule: str, statement: str) -> None:
    """A pass that changes the mathematics leaves all kernels equal; only the trace knows better."""
    (cls,) = [cls for cls in RULES if cls.name == rule]
    (right,) = variants_of(cls)
    wrong = replace(right, program=changed(right.program, statement))
    assert wrong.program != right.program
    assert measured(exact_trials(wrong, "float64"), ProgramKernel(wrong.program)).share > 1


def test_a_point_is_compared_too() -> None:
    (cls,) = [cls for cls in RULES if cls.name == "sharpness"]
    (variant,) = variants_of(cls)
    kernel = ProgramKernel(variant.program)

    class OffPoint(Off):
        def __init__(self) -> None:
            super().__init__(kernel, 0.0)
            self.point = lambda *args, **given: [x * 1.001 for x in kernel.point(*args, **given)]

    assert measured(exact_trials(variant, "float64"), OffPoint()).share > 1


def test_two_kernels_may_each_be_off_by_the_bound_and_numbers_count() -> None:
    (cls,) = [cls for cls in RULES if cls.name == "number_state"]
    (variant,) = variants_of(cls)
    trial = Trial(variant, "float64", varied(variant), [(9,)], MILD)
    kernel = ProgramKernel(variant.program)
    before, after = trial.path(kernel, 1)
    limits = measures(trial, before, after, 1)
    assert apart(after, after, limits, signed_zeros=True) == Distance(0, 0, 9 + 9 + 1)
    nudged = {name: [array.copy() for array in arrays] for name, arrays in after.items()}
    nudged["nu"][0] += 3 * np.float64(limits["nu"][0].limit)  # type: ignore[union-attr]
    assert 2.5 < apart(after, nudged, limits, signed_zeros=True).share < 3.5


def test_an_empty_tensor_must_stay_as_it_is() -> None:
    (cls,) = [cls for cls in RULES if cls.name == "number_state"]
    (variant,) = variants_of(cls)
    trial = Trial(variant, "float64", varied(variant), [(0,)], MILD)
    before, after = trial.path(ProgramKernel(variant.program), 1)
    other = {**after, "nu": [np.array([1.0])]}
    assert np.isinf(apart(after, other, measures(trial, before, after, 1), signed_zeros=True).share)


def test_the_path_of_a_trial_begins_with_the_initial_states() -> None:
    """Arrays have the shapes of their kind: rows and columns of values, squares, numbers of one element."""
    (cls,) = [cls for cls in RULES if cls.name == "factored"]
    (variant,) = variants_of(cls)
    start = Trial(variant, "float64", varied(variant), [(3, 4)], MILD).start(ProgramKernel(variant.program))
    assert {name: [a.shape for a in arrays] for name, arrays in start.items()} == {
        "p": [(3, 4)], "row": [(3, 1)], "col": [(1, 4)],
    }  # fmt: skip
    recorded = trace(next(cls for cls in RULES if cls.name == "distance")())
    model = Variant(RULES[0](), "", recorded, lower(recorded))
    start = Trial(model, "float64", varied(model), [(2,), (3,)], MILD).start(ProgramKernel(model.program))
    assert [(name, len(arrays)) for name, arrays in start.items()] == [
        ("p", 2),
        ("d", 1),
        ("r", 1),
        ("p0", 2),
        ("w", 2),
    ]

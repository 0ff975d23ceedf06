"""Passes that promise to preserve rounding do, on every variant of every rule."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from numbers_of_passes import inputs_of, results, same_bits

from symopt import catalogue
from symopt.ir.nodes import MatOp, Reduce, walk
from symopt.ir.trace import Trace
from symopt.lang import Rule
from symopt.passes.pipeline import PASSES, stages
from symopt.passes.tracing import trace

RULES = [rule for name in catalogue.rule_names() for rule in catalogue.rule(name).variants()]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.title)
def test_a_stage_rounds_as_it_says(rule: Rule) -> None:
    found = stages(trace(rule))
    values = inputs_of(found[0].trace)
    for before, after in itertools.pairwise(found):
        left, right = results(before.trace, values), results(after.trace, values)
        if after.preserves_rounding:
            assert same_bits(left, right), after.name
    first, last = results(found[0].trace, values), results(found[-1].trace, values)
    assert_close(found[0].trace, values, first, last)


def assert_close(recorded: Trace, values: Mapping[str, Any], first: Mapping[str, Any], last: Mapping[str, Any]) -> None:
    """What is computed changes by no more than roundings; sums that cancel are left out by scale."""
    is_wide = any(isinstance(node, Reduce | MatOp) for node in walk([let.value for let in recorded.lets]))
    for name in first:
        scale = np.maximum(np.abs(first[name]), np.abs(np.broadcast_to(values[name], first[name].shape)))
        usable = np.isfinite(scale) & (scale > 1e-290)
        # A sum over elements can cancel where none of the values around it shows it.
        bound = 1e-10 * np.max(scale[usable], initial=0.0) if is_wide else 1e-14 * scale[usable]
        np.testing.assert_array_less(np.abs(first[name] - last[name])[usable], bound + 1e-300)


def test_the_reciprocals_are_what_changes_rounding() -> None:
    assert [step.name for step in PASSES if not step.preserves_rounding] == ["use reciprocals"]
    found = {stage.name: stage.trace for stage in stages(trace(catalogue.rule("adam")()))}
    values = inputs_of(found["freeze"])
    assert not same_bits(results(found["expand powers"], values), results(found["use reciprocals"], values))

"""``symopt check`` of a rule with a schedule: the kernels that are compared are those of the schedule."""

from __future__ import annotations

from typing import Any

import pytest

from symopt import catalogue
from symopt.backends.base import Variant
from symopt.lang import Expr, Hyper, Rule, Schedule, cos, minimum, pi
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace
from symopt.run.check import check, varied
from symopt.run.hostile import HOSTILE
from symopt.run.modules import NumPyKernel, load_module
from symopt.run.oracle import against_exact
from symopt.run.trial import Trial

TARGET = "adamw[lr=cosine(steps=50)]"


class OneStepLate(Schedule):
    """The cosine schedule with a frequent mistake: its first step is epoch 1."""

    steps = Hyper(50)
    least = Hyper(0)

    def value(s) -> Expr:
        return s.least + (s.base - s.least) * (1 + cos(pi * minimum(s.t, s.steps) / s.steps)) / 2


def variant_of(rule: Rule) -> Variant:
    recorded = trace(rule)
    return Variant(rule, "", recorded, lower(recorded))


def share(right: Variant, kernel: Any) -> float:
    return against_exact(Trial(right, "float64", varied(right), [(24,)], HOSTILE), kernel, 4).share


def test_the_schedule_is_checked_and_is_right() -> None:
    report = check([catalogue.resolve(TARGET)])
    assert report.exit_status == 0, report.text()
    assert [row.rule for row in report.rows] == [TARGET] * 2
    # What the rule is compared with has no schedule.
    assert {row.original.text for row in report.rows} == {""}


def test_a_fixed_value_is_checked_as_it_is() -> None:
    assert [row.rule for row in check([catalogue.resolve("sgd[lr=0.5]")]).rows] == ["sgd[lr=0.5]"] * 2


def test_a_kernel_of_another_schedule_fails() -> None:
    right, late = variant_of(catalogue.resolve(TARGET)), variant_of(catalogue.rule("adamw")(lr=OneStepLate()))
    assert 0 < share(right, NumPyKernel(load_module("numpy", [right]), right)) <= 1
    assert share(right, NumPyKernel(load_module("numpy", [late]), late)) > 1


def test_a_schedule_is_checked_at_the_values_that_it_is_set_to() -> None:
    hypers = varied(variant_of(catalogue.resolve("adamw[lr=cosine(steps=50)]")))
    assert (hypers["lr_steps"], hypers["lr_least"]) == (50, 0)
    # No landmark of the domain, which 0.001 is not either, but it is the default.
    assert hypers["lr"] not in {0, 0.001}


@pytest.mark.parametrize("name", catalogue.schedule_names())
def test_numpy_is_within_the_rounding_errors_of_every_schedule(name: str) -> None:
    right = variant_of(catalogue.resolve(f"sgd[lr={name}]"))
    assert 0 < share(right, NumPyKernel(load_module("numpy", [right]), right)) <= 1

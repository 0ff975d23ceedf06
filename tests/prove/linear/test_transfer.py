"""Displacements, steady steps and rests, against long runs in floats that are written by hand."""

from __future__ import annotations

import pytest

from symopt.catalogue import resolve
from symopt.errors import UsageError
from symopt.lang.theorem import Displacement, EqualWhere, RestsWhere, SteadyStep
from symopt.passes.tracing import trace
from symopt.prove.linear.branches import settle_equal_where
from symopt.prove.linear.displacement import settle_displacement, settle_steady
from symopt.prove.linear.rest import settle_rests
from symopt.prove.settlement import Settlement

LR, MU = 0.2, 0.9


def heavy_ball(gradients: list[float]) -> list[float]:
    p, v, found = 0.0, 0.0, []
    for g in gradients:
        v = MU * v - LR * g
        p += v
        found.append(p)
    return found


def displacement(rule: str, total: str, *given: str) -> Settlement:
    return settle_displacement(Displacement(rule, total, given), trace(resolve(rule)), 10)


def test_the_total_displacement_is_where_a_long_run_ends() -> None:
    assert heavy_ball([1.0] + [0.0] * 2000)[-1] == pytest.approx(-LR / (1 - MU))
    settled = displacement("heavy_ball", "-lr/(1 - mu)", "mu < 1")
    assert settled.verdict == "holds"
    assert settled.check.passed


def test_the_steady_step_is_that_of_a_long_run() -> None:
    path = heavy_ball([1.0] * 2000)
    assert path[-1] - path[-2] == pytest.approx(-LR / (1 - MU))
    settled = settle_steady(SteadyStep("heavy_ball", "-lr/(1 - mu)", ("mu < 1",)), trace(resolve("heavy_ball")), 10)
    assert settled.verdict == "holds"
    assert settled.check.passed


@pytest.mark.parametrize(
    ("rule", "total", "given"),
    [
        ("heavy_ball", "-lr", ("mu < 1",)),
        ("heavy_ball", "lr/(1 - mu)", ("mu < 1",)),
        ("heavy_ball", "-lr/(1 - mu)", ()),
        ("momentum_ema", "-lr/(1 - mu)", ()),
        ("sgd[momentum=True,dampening=True]", "-lr/(1 - mu)", ("mu < 1",)),
        ("sgd[momentum=True,dampening=True]", "-lr*(1 - tau)/(1 - mu)", ("mu < 1",)),
    ],
)
def test_other_totals_are_refuted(rule: str, total: str, given: tuple[str, ...]) -> None:
    settled = displacement(rule, total, *given)
    assert settled.verdict == "fails"
    assert settled.check.passed


def test_rest_of_decay_beside_momentum_depends_on_momentum() -> None:
    """On the loss (p - 1)**2/2 the run ends where the gradient p - 1 is -weight_decay*(1 - mu)*p."""
    p, b, decay = 0.0, 0.0, 0.5
    for _ in range(4000):
        b = MU * b + (p - 1)
        p -= LR * b + LR * decay * p
    assert p - 1 == pytest.approx(-decay * (1 - MU) * p)
    rule = trace(resolve("sgdw"))
    assert settle_rests(RestsWhere("sgdw", "-weight_decay*(1 - mu)*p"), rule, 10).verdict == "holds"
    wrong = settle_rests(RestsWhere("sgdw", "-weight_decay*p"), rule, 10)
    assert wrong.verdict == "fails"
    assert wrong.check.passed


def equal_where(left: str, right: str, *branches: str) -> Settlement:
    return settle_equal_where(EqualWhere(left, right, branches), trace(resolve(left)), 10)


def test_branches_must_be_all_and_no_others() -> None:
    every = ("mu = 0", "sigma = 1/(1 - mu): lr = lr/(1 - mu)")
    assert equal_where("sum_momentum", "sgd", *every).verdict == "holds"
    assert equal_where("sum_momentum", "sgd", *every, "sigma = 0").verdict == "fails"
    missing = equal_where("sum_momentum", "sgd", every[0])
    assert missing.verdict == "fails"
    assert missing.counterexample == {"equal also where": every[1]}
    assert equal_where("sum_momentum", "sgd", every[0], "sigma = 1/(1 - mu): lr = lr").verdict == "fails"


def test_malformed_branches_are_refused() -> None:
    with pytest.raises(UsageError, match="no part of a branch"):
        equal_where("qhm", "sgd", "nu")
    with pytest.raises(UsageError, match="no hyper-parameter 'eta'"):
        equal_where("qhm", "sgd", "eta = 0")

"""Rules of the Adam family that no framework states exactly, against their formulas."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from float_run import Array, assert_close, hostile, run
from formulas import (
    STEPS,
    assert_rule_is_its_formula,
    compares,
    corrections,
    formula,
    moments,
    states_of,
    values_of,
    written_in,
)

from symopt import catalogue


@formula("nadam_ruder")
def nadam_ruder(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    return p - h.lr / (np.sqrt(v / c2) + h.eps) * (h.beta1 * m + (1 - h.beta1) * g) / c1


@formula("radam_paper")
def radam_paper(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    longest = 2 / (1 - h.beta2) - 1
    length = longest - 2 * t * h.beta2**t / c2
    if length <= 4:
        return p - h.lr * m / c1
    r = math.sqrt((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length))
    with np.errstate(invalid="ignore", divide="ignore"):  # 0/0 where every gradient was zero
        return p - h.lr * r * (m / c1) * np.sqrt(c2 / v)


def clipped(alpha, v, t, h):
    lower, upper = h.final_lr * (1 - 1 / (h.gamma * t + 1)), h.final_lr * (1 + 1 / (h.gamma * t))
    return np.clip(alpha / (np.sqrt(v) + h.eps), lower, upper)


@formula("adabound")
def adabound(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    return p - clipped(h.lr * math.sqrt(c2) / c1, v, t, h) * m


@formula("adabound[amsgrad=True]")
def amsbound(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    s.v_max = np.maximum(s.v_max, v)
    return p - clipped(h.lr * math.sqrt(c2) / c1, s.v_max, t, h) * m


@formula("diffgrad")
def diffgrad(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    s.g_prev, change = g, s.g_prev - g
    return p - h.lr * (m / c1) / (np.sqrt(v / c2) + h.eps) / (1 + np.exp(-np.abs(change)))


@formula("laprop")
def laprop(p, g, t, s, h):
    c1, c2 = corrections(t, h)
    s.v = h.beta2 * s.v + (1 - h.beta2) * g**2
    s.m = h.beta1 * s.m + (1 - h.beta1) * g / (np.sqrt(s.v / c2) + h.eps)
    return p - h.lr / c1 * s.m


@pytest.mark.parametrize("target", written_in(__name__))
def test_rule_is_its_formula(target: str) -> None:
    assert_rule_is_its_formula(target)


@compares("sophia")
def test_sophia_with_an_estimate_in_every_third_step() -> None:
    """The estimates of the other steps are not read: they are NaN here."""
    rule = catalogue.resolve("sophia")
    hypers = values_of(rule)
    gradients, estimates = hostile(STEPS), hostile(STEPS, seed=1)
    estimates[[t - 1 for t in range(1, STEPS + 1) if t % 3 != 1]] = np.nan
    start = p = np.linspace(-2.0, 2.0, gradients.shape[1])
    m = h = np.zeros_like(p)
    expected = []
    for t, (g, estimate) in enumerate(zip(gradients, estimates, strict=True), 1):
        m = 0.6 * m + 0.4 * g
        if t % 3 == 1:
            h = 0.75 * h + 0.25 * estimate
        p = p - 0.3 * 0.2 * p
        p = p - 0.3 * np.clip(m / np.maximum(h, 0.05), -0.7, 0.7)
        expected.append(p)
    reached = states_of(rule, hypers, start, {"g": gradients, "hessian": estimates})
    assert_close([after["p"] for after in reached], expected)


def test_sophia_is_that_of_pytorch_optimizer() -> None:
    """It reads an estimate in every step in which it is given one."""
    torch, package = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")
    gradients, estimates = hostile(STEPS), hostile(STEPS, seed=1)
    start = np.linspace(-2.0, 2.0, gradients.shape[1])
    parameter = torch.nn.Parameter(torch.tensor(start))
    optimizer = package.SophiaH([parameter], lr=0.3, betas=(0.6, 0.75), weight_decay=0.2, p=0.7, eps=0.05)
    expected = []
    for gradient, estimate in zip(gradients, estimates, strict=True):
        parameter.grad = torch.tensor(gradient)
        optimizer.step(hessian=[torch.tensor(estimate)])
        expected.append(parameter.detach().numpy().copy())
    rule = catalogue.resolve("sophia")
    reached = states_of(rule, values_of(rule) | {"period": 1}, start, {"g": gradients, "hessian": estimates})
    assert_close([after["p"] for after in reached], expected)


ORDINARY = np.random.default_rng(3).choice([-1.0, 1.0], (STEPS, 24)) * np.geomspace(0.5, 2.0, 24)


def reach(name: str, hypers: Mapping[str, Any]) -> list[Array]:
    """What an optimizer of pytorch_optimizer reaches on gradients none of which is small."""
    torch, package = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")
    parameter = torch.nn.Parameter(torch.linspace(-2.0, 2.0, ORDINARY.shape[1], dtype=torch.float64))
    optimizer = getattr(package, name)([parameter], foreach=False, **hypers)
    reached = []
    for gradient in ORDINARY:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        reached.append(parameter.detach().numpy().copy())
    return reached


@pytest.mark.parametrize(
    ("target", "name", "theirs"),
    [
        ("adabound", "AdaBound", {"final_lr": 0.2, "gamma": 0.3, "eps": 0.05}),
        ("adabound[amsgrad=True]", "AdaBound", {"final_lr": 0.2, "gamma": 0.3, "eps": 0.05, "ams_bound": True}),
        # What is added to sqrt(v) there is added to sqrt(v_hat) here; without eps there is no difference.
        ("diffgrad", "DiffGrad", {"eps": 0.0}),
        ("laprop", "LaProp", {"eps": 0.0}),
    ],
)
def test_rule_is_that_of_pytorch_optimizer(target: str, name: str, theirs: dict[str, Any]) -> None:
    """It adds 1e-15 to v inside the root, which does not show where no gradient is small."""
    expected = reach(name, {"lr": 0.3, "betas": (0.6, 0.75), **theirs})
    rule = catalogue.resolve(target)
    hypers = values_of(rule) | ({"eps": 0.0} if theirs["eps"] == 0 else {})
    start = np.linspace(-2.0, 2.0, ORDINARY.shape[1])
    reached = run(rule, hypers, start, lambda point, t: ORDINARY[t - 1], STEPS)
    np.testing.assert_allclose(reached, expected, rtol=1e-10, atol=1e-13)

"""Every branch of the momentum family, from left to right and from right to left, with the value it must have."""

from __future__ import annotations

import pytest

from symopt.prove.compare import compare

PAIRS = [
    ("qhm", "heavy_ball", "nu = 1", {"lr": "lr*(1 - mu)"}),
    ("heavy_ball", "qhm", "", {"lr": "lr/(1 - mu)", "nu": "1"}),
    ("qhm", "sgd", "nu = 0", {}),
    ("sgd", "qhm", "also equal when the right has nu = 0", {"mu": "0"}),
    ("qhm", "sgd[momentum=True,nesterov=True]", "nu = mu", {"lr": "lr*(1 - mu)"}),
    ("sgd[momentum=True,nesterov=True]", "qhm", "", {"lr": "lr/(1 - mu)", "nu": "mu"}),
    ("sum_momentum", "sgd", "also equal when sigma = 1/(1 - mu) and the right has lr = lr/(1 - mu), if mu < 1", {}),
    ("sum_momentum", "heavy_ball", "sigma = 0", {}),
    ("sum_momentum", "sgd[momentum=True,nesterov=True]", "sigma = 1", {}),
    ("sum_momentum[mu=0.5,sigma=2]", "sgd", "", {"lr": "2*lr"}),
    ("triple_momentum", "heavy_ball", "gamma = 0", {"mu": "beta"}),
    ("triple_momentum", "nag", "gamma = beta", {"mu": "beta"}),
    ("triple_momentum", "sgd", "gamma = beta/(1 - beta)", {"lr": "lr/(1 - beta)"}),
    ("triple_momentum", "qhm", "delta = gamma", {"mu": "beta", "nu": "(beta*gamma + beta - gamma)/beta"}),
    ("qhm", "triple_momentum", "", {"beta": "mu", "gamma": "mu*(1 - nu)/(1 - mu)"}),
    ("sum_momentum", "triple_momentum", "", {"beta": "mu", "gamma": "mu*sigma"}),
    ("triple_momentum", "sum_momentum", "delta = gamma", {"mu": "beta", "sigma": "gamma/beta"}),
    ("lion", "signum", "beta2 = beta1", {"mu": "beta1"}),
    ("signum", "lion", "", {"beta1": "mu", "beta2": "mu"}),
]


@pytest.mark.parametrize(("left", "right", "condition", "maps"), PAIRS)
def test_a_branch_is_found(left: str, right: str, condition: str, maps: dict[str, str]) -> None:
    verdict = compare(left, right)
    assert verdict.verdict == "equal-if", verdict.text()
    assert not condition or condition in verdict.conditions, verdict.conditions
    assert maps.items() <= dict(verdict.hyper_map or {}).items()


@pytest.mark.parametrize(("left", "right"), [("heavy_ball", "nag"), ("nag", "heavy_ball")])
def test_that_none_exists_is_proved_by_transfer_functions(left: str, right: str) -> None:
    verdict = compare(left, right)
    assert verdict.verdict == "different"
    assert "equal when mu = 0" in verdict.conditions
    assert any(method.startswith("no map of constant hyper-parameters exists") for method in verdict.method)


def test_what_is_not_linear_names_the_class_that_was_searched() -> None:
    verdict = compare("adamw", "adam_l2")
    assert any(method.startswith("no map was found") for method in verdict.method)

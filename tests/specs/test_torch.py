"""Every rule that torch.optim has, in every variant, against torch.optim."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from float_run import assert_close, hostile, run

from symopt import catalogue
from symopt.lang import Hyper, Rule

torch = pytest.importorskip("torch")

STEPS = 12
# Values at which every hyper-parameter shows in the result: eps far from negligible, decay large.
VALUES = {
    "lr": 0.3, "mu": 0.8, "tau": 0.4, "rho": 0.7, "weight_decay": 0.2, "eps": 0.05, "beta1": 0.6, "beta2": 0.75,
    "lr_decay": 0.1, "initial_accumulator": 0.3,
}  # fmt: skip
Values = Mapping[str, float]


def sgd(rule: Rule, h: Values) -> Any:
    return torch.optim.SGD, {
        "momentum": h.get("mu", 0), "dampening": h.get("tau", 0), "nesterov": rule.options["nesterov"],
        "weight_decay": h.get("weight_decay", 0),
    }  # fmt: skip


def adam(rule: Rule, h: Values) -> Any:
    return torch.optim.Adam, {
        "betas": (h["beta1"], h["beta2"]), "eps": h["eps"], "weight_decay": h.get("weight_decay", 0),
        "amsgrad": rule.name == "amsgrad" or rule.options.get("amsgrad", False),
    }  # fmt: skip


def adamw(rule: Rule, h: Values) -> Any:
    return torch.optim.AdamW, adam(rule, h)[1]


def adagrad(rule: Rule, h: Values) -> Any:
    return torch.optim.Adagrad, {
        "lr_decay": h["lr_decay"], "weight_decay": h.get("weight_decay", 0), "eps": h["eps"],
        "initial_accumulator_value": h["initial_accumulator"],
    }  # fmt: skip


def rmsprop(rule: Rule, h: Values) -> Any:
    return torch.optim.RMSprop, {
        "alpha": h["rho"], "eps": h["eps"], "momentum": h.get("mu", 0), "centered": rule.options["centered"],
        "weight_decay": h.get("weight_decay", 0),
    }  # fmt: skip


def adadelta(rule: Rule, h: Values) -> Any:
    return torch.optim.Adadelta, {"rho": h["rho"], "eps": h["eps"], "weight_decay": h.get("weight_decay", 0)}


def adamax(rule: Rule, h: Values) -> Any:
    return torch.optim.Adamax, {
        "betas": (h["beta1"], h["beta2"]),
        "eps": h["eps"],
        "weight_decay": h.get("weight_decay", 0),
    }


TORCH: Mapping[str, Callable[[Rule, Values], Any]] = {
    "sgd": sgd, "adam": adam, "adam_l2": adam, "amsgrad": adam, "adamw": adamw, "adagrad": adagrad,
    "rmsprop": rmsprop, "adadelta": adadelta, "adamax": adamax,
}  # fmt: skip


def run_torch(rule: Rule, hypers: Values, p: Any, gradients: Any) -> list[Any]:
    make, arguments = TORCH[rule.name](rule, hypers)
    parameter = torch.nn.Parameter(torch.tensor(p, dtype=torch.float64))
    optimizer = make([parameter], lr=hypers["lr"], **arguments)
    reached = []
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        reached.append(parameter.detach().numpy().copy())
    return reached


@pytest.mark.parametrize(
    "rule", [rule for name in TORCH for rule in catalogue.rule(name).variants()], ids=lambda rule: rule.title
)
def test_rule_is_that_of_torch(rule: Rule) -> None:
    hypers = {name: VALUES[name] for name, hyper in rule.declared(Hyper).items() if rule.exists(hyper)}
    gradients = hostile(STEPS)
    p = np.linspace(-2.0, 2.0, gradients.shape[1])
    ours = run(rule, hypers, p, lambda point, t: gradients[t - 1], STEPS)
    assert_close(ours, run_torch(rule, hypers, p, gradients))

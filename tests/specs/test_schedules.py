"""Schedules against torch.optim.lr_scheduler, and their first values by hand."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from float_run import FloatArithmetic

from symopt import catalogue
from symopt.ir.evaluate import evaluate_step
from symopt.passes.tracing import trace

BASE = 0.4
STEPS = 40


def values(schedule: str, steps: int = STEPS) -> list[float]:
    """The learning rate at steps 1, 2, ... of gradient descent with the schedule."""
    frozen = trace(catalogue.resolve(f"sgd[lr={schedule}]"))
    inputs: dict[str, Any] = {hyper.name: np.float64(hyper.default) for hyper in frozen.hypers}
    inputs |= {"lr": np.float64(BASE), "p": np.float64(0), "g": np.float64(1)}
    name = frozen.scheduled["lr"]
    with np.errstate(all="ignore"):
        return [
            float(evaluate_step(frozen, inputs | {"t": np.float64(t)}, FloatArithmetic())[name])
            for t in range(1, steps + 1)
        ]


def torch_values(make: Callable[[Any, Any], Any], steps: int = STEPS) -> list[float]:
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make(torch.optim.lr_scheduler, optimizer)
    reached = []
    for step in range(steps):
        reached.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if step < steps - 1:
            scheduler.step()
    return reached


@pytest.mark.parametrize(
    ("schedule", "make"),
    [
        ("constant", lambda lib, o: lib.ConstantLR(o, factor=1)),
        ("step(factor=0.5,period=7)", lambda lib, o: lib.StepLR(o, 7, gamma=0.5)),
        ("exponential(factor=0.9)", lambda lib, o: lib.ExponentialLR(o, 0.9)),
        ("inverse_time(rate=0.3)", lambda lib, o: lib.LambdaLR(o, lambda k: 1 / (1 + 0.3 * k))),
        ("polynomial(steps=30,power=2)", lambda lib, o: lib.PolynomialLR(o, 30, power=2)),
        ("cosine(steps=39,least=0.1)", lambda lib, o: lib.CosineAnnealingLR(o, 39, eta_min=0.1)),
        ("cosine_restarts(period=7,least=0.1)", lambda lib, o: lib.CosineAnnealingWarmRestarts(o, 7, eta_min=0.1)),
        ("warmup(steps=11,start=0.25)", lambda lib, o: lib.LinearLR(o, 0.25, 1, 11)),
        (
            "one_cycle(steps=40,rising=0.3,start_divisor=5,end_divisor=100)",
            lambda lib, o: lib.OneCycleLR(o, BASE, 40, pct_start=0.3, div_factor=5, final_div_factor=100),
        ),
    ],
)
def test_schedule_is_that_of_torch(schedule: str, make: Callable[[Any, Any], Any]) -> None:
    np.testing.assert_allclose(values(schedule), torch_values(make), rtol=1e-10, atol=1e-16)


@pytest.mark.parametrize("name", [n for n in catalogue.schedule_names() if n not in ("warmup", "one_cycle")])
def test_first_value_is_the_base_value(name: str) -> None:
    assert values(name, 1) == [BASE]


@pytest.mark.parametrize("schedule", ["polynomial(steps=3)", "cosine(steps=3)"])
def test_schedule_that_has_ended_stays_at_its_least_value(schedule: str) -> None:
    np.testing.assert_allclose(values(schedule, 8)[3:], 0, atol=1e-15)


def test_schedule_enters_the_rule() -> None:
    """p - (lr / 2) g at step 2, where the factor is 1/2."""
    frozen = trace(catalogue.resolve("sgd[lr=exponential(factor=0.5)]"))
    inputs = {"lr": 1, "lr_factor": Fraction(1, 2), "p": 5, "g": 2, "t": 2}
    from symopt.ir.exact import ScalarArithmetic

    exact = {name: Fraction(value) for name, value in inputs.items()}
    assert evaluate_step(frozen, exact, ScalarArithmetic())["p_new"] == 4


def test_any_hyper_parameter_follows_a_schedule() -> None:
    """The schedule multiplier of the AdamW paper, and the learning rate beside it."""
    frozen = trace(catalogue.resolve("adamw_paper[eta=cosine(steps=10),lr=warmup]"))
    assert frozen.scheduled == {"eta": "eta_t", "lr": "lr_t"}
    assert [hyper.name for hyper in frozen.hypers][-4:] == ["eta_steps", "eta_least", "lr_steps", "lr_start"]

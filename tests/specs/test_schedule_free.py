"""Schedule-free rules against optax and pytorch_optimizer, and against the three sequences of the paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from model_run import (
    GRADIENTS,
    STEPS,
    Tensors,
    assert_close,
    curved,
    parameters,
    replay,
    run_keras,
    run_model,
    run_optax,
    run_torch,
    start,
)

DATA = pytest.mark.parametrize("gradients", GRADIENTS.values(), ids=GRADIENTS)
ADAM = "beta1=0.6,beta2=0.75,eps=0.05"
# Without momentum: the averaging takes its place.
ADAMW = "adamw(beta1=0,lr=0.3,beta2=0.75,eps=0.05,weight_decay=0.2)"


@DATA
@pytest.mark.parametrize("base", ["sgd(lr=0.3)", "sgd(l2=True,lr=0.3,weight_decay=0.2)", ADAMW, f"adam(lr=0.3,{ADAM})"])
@pytest.mark.parametrize("weighted", [True, False])
def test_schedule_free_is_that_of_optax(base: str, weighted: bool, gradients: list[Tensors]) -> None:
    optax = pytest.importorskip("optax")
    power = 2.0 if weighted else 0.0

    def optimizer() -> Any:
        match base.partition("(")[0]:
            case "sgd":
                decay = 0.2 if "l2" in base else None
                return optax.contrib.schedule_free_sgd(0.3, None, 0.8, decay, power)
            case "adamw":
                return optax.contrib.schedule_free_adamw(0.3, None, 0.8, 0.75, 0.05, 0.2, power)
            case _:
                return optax.contrib.schedule_free(optax.adam(0.3, 0.6, 0.75, 0.05), 0.3, 0.8, power)

    ours = run_model(f"schedule_free[base={base},beta=0.8,weighted={weighted}]", {}, start(), curved(gradients))
    assert_close(parameters(ours), run_optax(optimizer, start(), curved(gradients)))


@DATA
@pytest.mark.parametrize("warmup", [0, 5])
def test_schedule_free_is_that_of_pytorch_optimizer(warmup: int, gradients: list[Tensors]) -> None:
    """As in the authors' code a warm-up enters the step and the weights alike: its factor at step t is t/warmup."""
    peer = pytest.importorskip("pytorch_optimizer")
    lr = f"warmup(base=0.3,steps={warmup - 1},start={1 / warmup})" if warmup else "0.3"
    ours = run_model(f"schedule_free[base=sgd(lr={lr}),beta=0.8]", {}, start(), curved(gradients))
    theirs = run_torch(
        lambda ps: peer.ScheduleFreeSGD(ps, 0.3, momentum=0.8, warmup_steps=warmup), start(), curved(gradients)
    )
    assert_close(parameters(ours), theirs)
    adam = run_torch(
        lambda ps: peer.ScheduleFreeAdamW(ps, 0.3, (0.8, 0.75), eps=0.05, warmup_steps=warmup),
        start(),
        curved(gradients),
    )
    base = f"adam(beta1=0,lr={lr},beta2=0.75,eps=0.05)"
    ours = run_model(f"schedule_free[base={base},beta=0.8]", {}, start(), curved(gradients))
    assert_close(parameters(ours), adam)


@DATA
@pytest.mark.parametrize("beta", [0.0, 0.8, 1.0])
def test_two_sequences_are_the_three_of_the_paper(beta: float, gradients: list[Tensors]) -> None:
    """z makes the steps, x is the mean of z, the gradient is taken at y between the two, which is the parameter."""
    x, z, expected = start(), start(), []
    for t in range(1, STEPS + 1):
        y = [(1 - beta) * a + beta * b for a, b in zip(z, x, strict=True)]
        z = [a - 0.3 * g for a, g in zip(z, curved(gradients)(y, t), strict=True)]
        x = [(1 - 1 / t) * a + b / t for a, b in zip(x, z, strict=True)]
        expected.append([(1 - beta) * a + beta * b for a, b in zip(z, x, strict=True)])
    ours = run_model(f"schedule_free[base=sgd(lr=0.3),beta={beta}]", {}, start(), curved(gradients))
    assert_close(parameters(ours), expected)


@pytest.mark.parametrize("weight_decay", [0, 0.2])
@DATA
def test_schedule_free_adamw_is_that_of_keras(weight_decay: float, gradients: list[Tensors]) -> None:
    def optimizer(keras: Any) -> Any:
        return keras.optimizers.ScheduleFreeAdamW(0.3, 0.8, 0.75, 0.05, weight_decay=weight_decay or None)

    hypers = {"lr": 0.3, "beta1": 0.8, "beta2": 0.75, "eps": 0.05, "weight_decay": weight_decay}
    ours = run_model("schedule_free_adamw_keras", hypers, start(), curved(gradients))
    assert_close(parameters(ours), run_keras(optimizer, start(), curved(gradients)))


def test_a_learning_rate_of_zero_moves_nothing() -> None:
    """The weights of the average are 0 then, and their quotient is 0, not 0/0."""
    reached = run_model("schedule_free[base=sgd(lr=0)]", {}, start(), replay(GRADIENTS["ordinary"]), 3)
    assert all(np.array_equal(a, b) for p in parameters(reached) for a, b in zip(p, start(), strict=True))

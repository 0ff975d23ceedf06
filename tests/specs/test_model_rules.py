"""Rules with a number for the whole model, rules that read the loss, and random rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from formulas import compares
from model_run import (
    GRADIENTS,
    STEPS,
    Array,
    Tensors,
    assert_close,
    curved,
    parameters,
    replay,
    run_model,
    run_optax,
    run_torch,
    start,
)

DATA = pytest.mark.parametrize("gradients", GRADIENTS.values(), ids=GRADIENTS)
ADAM = {"beta1": 0.6, "beta2": 0.75, "eps": 0.05}
# Rules, values at which each hyper-parameter shows, and optax's optimizer.
OPTAX: Mapping[str, tuple[dict[str, float], Callable[[Any], Any]]] = {
    "prodigy[correct=True]": (
        {"lr": 0.7, "d_coef": 1.4, **ADAM, "d0": 0.02, "weight_decay": 0.2},
        lambda o: o.prodigy(0.7, (0.6, 0.75), None, 0.05, 0.02, 1.4, 0.2),
    ),
    "prodigy[correct=True,safeguard=True]": (
        {"lr": 0.7, "d_coef": 1.4, **ADAM, "d0": 0.02, "weight_decay": 0.2},
        lambda o: o.prodigy(0.7, (0.6, 0.75), None, 0.05, 0.02, 1.4, 0.2, safeguard_warmup=True),
    ),
    "dadapt_adamw": (
        {"lr": 0.7, **ADAM, "d0": 0.02, "weight_decay": 0.2},
        lambda o: o.dadapt_adamw(0.7, (0.6, 0.75), 0.05, 0.02, 0.2),
    ),
    "dog": ({"lr": 0.7, "r_eps": 0.02, "eps": 0.05}, lambda o: o.dog(0.7, ("heuristic", 0.02), 0.05)),
    "dowg": ({"lr": 0.7, "r0": 0.02, "eps": 0.05}, lambda o: o.dowg(0.7, 0.02, 0.05)),
}
LOSSES: Mapping[str, tuple[dict[str, float], Callable[[Any], Any]]] = {
    "polyak_sgd": (
        {"scaling": 0.7, "lr_max": 0.2, "f_min": -0.5, "eps": 0.05},
        lambda o: o.polyak_sgd(0.2, 0.7, -0.5, 0.05),
    ),
    "polyak_sgd[positive=True]": (
        {"scaling": 0.7, "lr_max": 0.2, "f_min": 1.5, "eps": 0.05},
        lambda o: o.polyak_sgd(0.2, 0.7, 1.5, 0.05, "sps+"),
    ),
    "momo": (
        {"lr": 0.2, "beta": 0.7, "f_min": -0.5, "weight_decay": 0.3},
        lambda o: o.contrib.momo(0.2, 0.7, -0.5, 0.3),
    ),
}


def loss(point: Tensors, t: int) -> Any:
    """A loss that is near its minimum at some steps, so that both sides of every bound are met."""
    return np.float64(2 * np.sin(t) ** 2 + 0.01 * t)


@DATA
@pytest.mark.parametrize("settings", ["telling", "defaults"])
@pytest.mark.parametrize("target", OPTAX)
def test_rule_of_the_model_is_that_of_optax(target: str, settings: str, gradients: list[Tensors]) -> None:
    optax = pytest.importorskip("optax")
    hypers, made = OPTAX[target]
    if settings == "defaults":
        name = target.partition("[")[0]
        hypers, made = {}, lambda o: getattr(o, name)(**({"safeguard_warmup": True} if "safeguard" in target else {}))
    theirs = run_optax(lambda: made(optax.contrib), start(), curved(gradients))
    assert_close(parameters(run_model(target, hypers, start(), curved(gradients))), theirs)


@compares("momo", "polyak_sgd", "polyak_sgd[positive=True]")
@DATA
@pytest.mark.parametrize("target", LOSSES)
def test_rule_that_reads_the_loss_is_that_of_optax(target: str, gradients: list[Tensors]) -> None:
    optax = pytest.importorskip("optax")
    hypers, made = LOSSES[target]
    theirs = run_optax(lambda: made(optax), start(), curved(gradients), value=loss)
    ours = run_model(target, hypers, start(), curved(gradients), given={"loss": loss})
    assert_close(parameters(ours), theirs)


@DATA
def test_prodigy_and_dadapt_are_those_of_pytorch_optimizer(gradients: list[Tensors]) -> None:
    """Without the corrections, which their authors' code has not by default either."""
    peer = pytest.importorskip("pytorch_optimizer")
    hypers = {"lr": 0.7, **ADAM, "d0": 0.02, "weight_decay": 0.2}
    theirs = run_torch(
        lambda ps: peer.Prodigy(ps, 0.7, (0.6, 0.75), d0=0.02, d_coef=1.4, eps=0.05, weight_decay=0.2),
        start(),
        curved(gradients),
    )
    assert_close(parameters(run_model("prodigy", {**hypers, "d_coef": 1.4}, start(), curved(gradients))), theirs)
    theirs = run_torch(
        lambda ps: peer.DAdaptAdam(ps, 0.7, (0.6, 0.75), d0=0.02, eps=0.05, weight_decay=0.2, weight_decouple=True),
        start(),
        curved(gradients),
    )
    assert_close(parameters(run_model("dadapt_adamw[correct=False]", hypers, start(), curved(gradients))), theirs)


def test_dadapt_sgd_is_that_of_pytorch_optimizer() -> None:
    """It computes the norm of the first gradient in single precision, hence the tolerance."""
    peer = pytest.importorskip("pytorch_optimizer")
    gradient = curved(GRADIENTS["ordinary"])
    theirs = run_torch(lambda ps: peer.DAdaptSGD(ps, 0.7, momentum=0.8, d0=0.02), start(), gradient)
    ours = run_model("dadapt_sgd", {"lr": 0.7, "mu": 0.8, "d0": 0.02}, start(), gradient)
    assert_close(parameters(ours), theirs, tolerance=1e-5)


@DATA
def test_dadapt_sgd_by_hand(gradients: list[Tensors]) -> None:
    """Defazio & Mishchenko 2023 in their first form: ||s||^2 - sum of squared steps, over ||s||."""
    p0, p, s, d, squares = start(), start(), [0.0, 0.0], 0.02, 0.0
    g0, expected = None, []
    for t in range(1, STEPS + 1):
        g = curved(gradients)(p, t)
        g0 = norm(g) if g0 is None else g0
        step = d * 0.7 / g0
        s = [a + step * b for a, b in zip(s, g, strict=True)]
        squares += step**2 * norm(g) ** 2
        d = max(d, (norm(s) ** 2 - squares) / norm(s))
        p = [0.8 * a + 0.2 * (b - c) for a, b, c in zip(p, p0, s, strict=True)]
        expected.append(p)
    ours = run_model("dadapt_sgd", {"lr": 0.7, "mu": 0.8, "d0": 0.02}, start(), curved(gradients))
    assert_close(parameters(ours), expected)


def norm(tensors: list[Any]) -> float:
    return float(np.sqrt(sum(np.sum(np.square(a)) for a in tensors)))


@pytest.mark.parametrize("target", ["prodigy", "dadapt_adamw", "dadapt_sgd", "dog", "dowg", "momo", "polyak_sgd"])
def test_gradients_of_zero_move_nothing(target: str) -> None:
    """0/0 is met at the first step, and the next gradient that is not zero is not spoilt by it."""
    zeros = [[np.zeros_like(p) for p in start()]] * 2
    data = [*zeros, *GRADIENTS["ordinary"]]
    reached = parameters(run_model(target, {}, start(), replay(data), 5, {"loss": loss}))
    assert_close(reached[:2], [start(), start()], 1e-15)
    assert all(np.isfinite(a).all() for a in reached[-1])
    assert any((a != b).any() for a, b in zip(reached[-1], start(), strict=True))


def draws(seed: int) -> dict[str, Callable[[Tensors, int], Any]]:
    """Uniform random numbers, others in every step, the same whenever a step is asked for."""

    def numbers(which: int) -> Callable[[Tensors, int], list[Array]]:
        return lambda point, t: [
            np.random.default_rng([seed, which, t, i]).uniform(size=p.shape) for i, p in enumerate(point)
        ]

    return {"draw1": numbers(1), "draw2": numbers(2)}


def normal(point: Tensors, t: int, seed: int) -> Tensors:
    """Box & Muller 1958, from the same numbers."""
    first, second = (draws(seed)[name](point, t) for name in ("draw1", "draw2"))
    return [np.sqrt(-2 * np.log(a)) * np.cos(2 * np.pi * b) for a, b in zip(first, second, strict=True)]


# Rule -> its values, and the step by hand, given the gradient and a normal random number for each element.
RANDOM: Mapping[str, tuple[dict[str, float], Callable[..., Any]]] = {
    "sgld": ({"lr": 0.3}, lambda p, g, z, t: p - 0.15 * g + np.sqrt(0.3) * z),
    "noisy_sgd": (
        {"lr": 0.3, "eta": 0.5, "gamma": 0.55},
        lambda p, g, z, t: p - 0.3 * (g + np.sqrt(0.5 / t**0.55) * z),
    ),
    "chain(add_noise,trace)": (
        {"lr": 0.3, "eta": 0.5, "gamma": 0.55, "mu": 0},
        lambda p, g, z, t: p - 0.3 * (g + np.sqrt(0.5 / t**0.55) * z),
    ),
}


@compares("sgld", "noisy_sgd")
@pytest.mark.parametrize("target", RANDOM)
def test_random_rule_given_its_draws(target: str) -> None:
    hypers, step = RANDOM[target]
    gradient, p, expected = curved(GRADIENTS["ordinary"]), start(), []
    for t in range(1, STEPS + 1):
        p = [step(q, g, z, t) for q, g, z in zip(p, gradient(p, t), normal(p, t, 5), strict=True)]
        expected.append(p)
    assert_close(parameters(run_model(target, hypers, start(), gradient, given=draws(5))), expected)


@pytest.mark.parametrize("target", ["sgld", "noisy_sgd"])
def test_noise_is_normal_and_of_the_stated_variance(target: str) -> None:
    """Of many elements: mean, variance, fourth moment, and the shares beyond one and two deviations."""
    hypers, _ = RANDOM[target]
    zeros = [np.zeros((300, 200))]
    reached = parameters(run_model(target, hypers, zeros, lambda p, t: zeros, 2, draws(3)))
    steps = [reached[0][0], reached[1][0] - reached[0][0]]
    for t, step in enumerate(steps, 1):
        z = step / (np.sqrt(0.3) if target == "sgld" else 0.3 * np.sqrt(0.5 / t**0.55))
        assert abs(z.mean()) < 0.02
        assert abs(z.var() - 1) < 0.02
        assert abs((z**4).mean() - 3) < 0.15
        assert abs((abs(z) > 1).mean() - 0.3173) < 0.01
        assert abs((abs(z) > 2).mean() - 0.0455) < 0.004
    assert abs(np.corrcoef(steps[0].ravel(), steps[1].ravel())[0, 1]) < 0.02


def test_sgld_samples_the_density_that_the_loss_states() -> None:
    """Many chains on half a square, whose density is the standard normal one, end with its mean and variance."""
    reached = parameters(run_model("sgld", {"lr": 0.1}, [np.full((40, 50), 3.0)], lambda p, t: p, 200, draws(9)))
    values = np.concatenate([p[0].ravel() for p in reached[150:]])
    # The step of 0.1 makes the variance 1/(1 - lr/4).
    assert abs(values.mean()) < 0.05
    assert abs(values.var() - 1 / (1 - 0.1 / 4)) < 0.05


def test_variance_of_noisy_sgd_is_that_of_optax() -> None:
    """The noise itself is from another generator; of 60000 elements it has the same variance at every step."""
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
    zeros = [np.zeros((300, 200))]
    theirs = run_optax(lambda: optax.noisy_sgd(0.3, 0.5, 0.55, key=jax.random.key(0)), zeros, lambda p, t: zeros, 3)
    hypers, _ = RANDOM["noisy_sgd"]
    ours = parameters(run_model("noisy_sgd", hypers, zeros, lambda p, t: zeros, 3, draws(3)))
    for t in range(3):
        theirs_step, ours_step = ([r[t][0] - (r[t - 1][0] if t else 0)] for r in (theirs, ours))
        assert abs(np.var(ours_step) / np.var(theirs_step) - 1) < 0.03

"""Rules around rules, on a model of several tensors, against the wrappers of frameworks that they state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from formulas import compares
from model_run import (
    GRADIENTS,
    STEPS,
    Gradient,
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

from symopt import catalogue
from symopt.lang import Inner

# Rules to wrap, at values that show, and optax's optimizer of the same form.
ADAM = "beta1=0.6,beta2=0.75,eps=0.05"
BASES: Mapping[str, Callable[[Any], Any]] = {
    "sgd(lr=0.3)": lambda o: o.sgd(0.3),
    "sgd(momentum=True,nesterov=True,lr=0.3,mu=0.8)": lambda o: o.sgd(0.3, 0.8, nesterov=True),
    f"adamw(lr=0.3,{ADAM},weight_decay=0.2)": lambda o: o.adamw(0.3, 0.6, 0.75, 0.05, weight_decay=0.2),
    f"chain(clip_global_norm(limit=2),adam_direction({ADAM}))(lr=0.3)": lambda o: o.chain(
        o.clip_by_global_norm(2.0), o.scale_by_adam(0.6, 0.75, 0.05), o.scale(-0.3)
    ),
}
BASE = pytest.mark.parametrize("base", BASES)
DATA = pytest.mark.parametrize("gradients", GRADIENTS.values(), ids=GRADIENTS)


def run(target: str, gradient: Gradient, steps: int = STEPS) -> list[Tensors]:
    return parameters(run_model(target, {}, start(), gradient, steps))


@compares("lookahead")
@DATA
@BASE
@pytest.mark.parametrize(("period", "alpha"), [(1, 0.3), (3, 0.5), (5, 1.0)])
def test_lookahead_is_that_of_optax(base: str, period: int, alpha: float, gradients: list[Tensors]) -> None:
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
    reached = run_model(f"lookahead[base={base},period={period},alpha={alpha}]", {}, start(), curved(gradients))
    with jax.enable_x64(True):
        optimizer = optax.lookahead(BASES[base](optax), sync_period=period, slow_step_size=alpha)
        p = optax.LookaheadParams.init_synced([jax.numpy.asarray(array) for array in start()])
        state, fast, slow = optimizer.init(p), [], []
        for t in range(1, STEPS + 1):
            step = [jax.numpy.asarray(g) for g in curved(gradients)([np.array(array) for array in p.fast], t)]
            updates, state = optimizer.update(step, state, p)
            p = optax.apply_updates(p, updates)
            fast.append([np.array(array) for array in p.fast])
            slow.append([np.array(array) for array in p.slow])
    assert_close(parameters(reached), fast)
    assert_close(parameters(reached, "slow"), slow)


@DATA
def test_lookahead_is_that_of_pytorch_optimizer(gradients: list[Tensors]) -> None:
    torch, peer = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")

    def optimizer(ps: list[Any]) -> Any:
        return peer.Lookahead(torch.optim.Adam(ps, 0.3, (0.6, 0.75), 0.05), k=3, alpha=0.4)

    ours = run(f"lookahead[base=adam(lr=0.3,{ADAM}),period=3,alpha=0.4]", curved(gradients))
    assert_close(ours, run_torch(optimizer, start(), curved(gradients)))


def test_lookahead_may_stand_around_a_rule_that_looks_ahead_itself() -> None:
    """Nesterov's rule for k steps, by hand."""
    gradient, p, slow, previous, expected = curved(GRADIENTS["ordinary"]), start(), start(), start(), []
    for t in range(1, STEPS + 1):
        y = [a + 0.8 * (a - b) for a, b in zip(p, previous, strict=True)]
        previous, p = p, [a - 0.1 * g for a, g in zip(y, gradient(y, t), strict=True)]
        if t % 4 == 0:
            p = slow = [a + 0.3 * (b - a) for a, b in zip(slow, p, strict=True)]
        expected.append(p)
    assert_close(run("lookahead[base=nag(lr=0.1,mu=0.8),period=4,alpha=0.3]", gradient), expected)


@compares("sam")
@DATA
@BASE
def test_sam_is_that_of_optax(base: str, gradients: list[Tensors]) -> None:
    """Its opaque mode asks for the second gradient itself; where all gradients are zero it has 0/0."""
    optax = pytest.importorskip("optax")
    gradient = curved(gradients)

    def optimizer() -> Any:
        uphill = optax.chain(optax.contrib.normalize(), optax.sgd(0.4))
        return optax.contrib.sam(BASES[base](optax), uphill, sync_period=2, opaque_mode=True)

    def second(point: Tensors, t: int) -> Callable[[Any, int], Any]:
        return lambda p, i: dict(zip(p, gradient([np.array(array) for array in p.values()], t), strict=True))

    theirs = run_optax(optimizer, start(), gradient, is_compiled=False, grad_fn=second)
    assert_close(run(f"sam[base={base},rho=0.4,eps=0]", gradient), theirs)


@DATA
def test_sam_is_that_of_optax_in_two_calls(gradients: list[Tensors]) -> None:
    """Its transparent mode goes up in one call and down in the next; every second parameter is a step's result."""
    optax = pytest.importorskip("optax")
    base, gradient = f"adamw(lr=0.3,{ADAM},weight_decay=0.2)", curved(gradients)

    def optimizer() -> Any:
        uphill = optax.chain(optax.contrib.normalize(), optax.sgd(0.4))
        return optax.contrib.sam(BASES[base](optax), uphill, sync_period=2)

    theirs = run_optax(optimizer, start(), lambda point, call: gradient(point, (call + 1) // 2), 2 * STEPS)
    assert_close(run(f"sam[base={base},rho=0.4,eps=0]", gradient), theirs[1::2])


@pytest.mark.parametrize("adaptive", [False, True])
def test_sam_is_that_of_pytorch_optimizer(adaptive: bool) -> None:
    """It computes the norm in single precision, hence the tolerance."""
    torch, peer = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")
    gradient = curved(GRADIENTS["ordinary"])

    class Stepping(peer.SAM):
        def __init__(self, ps: list[Any]) -> None:
            settings = {"lr": 0.3, "betas": (0.6, 0.75), "eps": 0.05, "weight_decay": 0.2}
            super().__init__(ps, torch.optim.AdamW, rho=0.4, adaptive=adaptive, **settings)
            self.ps, self.t = ps, 0

        def step(self) -> None:
            def closure() -> None:
                point = [tensor.detach().numpy().copy() for tensor in self.ps]
                for tensor, array in zip(self.ps, gradient(point, self.t), strict=True):
                    tensor.grad = torch.tensor(array)

            self.t += 1
            super().step(closure)

    base = f"adamw(lr=0.3,{ADAM},weight_decay=0.2)"
    ours = run(f"sam[base={base},rho=0.4,adaptive={adaptive}]", gradient)
    assert_close(ours, run_torch(Stepping, start(), gradient), tolerance=1e-5)


@compares("sam[adaptive=True]")
@DATA
def test_adaptive_sam_by_hand(gradients: list[Tensors]) -> None:
    """Kwon et al. 2021: p + rho T^2 g / ||T g|| with T = |p|."""
    gradient, p, expected = curved(gradients), start(), []
    for t in range(1, STEPS + 1):
        g = gradient(p, t)
        length = np.sqrt(sum(((q * h) ** 2).sum() for q, h in zip(p, g, strict=True)))
        worst = [q + 0.4 * q**2 * h / (length + 0.01) for q, h in zip(p, g, strict=True)]
        p = [q - 0.3 * h for q, h in zip(p, gradient(worst, t), strict=True)]
        expected.append(p)
    assert_close(run("sam[base=sgd(lr=0.3),rho=0.4,eps=0.01,adaptive=True]", gradient), expected)


@compares("accumulated")
@DATA
@BASE
@pytest.mark.parametrize("period", [1, 3])
def test_accumulated_is_that_of_optax(base: str, period: int, gradients: list[Tensors]) -> None:
    optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")

    def optimizer() -> Any:
        return optax.MultiSteps(BASES[base](optax), period, accumulator_dtype=jax.numpy.float64)

    theirs = run_optax(optimizer, start(), curved(gradients))
    assert_close(run(f"accumulated[base={base},period={period}]", curved(gradients)), theirs)


INSIDE = ["lookahead(base=adam,period=2)", "averaged(base=sgd(lr=0.3))", "chain(trace,cautious_mask)", "momo"]


@pytest.mark.parametrize("base", [*BASES, *INSIDE])
def test_accumulated_is_its_base_on_mean_gradients(base: str) -> None:
    """Whatever the base: after k steps it has made one with the mean gradient, and so have the rules inside it."""
    rule, data = catalogue.resolve(f"accumulated[base={base},period=3]"), GRADIENTS["ordinary"]
    means = [[sum(g) / 3 for g in zip(*data[t : t + 3], strict=True)] for t in range(0, 12, 3)]
    loss = {"loss": lambda p, t: np.float64(2.5)}
    ours = run_model(rule, {}, start(), replay(data), 12, loss)
    alone = run_model(type(rule).declared(Inner)["base"].default, {}, start(), replay(means), 4, loss)
    for name in alone[0]:
        for step, state in enumerate(alone):
            np.testing.assert_allclose(flat(ours[3 * step + 2][name]), flat(state[name]), rtol=1e-12)
            np.testing.assert_array_equal(flat(ours[3 * step + 1][name]), flat(ours[3 * step][name]))


def flat(value: Any) -> Any:
    return np.hstack([np.ravel(array) for array in value]) if isinstance(value, list) else value


@DATA
def test_accumulated_is_that_of_keras(gradients: list[Tensors]) -> None:
    def optimizer(keras: Any) -> Any:
        return keras.optimizers.Adam(0.3, 0.6, 0.75, 0.05, gradient_accumulation_steps=3)

    ours = run(f"accumulated[base=adam_tf(lr=0.3,{ADAM}),period=3]", curved(gradients))
    assert_close(ours, run_keras(optimizer, start(), curved(gradients)))


@compares("averaged", "averaged[exponential=False]")
@DATA
@pytest.mark.parametrize("decay", [None, 0.7])
def test_averaged_is_that_of_torch(decay: float | None, gradients: list[Tensors]) -> None:
    torch = pytest.importorskip("torch")
    averages: list[Tensors] = []

    def optimizer(ps: list[Any]) -> Any:
        model = torch.nn.ParameterList(ps)
        mean = torch.optim.swa_utils.get_ema_multi_avg_fn(decay) if decay is not None else None
        averaged = torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=mean)
        steps = torch.optim.Adam(ps, 0.3, (0.6, 0.75), 0.05)
        steps.register_step_post_hook(lambda *_: averaged.update_parameters(model))
        steps.register_step_post_hook(
            lambda *_: averages.append([p.detach().numpy().copy() for p in averaged.module.parameters()])
        )
        return steps

    option = "exponential=False" if decay is None else f"decay={decay}"
    reached = run_model(f"averaged[base=adam(lr=0.3,{ADAM}),{option}]", {}, start(), curved(gradients))
    assert_close(parameters(reached), run_torch(optimizer, start(), curved(gradients)))
    assert_close(parameters(reached, "average"), averages)


@DATA
def test_averaged_is_that_of_keras(gradients: list[Tensors]) -> None:
    theirs = run_keras(
        lambda keras: keras.optimizers.Adam(0.3, 0.6, 0.75, 0.05, use_ema=True, ema_momentum=0.7),
        start(),
        curved(gradients),
        read=lambda optimizer, variables: optimizer._model_variables_moving_average,
    )
    reached = run_model(f"averaged[base=adam_tf(lr=0.3,{ADAM}),decay=0.7]", {}, start(), curved(gradients))
    assert_close(parameters(reached, "average"), theirs)


@compares("decayed")
@DATA
def test_decayed_is_that_of_torch_and_keras(gradients: list[Tensors]) -> None:
    torch = pytest.importorskip("torch")
    adamw = run_torch(
        lambda ps: torch.optim.AdamW(ps, 0.3, (0.6, 0.75), 0.05, weight_decay=0.2), start(), curved(gradients)
    )
    assert_close(run(f"decayed[base=adam(lr=0.3,{ADAM}),weight_decay=0.2]", curved(gradients)), adamw)
    momentum = run_keras(
        lambda keras: keras.optimizers.SGD(0.3, momentum=0.8, weight_decay=0.2), start(), curved(gradients)
    )
    ours = run("decayed[base=momentum_velocity(lr=0.3,mu=0.8),weight_decay=0.2]", curved(gradients))
    assert_close(ours, momentum)


@DATA
def test_cautious_is_that_of_pytorch_optimizer(gradients: list[Tensors]) -> None:
    peer = pytest.importorskip("pytorch_optimizer")
    theirs = run_torch(
        lambda ps: peer.Lion(ps, 0.3, (0.6, 0.75), weight_decay=0.2, cautious=True), start(), curved(gradients)
    )
    base = "cautious(base=lion(lr=0.3,beta1=0.6,beta2=0.75,weight_decay=0))"
    assert_close(run(f"decayed[base={base},weight_decay=0.2]", curved(gradients)), theirs)


@compares("cautious", "cautious[rescale=False]")
@DATA
@pytest.mark.parametrize("rescale", [False, True])
def test_cautious_by_hand(rescale: bool, gradients: list[Tensors]) -> None:
    """Liang et al. 2024, Algorithm 2, around momentum."""
    p, b, expected = start(), [0.0, 0.0], []
    for step in gradients:
        b = [0.8 * old + g for old, g in zip(b, step, strict=True)]
        kept = [(u * g > 0).astype(float) for u, g in zip(b, step, strict=True)]
        scale = [k.size / (k.sum() + 2.5) if rescale else 1.0 for k in kept]
        p = [q - 0.3 * c * k * u for q, c, k, u in zip(p, scale, kept, b, strict=True)]
        expected.append(p)
    option = "xi=2.5" if rescale else "rescale=False"
    assert_close(run(f"cautious[base=momentum(lr=0.3,mu=0.8),{option}]", replay(gradients)), expected)


@compares("cautious_decay")
@DATA
def test_cautious_decay_by_hand(gradients: list[Tensors]) -> None:
    """Chen et al. 2025, Algorithm 1, around the sign of a trace."""
    p, b, expected = start(), [0.0, 0.0], []
    for t in range(1, STEPS + 1):
        b = [0.8 * old + g for old, g in zip(b, curved(gradients)(p, t), strict=True)]
        p = [q - 0.3 * (np.sign(u) + 0.2 * (np.sign(u) * q >= 0) * q) for q, u in zip(p, b, strict=True)]
        expected.append(p)
    base = "chain(trace(mu=0.8),sign)(lr=0.3)"
    assert_close(run(f"cautious_decay[base={base},weight_decay=0.2]", curved(gradients)), expected)

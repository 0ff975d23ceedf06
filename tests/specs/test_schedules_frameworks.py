"""Every schedule against the schedules of PyTorch, optax, Keras and pytorch_optimizer, through generated kernels.

Step 1 is epoch 0 of PyTorch, count 0 of optax and iteration 0 of Keras. Values agree to 1e-12 of
themselves or 1e-15, which is the rounding of the base value: where a schedule comes down to zero, the
frameworks' recursions and cosines are as far from it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from symopt import catalogue
from symopt.backends.base import Variant
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace
from symopt.run.modules import NumPyKernel, TorchKernel, load_module

BASE = 0.4
# Keras 3.15 on JAX takes cosines in single precision, whatever its floatx is.
SINGLE = 1e-7
Values = Sequence[float]
Reference = Callable[[int], Values]


def kernel_of(rule: Rule) -> NumPyKernel:
    """The generated NumPy kernel of a rule with its schedules."""
    recorded = trace(rule)
    variant = Variant(rule, "", recorded, lower(recorded))
    return NumPyKernel(load_module("numpy", [variant]), variant)


def values(schedule: str, steps: int) -> Values:
    """The learning rate at steps 1, 2, ...: where a step of gradient descent from 0 with the gradient -1 leads."""
    rule = catalogue.resolve(f"sgd[lr={schedule}]")
    hypers = {} if "base" in rule.settings["lr"].settings else {"lr": BASE}
    kernel, reached = kernel_of(rule), []
    for t in range(1, steps + 1):
        p = np.zeros(1)
        kernel.step(p, -np.ones(1), {}, t, **hypers)
        reached.append(float(p[0]))
    return reached


def by_torch(make: Callable[[Any, Any], Any], key: str = "lr", **hypers: float) -> Reference:
    """What a scheduler of PyTorch sets, over real steps of an optimizer."""

    def reference(steps: int) -> Values:
        torch = pytest.importorskip("torch")
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], **{"lr": BASE, **hypers})
        scheduler, reached = make(torch.optim.lr_scheduler, optimizer), []
        for step in range(steps):
            reached.append(float(optimizer.param_groups[0][key]))
            optimizer.step()
            if step < steps - 1:
                scheduler.step()
        return reached

    return reference


def by_optax(make: Callable[[Any], Any]) -> Reference:
    """The values of a schedule of optax, in double precision."""

    def reference(steps: int) -> Values:
        optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
        with jax.enable_x64(True):
            return jax.vmap(make(optax))(jax.numpy.arange(steps))

    return reference


@contextmanager
def keras_in_double_precision() -> Iterator[Any]:
    os.environ.setdefault("KERAS_BACKEND", "jax")
    jax, keras = pytest.importorskip("jax"), pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        with jax.enable_x64(True):
            yield jax, keras.optimizers.schedules
    finally:
        keras.config.set_floatx(before)


def by_keras(make: Callable[[Any], Any]) -> Reference:
    """The values of a schedule of Keras, in double precision."""

    def reference(steps: int) -> Values:
        with keras_in_double_precision() as (jax, lib):
            return jax.vmap(make(lib))(jax.numpy.arange(steps))

    return reference


def by_formula(formula: Callable[[int], float]) -> Reference:
    """The values of a formula in the step, for sources that are not installed."""
    return lambda steps: [formula(t) for t in range(1, steps + 1)]


def rex(steps: int) -> Values:
    """The values of pytorch_optimizer's REX, from its formula: its first step is at the least value."""
    torch, library = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler, reached = library.lr_scheduler.REXScheduler(optimizer, 30, max_lr=BASE, min_lr=0.1), []
    for scheduler.step_t in range(steps):
        reached.append(scheduler.get_linear_lr())
    return reached


def wsd(**options: Any) -> Reference:
    def make(lib: Any, optimizer: Any) -> Any:
        library = pytest.importorskip("pytorch_optimizer")
        return library.lr_scheduler.get_wsd_schedule(optimizer, 5, 10, 15, **options)

    return by_torch(make)


def restarts_of_pytorch_optimizer(steps: int) -> Values:
    library = pytest.importorskip("pytorch_optimizer")
    make = library.lr_scheduler.CosineAnnealingWarmupRestarts
    return by_torch(lambda lib, o: make(o, 20, max_lr=BASE, min_lr=0.0, warmup_steps=5, gamma=1.0))(steps)


# The number of steps, what gives their values, and how far off it is where it is not in double precision.
CASES: dict[str, list[tuple[int, Reference] | tuple[int, Reference, float]]] = {
    "constant": [(25, by_torch(lambda lib, o: lib.ConstantLR(o, factor=1))),
                 (25, by_optax(lambda lib: lib.constant_schedule(BASE)))],
    "step(factor=0.5,period=7)": [(48, by_torch(lambda lib, o: lib.StepLR(o, 7, gamma=0.5)))],
    "multi_step(at=7,factor=0.5,then=multi_step(at=1,factor=0.5,then=multi_step(at=9,factor=0.5)))": [
        (40, by_torch(lambda lib, o: lib.MultiStepLR(o, [7, 8, 17], gamma=0.5))),
        (40, by_optax(lambda lib: lib.piecewise_constant_schedule(BASE, {7: 0.5, 8: 0.5, 17: 0.5}))),
        (40, by_keras(lambda lib: lib.PiecewiseConstantDecay([6, 7, 16], [0.4, 0.2, 0.1, 0.05]))),
    ],
    "sequence(at=7,second=sequence(first=constant(base=1.5),at=4,second=constant(base=0.25)))": [
        (31, by_keras(lambda lib: lib.PiecewiseConstantDecay([6, 10], [BASE, 1.5, 0.25]))),
    ],
    "exponential(factor=0.9)": [
        (60, by_torch(lambda lib, o: lib.ExponentialLR(o, 0.9))),
        (60, by_optax(lambda lib: lib.exponential_decay(BASE, 1, 0.9))),
        (60, by_keras(lambda lib: lib.ExponentialDecay(BASE, 1, 0.9))),
    ],
    "exponential_decay(steps=10,factor=0.7)": [
        (60, by_optax(lambda lib: lib.exponential_decay(BASE, 10, 0.7))),
        (60, by_keras(lambda lib: lib.ExponentialDecay(BASE, 10, 0.7))),
    ],
    "exponential_decay(steps=10,factor=0.7,staircase=True)": [
        (60, by_optax(lambda lib: lib.exponential_decay(BASE, 10, 0.7, staircase=True))),
        (60, by_keras(lambda lib: lib.ExponentialDecay(BASE, 10, 0.7, staircase=True))),
    ],
    "exponential_decay(steps=10,factor=0.7,bounded=True,end=0.15)": [
        (60, by_optax(lambda lib: lib.exponential_decay(BASE, 10, 0.7, end_value=0.15)))],
    "exponential_decay(steps=10,factor=1.7,bounded=True,end=0.9)": [
        (60, by_optax(lambda lib: lib.exponential_decay(BASE, 10, 1.7, end_value=0.9)))],
    "sequence(at=6,second=exponential_decay(steps=10,factor=0.7,staircase=True))": [
        (60, by_optax(lambda lib: lib.exponential_decay(BASE, 10, 0.7, transition_begin=6, staircase=True)))],
    "inverse_time(rate=0.3)": [(60, by_keras(lambda lib: lib.InverseTimeDecay(BASE, 1, 0.3)))],
    "inverse_time(rate=0.3,steps=8)": [(60, by_keras(lambda lib: lib.InverseTimeDecay(BASE, 8, 0.3)))],
    "inverse_time(rate=0.3,steps=8,staircase=True)": [
        (60, by_keras(lambda lib: lib.InverseTimeDecay(BASE, 8, 0.3, staircase=True)))],
    "inverse_power(power=0.75)": [(60, by_formula(lambda t: BASE / t**0.75))],
    "inverse_sqrt(warmup=9)": [
        (60, by_formula(lambda t: BASE * ((t - 1) / 9 if t - 1 < 9 else (9 / (t - 1)) ** 0.5)))],
    "noam(width=64,warmup=9)": [(60, by_formula(lambda t: BASE * 64**-0.5 * min(t**-0.5, t * 9**-1.5)))],
    "polynomial(steps=30,power=2)": [
        (50, by_torch(lambda lib, o: lib.PolynomialLR(o, 30, power=2))),
        (50, by_optax(lambda lib: lib.polynomial_schedule(BASE, 0.0, 2, 30))),
    ],
    "polynomial(steps=30,power=0.5,end=0.1)": [
        (50, by_optax(lambda lib: lib.polynomial_schedule(BASE, 0.1, 0.5, 30))),
        (50, by_keras(lambda lib: lib.PolynomialDecay(BASE, 30, 0.1, 0.5))),
    ],
    "polynomial(steps=30,power=1.5,end=0.1,cycle=True)": [
        (110, by_keras(lambda lib: lib.PolynomialDecay(BASE, 30, 0.1, 1.5, cycle=True)))],
    "sequence(at=6,second=polynomial(steps=30,power=3,end=0.7))": [
        (56, by_optax(lambda lib: lib.polynomial_schedule(BASE, 0.7, 3, 30, transition_begin=6)))],
    "linear(steps=11,start=0.25,end=0.75)": [
        (31, by_torch(lambda lib, o: lib.LinearLR(o, 0.25, 0.75, 11))),
        (31, by_optax(lambda lib: lib.linear_schedule(0.25 * BASE, 0.75 * BASE, 11))),
    ],
    "cosine(steps=39,least=0.1,swings=True)": [
        (180, by_torch(lambda lib, o: lib.CosineAnnealingLR(o, 39, eta_min=0.1)))],
    "cosine(steps=39,least=0.1)": [
        (40, by_torch(lambda lib, o: lib.CosineAnnealingLR(o, 39, eta_min=0.1))),
        (60, by_optax(lambda lib: lib.cosine_decay_schedule(BASE, 39, 0.25))),
        (60, by_keras(lambda lib: lib.CosineDecay(BASE, 39, 0.25)), SINGLE),
    ],
    "cosine_decay(steps=39,fraction=0.25,power=1.5)": [
        (60, by_optax(lambda lib: lib.cosine_decay_schedule(BASE, 39, 0.25, 1.5)))],
    "cosine_decay(steps=39,fraction=0.25)": [(60, by_keras(lambda lib: lib.CosineDecay(BASE, 39, 0.25)), SINGLE)],
    "cosine_restarts(period=7,least=0.1)": [
        (50, by_torch(lambda lib, o: lib.CosineAnnealingWarmRestarts(o, 7, eta_min=0.1))),
        (50, by_keras(lambda lib: lib.CosineDecayRestarts(BASE, 7, t_mul=1.0, alpha=0.25)), SINGLE),
    ],
    "cosine_restarts(period=5,least=0.1,growing=True,growth=3)": [
        (700, by_torch(lambda lib, o: lib.CosineAnnealingWarmRestarts(o, 5, T_mult=3, eta_min=0.1)))],
    "cosine_restarts(period=6,growing=True,growth=2)": [
        (500, by_torch(lambda lib, o: lib.CosineAnnealingWarmRestarts(o, 6, T_mult=2)))],
    "cosine_restarts(period=6,least=0.1,growing=True,growth=2,damped=True,damping=0.8)": [
        (100, by_keras(lambda lib: lib.CosineDecayRestarts(BASE, 6, t_mul=2.0, m_mul=0.8, alpha=0.25)), SINGLE)],
    "cosine_restarts(period=6,least=0.1,damped=True,damping=0.8)": [
        (100, by_keras(lambda lib: lib.CosineDecayRestarts(BASE, 6, t_mul=1.0, m_mul=0.8, alpha=0.25)), SINGLE)],
    "warmup(steps=11,start=0.25)": [
        (31, by_torch(lambda lib, o: lib.LinearLR(o, 0.25, 1, 11))),
        (31, by_optax(lambda lib: lib.warmup_constant_schedule(0.25 * BASE, BASE, 11))),
    ],
    "warmup(steps=11,start=0.25,constant=True)": [(31, by_torch(lambda lib, o: lib.ConstantLR(o, 0.25, 11)))],
    "warmup_cosine(steps=40,warmup=10,start=0.25,least=0.1)": [
        (60, by_optax(lambda lib: lib.warmup_cosine_decay_schedule(0.25 * BASE, BASE, 10, 40, 0.1))),
        (60, by_keras(lambda lib: lib.CosineDecay(0.1, 30, 0.25, warmup_target=BASE, warmup_steps=10)), SINGLE),
        (41, by_torch(lambda lib, o: lib.SequentialLR(
            o, [lib.LinearLR(o, 0.25, 1, 10), lib.CosineAnnealingLR(o, 30, eta_min=0.1)], [10]))),
    ],
    "sequence(first=warmup(start=0.25,steps=10),second=cosine_decay(steps=30,fraction=0.25,power=2),at=10)": [
        (60, by_optax(lambda lib: lib.warmup_cosine_decay_schedule(0.25 * BASE, BASE, 10, 40, 0.1, 2.0)))],
    "warmup_exponential(warmup=10,start=0.25,steps=8,factor=0.7)": [
        (60, by_optax(lambda lib: lib.warmup_exponential_decay_schedule(0.25 * BASE, BASE, 10, 8, 0.7)))],
    "warmup_exponential(warmup=10,start=0.25,steps=8,factor=0.7,staircase=True)": [
        (60, by_optax(
            lambda lib: lib.warmup_exponential_decay_schedule(0.25 * BASE, BASE, 10, 8, 0.7, staircase=True)))],
    "sequence(first=warmup(start=0,steps=10),at=16,second=exponential_decay(steps=8,bounded=True,end=0.35))": [
        (60, by_optax(lambda lib: lib.warmup_exponential_decay_schedule(
            0.0, BASE, 10, 8, 0.96, transition_begin=6, end_value=0.35)))],
    "one_cycle(steps=40,rising=0.3,start_divisor=5,end_divisor=100)": [
        (40, by_torch(lambda lib, o: lib.OneCycleLR(o, BASE, 40, div_factor=5, final_div_factor=100)))],
    "one_cycle(steps=40,rising=0.25,linear=True)": [
        (40, by_torch(lambda lib, o: lib.OneCycleLR(o, BASE, 40, pct_start=0.25, anneal_strategy="linear")))],
    "one_cycle(steps=40,rising=0.3,three_phases=True)": [
        (40, by_torch(lambda lib, o: lib.OneCycleLR(o, BASE, 40, three_phase=True)))],
    "one_cycle(steps=40,rising=0.3,three_phases=True,linear=True)": [
        (40, by_torch(lambda lib, o: lib.OneCycleLR(o, BASE, 40, anneal_strategy="linear", three_phase=True)))],
    "one_cycle(base=0.85,steps=40,start_divisor=0.8947368421052632,end_divisor=1)": [
        (40, by_torch(lambda lib, o: lib.OneCycleLR(o, BASE, 40), key="momentum", momentum=0.9))],
    "cosine_onecycle(steps=40,peak=12,start_divisor=5,end_divisor=100)": [
        (60, by_optax(lambda lib: lib.cosine_onecycle_schedule(40, BASE, 0.3, 5.0, 100.0)))],
    "linear_onecycle(steps=40,peak=12,foot=34,start_divisor=5,end_divisor=100)": [
        (60, by_optax(lambda lib: lib.linear_onecycle_schedule(40, BASE, 0.3, 0.85, 5.0, 100.0)))],
    "sequence(first=cosine(steps=8,least=0.8),at=8,second=cosine(base=0.8,steps=5,least=0.2))": [
        (33, by_optax(lambda lib: lib.piecewise_interpolate_schedule("cosine", BASE, {8: 2.0, 13: 0.25})))],
    "sequence(first=linear(steps=8,end=2),at=8,second=linear(base=0.8,steps=5,end=0.25))": [
        (33, by_optax(lambda lib: lib.piecewise_interpolate_schedule("linear", BASE, {8: 2.0, 13: 0.25})))],
    "cyclic(peak=0.9,up=5,down=9)": [
        (60, by_torch(lambda lib, o: lib.CyclicLR(o, BASE, 0.9, 5, 9, cycle_momentum=False)))],
    "cyclic(peak=0.9,up=5,down=9,halving=True)": [
        (60, by_torch(lambda lib, o: lib.CyclicLR(o, BASE, 0.9, 5, 9, mode="triangular2", cycle_momentum=False)))],
    "cyclic(peak=0.9,up=5,down=9,decaying=True,factor=0.97)": [
        (60, by_torch(
            lambda lib, o: lib.CyclicLR(o, BASE, 0.9, 5, 9, mode="exp_range", gamma=0.97, cycle_momentum=False)))],
    "sgdr(period=20,warmup=5,start=0.25,least=0.1)": [
        (80, by_optax(lambda lib: lib.sgdr_schedule([{
            "init_value": 0.1, "peak_value": BASE, "warmup_steps": 5, "decay_steps": 20, "end_value": 0.1}] * 4)))],
    "sgdr(period=20,warmup=5)": [(90, restarts_of_pytorch_optimizer)],
    "sequence(first=warmup_cosine(steps=20,warmup=5),second=warmup_cosine(base=0.3,steps=30,warmup=10),at=20)": [
        (70, by_optax(lambda lib: lib.sgdr_schedule([
            {"init_value": 0.0, "peak_value": BASE, "warmup_steps": 5, "decay_steps": 20},
            {"init_value": 0.0, "peak_value": 0.3, "warmup_steps": 10, "decay_steps": 30}])))],
    "sequence(first=warmup(steps=8,start=0.5),second=exponential(factor=0.9),at=8)": [
        (40, by_torch(lambda lib, o: lib.SequentialLR(
            o, [lib.LinearLR(o, 0.5, 1, 8), lib.ExponentialLR(o, 0.9)], [8]))),
        (40, by_optax(lambda lib: lib.join_schedules(
            [lib.linear_schedule(0.5 * BASE, BASE, 8), lib.exponential_decay(BASE, 1, 0.9)], [8]))),
    ],
    "product(first=warmup(steps=8,start=0.5,constant=True),second=exponential(factor=0.9))": [
        (40, by_torch(lambda lib, o: lib.ChainedScheduler(
            [lib.ConstantLR(o, 0.5, 8), lib.ExponentialLR(o, 0.9)], o)))],
    "wsd(warmup=5,stable=10,decay=15)": [(50, wsd())],
    "wsd(warmup=5,stable=10,decay=15,linear=True)": [(50, wsd(cooldown_type="linear"))],
    "wsd(warmup=5,stable=10,decay=15,cosine=True)": [(50, wsd(cooldown_type="cosine"))],
    "rex(steps=30,least=0.1)": [(50, rex)],
}  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "case"),
    [pytest.param(name, case, id=f"{name}-{i}") for name, cases in CASES.items() for i, case in enumerate(cases)],
)
def test_schedule_is_that_of_the_framework(
    schedule: str, case: tuple[int, Reference] | tuple[int, Reference, float]
) -> None:
    steps, reference, *loose = case
    np.testing.assert_allclose(values(schedule, steps), reference(steps), rtol=1e-12, atol=max(loose, default=1e-15))


def test_every_schedule_is_compared() -> None:
    named = {word for schedule in CASES for word in re.findall(r"\w+", schedule)}
    assert [name for name in catalogue.schedule_names() if name not in named] == []


def test_momentum_along_a_cosine_is_that_of_torch() -> None:
    """SGD with momentum and its scheduler in PyTorch, over half a wave, against the three generated kernels."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    start, gradients = rng.standard_normal(9), rng.standard_normal((21, 9))
    parameter = torch.nn.Parameter(torch.tensor(start))
    optimizer = torch.optim.SGD([parameter], lr=BASE, momentum=0.9)
    scheduler, reached = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 20), []
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        scheduler.step()
        reached.append(parameter.detach().numpy().copy())
    rule = catalogue.resolve("sgd[momentum=True,lr=cosine(steps=20)]")
    for kernel in kernels(rule):
        p = start.copy()
        states = kernel.init(p)
        for t, gradient in enumerate(gradients, 1):
            kernel.step(p, gradient, states, t, lr=BASE)
            np.testing.assert_allclose(p, reached[t - 1], rtol=1e-12, atol=1e-15)


def kernels(rule: Rule) -> list[Any]:
    """Those of a rule with its schedules: NumPy, PyTorch, and C where there is a compiler."""
    recorded = trace(rule)
    variant = Variant(rule, "", recorded, lower(recorded))
    made: list[Any] = [NumPyKernel(load_module("numpy", [variant]), variant)]
    made.append(TorchKernel(load_module("torch", [variant]), variant))
    if any(map(shutil.which, ("cc", "gcc", "clang"))):
        from symopt.run.kernel import load  # needs packages of the extra [c]

        made.append(load(rule))
    return made

"""NumPy code as people write it, as traces: functions over arrays, dictionaries and lists, and classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symopt.errors import UnsupportedError, UsageError
from symopt.ir.text import node_text
from symopt.lift.lifted import ALL_SHAPES, Lifted
from symopt.lift.numpy.lift import lift_numpy, lift_numpy_class
from symopt.lift.numpy.objects import step_method
from symopt.prove.compare import compare

SQUARES = "(sum (mul g g))"


def _function(function: Callable[..., Any], init: Callable[..., Any] | None = None, **fixed: object) -> Lifted:
    (lifted,) = lift_numpy(function, init, function.__name__, fixed)
    return lifted


def _class(cls: type, **fixed: object) -> Lifted:
    (lifted,) = lift_numpy_class(cls, cls.__name__, fixed)
    return lifted


def _written(lifted: Lifted, name: str = "p") -> str:
    return node_text(lifted.trace.step()[name])


def adam_init(p: Any) -> Any:
    return {"m": np.zeros(p.shape), "v": np.zeros(p.shape, dtype=p.dtype), "t": 0}


def adam_step(p: Any, g: Any, state: Any, lr: float = 1e-3, beta1: float = 0.9, beta2: float = 0.999) -> Any:
    if not isinstance(p, np.ndarray):
        raise TypeError("p is no array")
    p, g = np.asarray(p), np.array(g)
    state["t"] += 1
    state["m"] = beta1 * state["m"] + (1 - beta1) * g
    state["v"][:] = beta2 * state["v"] + (1 - beta2) * g**2
    step = lr * np.sqrt(1 - beta2 ** state["t"]) / (1 - beta1 ** state["t"])
    return p - step * state["m"] / (np.sqrt(state["v"]) + 1e-8 * np.sqrt(1 - beta2 ** state["t"])), state


def test_arrays_that_are_made_converted_and_asked_for_their_type() -> None:
    lifted = _function(adam_step, adam_init)
    assert lifted.scope == ALL_SHAPES
    assert lifted.state_paths == {"m": "state.m", "v": "state.v"}
    assert lifted.counters == {"state.t": 0}
    assert compare(lifted.trace, "adam[eps=1e-8]", hyper_map={}).verdict == "equal"


def adam_over_a_dictionary(params: Any, grads: Any, state: Any, lr: float = 1e-3, beta: float = 0.9) -> Any:
    for key in params:
        if key not in state:
            state[key] = {"m": np.zeros_like(params[key]), "t": 0}
        own = state[key]
        own["t"] += 1
        own["m"] = beta * own["m"] + (1 - beta) * grads[key]
        params[key] -= lr * own["m"] / (1 - beta ** own["t"])
    return params, state


def momentum_over_a_list(params: Any, grads: Any, velocities: Any, lr: float = 0.1, momentum: float = 0.9) -> None:
    for p, g, v in zip(params, grads, velocities, strict=True):
        v[...] = momentum * v + g
        p[...] -= lr * v


def clipped_by_the_norm_of_the_model(params: Any, grads: Any, lr: float = 0.1, max_norm: float = 1.0) -> None:
    total = 0.0
    for g in grads.values():
        total += float(np.sum(g**2))
    scale = min(1.0, max_norm / (total**0.5 + 1e-6))
    for key, g in grads.items():
        params[key] = params[key] - lr * scale * g


def test_parameters_in_a_dictionary_have_their_states_by_key() -> None:
    lifted = _function(adam_over_a_dictionary)
    assert [state.name for state in lifted.trace.states] == ["m"]
    assert _written(lifted, "m") == "(add (mul beta m) (mul (sub 1 beta) g))"
    assert _written(lifted).endswith("(sub 1 (pow beta t))))")


def test_parameters_in_a_list() -> None:
    assert _written(_function(momentum_over_a_list)) == "(sub p (mul lr (add (mul momentum state) g)))"


def test_a_sum_over_a_dictionary_is_one_over_the_model() -> None:
    assert "(model_sum (mul g g))" in _written(_function(clipped_by_the_norm_of_the_model))


def shared_counter(params: Any, grads: Any, state: Any, lr: float = 0.1) -> Any:
    for key in params:
        state["t"] = state.get("t", 0) + 1
        params[key] -= lr * grads[key] / state["t"]
    return params, state


def test_an_array_whose_update_depends_on_another_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="one array of a model depends on another"):
        _function(shared_counter, lambda params: {"t": 0})


def branching(p: Any, g: Any, lr: float = 0.1) -> Any:
    size = float(np.sqrt(np.sum(g**2)))
    if size > 1:
        g = g / size
    return p - lr * g


def averaged(p: Any, g: Any, lr: float = 0.1) -> Any:
    return p - lr * g / np.sqrt((g**2).sum() / g.size)


def test_a_number_that_is_taken_out_keeps_what_it_is() -> None:
    norm = f"(sqrt {SQUARES})"
    assert _written(_function(branching)) == f"(where (lt 1 {norm}) (sub p (mul lr (div g {norm}))) (sub p (mul lr g)))"
    assert _written(_function(averaged)) == "(sub p (div (mul lr g) (sqrt (mean (mul g g)))))"


def decayed(p: Any, g: Any, lr: float = 0.1, weight_decay: float = 0.01, momentum: float = 0.5) -> Any:
    if weight_decay != 0:
        g = g + weight_decay * p
    if momentum > 0.25:
        g = 2 * g
    return p - lr * g


def jumping(p: Any, g: Any, lr: float = 0.1, weight_decay: float = 0.01) -> Any:
    return p - lr * (g + weight_decay * p) if weight_decay else p - 2 * lr * g


def test_an_assumption_that_the_code_does_not_need_goes_and_one_that_it_needs_stays() -> None:
    assert _function(decayed).trace.assumptions == ("1/4 < momentum",)
    assert _function(jumping).trace.assumptions == ("weight_decay != 0",)


class Adam:
    def __init__(self, lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8) -> None:
        if not 0 <= beta1 < 1:
            raise ValueError("beta1")
        self.lr, self.beta1, self.beta2, self.eps = lr, beta1, beta2, eps
        self.t = 0
        self.m: Any = None
        self.v: Any = None

    def update(self, params: Any, grads: Any) -> None:
        if self.m is None:
            self.m = {key: np.zeros_like(value) for key, value in params.items()}
            self.v = {key: np.zeros_like(value) for key, value in params.items()}
        self.t += 1
        for key in params:
            self.m[key] += (1 - self.beta1) * (grads[key] - self.m[key])
            self.v[key] += (1 - self.beta2) * (grads[key] ** 2 - self.v[key])
            unbiased = self.v[key] / (1 - self.beta2**self.t)
            params[key] -= self.lr * self.m[key] / (1 - self.beta1**self.t) / (np.sqrt(unbiased) + self.eps)


class Momentum:
    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.9) -> None:
        self.learning_rate, self.momentum = learning_rate, momentum
        self.velocity = 0
        self.is_started = False

    def step(self, grad_wrt_w: Any, w: Any) -> Any:
        self.is_started = True
        self.velocity = self.momentum * self.velocity + grad_wrt_w
        return w - self.learning_rate * self.velocity


class OverParameters:
    def __init__(self, params: Any, lr: float = 0.1, momentum: float = 0.9) -> None:
        self.params, self.lr, self.momentum = params, lr, momentum
        self.buffers = [np.zeros_like(p) for p in params]

    def step(self, grads: Any) -> None:
        for i, (p, g) in enumerate(zip(self.params, grads, strict=True)):
            self.buffers[i] = self.momentum * self.buffers[i] + g
            p[...] -= self.lr * self.buffers[i]


class DifferentFirst:
    def __init__(self, lr: float = 0.1, beta: float = 0.9) -> None:
        self.lr, self.beta = lr, beta
        self.mean: Any = None

    def update(self, w: Any, g: Any) -> Any:
        self.mean = g if self.mean is None else self.beta * self.mean + (1 - self.beta) * g
        return w - self.lr * self.mean


def test_a_class_that_keeps_its_state_in_attributes() -> None:
    lifted = _class(Adam)
    assert compare(lifted.trace, "adam", hyper_map={}).verdict == "equal"
    assert lifted.trace.domains["beta1"].upper == 1
    assert lifted.trace.assumptions == ()


@pytest.mark.parametrize(("cls", "rate"), [(Momentum, "learning_rate"), (OverParameters, "lr")])
def test_classes_of_other_forms(cls: type, rate: str) -> None:
    verdict = compare(_class(cls).trace, "sgd[momentum=True]", hyper_map={"mu": "momentum", "lr": rate})
    assert verdict.verdict == "equal"


def test_a_first_step_of_its_own() -> None:
    assert _written(_class(DifferentFirst), "mean") == ("(where (eq t 1) g (add (mul beta mean) (mul (sub 1 beta) g)))")


def test_arguments_of_a_class_are_given() -> None:
    assert [hyper.name for hyper in _class(Momentum, momentum=0).trace.hypers] == ["learning_rate"]
    with pytest.raises(UsageError, match="has no argument 'lr'"):
        _class(Momentum, lr=0.5)


class Alternating:
    def __init__(self, lr: float = 0.1) -> None:
        self.lr, self.mode = lr, "a"

    def update(self, w: Any, g: Any) -> Any:
        self.mode = "b" if self.mode == "a" else "a"
        return w - self.lr * g if self.mode == "a" else w - 2 * self.lr * g


class Growing:
    def __init__(self, lr: float = 0.1) -> None:
        self.lr = lr
        self.history: list[Any] = []

    def update(self, w: Any, g: Any) -> Any:
        self.history.append(g)
        return w - self.lr * sum(self.history)


class Raising:
    def __init__(self, lr: float = 0.1) -> None:
        raise ValueError(f"lr={lr} is wrong")

    def update(self, w: Any, g: Any) -> Any:
        return w


@pytest.mark.parametrize(
    ("cls", "message"),
    [
        (Alternating, "self.mode changes from step to step and is no number"),
        (Growing, "self.history grows or shrinks"),
        (Raising, r"test_numpy_code.py:\d+: ValueError: lr=0.1 is wrong"),
    ],
)
def test_a_class_that_cannot_be_lifted_is_refused(cls: type, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        _class(cls)


def element_by_element(p: Any, g: Any, lr: float = 0.1) -> Any:
    for i in range(len(p)):
        p[i] = p[i] - lr * g[i]
    return p


def random(p: Any, g: Any, lr: float = 0.1) -> Any:
    return p - lr * g + np.random.standard_normal(p.shape)


def still(p: Any, g: Any, lr: float = 0.1) -> Any:
    return p


def wrong(p: Any, g: Any, lr: float = 0.1) -> Any:
    return p - lr * g.nothing


CALLS = [0]


def forgetful(p: Any, g: Any, lr: float = 0.1) -> Any:
    CALLS[0] += 1
    return p - lr * g if CALLS[0] % 2 else p - 2 * lr * g


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (element_by_element, r"test_numpy_code.py:\d+: a part of an array is taken: \[0\]"),
        (random, r"test_numpy_code.py:\d+: np.random.standard_normal"),
        (still, "moves no parameter"),
        (wrong, r"test_numpy_code.py:\d+: AttributeError.*neither on an array"),
        (forgetful, "lost on its way|part at step"),
    ],
)
def test_a_function_that_cannot_be_lifted_is_refused(function: Callable[..., Any], message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        _function(function)


def test_a_class_is_an_optimizer_by_the_arguments_of_its_method() -> None:
    class Schedule:
        def step(self, epoch: int, total: int) -> None: ...

    assert step_method(Schedule) is None
    assert step_method(Adam) == "update"
    assert step_method(OverParameters) == "step"

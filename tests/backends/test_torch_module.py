"""The generated PyTorch modules: the optimizer behaves as those of torch.optim do, and refuses what it cannot do."""

from __future__ import annotations

import copy
import io
import math
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symopt import catalogue
from symopt.backends.base import variants_of
from symopt.run.modules import NumPyKernel, load_module

torch = pytest.importorskip("torch")


def module(name: str) -> ModuleType:
    return load_module("torch", variants_of(catalogue.rule(name)))


def parameters(dtype: Any = torch.float32) -> list[Any]:
    generator = torch.Generator().manual_seed(0)
    shapes = [(3, 4), (7,), ()]
    return [torch.nn.Parameter(torch.randn(shape, generator=generator, dtype=dtype)) for shape in shapes]


def take_steps(optimizer: Any, params: list[Any], steps: range) -> None:
    for step in steps:
        generator = torch.Generator().manual_seed(step)
        for p in params:
            p.grad = torch.randn(p.shape, generator=generator, dtype=p.dtype)
        optimizer.step()


def same(left: list[Any], right: list[Any]) -> bool:
    return all(torch.equal(a, b) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_against_torch_itself(dtype: Any) -> None:
    ours, theirs = parameters(dtype), parameters(dtype)
    take_steps(module("adamw").AdamW(ours, lr=0.01, amsgrad=True), ours, range(1, 20))
    take_steps(torch.optim.AdamW(theirs, lr=0.01, amsgrad=True), theirs, range(1, 20))
    for a, b in zip(ours, theirs, strict=True):
        assert (a - b).abs().max() <= 64 * torch.finfo(dtype).eps
    assert not same(ours, parameters(dtype))


def test_a_rule_of_exact_operations_has_the_bits_of_numpy() -> None:
    variants = variants_of(catalogue.rule("sgd"))
    variant = next(v for v in variants if v.suffix == "momentum_nesterov_l2")
    kernel = NumPyKernel(load_module("numpy", variants), variant)
    params = parameters()
    arrays = [p.detach().numpy().copy() for p in params]
    states = [kernel.init(array) for array in arrays]
    optimizer = module("sgd").SGD(params, lr=0.1, momentum=True, nesterov=True, l2=True, mu=0.8)
    for t in range(1, 10):
        take_steps(optimizer, params, range(t, t + 1))
        for p, array, state in zip(params, arrays, states, strict=True):
            kernel.step(array, p.grad.numpy(), state, t, lr=0.1, mu=0.8)
    assert all(np.array_equal(p.detach().numpy(), array) for p, array in zip(params, arrays, strict=True))


def test_groups_have_arguments_of_their_own() -> None:
    Adam = module("adam").Adam
    together, first, second = parameters(), parameters(), parameters()
    optimizer = Adam([{"params": together[:1], "lr": 0.1, "amsgrad": True}], beta1=0.5)
    optimizer.add_param_group({"params": together[1:], "lr": 0.2})
    take_steps(optimizer, together, range(1, 6))
    take_steps(Adam(first, lr=0.1, beta1=0.5, amsgrad=True), first, range(1, 6))
    take_steps(Adam(second, lr=0.2, beta1=0.5), second, range(1, 6))
    assert same(together, [first[0], *second[1:]])


def test_a_saved_state_goes_on_where_it_stopped() -> None:
    AdamW = module("adamw").AdamW
    straight, params = parameters(), parameters()
    take_steps(AdamW(straight, amsgrad=True), straight, range(1, 9))
    optimizer = AdamW(params, amsgrad=True)
    take_steps(optimizer, params, range(1, 4))
    file = io.BytesIO()
    torch.save(optimizer.state_dict(), file)
    file.seek(0)
    copied = [torch.nn.Parameter(p.detach().clone()) for p in params]
    again = AdamW(copied, lr=0.7)
    again.load_state_dict(torch.load(file))
    assert again.state[copied[0]]["t"] == 3
    take_steps(again, copied, range(4, 9))
    assert same(straight, copied)
    assert not same(params, copied)


def test_a_copy_is_independent() -> None:
    params = parameters()
    optimizer = module("lion").Lion(params)
    take_steps(optimizer, params, range(1, 3))
    state = copy.deepcopy(optimizer.state_dict())
    take_steps(optimizer, params, range(3, 5))
    assert state["state"][0]["t"] == 2


def test_a_schedule_of_torch_drives_it() -> None:
    ours, theirs = parameters(torch.float64), parameters(torch.float64)
    for make, params in ((module("sgd").SGD, ours), (torch.optim.SGD, theirs)):
        optimizer = make(params, lr=0.1)
        schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        for step in range(1, 5):
            take_steps(optimizer, params, range(step, step + 1))
            schedule.step()
    assert all((a - b).abs().max() < 1e-15 for a, b in zip(ours, theirs, strict=True))


def test_a_closure_is_called_with_gradients_on() -> None:
    p = torch.nn.Parameter(torch.tensor([2.0, -1.0]))
    optimizer = module("sgd").SGD([p], lr=0.25)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (p**2).sum()
        loss.backward()
        return loss

    assert optimizer.step(closure).item() == 5
    assert p.tolist() == [1.0, -0.5]


def test_look_ahead_evaluates_the_closure_at_the_point() -> None:
    """Nesterov's method by hand, in double precision, on half the square: the gradient is the point."""
    p = torch.nn.Parameter(torch.tensor([1.0], dtype=torch.float64))
    optimizer = module("nag").NAG([p], lr=0.5, mu=0.5)
    seen: list[float] = []

    def closure() -> Any:
        optimizer.zero_grad()
        seen.append(p.item())
        loss = (p**2).sum() / 2
        loss.backward()
        return loss

    expected, previous, current = [], 1.0, 1.0
    for _ in range(3):
        optimizer.step(closure)
        ahead = current + 0.5 * (current - previous)
        expected.append(ahead)
        previous, current = current, ahead - 0.5 * ahead
    assert seen == expected
    assert p.item() == current
    with pytest.raises(ValueError, match="needs a closure"):
        optimizer.step()


def test_parameters_are_moved_back_when_the_closure_fails() -> None:
    p = torch.nn.Parameter(torch.tensor([1.0]))
    optimizer = module("nag").NAG([p], lr=0.5, mu=0.5)
    optimizer.state[p] = {"t": 3, "p_prev": torch.tensor([5.0])}

    def closure() -> Any:
        assert p.item() == -1.0
        raise RuntimeError("out of data")

    with pytest.raises(RuntimeError, match="out of data"):
        optimizer.step(closure)
    assert p.item() == 1.0
    assert optimizer.state[p]["t"] == 3


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("adam", {"lr": -1.0}, "lr = -1.0 is outside its domain: 0 <= lr"),
        ("adam", {"beta1": 1.0}, "beta1 = 1.0 is outside its domain: 0 <= beta1 < 1"),
        ("adam", {"eps": math.nan}, "eps = nan"),
        ("adam", {"lr": math.inf}, "lr = inf"),
        ("sgd", {"nesterov": True}, "cannot be combined so"),
        ("sgd", {"momentum": True, "nesterov": True, "dampening": True}, "cannot be combined so"),
        ("sgd", {"mu": 0.5}, r"mu = 0.5 has no effect with options"),
        ("adam", {"amsgrad": "yes"}, "cannot be combined so"),
    ],
)
def test_wrong_arguments_are_refused(name: str, arguments: dict[str, Any], message: str) -> None:
    cls = getattr(module(name), catalogue.rule(name).__name__)
    with pytest.raises(ValueError, match=message):
        cls(parameters(), **arguments)
    optimizer = cls(parameters())
    with pytest.raises(ValueError, match=message):
        optimizer.add_param_group({"params": parameters(), **arguments})
    assert len(optimizer.param_groups) == 1


def test_what_is_not_offered_is_refused() -> None:
    Adam = module("adam").Adam
    with pytest.raises(TypeError, match="maximize"):
        Adam(parameters(), maximize=True)
    with pytest.raises(ValueError, match="maximize=True is not offered"):
        Adam([{"params": parameters(), "maximize": True}])
    p = torch.nn.Parameter(torch.zeros(3))
    p.grad = torch.sparse_coo_tensor(torch.tensor([[0]]), torch.tensor([1.0]), (3,), check_invariants=True)
    with pytest.raises(ValueError, match="g is sparse"):
        Adam([p]).step()
    with pytest.raises(TypeError, match="real floating-point"):
        module("adam").init(torch.zeros(2, dtype=torch.complex64))


def test_what_is_wrong_in_a_call_is_said() -> None:
    made = module("lion")
    p = torch.zeros(3)
    with pytest.raises(ValueError, match=r"g is torch.float64 \(3,\), and p is torch.float32 \(3,\)"):
        made.step(p, torch.zeros(3, dtype=torch.float64), made.init(p))
    with pytest.raises(ValueError, match=r"g is torch.float32 \(4,\)"):
        made.step(p, torch.zeros(4), made.init(p))
    with pytest.raises(TypeError, match="m is a tensor, not NoneType; init makes the state"):
        made.step(p, torch.zeros(3), {"t": 0})


def test_a_parameter_without_a_gradient_is_left_alone() -> None:
    params = parameters()
    optimizer = module("adamw").AdamW(params)
    params[0].grad = torch.ones_like(params[0])
    optimizer.step()
    assert torch.equal(params[1], parameters()[1])
    assert params[1] not in optimizer.state


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_narrow_types_stay_narrow(dtype: Any) -> None:
    params = parameters(dtype)
    take_steps(module("adamw").AdamW(params, lr=0.01, eps=1e-4), params, range(1, 4))
    assert all(p.dtype == dtype and p.isfinite().all() for p in params)

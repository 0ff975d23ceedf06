"""PyTorch modules of rules over models, with several gradients, the loss, random numbers and matrices."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from symopt.backends.base import variants_of
from symopt.lang import Hyper, NonNegative, Option, Rule, mean, model_norm
from symopt.run.modules import load_module
from symopt.run.philox import uniforms
from tests.run.small_rules import (
    Counted,
    Distance,
    Extremes,
    Given,
    GlobalClip,
    Langevin,
    Midpoints,
    Newton,
    NumberState,
    Roots,
    Sharpness,
    Trust,
)

torch = pytest.importorskip("torch")


class ByLoss(Rule, name="by_loss"):
    """A step as long as the loss is large."""

    lr = Hyper(0.5, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.loss * s.g


class SometimesRows(Rule, name="sometimes_rows"):
    """An option makes an element-wise rule one of rows."""

    lr = Hyper(0.5, domain=NonNegative)
    rows_only = Option(False)

    def update(s) -> None:
        s.p = s.p - s.lr * (mean(s.g, axis=1) if s.rows_only else s.g)


class SometimesSharp(Rule, name="sometimes_sharp"):
    """An option makes a rule of one gradient one of two, over the model."""

    lr = Hyper(0.5, domain=NonNegative)
    sharp = Option(False)

    def update(s) -> None:
        if s.sharp:
            s.high = s.gradient(at=s.p + s.g / model_norm(s.g))
            s.p = s.p - s.lr * s.high
        else:
            s.p = s.p - s.lr * s.g


def module(rule: type[Rule]) -> ModuleType:
    return load_module("torch", variants_of(rule))


def optimizer_of(rule: type[Rule]) -> Any:
    return getattr(module(rule), rule.__name__)


def parameters(*shapes: tuple[int, ...], dtype: Any = torch.float64) -> list[Any]:
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator, dtype=dtype)) for shape in shapes]


def half_square(optimizer: Any, params: list[Any], seen: list[Any] | None = None) -> Callable[[], Any]:
    """A closure for half the squared norm, whose gradient is the parameter itself."""

    def closure() -> Any:
        optimizer.zero_grad()
        if seen is not None:
            seen.append([p.detach().clone() for p in params])
        loss = sum((p**2).sum() for p in params) / 2
        loss.backward()
        return loss

    return closure


def with_gradients(params: list[Any], step: int) -> list[Any]:
    generator = torch.Generator().manual_seed(step)
    for p in params:
        p.grad = torch.randn(p.shape, generator=generator, dtype=p.dtype)
    return [p.grad for p in params]


def test_random_numbers_are_those_of_random123() -> None:
    made = module(Langevin)
    words = made._philox(torch.zeros(2, dtype=torch.int64), 0, 0, 0)
    assert [int(word[1]) for word in words] == [0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8]
    counter = torch.tensor([0x85A308D3243F6A88 - 2**64])  # digits of pi; the tensor's integers are signed
    counter_low = torch.tensor([0x243F6A88])
    assert int(made._philox(counter_low, 5, 0, 0)[0]) == int(made._philox(counter & 0xFFFFFFFF, 5, 0, 0)[0])
    draws = made._draws(torch.zeros(5, 3), (0, 1, 6), 2**64 - 3, 9, 2)
    for k, draw in zip((0, 1, 6), draws, strict=True):
        assert (draw.numpy() == uniforms((5, 3), 9, k, (2**64 - 3 + 2 * 2**32) % 2**64, "float32")).all()


def test_every_parameter_draws_numbers_of_its_own() -> None:
    made = module(Langevin)
    params, tensors = parameters((4,), (4,)), parameters((4,), (4,))
    optimizer = made.Langevin(params, lr=0.1, seed=5)
    state = [made.init(p) for p in tensors]
    for step in (1, 2):
        gradients = with_gradients(params, step)
        optimizer.step()
        for i, (p, g) in enumerate(zip(tensors, gradients, strict=True)):
            made.step(p, g, state[i], lr=0.1, seed=5 + i * 2**32)
    assert all(torch.equal(a, b) for a, b in zip(params, tensors, strict=True))
    assert not torch.equal(params[0] - params[1], parameters((4,), (4,))[0] - parameters((4,), (4,))[1])
    assert optimizer.state_dict()["param_groups"][0]["seed"] == 5
    for seed in (-1, 2**64, 1.5):
        with pytest.raises(ValueError, match="is no integer from 0 to"):
            made.Langevin(parameters((2,)), seed=seed)


def test_sharpness_asks_at_the_worst_point_of_the_model() -> None:
    """Foret et al. 2021 by hand, on half the square: the gradient is the point itself."""
    params = parameters((2, 2), (3,))
    before = [p.detach().clone() for p in params]
    seen: list[Any] = []
    optimizer = optimizer_of(Sharpness)(params, lr=0.1, rho=0.5)
    loss = optimizer.step(half_square(optimizer, params, seen))
    size = torch.sqrt(sum((p**2).sum() for p in before))
    assert len(seen) == 2
    assert all(torch.equal(a, b) for a, b in zip(seen[0], before, strict=True))
    assert torch.allclose(loss, size**2 / 2)
    for p, old, asked in zip(params, before, seen[1], strict=True):
        high = old + 0.5 * old / (1 + size)
        assert torch.allclose(asked, high, rtol=1e-14)
        assert torch.allclose(p, old - 0.1 * high, rtol=1e-14)
    with pytest.raises(ValueError, match="step needs a closure"):
        optimizer.step()


def test_three_gradients_one_after_the_other() -> None:
    """Two steps by hand; here each parameter is by itself, and has its state."""
    p = parameters((3,))[0]
    optimizer = optimizer_of(Midpoints)([p], lr=0.2)
    value, m = p.detach().clone(), torch.zeros(3, dtype=torch.float64)
    for _ in range(2):
        optimizer.step(half_square(optimizer, [p]))
        g1 = value
        g2 = value - 0.2 * g1 / 2
        g3 = value - 0.2 * (2 * g2 - g1)
        m = m / 2 + (g1 + 4 * g2 + g3) / 6
        value = value - 0.2 * m
    assert torch.allclose(p, value, rtol=1e-14)
    assert torch.allclose(optimizer.state[p]["m"], m, rtol=1e-14)


def test_a_closure_that_writes_over_gradients_changes_nothing() -> None:
    """Gradients that are zeroed in place are those of earlier points too."""
    left, right = parameters((3,)), parameters((3,))
    for params, to_none in ((left, True), (right, False)):
        optimizer = optimizer_of(Midpoints)(params, lr=0.02)

        def closure(optimizer: Any = optimizer, params: Any = params, to_none: bool = to_none) -> Any:
            optimizer.zero_grad(set_to_none=to_none)
            loss = (params[0] ** 4).sum()
            loss.backward()
            return loss

        for _ in range(3):
            optimizer.step(closure)
    assert torch.equal(left[0], right[0])


def test_parameters_are_moved_back_when_the_closure_fails() -> None:
    params = parameters((2,))
    before = params[0].detach().clone()
    optimizer = optimizer_of(Sharpness)(params)
    inner, calls = half_square(optimizer, params), []

    def closure() -> Any:
        calls.append(params[0].detach().clone())
        if len(calls) == 2:
            raise RuntimeError("out of data")
        return inner()

    with pytest.raises(RuntimeError, match="out of data"):
        optimizer.step(closure)
    assert not torch.equal(calls[1], before)
    assert torch.equal(params[0], before)


def test_a_group_is_a_model() -> None:
    made = module(GlobalClip)
    params, tensors = parameters((2,), (3, 2), (4,)), parameters((2,), (3, 2), (4,))
    optimizer = made.GlobalClip([{"params": params[:2]}, {"params": params[2:], "bound": 0.1}], lr=0.3)
    states = made.init(tensors[:2]), made.init(tensors[2])
    for step in (1, 2):
        gradients = with_gradients(params, step)
        optimizer.step()
        made.step(tensors[:2], gradients[:2], states[0], lr=0.3)
        made.step(tensors[2], gradients[2], states[1], lr=0.3, bound=0.1)
    assert all(torch.equal(a, b) for a, b in zip(params, tensors, strict=True))
    assert optimizer.state[params[0]]["t"] == 2
    assert params[1] not in optimizer.state


def test_a_model_of_some_gradients_is_refused() -> None:
    params = parameters((2,), (3,), (2,))
    params[2].requires_grad_(False)
    before = [p.detach().clone() for p in params]
    optimizer = optimizer_of(GlobalClip)(params)
    params[0].grad = torch.ones_like(params[0])
    with pytest.raises(ValueError, match="some parameters of a group have no gradient"):
        optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(params, before, strict=True))
    params[0].grad = None
    optimizer.step()
    assert all(torch.equal(a, b) for a, b in zip(params, before, strict=True))
    params[0].grad, params[1].grad = torch.ones_like(params[0]), torch.ones_like(params[1])
    optimizer.step()
    assert not torch.equal(params[1], before[1])
    assert torch.equal(params[2], before[2])


def test_a_saved_model_goes_on_where_it_stopped() -> None:
    made = module(Distance)
    straight, params = parameters((2,), (3, 2)), parameters((2,), (3, 2))
    one, first = made.Distance(straight), made.Distance(params)
    for _ in range(5):
        one.step(half_square(one, straight))
    for _ in range(2):
        first.step(half_square(first, params))
    file = io.BytesIO()
    torch.save(first.state_dict(), file)
    file.seek(0)
    second = made.Distance(params, lr=9.0)
    second.load_state_dict(torch.load(file))
    assert type(second.state[params[0]]["d"]) is float
    for _ in range(3):
        second.step(half_square(second, params))
    assert all(torch.equal(a, b) for a, b in zip(straight, params, strict=True))
    assert second.state[params[0]]["r"] == one.state[straight[0]]["r"] != 0.0


@pytest.mark.parametrize("rule", [NumberState, Counted])
def test_numbers_are_floats_in_the_state(rule: type[Rule]) -> None:
    params = parameters((3,), ())
    optimizer = optimizer_of(rule)(params)
    for step in (1, 2):
        with_gradients(params, step)
        optimizer.step()
    (name,) = (name for name in ("nu", "product") if name in optimizer.state[params[0]])
    assert type(optimizer.state[params[0]][name]) is float
    assert optimizer.state[params[0]][name] != 0
    optimizer.load_state_dict(optimizer.state_dict())
    assert type(optimizer.state[params[0]][name]) is float


def test_the_loss_is_what_the_closure_returns() -> None:
    params = parameters((2,))
    before = params[0].detach().clone()
    optimizer = optimizer_of(ByLoss)(params)
    loss = optimizer.step(half_square(optimizer, params))
    assert torch.allclose(params[0], before - 0.5 * loss.item() * before, rtol=1e-14)
    with pytest.raises(ValueError, match="step needs a closure"):
        optimizer.step()
    after = params[0].detach().clone()
    inner = half_square(optimizer, params)

    def closure() -> None:
        inner()

    with pytest.raises(ValueError, match="the closure returns the loss, which the rule reads"):
        optimizer.step(closure)
    assert torch.equal(params[0], after)


def test_options_decide_what_a_step_asks_for() -> None:
    made = module(SometimesSharp)
    params = parameters((2,), (2,))
    before = [p.detach().clone() for p in params]
    optimizer = made.SometimesSharp([{"params": params[:1]}, {"params": params[1:], "sharp": True}])
    seen: list[Any] = []
    optimizer.step(half_square(optimizer, params, seen))
    assert len(seen) == 2
    assert torch.equal(seen[1][0], before[0])
    assert torch.allclose(params[0], before[0] / 2)
    assert torch.allclose(params[1], before[1] - 0.5 * (before[1] + before[1] / before[1].norm()))
    plain = made.SometimesSharp(params)
    with_gradients(params, 1)
    plain.step()  # one gradient at the parameters may be computed before


def test_a_second_derivative_is_given_to_functions_only() -> None:
    made = module(Given)
    assert not hasattr(made, "Given")
    assert "There is no\noptimizer for ``torch.optim``" in made.__doc__
    p = torch.ones(2, dtype=torch.float64)
    state = made.init(p)
    made.step(p, torch.tensor([1.0, 3.0]).double(), torch.tensor([0.0, 1.0]).double(), state, loss=2.0, lr=0.5)
    # h is taken over in even steps; the scale is 2 / (1 + 5).
    assert torch.allclose(p, torch.tensor([1 - 1 / 6, 1 - 3 / 6], dtype=torch.float64), rtol=1e-14)


def test_matrices_are_demanded() -> None:
    made = module(Newton)
    with pytest.raises(ValueError, match=r"newton: p is a matrix \(2 dimensions\), not of shape \(3,\)"):
        made.Newton(parameters((2, 2), (3,)))
    params = parameters((2, 2))
    optimizer = made.Newton(params)
    with pytest.raises(ValueError, match=r"newton: p is a matrix \(2 dimensions\), not of shape \(\)"):
        optimizer.add_param_group({"params": parameters(())})
    assert len(optimizer.param_groups) == 1
    with pytest.raises(ValueError, match=r"not of shape \(3,\)"):
        made.init(torch.zeros(3))
    with pytest.raises(ValueError, match=r"b is torch.float64 \(2, 1\), and for this p torch.float64 \(2, 2\)"):
        made.step(params[0], params[0].detach(), {"t": 0, "b": torch.zeros(2, 1).double()})


def test_options_decide_whether_matrices_are_demanded() -> None:
    made = module(SometimesRows)
    assert "With options that look at rows and columns" in made.__doc__
    made.SometimesRows(parameters((3,)))
    matrix, vector = parameters((2, 2)), parameters((3,))
    optimizer = made.SometimesRows(matrix, rows_only=True)
    with pytest.raises(ValueError, match=r"sometimes_rows: p is a matrix \(2 dimensions\), not of shape \(3,\)"):
        optimizer.add_param_group({"params": vector})
    optimizer.add_param_group({"params": vector, "rows_only": False})
    expected = matrix[0].detach().clone()
    expected -= 0.5 * with_gradients([*matrix, *vector], 1)[0].mean(1, keepdim=True)
    optimizer.step()
    assert torch.allclose(matrix[0], expected, rtol=1e-14)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("rule", [Trust, Newton, Extremes, Roots, NumberState, Langevin])
def test_narrow_types_stay_narrow(rule: type[Rule], dtype: Any) -> None:
    params = parameters((4, 3), dtype=dtype)
    optimizer = optimizer_of(rule)(params)
    for step in (1, 2, 3):
        with_gradients(params, step)
        optimizer.step()
    assert params[0].dtype == dtype
    assert params[0].isfinite().all()
    assert not torch.equal(params[0], parameters((4, 3), dtype=dtype)[0])


def test_the_optimizer_is_the_functions() -> None:
    """A matrix rule with square states, on a tall and a wide parameter."""
    made = module(Roots)
    params, tensors = parameters((4, 3), (2, 5)), parameters((4, 3), (2, 5))
    optimizer, states = made.Roots(params), [made.init(p) for p in tensors]
    for step in (1, 2):
        gradients = with_gradients(params, step)
        optimizer.step()
        for p, g, state in zip(tensors, gradients, states, strict=True):
            made.step(p, g, state)
    assert all(torch.equal(a, b) for a, b in zip(params, tensors, strict=True))
    assert optimizer.state[params[0]]["left"].shape == (4, 4)
    assert np.linalg.matrix_rank(optimizer.state[params[1]]["left"].numpy()) == 2

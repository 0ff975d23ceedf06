"""PyTorch optimizers of rules over models and with several gradients: what the closure sees, groups, saved states."""

from __future__ import annotations

import io
from typing import Any

import pytest

from symopt.lang import Hyper, NonNegative, Option, Rule, model_norm
from tests.backends.torch_run import half_square, module, optimizer_of, parameters, torch, with_gradients
from tests.run.small_rules import Distance, GlobalClip, Midpoints, Sharpness


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

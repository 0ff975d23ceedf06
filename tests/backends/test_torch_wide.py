"""PyTorch modules of rules with the loss, random numbers, numbers in the state, and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symopt.lang import Hyper, NonNegative, Option, Rule, mean
from symopt.run.philox import uniforms
from tests.backends.torch_run import half_square, module, optimizer_of, parameters, torch, with_gradients
from tests.run.small_rules import Counted, Extremes, Given, Langevin, Newton, NumberState, Roots, Trust


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

"""What operations of PyTorch mean is what PyTorch computes, on random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from symopt.errors import UnsupportedError  # noqa: E402  # PyTorch may be missing
from symopt.ir.evaluate import evaluate  # noqa: E402
from symopt.ir.nodes import ref  # noqa: E402
from symopt.lift.confirm import FloatArithmetic  # noqa: E402
from symopt.lift.session import Session, active  # noqa: E402
from symopt.lift.torch.memory import Memory, Several  # noqa: E402
from symopt.lift.torch.modes import modes  # noqa: E402
from symopt.lift.whole import parameter_like  # noqa: E402

SHAPE = (4, 16)
Function = Callable[[Any, Any], Any]


def _traced(function: Function, shape: tuple[int, ...] = SHAPE) -> tuple[Any, Any]:
    """What a function of p and g computes: by its meaning, and by PyTorch."""
    generator = torch.Generator().manual_seed(7)
    p, g = (torch.rand(shape, generator=generator, dtype=torch.float64) * 3 - 1.2 for _ in range(2))
    arrays = {"p": p.numpy().copy(), "g": g.numpy().copy()}
    session = Session(matrix=SHAPE if len(shape) == 2 else None)
    with active(session):
        memory = Memory(session)
        for name, tensor in (("p", p), ("g", g)):
            memory.write(tensor, parameter_like(ref(name), shape))
        with modes(session, memory):
            out = function(p, g)
        meaning = memory.read(out)
    nodes = meaning.nodes if isinstance(meaning, Several) else (meaning.node,)
    with np.errstate(all="ignore"):
        values = evaluate(nodes, arrays, FloatArithmetic())
    return (np.array(values) if isinstance(meaning, Several) else values[0]), out.detach().numpy()


FUNCTIONS: list[Function] = [
    lambda p, g: p + 3 * g,
    lambda p, g: torch.sub(p, g, alpha=0.5),
    lambda p, g: 2.0 - p,
    lambda p, g: p.mul(g).neg(),
    lambda p, g: p.div(g.abs().add(0.5)),
    lambda p, g: p.square().sqrt(),
    lambda p, g: p.abs().add_(1).rsqrt_(),
    lambda p, g: p.abs().add_(1).reciprocal_(),
    lambda p, g: (p / (g.square() + 1)).reciprocal(),
    lambda p, g: p.pow(3) + p**2,
    lambda p, g: p.abs().pow(0.3),
    lambda p, g: torch.pow(0.7, p),
    lambda p, g: p.exp() + g.expm1() + g.abs().log1p(),
    lambda p, g: p.abs().add(0.1).log() + p.abs().add(0.1).log2(),
    lambda p, g: p.sign() * g.sgn(),
    lambda p, g: p.cos() + p.floor() + g.ceil(),
    lambda p, g: p.tanh() + g.sigmoid(),
    lambda p, g: torch.nn.functional.softplus(30 * p),
    lambda p, g: p.lerp(g, 0.3),
    lambda p, g: p.clone().lerp_(g, 0.8),
    lambda p, g: p.addcmul(g, g, value=0.1),
    lambda p, g: p.addcdiv(g, p.square() + 1, value=-0.3),
    lambda p, g: p.clamp(-0.2, 0.4) + g.clamp(min=0.1) + g.clamp(max=0.2),
    lambda p, g: torch.maximum(p, g) - torch.minimum(p, g),
    lambda p, g: torch.where(p > g, p, 2 * g),
    lambda p, g: p.masked_fill(g < 0, 1.5),
    lambda p, g: p.masked_fill_(g.le(0) | p.gt(0.5), 1.5),
    lambda p, g: torch.where((p > 0) & ~(g > 0), p, g),
    lambda p, g: p * (g > 0) + (p >= g) + (p != g),
    lambda p, g: p.heaviside(g),
    lambda p, g: p.remainder(0.7) + p.floor_divide(0.3),
    lambda p, g: torch.hypot(p, g) + torch.relu(p),
    lambda p, g: torch.nan_to_num(p) + torch.isnan(g) + torch.isfinite(g),
    lambda p, g: p.clamp(-float("inf"), 0.3) + (g < float("inf")) * p,
    lambda p, g: torch.zeros_like(p) + torch.ones_like(p) + torch.full_like(p, 0.3) * p,
    lambda p, g: p.sum(),
    lambda p, g: p.mean() + g.sum() / g.numel(),
    lambda p, g: p.norm() + g.norm(1) + g.norm(float("inf")) + g.norm(-float("inf")),
    lambda p, g: torch.linalg.vector_norm(p, 3),
    lambda p, g: p.amax() + g.min() + g.max(),
    lambda p, g: p.std() + g.var(unbiased=False),
    lambda p, g: (p > 0).sum() + (p > 3).any() + (p > -9).all(),
    lambda p, g: torch.count_nonzero(p > 0),
    lambda p, g: p.reshape(-1).dot(g.reshape(-1)),
    lambda p, g: p.clone().zero_().add_(g).fill_(0.25) + p.copy_(g),
    lambda p, g: torch._foreach_add([p], [g], alpha=2)[0],
    lambda p, g: torch._foreach_div(torch._foreach_mul([p, g], [0.3, 0.4]), 2.0)[1],
    lambda p, g: torch._foreach_norm([p, g])[1],
    lambda p, g: p.to(torch.float64).contiguous().data,
    lambda p, g: torch.stack([p.sum(), g.sum()]).square().sum(),
    lambda p, g: torch.stack([p.sum(), g.sum()]).unbind()[1] * p,
    lambda p, g: torch.stack([p.norm(), g.norm()]).clamp_(max=5) / 2,
]
ON_MATRICES: list[Function] = [
    lambda p, g: p.mean(dim=0, keepdim=True) * g,
    lambda p, g: p.sum(dim=1, keepdim=True) + g,
    lambda p, g: p.amax(dim=-1, keepdim=True),
    lambda p, g: p.norm(dim=1, keepdim=True),
    lambda p, g: p.max(dim=1, keepdim=True).values,
    lambda p, g: p @ g.T,
    lambda p, g: torch.addmm(p, p @ g.t(), g, beta=0.5, alpha=2),
    lambda p, g: p.view(-1).mul_(2).view(4, 16) + p,
    lambda p, g: p.t().mul_(2).t() + g,
    lambda p, g: p.unsqueeze(0).squeeze(0).expand(4, 16) - g.transpose(0, 1).transpose(1, 0),
    lambda p, g: p.var(dim=1, keepdim=True),
    lambda p, g: torch.bmm(p.unsqueeze(0), g.T.unsqueeze(0)).squeeze(0),
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("shape", [(16,), SHAPE])
def test_an_operation_means_what_it_computes(function: Function, shape: tuple[int, ...]) -> None:
    meant, computed = _traced(function, shape)
    np.testing.assert_allclose(np.broadcast_to(meant, computed.shape), computed, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("function", ON_MATRICES)
def test_an_operation_on_matrices_means_what_it_computes(function: Function) -> None:
    meant, computed = _traced(function)
    np.testing.assert_allclose(np.broadcast_to(meant, computed.shape), computed, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda p, g: torch.linalg.svd(p)[0], "svd"),
        (lambda p, g: torch.linalg.qr(p)[0], "qr"),
        (lambda p, g: torch.sort(p)[0], "sort"),
        (lambda p, g: p[1:].add_(1), "a part of shape"),
        (lambda p, g: p.max(dim=1).indices + 1, "positions"),
        (lambda p, g: torch.randn_like(p), "randn_like"),
        (lambda p, g: p.to(torch.int64), "rounded"),
        (lambda p, g: torch.tensor([float(i) for i in range(16)]) * p, "different elements"),
        (lambda p, g: torch.tensor(p.numpy()), "NumPy"),
    ],
)
def test_what_is_not_lifted_is_refused_by_name(function: Function, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        _traced(function)


def test_a_refusal_that_code_swallows_is_raised_all_the_same() -> None:
    def careless(p: Any, g: Any) -> Any:
        try:
            return torch.linalg.svd(p)[0]
        except Exception:
            return p

    with pytest.raises(UnsupportedError, match="svd"):
        _traced(careless)

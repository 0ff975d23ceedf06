"""Optimizers of generated PyTorch modules, parameters for them, and gradients."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from symopt.backends.base import variants_of
from symopt.lang import Rule
from symopt.run.modules import load_module

torch = pytest.importorskip("torch")


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

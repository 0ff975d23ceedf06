"""Generated Python modules as kernels: loaded from their text, and called like the C ones."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from symopt.backends.base import Variant, render_variants
from symopt.backends.registry import backend
from symopt.errors import MissingToolError

Array = NDArray[Any]


class Kernel(Protocol):
    """The functions of a variant on NumPy arrays; ``t`` counts steps from 1."""

    def init(self, p: Array, /, **hypers: float) -> dict[str, Array]:
        """The states before the first step."""

    def point(self, p: Array, states: Mapping[str, Array], t: int, /, **hypers: float) -> Array:
        """Where the gradient of step ``t`` is asked for."""

    def step(self, p: Array, g: Array, states: Mapping[str, Array], t: int, /, **hypers: float) -> None:
        """Update ``p`` and the states in place."""


def load_module(name: str, variants: list[Variant]) -> ModuleType:
    """The module that a Python backend renders for the variants of a rule.

    Raises
    ------
    MissingToolError: what the module imports is not installed.
    """
    (text,) = render_variants(backend(name), variants).values()
    module = ModuleType(f"generated_{name}_{variants[0].rule.name}")
    try:
        exec(compile(text, f"<{name} kernel of {variants[0].rule.name}>", "exec"), module.__dict__)
    except ImportError as error:
        raise MissingToolError(f"{error.name} is not installed: pip install 'symopt-codegen[{name}]'") from None
    return module


class NumPyKernel:
    """A variant's functions of a NumPy module."""

    def __init__(self, module: ModuleType, variant: Variant) -> None:
        suffix = f"_{variant.suffix}" if variant.suffix else ""
        self._init, self._step = getattr(module, f"init{suffix}"), getattr(module, f"step{suffix}")
        self._point = getattr(module, f"point{suffix}", None)

    def init(self, p: Array, /, **hypers: float) -> dict[str, Array]:
        state = self._init(p, **_keywords(self._init, hypers))
        return {name: array for name, array in state.items() if name != "t"}

    def point(self, p: Array, states: Mapping[str, Array], t: int, /, **hypers: float) -> Array:
        assert self._point is not None, "asked only of rules that look ahead"
        point: Array = self._point(p, {"t": t - 1, **states}, **_keywords(self._point, hypers))
        return point

    def step(self, p: Array, g: Array, states: Mapping[str, Array], t: int, /, **hypers: float) -> None:
        self._step(p, g, {"t": t - 1, **states}, **_keywords(self._step, hypers))


def _keywords(function: Callable[..., Any], hypers: Mapping[str, float]) -> dict[str, float]:
    """The hyper-parameters that a function takes, as it spells them: names that it needs end in an underscore."""
    taken = inspect.signature(function).parameters
    spelt = {name if name in taken else f"{name}_": value for name, value in hypers.items()}
    return {name: value for name, value in spelt.items() if name in taken}


class TorchKernel:
    """A variant's functions of a PyTorch module, on tensors that share the memory of the arrays."""

    def __init__(self, module: ModuleType, variant: Variant) -> None:
        self._inner = NumPyKernel(module, variant)
        self._torch = importlib.import_module("torch")

    def init(self, p: Array, /, **hypers: float) -> dict[str, Array]:
        made = self._inner.init(self._tensor(p), **hypers)
        return {name: np.asarray(tensor) for name, tensor in made.items()}

    def point(self, p: Array, states: Mapping[str, Array], t: int, /, **hypers: float) -> Array:
        return np.asarray(self._inner.point(self._tensor(p), self._tensors(states), t, **hypers))

    def step(self, p: Array, g: Array, states: Mapping[str, Array], t: int, /, **hypers: float) -> None:
        self._inner.step(self._tensor(p), self._tensor(g), self._tensors(states), t, **hypers)

    def _tensor(self, array: Array) -> Any:
        return self._torch.from_numpy(array)

    def _tensors(self, states: Mapping[str, Array]) -> dict[str, Any]:
        return {name: self._tensor(array) for name, array in states.items()}

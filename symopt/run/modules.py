"""Generated Python modules as kernels: loaded from their text, and called like the C ones.

A kernel is called with what its rule has, and every kind of rule in the same way:

- ``init(p, **hypers)`` gives the states by name, without the step count. A state that is one number is a
  Python float, every other one an array: of the parameter's shape, ``(rows, 1)``, ``(1, cols)``, or a
  matrix of another shape.
- ``step(p, g, states, t, **hypers)`` updates ``p`` and ``states`` in place: arrays element by element,
  numbers by new floats in the dictionary ``states``.
- A rule over the model takes lists of arrays for ``p`` and ``g``, one array a tensor. Its array states are
  lists of arrays, its numbers of the whole model floats, and its numbers of a tensor lists of floats.
- A rule that asks for several gradients takes in place of ``g`` a dictionary from their names (those of
  ``trace.queries``) to arrays, or to lists of arrays over a model; more names than a function reads may
  be given, so one dictionary serves all calls of a step.
- ``point(p, states, t, phase=..., g=..., **hypers)`` gives, as a new array (a list of arrays over a model),
  where a gradient is asked for. ``phase`` is the name of the phase (``point``; ``point1``, ``point2`` where
  there are several), and ``g`` holds the gradients asked for so far, where the point reads any.
- ``loss`` (a float), ``hessian`` (like ``g``) and ``seed`` (an integer) are given by name to rules that read
  them, and ignored by others.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from symopt.backends.base import Variant, render_variants
from symopt.backends.functions import gradients_of
from symopt.backends.registry import backend
from symopt.errors import MissingToolError
from symopt.ir.program import Phase
from symopt.ir.trace import HESSIAN

Array = NDArray[Any]
Arrays = Array | list[Array]
Gradients = Arrays | Mapping[str, Arrays]
States = dict[str, Any]


class Kernel(Protocol):
    """The functions of a variant on NumPy arrays; ``t`` counts steps from 1. The module's text has the details."""

    def init(self, p: Arrays, /, **hypers: float) -> States:
        """The states before the first step."""

    def point(
        self, p: Arrays, states: States, t: int, /, *, phase: str = "point", g: Gradients | None = None, **given: Any
    ) -> Arrays:
        """Where a gradient of step ``t`` is asked for."""

    def step(self, p: Arrays, g: Gradients, states: States, t: int, /, **given: Any) -> None:
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
        self._variant = variant
        self._phases = {phase.name: phase for phase in variant.program.phases}
        self._functions = {name: getattr(module, f"{name}{suffix}") for name in ("init", *self._phases)}
        # The number of steps that the state counts after the last call of ``step``.
        self.counted: Any = 0

    def init(self, p: Arrays, /, **hypers: float) -> States:
        function = self._functions["init"]
        state = function(p, **_keywords(function, hypers))
        return {name: value for name, value in state.items() if name != "t"}

    def point(
        self, p: Arrays, states: States, t: int, /, *, phase: str = "point", g: Gradients | None = None, **given: Any
    ) -> Arrays:
        point: Arrays = self._call(self._phases[phase], p, {} if g is None else g, {"t": t - 1, **states}, given)
        return point

    def step(self, p: Arrays, g: Gradients, states: States, t: int, /, **given: Any) -> None:
        state = {"t": t - 1, **states}
        self._call(self._phases["step"], p, g, state, given)
        self.counted = state["t"]
        states.update({name: state[name] for name in states})

    def _call(self, phase: Phase, p: Arrays, g: Gradients, state: States, given: Mapping[str, Any]) -> Any:
        function, trace = self._functions[phase.name], self._variant.trace
        gradients = g if isinstance(g, Mapping) else {query.name: g for query in trace.queries}
        arrays = [gradients[name] for name in gradients_of(trace, phase)]
        arrays += [given[HESSIAN]] if HESSIAN in phase.reads else []
        return function(p, *arrays, state, **_keywords(function, given))


def _keywords(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """What a function takes by name, as it spells it: names that it needs itself end in an underscore."""
    taken = inspect.signature(function).parameters
    named = {name for name, parameter in taken.items() if parameter.kind is parameter.KEYWORD_ONLY}
    spelt = {name if name in named else f"{name}_": value for name, value in given.items()}
    return {name: value for name, value in spelt.items() if name in named}


class TorchKernel:
    """A variant's functions of a PyTorch module, on tensors that share the memory of the arrays."""

    def __init__(self, module: ModuleType, variant: Variant) -> None:
        self._inner = NumPyKernel(module, variant)
        self._torch = importlib.import_module("torch")

    def init(self, p: Arrays, /, **hypers: float) -> States:
        return {name: self._arrays(value) for name, value in self._inner.init(self._tensors(p), **hypers).items()}

    def point(
        self, p: Arrays, states: States, t: int, /, *, phase: str = "point", g: Gradients | None = None, **given: Any
    ) -> Arrays:
        made = self._inner.point(
            self._tensors(p), self._tensors(states), t, phase=phase, g=self._tensors(g), **self._tensors(given)
        )
        return self._arrays(made)  # type: ignore[no-any-return]  # a tensor or a list of tensors

    def step(self, p: Arrays, g: Gradients, states: States, t: int, /, **given: Any) -> None:
        shared = self._tensors(states)
        self._inner.step(self._tensors(p), self._tensors(g), shared, t, **self._tensors(given))
        states.update({name: self._arrays(shared[name]) for name in states if not isinstance(states[name], np.ndarray)})

    def _tensors(self, value: Any) -> Any:
        """Arrays as tensors, in lists and dictionaries too; everything else as it is."""
        return _mapped(value, np.ndarray, self._torch.from_numpy)

    def _arrays(self, value: Any) -> Any:
        return _mapped(value, self._torch.Tensor, np.asarray)


def _mapped(value: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """A value with everything of one kind in it changed."""
    if isinstance(value, Mapping):
        return {name: _mapped(item, kind, change) for name, item in value.items()}
    if isinstance(value, list):
        return [_mapped(item, kind, change) for item in value]
    return change(value) if isinstance(value, kind) else value

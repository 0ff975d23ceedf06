"""Optimizers of frameworks on NumPy arrays: one small runner a framework, each imported when it is asked for."""

from __future__ import annotations

import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.errors import MissingToolError, UnsupportedError

Array = NDArray[Any]
Gradient = Callable[[int], Array]
Arguments = Mapping[str, Any]
Loss = Callable[[int], float]
Runner = Callable[[str, Arguments, Array, Gradient, int, Loss], list[Array]]


def run_original(
    implementation: str, arguments: Arguments, p: Array, gradient: Gradient, steps: int, loss: Loss = lambda t: 1.0
) -> list[Array]:
    """The parameter after each step of an optimizer of a framework.

    Parameters
    ----------
    implementation: the dotted path of a class or of a function that makes the optimizer.
    arguments: what it is built with.
    p: the parameter before the first step; its type is that of the whole computation.
    gradient: the gradient of a step; steps are counted from 1.
    loss: the loss before a step, which some optimizers read.

    Raises
    ------
    MissingToolError: the framework is not installed, or its version has no such optimizer.
    UnsupportedError: the path does not start with the name of a framework that has a runner.
    """
    framework = implementation.partition(".")[0]
    if framework not in RUNNERS:
        raise UnsupportedError(f"{implementation}: no framework is called {framework}; known: {', '.join(RUNNERS)}")
    with warnings.catch_warnings():
        # What a framework will drop is compared for as long as it is there.
        warnings.simplefilter("ignore", DeprecationWarning)
        return RUNNERS[framework](implementation, arguments, p, gradient, steps, loss)


def _torch(
    implementation: str, arguments: Arguments, p: Array, gradient: Gradient, steps: int, loss: Loss
) -> list[Array]:
    torch = framework("torch")
    with _default_dtype(torch, p.dtype):
        parameter = torch.nn.Parameter(torch.tensor(p))
        optimizer = implementation_of(implementation)([parameter], **arguments)
        reached = []
        for t in range(1, steps + 1):
            parameter.grad = torch.tensor(gradient(t))
            optimizer.step()
            reached.append(parameter.detach().numpy().copy())
    return reached


@contextmanager
def _default_dtype(torch: ModuleType, dtype: np.dtype[Any]) -> Iterator[None]:
    """PyTorch's default type, which numbers that optimizers keep as tensors take, for a while."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(getattr(torch, dtype.name))
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _optax(
    implementation: str, arguments: Arguments, p: Array, gradient: Gradient, steps: int, loss: Loss
) -> list[Array]:
    jax, optax = framework("jax"), framework("optax")
    with jax.enable_x64(p.dtype == np.float64):
        parameter = jax.numpy.asarray(p)
        optimizer = optax.with_extra_args_support(implementation_of(implementation)(**arguments))
        state = optimizer.init(parameter)
        reached = []
        for t in range(1, steps + 1):
            updates, state = optimizer.update(jax.numpy.asarray(gradient(t)), state, parameter, value=loss(t))
            parameter = optax.apply_updates(parameter, updates)
            reached.append(np.array(parameter))
    return reached


def _keras(
    implementation: str, arguments: Arguments, p: Array, gradient: Gradient, steps: int, loss: Loss
) -> list[Array]:
    keras = framework("keras")
    before = keras.config.floatx()
    keras.config.set_floatx(p.dtype.name)
    try:
        # JAX computes in single precision, whatever it is given, unless it is told otherwise.
        with framework("jax").enable_x64(p.dtype == np.float64) if find_spec("jax") else nullcontext():
            variable = keras.Variable(p, dtype=p.dtype.name)
            optimizer = implementation_of(implementation)(**arguments)
            reached = []
            for t in range(1, steps + 1):
                optimizer.apply([keras.ops.convert_to_tensor(gradient(t), dtype=p.dtype.name)], [variable])
                reached.append(np.array(keras.ops.convert_to_numpy(variable.value)))
    finally:
        keras.config.set_floatx(before)
    return reached


RUNNERS: Mapping[str, Runner] = {"torch": _torch, "optax": _optax, "keras": _keras, "pytorch_optimizer": _torch}


def framework(name: str) -> ModuleType:
    """A framework's module; raises ``MissingToolError`` where it is not installed."""
    # What Keras computes with is chosen when it is imported; its own choice, TensorFlow, is rarely there.
    os.environ.setdefault("KERAS_BACKEND", "jax" if find_spec("jax") else "torch")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        package = (error.name or name).partition(".")[0]
        raise MissingToolError(f"{package} is not installed: pip install {package}") from None


def implementation_of(implementation: str) -> Any:
    """The class or function that a dotted path names; raises ``MissingToolError`` where it is not installed."""
    path, _, name = implementation.rpartition(".")
    framework(path.partition(".")[0])
    try:
        return getattr(importlib.import_module(path), name)
    except (ImportError, AttributeError):
        raise MissingToolError(f"the version of {path} that is installed has no {name}") from None

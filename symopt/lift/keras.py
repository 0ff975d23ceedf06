"""Lifting of optimizers of Keras 3, which run on JAX."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.lift.arguments import FREE, is_number, read_arguments
from symopt.lift.confirm import Array
from symopt.lift.jax.lifter import Lifter
from symopt.lift.lifted import Lifted
from symopt.run.frameworks import framework

LEARNING_RATE = "learning_rate"
PARAMETER = "param"
FLOAT = "float64"
# What names a thing in Keras and changes no number.
NO_NUMBERS = frozenset({"name"})


def lift_keras(cls: Callable[..., Any], title: str, fixed: Mapping[str, Any] | None = None) -> list[Lifted]:
    """The update rule of an optimizer class of Keras.

    Numbers among the arguments of its constructor are hyper-parameters; what is None stays it, unless ``fixed`` gives
    a value, which is taken as it is, or the word free.

    Raises
    ------
    UnsupportedError: it does what is not lifted, or Keras does not run on JAX.
    UsageError: an argument is required and unknown, or ``fixed`` names none.
    MissingToolError: Keras or JAX is not installed.
    """
    framework("jax")
    backend = framework("keras").backend.backend()
    if backend != "jax":
        raise UnsupportedError(f"Keras runs on {backend}; its optimizers are lifted on JAX: set KERAS_BACKEND=jax")
    parameters = [item for item in inspect.signature(cls).parameters.values() if item.name not in NO_NUMBERS]
    given = {} if fixed is None else dict(fixed)
    if any(item.name == LEARNING_RATE and item.default is None for item in parameters):
        given.setdefault(LEARNING_RATE, FREE)
    arguments = read_arguments(parameters, given, title)
    return Lifter(_Optimizer(cls, title), arguments, title, "keras", "keras").lifted()


@dataclass(frozen=True)
class _Optimizer:
    """An optimizer of Keras as a program; its state are its variables by name."""

    cls: Callable[..., Any]
    title: str

    def start(self, arguments: Mapping[str, Any], p: Any) -> dict[str, Any]:
        """Its variables as they are built."""
        with _double():
            optimizer = self._built(arguments, p)[0]
            return {name: item.value for name, item in _named(optimizer).items()}

    def step(self, arguments: Mapping[str, Any], p: Any, g: Any, state: Any, t: Any, loss: Any) -> tuple[Any, Any]:
        """The updated parameter and the new values of the variables."""
        with _double():
            optimizer = self._built(arguments, p)[0]
            names = list(_named(optimizer))
            (new_p,), values = optimizer.stateless_apply([state[name] for name in names], [g], [p])
            return new_p, dict(zip(names, values, strict=True))

    def run(self, arguments: Mapping[str, Any], p: Array, gradients: Sequence[Array]) -> list[Array]:
        """The parameter after each step of the optimizer; refused where it keeps numbers that are no variables."""
        with _double():
            optimizer, variable = self._built(arguments, p)
            before, reached = _numbers(optimizer), []
            for gradient in gradients:
                optimizer.apply([framework("jax").numpy.asarray(gradient)], [variable])
                reached.append(np.array(variable.value))
            changed = [name for name, value in _numbers(optimizer).items() if value != before.get(name)]
        if changed:
            raise UnsupportedError(f"{self.title}: {', '.join(changed)} changes from step to step and is no variable")
        return reached

    def _built(self, arguments: Mapping[str, Any], p: Any) -> tuple[Any, Any]:
        optimizer = self.cls(**arguments)
        variable = framework("keras").Variable(p, dtype=FLOAT, name=PARAMETER)
        optimizer.build([variable])
        return optimizer, variable


@contextmanager
def _double() -> Iterator[None]:
    """Keras in double precision inside the block."""
    config = framework("keras").config
    before = config.floatx()
    config.set_floatx(FLOAT)
    try:
        yield
    finally:
        config.set_floatx(before)


def _named(optimizer: Any) -> dict[str, Any]:
    """The variables by what they mean.

    Those of a parameter have its name before their own; those of the optimizer go by its attributes, since their own
    names are numbered.
    """
    attributes = {id(value): name.strip("_") for name, value in vars(optimizer).items()}
    named: dict[str, Any] = {}
    for item in optimizer.variables:
        name = item.name.removeprefix(f"{PARAMETER}_")
        if name == item.name:
            name = attributes.get(id(item), name)
        number = sum(other.partition("#")[0] == name for other in named)
        named[name if not number else f"{name}#{number + 1}"] = item
    return named


def _numbers(optimizer: Any) -> dict[str, Any]:
    """The plain numbers among the attributes of an optimizer."""
    return {name: value for name, value in vars(optimizer).items() if is_number(value)}

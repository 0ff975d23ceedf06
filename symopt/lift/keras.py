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
from symopt.lift.jax.states import FIRST, SECOND
from symopt.lift.lifted import Lifted
from symopt.run.frameworks import framework

LEARNING_RATE = "learning_rate"
PARAMETERS = ("param", "twin")  # of the second of two tensors
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
    return Lifter(_Optimizer(cls, title), arguments, title, "keras", "keras", has_several=True).lifted()


@dataclass(frozen=True)
class _Optimizer:
    """An optimizer of Keras as a program; its state are its variables by name."""

    cls: Callable[..., Any]
    title: str

    def start(self, arguments: Mapping[str, Any], p: Any) -> dict[str, Any]:
        """Its variables as they are built."""
        with _double():
            optimizer, _ = self._built(arguments, p)
            return _tree(_keys(optimizer, isinstance(p, dict)), [item.value for item in optimizer.variables])

    def step(self, arguments: Mapping[str, Any], p: Any, g: Any, state: Any, t: Any, loss: Any) -> tuple[Any, Any]:
        """The updated parameter and the new values of the variables."""
        with _double():
            optimizer, _ = self._built(arguments, p)
            keys = _keys(optimizer, isinstance(p, dict))
            known = [_at(state, key) for key in keys]
            new, values = optimizer.stateless_apply(known, _tensors(g), _tensors(p))
            return dict(zip(p, new, strict=True)) if isinstance(p, dict) else new[0], _tree(keys, values)

    def run(self, arguments: Mapping[str, Any], p: Array, gradients: Sequence[Array]) -> list[Array]:
        """The parameter after each step of the optimizer; refused where it keeps numbers that are no variables."""
        with _double():
            optimizer, (variable,) = self._built(arguments, p)
            before, reached = _numbers(optimizer), []
            for gradient in gradients:
                optimizer.apply([framework("jax").numpy.asarray(gradient)], [variable])
                reached.append(np.array(variable.value))
            changed = [name for name, value in _numbers(optimizer).items() if value != before.get(name)]
        if changed:
            raise UnsupportedError(f"{self.title}: {', '.join(changed)} changes from step to step and is no variable")
        return reached

    def _built(self, arguments: Mapping[str, Any], p: Any) -> tuple[Any, list[Any]]:
        """The optimizer, and the variables that it is for."""
        optimizer = self.cls(**arguments)
        variable = framework("keras").Variable
        variables = [
            variable(item, dtype=FLOAT, name=name) for name, item in zip(PARAMETERS, _tensors(p), strict=False)
        ]
        optimizer.build(variables)
        return optimizer, variables


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


def _tensors(p: Any) -> list[Any]:
    return list(p.values()) if isinstance(p, dict) else [p]


def _keys(optimizer: Any, is_pair: bool) -> list[tuple[str, ...]]:
    """What the variables are called by what they mean, after the tensor that they belong to where there are two.

    Those of a parameter have its name before their own; those of the optimizer go by its attributes, since their own
    names are numbered.
    """
    attributes = {id(value): name.strip("_") for name, value in vars(optimizer).items()}
    owners = dict(zip(PARAMETERS, ((FIRST,), (SECOND,)) if is_pair else ((),), strict=False))
    keys: list[tuple[str, ...]] = []
    for item in optimizer.variables:
        owner = next((name for name in owners if item.name.startswith(f"{name}_")), None)
        plain = attributes.get(id(item), item.name) if owner is None else item.name.removeprefix(f"{owner}_")
        key = (*(owners[owner] if owner is not None else ()), plain)
        number = sum((*other[:-1], other[-1].partition("#")[0]) == key for other in keys)
        keys.append(key if not number else (*key[:-1], f"{plain}#{number + 1}"))
    return keys


def _tree(keys: Sequence[tuple[str, ...]], values: Sequence[Any]) -> dict[str, Any]:
    """Values as nested dictionaries."""
    tree: dict[str, Any] = {}
    for key, value in zip(keys, values, strict=True):
        inner = tree
        for part in key[:-1]:
            inner = inner.setdefault(part, {})
        inner[key[-1]] = value
    return tree


def _at(tree: Any, key: tuple[str, ...]) -> Any:
    for part in key:
        tree = tree[part]
    return tree


def _numbers(optimizer: Any) -> dict[str, Any]:
    """The plain numbers among the attributes of an optimizer."""
    return {name: value for name, value in vars(optimizer).items() if is_number(value)}

"""Lifting of gradient transformations of optax."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.lift.arguments import FREE, parameters_of, read_arguments
from symopt.lift.confirm import Array
from symopt.lift.jax.lifter import Lifter
from symopt.lift.lifted import Lifted
from symopt.run.frameworks import framework

LEARNING_RATE = "learning_rate"


def lift_optax(factory: Callable[..., Any], title: str, fixed: Mapping[str, Any] | None = None) -> list[Lifted]:
    """The update rule of what a function like ``optax.adamw`` makes.

    Numbers among its arguments are hyper-parameters, and so is the learning rate; what is None stays it, unless
    ``fixed`` gives a value, which is taken as it is, or the word free.

    Raises
    ------
    UnsupportedError: it does what is not lifted; the message names it, with file and line where known.
    UsageError: an argument is required and unknown, or ``fixed`` names none.
    MissingToolError: optax is not installed.
    """
    parameters = parameters_of(factory)
    given = {} if fixed is None else dict(fixed)
    if any(parameter.name == LEARNING_RATE and parameter.default is None for parameter in parameters):
        given.setdefault(LEARNING_RATE, FREE)
    arguments = read_arguments(parameters, given, title)
    return Lifter(_Transformation(factory, title), arguments, title, "jax", "optax", has_several=True).lifted()


@dataclass(frozen=True)
class _Transformation:
    """A gradient transformation as a program."""

    factory: Callable[..., Any]
    title: str

    def start(self, arguments: Mapping[str, Any], p: Any) -> Any:
        """Its initial state."""
        return self._made(arguments).init(p)

    def step(self, arguments: Mapping[str, Any], p: Any, g: Any, state: Any, t: Any, loss: Any) -> tuple[Any, Any]:
        """The updated parameter and the new state."""
        updates, state = self._made(arguments).update(g, state, p, value=loss, grad=g)
        return framework("optax").apply_updates(p, updates), state

    def run(self, arguments: Mapping[str, Any], p: Array, gradients: Sequence[Array]) -> list[Array]:
        """The parameter after each step, compiled as in training."""
        jax = framework("jax")
        made = self._made(arguments)

        def step(p: Any, g: Any, state: Any) -> tuple[Any, Any]:
            updates, new = made.update(g, state, p, value=jax.numpy.ones(()), grad=g)
            return framework("optax").apply_updates(p, updates), new

        compiled, reached = jax.jit(step), []
        parameter = jax.numpy.asarray(p)
        state = made.init(parameter)
        for gradient in gradients:
            parameter, state = compiled(parameter, gradient, state)
            reached.append(np.asarray(parameter))
        return reached

    def _made(self, arguments: Mapping[str, Any]) -> Any:
        optax = framework("optax")
        made = self.factory(**arguments)
        if not isinstance(made, optax.GradientTransformation):
            raise UnsupportedError(f"{self.title} makes {type(made).__name__} and no gradient transformation")
        return optax.with_extra_args_support(made)

"""Lifting of step functions over arrays of JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.lift.arguments import parameters_of
from symopt.lift.confirm import Array
from symopt.lift.jax.lifter import Lifter
from symopt.lift.lifted import Lifted
from symopt.lift.packages import package_of
from symopt.lift.signature import Signature, read_signature
from symopt.run.frameworks import framework


def lift_jax_function(
    function: Callable[..., Any], init: Callable[..., Any] | None, title: str, fixed: Mapping[str, Any] | None = None
) -> list[Lifted]:
    """The update rule of a step function, from the state that ``init`` makes.

    Where there is no ``init``, arguments that are states start as arrays of zeros.

    Raises
    ------
    UnsupportedError: the function does what is not lifted; the message names it, with file and line where known.
    UsageError: an argument is required and unknown, or ``fixed`` names none.
    MissingToolError: JAX is not installed.
    """
    signature = read_signature(parameters_of(function), title, {} if fixed is None else fixed)
    program = _Function(function, init, signature)
    return Lifter(program, signature.arguments, title, "jax", package_of(function)).lifted()


@dataclass(frozen=True)
class _Function:
    """A step function as a program."""

    function: Callable[..., Any]
    init: Callable[..., Any] | None
    signature: Signature

    def start(self, arguments: Mapping[str, Any], p: Any) -> Any:
        """The state that ``init`` makes; it may ask for hyper-parameters by their names."""
        states = self.signature.states
        if self.init is not None:
            asked = [item.name for item in parameters_of(self.init)[1:]]
            return self._named(self.init(p, **{name: arguments[name] for name in asked if name in arguments}))
        if not states or self.signature.is_lazy:
            return None
        zeros = tuple(framework("jax").numpy.zeros_like(p) for _ in states)
        return self._named(zeros[0] if len(zeros) == 1 else zeros)

    def step(self, arguments: Mapping[str, Any], p: Any, g: Any, state: Any, t: Any, loss: Any) -> tuple[Any, Any]:
        """What the function returns."""
        signature = self.signature
        given = {signature.parameter: p, signature.gradient: g, **arguments}
        if signature.counter is not None:
            given[signature.counter] = t
        if signature.states:
            given |= state if self._has_names(state) else {signature.states[0]: state}
        without_names = [item.name for item in parameters_of(self.function) if item.kind is item.POSITIONAL_ONLY]
        result = self.function(*(given.pop(name) for name in without_names), **given)
        new_p, new = self._split(result, state)
        return new_p, self._named(new)

    def _named(self, state: Any) -> Any:
        """The state with its arrays by the names of arguments; one that is a tree has names of its own."""
        names = self.signature.states
        is_tree = isinstance(state, tuple | list | dict) and not self._has_names(state)
        if len(names) == 1 and not is_tree and state is not None:
            return {names[0]: state}
        if len(names) > 1 and isinstance(state, tuple | list) and len(state) == len(names):
            return dict(zip(names, state, strict=True))
        return state

    def _has_names(self, state: Any) -> bool:
        return isinstance(state, dict) and set(state) == set(self.signature.states)

    def run(self, arguments: Mapping[str, Any], p: Array, gradients: Sequence[Array]) -> list[Array]:
        """The function itself, not compiled, so that whatever else it changes shows."""
        numpy = framework("jax").numpy
        parameter, reached = numpy.asarray(p), []
        state = self.start(arguments, parameter)
        for t, gradient in enumerate(gradients, 1):
            parameter, state = self.step(arguments, parameter, numpy.asarray(gradient), state, t, None)
            reached.append(np.asarray(parameter))
        return reached

    def _split(self, result: Any, state: Any) -> tuple[Any, Any]:
        """What a step returns as parameter and state."""
        count = len(self.signature.states)
        if not isinstance(result, tuple | list):
            return result, state
        if count == 0 and result:
            return result[0], state
        if len(result) == 2:
            return result[0], result[1]
        if len(result) == count + 1:
            return result[0], tuple(result[1:])
        raise UnsupportedError(f"a step returns {len(result)} values; it returns parameters and state")

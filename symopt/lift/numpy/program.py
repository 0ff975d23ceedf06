"""An optimizer of NumPy as functions over its parameters, gradients and state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from symopt.errors import UnsupportedError
from symopt.lift.arguments import Arguments, parameters_of
from symopt.lift.numpy.containers import Container
from symopt.lift.packages import package_of
from symopt.lift.signature import Signature

# Arguments by name.
Values = Mapping[str, Any]


class Program(Protocol):
    """An optimizer; its hyper-parameters are arguments by name. ``start`` and ``step`` are traced, ``run`` is not.

    ``package`` is where its code is, ``trials`` are the ways in which it may want its first state.
    """

    @property
    def package(self) -> str: ...

    @property
    def arguments(self) -> Arguments: ...

    @property
    def trials(self) -> Sequence[Program]: ...

    def with_arguments(self, arguments: Arguments) -> Program:
        """The program with other hyper-parameters and other values of the rest."""

    def start(self, values: Values, model: Any, container: Container) -> Any:
        """The state before the first step: any tree of arrays and numbers."""

    def step(self, values: Values, model: Any, gradients: Any, state: Any, t: Any) -> tuple[Any, Any]:
        """The new parameters and the new state."""

    def run(self, values: Values, model: Any, gradients: Sequence[Any], container: Container) -> Iterator[Any]:
        """The parameters after each step."""


@dataclass(frozen=True)
class Function:
    """A step function; ``init`` makes its first state, and without it states start as zeros or, if so, empty."""

    function: Callable[..., Any]
    init: Callable[..., Any] | None
    signature: Signature
    starts_empty: bool = False

    @property
    def package(self) -> str:
        """Of the function."""
        return package_of(self.function)

    @property
    def arguments(self) -> Arguments:
        """Of the function."""
        return self.signature.arguments

    @property
    def trials(self) -> Sequence[Function]:
        """With zeros for a state, and then with an empty dictionary where it may be one."""
        may_be_empty = self.init is None and len(self.signature.states) == 1 and not self.signature.is_lazy
        return [self, replace(self, starts_empty=True)] if may_be_empty else [self]

    def with_arguments(self, arguments: Arguments) -> Function:
        """With other arguments."""
        return replace(self, signature=replace(self.signature, arguments=arguments))

    def start(self, values: Values, model: Any, container: Container) -> Any:
        """What ``init`` makes; it may ask for hyper-parameters by their names."""
        states = self.signature.states
        if self.init is not None:
            asked = [item.name for item in parameters_of(self.init)[1:]]
            return self.init(model, **{name: values[name] for name in asked if name in values})
        if not states or self.signature.is_lazy:
            return None
        if self.starts_empty:
            return {}
        zeros = [container.packed([np.zeros_like(p) for p in container.unpacked(model)]) for _ in states]
        return zeros[0] if len(zeros) == 1 else tuple(zeros)

    def step(self, values: Values, model: Any, gradients: Any, state: Any, t: Any) -> tuple[Any, Any]:
        """What the function returns."""
        keywords = dict(values)
        if self.signature.counter is not None:
            keywords[self.signature.counter] = t
        count = len(self.signature.states)
        states = [] if count == 0 else [state] if count == 1 else list(state)
        result = self.function(*self.signature.ordered(model, gradients), *states, **keywords)
        return _parted(result, model, state, count)

    def run(self, values: Values, model: Any, gradients: Sequence[Any], container: Container) -> Iterator[Any]:
        """The parameters after each step of the function."""
        state = self.start(values, model, container)
        for t, gradient in enumerate(gradients, 1):
            model, state = self.step(values, model, gradient, state, t)
            yield model


def _parted(result: Any, model: Any, state: Any, states: int) -> tuple[Any, Any]:
    """What a step returns as parameters and state; where it returns nothing, it has updated them in place."""
    if result is None:
        return model, state
    # A list of arrays may be all that is returned: that of the parameters.
    if not isinstance(result, tuple) and not (isinstance(result, list) and not isinstance(model, list)):
        return result, state
    if states == 0:
        return result[0], state
    if len(result) == 2:
        return result[0], result[1]
    if len(result) == states + 1:
        return result[0], tuple(result[1:])
    raise UnsupportedError(f"a step returns {len(result)} values; it returns parameters and state")

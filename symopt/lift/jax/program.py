"""An optimizer as functions over arrays and its hyper-parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from symopt.lift.confirm import Array


class Program(Protocol):
    """An optimizer of one parameter; its hyper-parameters are arguments by name.

    ``start`` and ``step`` are traced; ``run`` is what users call, and what the trace is checked with.
    """

    def start(self, arguments: Mapping[str, Any], p: Any) -> Any:
        """The state before the first step: any tree of arrays and numbers."""

    def step(self, arguments: Mapping[str, Any], p: Any, g: Any, state: Any, t: Any, loss: Any) -> tuple[Any, Any]:
        """The new parameter and the new state."""

    def run(self, arguments: Mapping[str, Any], p: Array, gradients: Sequence[Array]) -> Sequence[Array]:
        """The parameter after each step."""

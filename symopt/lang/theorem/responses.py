"""Claims about the answers of one rule to given gradients, and about means over random ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.lang.theorem.base import Property


@dataclass(frozen=True)
class Response(Property):
    """After step ``t`` the value called ``of``, a statement, a state or ``p``, is ``value``.

    ``value`` is written with hyper-parameters, ``t``, ``p``, the first parameter, and ``g``, the gradient.
    ``also`` are closed forms of states that are to be proved beside it, where the prover does not find them.
    """

    of: str
    value: str
    also: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ConstantGradient(Response):
    """The response to a gradient that is ``g`` at every step."""

    def __str__(self) -> str:
        return f"where the gradient of {self.rule} is g at every step, {self.of} after step t is {self.value}"


@dataclass(frozen=True)
class Impulse(Response):
    """The response to a gradient that is ``g`` at the first step and 0 later."""

    def __str__(self) -> str:
        where = f"where the gradient of {self.rule} is g at the first step and 0 later"
        return f"{where}, {self.of} after step t is {self.value}"


@dataclass(frozen=True)
class Expectation(Property):
    """The mean of a value after step ``t``, where the moments of the gradient are the same at every step.

    ``value`` is written like that of a response, with ``E(g)``, ``E(g**2)``, ... in place of ``g``; gradients
    of different steps may depend on each other.
    """

    of: str
    value: str

    def __str__(self) -> str:
        where = "where the moments of g are the same at every step"
        return f"E({self.of}) of {self.rule} after step t is {self.value} {where}"

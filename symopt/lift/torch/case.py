"""What is executed: an optimizer class, and tensors of one shape with random numbers for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from symopt.ir.nodes import Node, ref
from symopt.ir.shape import Shape
from symopt.ir.trace import GRADIENT, PARAMETER
from symopt.lift.arguments import Arguments
from symopt.lift.session import Session
from symopt.lift.together import OTHER
from symopt.lift.torch.memory import Memory
from symopt.lift.torch.places import Path
from symopt.lift.whole import parameter_like

Where = tuple[Path, int | None]


@dataclass(frozen=True)
class Source:
    """An optimizer class, the arguments of its constructor, and the package whose ``math`` is looked after."""

    cls: type
    title: str
    arguments: Arguments
    package: str
    nudged: frozenset[str] = frozenset()

    @property
    def hypers(self) -> list[str]:
        """The names of the hyper-parameters."""
        return [hyper.name for hyper in self.arguments.hypers]


@dataclass(frozen=True)
class Case:
    """How a step is executed: on what shape, with which random numbers, after how many concrete steps."""

    shape: tuple[int, ...]
    seed: int = 1
    warm: int = 3
    tensors: int = 1

    @property
    def matrix(self) -> tuple[int, int] | None:
        """Rows and columns, where the parameter is a matrix."""
        return (self.shape[0], self.shape[1]) if len(self.shape) == 2 else None


@dataclass
class Run:
    """What one execution found besides the new values."""

    names: dict[Where, str] = field(default_factory=dict)
    shapes: dict[str, Shape] = field(default_factory=dict)
    initial: dict[str, Node | None] = field(default_factory=dict)
    casts: dict[str, None] = field(default_factory=dict)
    draws: tuple[str, ...] = ()


def made_tensors(case: Case, session: Session) -> list[Any]:
    """Parameters with random numbers and random gradients."""
    made = [torch.nn.Parameter(_random(case, session)) for _ in range(case.tensors)]
    for tensor in made:
        tensor.grad = _random(case, session)
    return made


def set_gradients(case: Case, session: Session, tensors: Sequence[Any]) -> None:
    """New gradients, as after another backward pass."""
    for tensor in tensors:
        tensor.grad = _random(case, session)


def _random(case: Case, session: Session) -> Any:
    source, number = session.random, 1
    for extent in case.shape:
        number *= extent
    values = [source.uniform(0.3, 2.0) * source.choice((-1.0, 1.0)) for _ in range(number)]
    return torch.tensor(values, dtype=torch.float64).reshape(case.shape)


def name_parameters(case: Case, memory: Memory, tensors: Sequence[Any]) -> None:
    """Let parameters stand for ``p``, with a mark for the second."""
    for i, tensor in enumerate(tensors):
        memory.write(tensor, parameter_like(ref(PARAMETER + OTHER * i), case.shape))


def name_gradients(case: Case, session: Session, memory: Memory, tensors: Sequence[Any]) -> None:
    """Let parameters and new gradients stand for ``p`` and ``g``."""
    name_parameters(case, memory, tensors)
    for i, tensor in enumerate(tensors):
        tensor.grad = _random(case, session)
        memory.write(tensor.grad, parameter_like(ref(GRADIENT + OTHER * i), case.shape))

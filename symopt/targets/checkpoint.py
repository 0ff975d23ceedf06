"""Checkpoints of optimizers, whatever wrote them: groups of parameters with their settings, states and steps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.errors import SymoptError
from symopt.lift.lifted import Lifted

Array = NDArray[Any]
Settings = Mapping[str, Any]
ELEMENT = re.compile(r"(\w+)\[(\d+)\]\Z")


class NotConvertibleError(SymoptError):
    """A state has no counterpart on the other side; the message says why."""

    exit_status = 1


class UndecidedError(SymoptError):
    """Whether a state has a counterpart was not decided; the message says why."""

    exit_status = 3


@dataclass(frozen=True)
class Tensor:
    """What a checkpoint holds for one parameter.

    ``states`` go by the names of a trace, ``steps`` is the number of steps that were taken, None where the checkpoint
    does not say; ``name`` is None where the parameter has its position alone.
    """

    states: Mapping[str, Array]
    steps: int | None = None
    name: str | None = None
    values: Array | None = None

    @property
    def is_fresh(self) -> bool:
        """Whether no step was taken."""
        return self.steps == 0

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The parameter's shape: that of its states with the most elements; None where nothing says it."""
        known = [*self.states.values(), *([self.values] if self.values is not None else [])]
        return max((np.shape(value) for value in known), key=lambda shape: (np.prod(shape), len(shape)), default=None)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that its states have; single precision where it has none."""
        kinds = [value.dtype for value in self.states.values() if value.dtype.kind == "f"]
        return max(kinds, key=lambda kind: kind.itemsize, default=np.dtype(np.float32))


@dataclass(frozen=True)
class Group:
    """Parameters with the same settings: the arguments of a constructor by its own names."""

    settings: Settings
    tensors: tuple[Tensor, ...] = field(default_factory=tuple)


def of_path(settings: Settings, path: str) -> Any:
    """The setting at the path of a hyper-parameter, as ``betas[0]``; None where there is none."""
    element = ELEMENT.match(path)
    if element is None:
        return settings.get(path)
    values = settings.get(element[1])
    position = int(element[2])
    return values[position] if values is not None and position < len(values) else None


def arguments_of(lifted: Lifted, hypers: Mapping[str, float]) -> dict[str, Any]:
    """The arguments of a constructor, with hyper-parameters at some values."""
    arguments: dict[str, Any] = dict(lifted.fixed)
    for name, value in hypers.items():
        path = lifted.hyper_paths.get(name, name)
        element = ELEMENT.match(path)
        if element is None:
            arguments[path] = value
        else:
            values = list(arguments[element[1]])
            values[int(element[2])] = value
            arguments[element[1]] = tuple(values)
    return arguments


def only_group(groups: Iterable[Group], title: str) -> Group:
    """All parameters as one group, for optimizers that have one set of hyper-parameters.

    Raises
    ------
    NotConvertibleError: two groups have different ones; the message names them.
    """
    first, *rest = groups
    for position, group in enumerate(rest, 1):
        for name, value in first.settings.items():
            if group.settings.get(name) != value:
                raise NotConvertibleError(
                    f"groups 0 and {position} of the checkpoint differ in {name} ({value!r} and "
                    f"{group.settings.get(name)!r}), and {title} has one set of hyper-parameters"
                )
    return Group(first.settings, tuple(tensor for group in (first, *rest) for tensor in group.tensors))


def common_steps(tensors: Iterable[Tensor], title: str) -> int | None:
    """The number of steps that all parameters have taken.

    Raises
    ------
    NotConvertibleError: they have taken different numbers.
    """
    steps = [tensor.steps for tensor in tensors]
    for position, number in enumerate(steps):
        if number != steps[0]:
            raise NotConvertibleError(
                f"parameters 0 and {position} have taken {steps[0]} and {number} steps, and {title} has one counter"
            )
    return steps[0] if steps else None

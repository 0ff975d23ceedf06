"""Arguments of a constructor or a function: which are hyper-parameters, what they are called, what they are set to."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import isfinite
from typing import Any

from symopt.errors import UsageError, nearest
from symopt.ir.nodes import ref
from symopt.ir.trace import HyperInfo
from symopt.lang.domain import exact_number
from symopt.lift.naming import clean, element
from symopt.lift.roles import default_of, hyper_info, roles_of
from symopt.lift.scalars import symbolic
from symopt.lift.session import Session

# A name with this value in brackets is a free hyper-parameter, where its own default is no number.
FREE = "free"
# What a free hyper-parameter is near, whose name says nothing.
SMALL = 1e-4
WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Slot:
    """One hyper-parameter: its name in the trace, the argument that holds it, its position where that is a tuple."""

    hyper: HyperInfo
    argument: str
    position: int | None = None

    @property
    def path(self) -> str:
        """How the source calls it, as in ``betas[0]``."""
        return self.argument if self.position is None else f"{self.argument}[{self.position}]"


@dataclass(frozen=True)
class Arguments:
    """The hyper-parameters among some arguments, and the values of the rest."""

    slots: tuple[Slot, ...] = ()
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hypers(self) -> tuple[HyperInfo, ...]:
        """The hyper-parameters in the order of the arguments."""
        return tuple(slot.hyper for slot in self.slots)

    @property
    def paths(self) -> dict[str, str]:
        """Hyper-parameter -> how the source calls it."""
        return {slot.hyper.name: slot.path for slot in self.slots}

    def filled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments with the given values of hyper-parameters, by the names of the trace."""
        filled = dict(self.fixed)
        for slot in self.slots:
            value = values[slot.hyper.name]
            if slot.position is None:
                filled[slot.argument] = value
            else:
                elements = list(filled[slot.argument])
                elements[slot.position] = value
                filled[slot.argument] = tuple(elements)
        return filled

    def symbolic(self, session: Session) -> dict[str, Any]:
        """The arguments with a symbolic number for every hyper-parameter."""
        return self.filled({
            hyper.name: symbolic(session.near(float(hyper.default)), ref(hyper.name)) for hyper in self.hypers
        })  # fmt: skip


def read_arguments(parameters: Sequence[inspect.Parameter], fixed: Mapping[str, Any], title: str) -> Arguments:
    """The hyper-parameters among the parameters of a function, and what is fixed.

    Numbers and tuples of numbers are hyper-parameters: floats by their defaults or annotations, whole numbers where
    their name is that of a hyper-parameter. Truth values, texts, None and other whole numbers keep their defaults.
    A number with decimals in ``fixed`` is a hyper-parameter with that default: see ``is_pinned``.

    Raises
    ------
    UsageError: an argument is required and unknown, or ``fixed`` names none.
    """
    known = [parameter.name for parameter in parameters]
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters)
    for name in fixed:
        if name not in known and not takes_any:
            raise UsageError(f"{title} has no argument {name!r}; {nearest(name, known)}")
    slots: list[Slot] = []
    kept: dict[str, Any] = {name: value for name, value in fixed.items() if value != FREE and not is_pinned(value)}
    for own in parameters:
        pinned = own.name in fixed and is_pinned(fixed[own.name])
        parameter = own.replace(default=fixed[own.name]) if pinned else own
        if parameter.name in kept or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        is_free = fixed.get(parameter.name) == FREE
        new = _slots(parameter, is_free, {slot.hyper.name for slot in slots}, title)
        new = [slot for slot in new if not pinned or slot.hyper.default.denominator != 1]
        if any(slot.position is not None for slot in new):
            kept[parameter.name] = tuple(parameter.default)  # elements that are None stay
        slots += new
    return Arguments(tuple(slots), kept)


def _slots(parameter: inspect.Parameter, is_free: bool, taken: set[str], title: str) -> list[Slot]:
    name, default = parameter.name, parameter.default
    if default is inspect.Parameter.empty or _is_marker(default) or (is_free and not is_number(default)):
        near = default_of(name)
        if near is None and not is_free:
            raise UsageError(f"{title} requires {name}; give it in brackets: {title}[{name}=...]")
        default = SMALL if near is None else near
    is_real = isinstance(default, float) or {"float", "int"} & set(WORD.findall(str(parameter.annotation))) == {"float"}
    if is_number(default) and (is_real or is_free or roles_of(name)):
        return [Slot(hyper_info(clean(name, taken), default), name)]
    if isinstance(default, tuple | list) and all(item is None or is_number(item) for item in default):
        found: list[Slot] = []
        for i, item in enumerate(default):
            if item is not None:
                names = {slot.hyper.name for slot in found}
                found.append(Slot(hyper_info(clean(element(name, i), {*taken, *names}), item), name, i))
        return found
    return []


def is_pinned(value: object) -> bool:
    """Whether a value that is given for an argument is put in after lifting: it has decimals.

    Code computes ``1 - 0.9`` as 0.09999999999999998; a symbolic number in its place is exact until the end.
    """
    items: list[Any] = [item for item in (value if isinstance(value, tuple | list) else [value]) if item is not None]
    return all(map(is_number, items)) and any(exact_number(item).denominator != 1 for item in items)


def is_number(value: object) -> bool:
    """Whether a value is a real number, and neither a truth value nor infinite."""
    return isinstance(value, int | float | Fraction) and not isinstance(value, bool) and isfinite(value)


def _is_marker(value: object) -> bool:
    """Whether a default says that there is none, as ``torch.optim.optimizer.required`` does."""
    return type(value).__name__.strip("_").lower().startswith("required")


def parameters_of(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """The parameters of a function, those of what a decorator wraps."""
    return list(inspect.signature(function).parameters.values())

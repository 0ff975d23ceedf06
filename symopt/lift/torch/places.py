"""Where an optimizer keeps what changes: everything that can be reached from it, and what a step changes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import torch

from symopt.errors import UnsupportedError
from symopt.lift.scalars import plain

Key = str | int
Path = tuple[Key, ...]
SKIPPED = ("params", "defaults", "_zero_grad_profile_name", "param_names")
OPAQUE = (type, FunctionType, BuiltinFunctionType, MethodType, ModuleType, torch.dtype, torch.device, torch.Generator)
DEPTH = 8
MOST_ELEMENTS = 1 << 22  # parameters have a few hundred


@dataclass(frozen=True)
class Place:
    """Something that an optimizer keeps: where, what it is in, and the key that it has there.

    ``tensor`` is the position of the parameter that it belongs to; None where it belongs to all.
    """

    path: Path
    holder: Any
    key: Any
    tensor: int | None

    @property
    def value(self) -> Any:
        """What is there now."""
        return self.holder.__dict__[self.key] if _is_plain_object(self.holder) else self.holder[self.key]

    def put(self, value: Any) -> None:
        """Put something else there."""
        if _is_plain_object(self.holder):
            self.holder.__dict__[self.key] = value
        elif isinstance(self.holder, tuple):
            raise UnsupportedError(f"{self.text} changes inside a tuple")
        else:
            self.holder[self.key] = value

    @property
    def text(self) -> str:
        """The place as a person reads it, as in ``state.exp_avg``."""
        return ".".join(str(part) for part in self.path)


def places(optimizer: Any, tensors: Sequence[torch.Tensor]) -> dict[tuple[Path, int | None], Place]:
    """Every number, tensor and flag that can be reached from an optimizer, by its path."""
    found: dict[tuple[Path, int | None], Place] = {}
    position = {id(tensor): i for i, tensor in enumerate(tensors)}
    seen: set[int] = set()

    def visit(holder: Any, path: Path, owner: int | None, depth: int) -> None:
        if id(holder) in seen or depth > DEPTH:
            return
        seen.add(id(holder))
        for number, (key, item) in enumerate(_items(holder), 1):
            if key in SKIPPED:
                continue
            own = position.get(id(key))
            if isinstance(key, torch.Tensor) and own is None:
                raise UnsupportedError("something is kept for a tensor that is no parameter")
            inner = path if own is not None else (*path, key if isinstance(key, str | int) else number)
            belongs = owner if own is None else own
            if isinstance(item, torch.Tensor) or _is_leaf(item):
                found[inner, belongs] = Place(inner, holder, key, belongs)
            elif not isinstance(item, OPAQUE):
                visit(item, inner, belongs, depth + 1)

    seen.add(id(optimizer))
    visit(optimizer.state, ("state",), None, 0)
    for i, group in enumerate(optimizer.param_groups):
        visit(group, ("group",) if i == 0 else ("group", i + 1), None, 0)
    for key, item in vars(optimizer).items():
        if key in SKIPPED or key in ("state", "param_groups") or isinstance(item, OPAQUE):
            continue
        if isinstance(item, torch.Tensor) or _is_leaf(item):
            found[("attr", key), None] = Place(("attr", key), optimizer, key, None)
        else:
            visit(item, ("attr", key), None, 1)
    return found


def snapshot(found: Mapping[tuple[Path, int | None], Place]) -> dict[tuple[Path, int | None], Any]:
    """The values at places, as they are now.

    Raises
    ------
    UnsupportedError: one is a tensor of far more elements than the parameters have.
    """
    for place in found.values():
        if isinstance(place.value, torch.Tensor) and place.value.numel() > MOST_ELEMENTS:
            raise UnsupportedError(f"{place.text} is a tensor of {place.value.numel()} elements")
    return {
        key: place.value.detach().clone() if isinstance(place.value, torch.Tensor) else place.value
        for key, place in found.items()
    }


def differs(a: Any, b: Any) -> bool:
    """Whether two values of a place are not the same."""
    if isinstance(a, torch.Tensor) != isinstance(b, torch.Tensor):
        return True
    if isinstance(a, torch.Tensor):
        return a.shape != b.shape or not torch.equal(torch.nan_to_num(a), torch.nan_to_num(b))
    if getattr(a, "node", None) is not getattr(b, "node", None):
        return True  # a number that is computed anew and comes to the same on these shadows
    a, b = plain(a), plain(b)
    return type(a) is not type(b) or (a != b and not (a != a and b != b))


def _is_leaf(item: Any) -> bool:
    return item is None or isinstance(item, bool | int | float | str | complex)


def _is_plain_object(holder: Any) -> bool:
    return not isinstance(holder, dict | list | tuple | deque) and hasattr(holder, "__dict__")


def _items(holder: Any) -> Iterator[tuple[Any, Any]]:
    """The parts of a container or an object, with their keys; what cannot be looked into has none."""
    if isinstance(holder, dict):
        yield from list(holder.items())
    elif isinstance(holder, list | tuple | deque):
        yield from enumerate(list(holder))
    elif _is_plain_object(holder):
        yield from list(vars(holder).items())

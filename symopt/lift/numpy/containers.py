"""What a step is handed as parameters: one array, or a dictionary or list of the arrays of a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Container:
    """A way of holding the arrays of a model.

    ``keys`` are those of the first array and of the second, as in the path of a leaf; none where there is no room
    for a second.
    """

    name: str
    keys: tuple[str, ...]
    packed: Callable[[Sequence[Any]], Any]
    unpacked: Callable[[Any], list[Any]]


ARRAY = Container("an array", (), lambda arrays: arrays[0], lambda model: [model])
DICT_KEYS = "weights", "weights2"
DICT = Container(
    "a dictionary of arrays", DICT_KEYS,
    lambda arrays: dict(zip(DICT_KEYS, arrays, strict=False)), lambda model: list(model.values()),
)  # fmt: skip
LIST = Container("a list of arrays", ("1", "2"), list, list)
CONTAINERS = (ARRAY, DICT, LIST)

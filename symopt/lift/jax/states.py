"""The state of an optimizer: the leaves of a tree of arrays and numbers, with names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, num, ref
from symopt.lift.jax.infinite import refused
from symopt.lift.jax.tables import Table, Value, whole
from symopt.lift.naming import clean
from symopt.lift.together import OTHER
from symopt.lift.whole import aligned, filled, parameter_like, shaped
from symopt.passes import build

# The keys of the two tensors, where a model has two.
FIRST, SECOND = "1st tensor", "2nd tensor"


@dataclass(frozen=True)
class Leaf:
    """An array of the state, or a plain number in it.

    ``path`` is where the state holds it, ``kind`` the letter of its type (i, u, f, b). ``table`` are its elements
    where these are different constants, which no step may change.
    """

    name: str
    path: str
    shape: tuple[int, ...]
    dtype: Any
    is_number: bool
    table: Table | None = None

    @property
    def kind(self) -> str:
        """The letter of its type."""
        return str(self.dtype.kind)

    def general(self, shape: tuple[int, ...]) -> Value:
        """It before a general step, for a parameter of a shape.

        Raises
        ------
        UnsupportedError: it has neither the parameter's shape, nor one element for each row or column, nor one.
        """
        if self.table is not None:
            return self.table
        matrix = (shape[0], shape[1]) if len(shape) == 2 else None
        wide = [extent for extent in self.shape if extent != 1]
        if 0 in wide:
            return filled(num(0), self.shape)
        if matrix is None and wide not in ([], list(shape)):
            raise UnsupportedError(f"{self.name}: a state of shape {self.shape} for a parameter of shape {shape}")
        array = shaped(ref(self.name), self.shape, matrix) if matrix else parameter_like(ref(self.name), self.shape)
        return array.of(build.truth(array.node)) if self.kind == "b" else array


def settled(value: Value, like: Value) -> Node:
    """The expression of an array, with rows and columns as those of another of the same shape.

    Raises
    ------
    UnsupportedError: it has another shape, or it is a table of constants and not the same one.
    """
    if isinstance(like, Table):
        if not isinstance(value, Table) or value.nodes.tolist() != like.nodes.tolist():
            raise UnsupportedError("an array of different constants changes from step to step")
        return num(0)
    array = whole(value)
    refused([array.node])
    if array.shape != like.shape:
        raise UnsupportedError(f"an array of shape {like.shape} becomes one of shape {array.shape}")
    return build.value(aligned([like, array])[1].node)


def names_of(paths: Sequence[tuple[Any, ...]], taken: Collection[str]) -> list[str]:
    """A name for each path of a tree of JAX: its last key that is a word, else its positions; each once.

    What belongs to the second of two tensors is called as that of the first, with a mark behind it.

    Raises
    ------
    UnsupportedError: the second tensor has what the first has not.
    """
    plain = [tuple(key for entry in path if (key := _key(entry)) not in (FIRST, SECOND)) for path in paths]
    is_second = [any(_key(entry) == SECOND for entry in path) for path in paths]
    names: dict[tuple[str | int, ...], str] = {}
    for keys, second in zip(plain, is_second, strict=True):
        if not second:
            names[keys] = clean(_name(keys), {*taken, *names.values()})
    if not names.keys() >= set(plain):
        raise UnsupportedError("two tensors have states of different kinds")
    return [names[keys] + (OTHER if second else "") for keys, second in zip(plain, is_second, strict=True)]


def _name(keys: Sequence[str | int]) -> str:
    words = [key for key in keys if isinstance(key, str)]
    positions = "_".join(f"s{key + 1}" for key in keys if isinstance(key, int))
    return words[-1] if words else positions or "state"


def _key(entry: Any) -> str | int:
    for attribute in ("name", "key", "idx"):
        key = getattr(entry, attribute, None)
        if isinstance(key, str | int):
            return key
    return str(entry)

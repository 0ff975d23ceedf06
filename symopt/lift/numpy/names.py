"""The leaves of a state: which are numbers that a step changes, and what they are called."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.lift.naming import clean
from symopt.lift.numpy.array import SymArray
from symopt.lift.together import OTHER
from symopt.lift.tree import Path, leaves, name_of

NUMBER = "number"


def is_numeric(leaf: Any) -> bool:
    """Whether a leaf is an array or a number, and no truth value."""
    if isinstance(leaf, SymArray | np.ndarray | np.generic):
        return leaf.dtype.kind in "iuf"
    return isinstance(leaf, int | float) and not isinstance(leaf, bool)


def kind_of(leaf: Any) -> Any:
    """What stays of a leaf from step to step: an array's shape, that it is a number, or all of it."""
    if is_numeric(leaf):
        return getattr(leaf, "shape", ()) or NUMBER
    return leaf if isinstance(leaf, bool | str | np.bool_) else type(leaf)


def kinds_of(tree: Any) -> dict[Path, Any]:
    """The kind of every leaf of a state."""
    return {path: kind_of(leaf) for path, leaf in leaves(tree)}


def numeric_paths(tree: Any) -> list[Path]:
    """The paths of the leaves that are arrays or numbers."""
    return [path for path, leaf in leaves(tree) if is_numeric(leaf)]


def named(
    paths: Sequence[Path], alone: Collection[Path], keys: Sequence[str], taken: Collection[str]
) -> dict[Path, str]:  # fmt: skip
    """A name for each leaf, each once; those of the second of two arrays are those of the first with a mark.

    Parameters
    ----------
    alone: the paths that there are where the model has one array.
    keys: the keys of the first array of the model and of the second.

    Raises
    ------
    UnsupportedError: the second array has what the first has not.
    """
    names: dict[Path, str] = {}
    for path in alone:
        names[path] = clean(name_of(_without(path, alone, keys[:1])), {*taken, *names.values()})
    for path in (path for path in paths if path not in names):
        first = next((other for other in _replaced(path, keys) if other in alone), None)
        if first is None:
            raise UnsupportedError("two arrays have states of different kinds")
        names[path] = names[first] + OTHER
    return {path: names[path] for path in paths}


def _without(path: Path, alone: Collection[Path], first: Sequence[str]) -> Path:
    """A path without the key of the array that it belongs to: one that no other key stands in place of."""
    for i, key in enumerate(path):
        beside = {other[i] for other in alone if other[:i] == path[:i] and len(other) > i}
        if key in first and beside == {key}:
            return path[:i] + path[i + 1 :]
    return path


def _replaced(path: Path, keys: Sequence[str]) -> list[Path]:
    """A path with the key of the first array in place of one of the second."""
    return [(*path[:i], keys[0], *path[i + 1 :]) for i, key in enumerate(path) if keys[1:] and key == keys[1]]

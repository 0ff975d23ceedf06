"""Nested tuples, lists and dictionaries: their leaves with names, and the same structure with other leaves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

SINGLE = "state"

Path = tuple[str, ...]


def leaves(tree: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf with the keys that lead to it; None is no leaf."""
    match tree:
        case None:
            return
        case dict():
            for key, item in tree.items():
                yield from leaves(item, (*path, str(key)))
        case tuple() | list():
            keys = getattr(tree, "_fields", None) or [str(i + 1) for i in range(len(tree))]
            for key, item in zip(keys, tree, strict=True):
                yield from leaves(item, (*path, key))
        case _:
            yield path, tree


def mapped(tree: Any, function: Callable[[Path, Any], Any], path: Path = ()) -> Any:
    """The same structure with every leaf replaced."""
    match tree:
        case None:
            return None
        case dict():
            return {key: mapped(item, function, (*path, str(key))) for key, item in tree.items()}
        case tuple() | list():
            keys = getattr(tree, "_fields", None) or [str(i + 1) for i in range(len(tree))]
            items = [mapped(item, function, (*path, key)) for key, item in zip(keys, tree, strict=True)]
            return type(tree)(*items) if hasattr(tree, "_fields") else type(tree)(items)
        case _:
            return function(path, tree)


def name_of(path: Path) -> str:
    """A name for a leaf: its keys, with a letter before one that is a number."""
    if not path:
        return SINGLE
    return "_".join(f"s{key}" if key.isdigit() else key for key in path)

"""What cannot be lifted, with the file and the line."""

from __future__ import annotations

from typing import Any

from symopt.errors import UnsupportedError


class PlacedError(UnsupportedError):
    """An operation that is refused; the message starts with its place."""


def refusal(node: Any, what: str) -> PlacedError:
    """The error that ``what`` at a node of the syntax tree is not supported."""
    return PlacedError(f"{place(node)}{what} is not supported in C code that is lifted")


def placed(node: Any, error: UnsupportedError) -> PlacedError:
    """The same error with the place of a statement, unless it has one."""
    return error if isinstance(error, PlacedError) else PlacedError(f"{place(node)}{error}")


def place(node: Any) -> str:
    """File and line, as a beginning of a message."""
    coord = getattr(node, "coord", None)
    return f"{coord.file}:{coord.line}: " if coord is not None else ""

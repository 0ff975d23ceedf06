"""The errors that symopt raises, each with the exit status of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

MOST_NAMES = 12  # a longer list is not read


class SymoptError(Exception):
    """What went wrong, where, and what would be right, in one line.

    ``exit_status`` is what the command line returns when the error reaches it.
    """

    exit_status = 2


class UsageError(SymoptError):
    """The request names something that does not exist or cannot be combined."""


class SpecError(SymoptError):
    """A rule's text is not a rule: a misspelt name, a read before assignment, a bad declaration."""


class DomainError(SpecError):
    """A hyper-parameter's value lies outside its domain."""


class VerifyError(SymoptError):
    """A stage of the pipeline received what is not legal there."""


class UnsupportedError(SymoptError):
    """An operation that this part of symopt does not handle; the message names it."""


class MissingToolError(SymoptError):
    """A package or program is missing; the message names the command that installs it."""

    exit_status = 4


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint: the known names nearest to ``name``; where none is near, all of them, or the first of many."""
    names = list(dict.fromkeys(known))
    close = get_close_matches(name, names, n=MOST_NAMES, cutoff=0.55)
    # Of names that are about as near, those that begin alike are meant more often.
    close.sort(key=lambda other: (-round(SequenceMatcher(None, other, name).ratio(), 1), -_alike(other, name)))
    close = close[:3]
    if close:
        return "did you mean " + " or ".join(close) + "?"
    if len(names) > MOST_NAMES:
        return f"known: {', '.join(names[:MOST_NAMES])} and {len(names) - MOST_NAMES} more"
    return "known: " + ", ".join(names) if names else "nothing is declared"


def _alike(a: str, b: str) -> int:
    """How many characters two names begin with alike."""
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))

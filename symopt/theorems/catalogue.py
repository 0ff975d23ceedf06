"""The theorems of specs/theorems by name."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from functools import cache

from symopt._paths import data_dir
from symopt.errors import SpecError, UsageError, nearest
from symopt.lang.theorem import Theorem


@cache
def theorems() -> Mapping[str, Theorem]:
    """Every theorem of specs/theorems by name, in the order of files and of their lines.

    Raises
    ------
    SpecError: two theorems have one name, or a file has no list THEOREMS.
    """
    found: dict[str, Theorem] = {}
    for path in sorted((data_dir("specs") / "theorems").glob("*.py")):
        module = importlib.import_module(f"symopt.specs.theorems.{path.stem}")
        for theorem in getattr(module, "THEOREMS", None) or _missing(path.name):
            if theorem.name in found:
                raise SpecError(f"specs/theorems/{path.name}: a second theorem is called {theorem.name!r}")
            found[theorem.name] = theorem
    return found


def _missing(file: str) -> list[Theorem]:
    raise SpecError(f"specs/theorems/{file} has no list THEOREMS of theorems")


def theorem_names() -> list[str]:
    """The names of the theorems, in order."""
    return list(theorems())


def chosen(names: Sequence[str] | None) -> list[Theorem]:
    """The theorems with some names, all of them where none is named.

    Raises
    ------
    UsageError: no theorem has a name.
    """
    known = theorems()
    for name in names or ():
        if name not in known:
            raise UsageError(f"no theorem is called {name!r}; {nearest(name, known)}")
    return [known[name] for name in (names or known)]

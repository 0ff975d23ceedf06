"""The backends by name; a new one is a module with a ``BACKEND`` and a line here."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from symopt.backends.base import Backend
from symopt.errors import UsageError, nearest

# In the order in which files are listed and rows are printed.
MODULES: Mapping[str, str] = {
    "numpy": "symopt.backends.numpy",
    "torch": "symopt.backends.torch",
    "c": "symopt.backends.c",
}


def backend_names() -> list[str]:
    """The names of all backends."""
    return list(MODULES)


def backend(name: str) -> Backend:
    """The backend called ``name``; raises ``UsageError`` where there is none."""
    if name not in MODULES:
        raise UsageError(f"no backend is called {name!r}; {nearest(name, MODULES)}")
    found: Backend = import_module(MODULES[name]).BACKEND
    return found

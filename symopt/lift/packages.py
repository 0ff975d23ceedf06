"""Which modules an optimizer's code is in."""

from __future__ import annotations

import inspect
from typing import Any


def package_of(item: Any) -> str:
    """The package of a class or function whose modules are looked after: a library as a whole, a file by itself."""
    name = str(getattr(item, "__module__", "") or "")
    path = getattr(inspect.getmodule(item), "__file__", None) or ""
    return name.partition(".")[0] if "site-packages" in path else name

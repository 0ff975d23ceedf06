"""Names of a source as names of a trace: plain identifiers, each once."""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection

from symopt.lang.declare import BUILT_IN, C_KEYWORDS, GRADIENT, NAME

# betas, etas, step_sizes: of these the elements are called beta1, beta2; those of eps are eps1, eps2.
PLURAL = re.compile(r"(?<=[ae])s\Z")


def clean(text: str, taken: Collection[str] = ()) -> str:
    """An identifier made of a text, that is not among ``taken`` and has no meaning of its own."""
    name = re.sub(r"_+", "_", re.sub(r"[^A-Za-z0-9]+", "_", text)).strip("_") or "x"
    if not name[0].isalpha():
        name = f"x{name}"
    reserved = (*BUILT_IN, GRADIENT)
    if name in reserved or name in C_KEYWORDS or keyword.iskeyword(name):
        name = f"{name}_"[:-1] + "x"
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name}_{number}"
    assert NAME.match(unique)
    return unique


def element(name: str, position: int) -> str:
    """The name of an element of a tuple of hyper-parameters, counted from 0: ``betas`` has beta1 and beta2."""
    return f"{PLURAL.sub('', name)}{position + 1}"

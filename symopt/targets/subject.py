"""One side of a comparison: what a target stands for, as one trace or as one for each kind of shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.lift.lifted import Lifted

CATALOGUE = "catalogue"


@dataclass(frozen=True)
class Origin:
    """Where somebody's code is found.

    ``module`` is a dotted name, or empty where ``path`` is a file; ``name`` is what is used of it, and ``item`` that
    itself; ``init`` makes the first state, where that is a function of its own.
    """

    name: str
    module: str = ""
    path: str = ""
    init: str | None = None
    item: Any = field(default=None, compare=False)


@dataclass(frozen=True)
class Subject:
    """A resolved target.

    ``parts`` are its traces with what each holds for; those of a rule hold for all shapes. ``rule`` is the rule
    where it is one of the catalogue or of a user's spec; ``fixed`` are the settings in brackets; ``origin`` is known
    of code that was named by a text.
    """

    title: str
    parts: tuple[Lifted, ...]
    rule: Rule | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = None

    @property
    def trace(self) -> Trace:
        """The first trace."""
        return self.parts[0].trace

    @property
    def framework(self) -> str:
        """Where the code comes from: catalogue, torch, jax, keras, numpy or c."""
        return self.parts[0].framework

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
class Subject:
    """A resolved target.

    ``parts`` are its traces with what each holds for; those of a rule hold for all shapes. ``rule`` is the rule
    where it is one of the catalogue or of a user's spec; ``fixed`` are the settings in brackets.
    """

    title: str
    parts: tuple[Lifted, ...]
    rule: Rule | None = None
    fixed: Mapping[str, Any] = field(default_factory=dict)

    @property
    def trace(self) -> Trace:
        """The first trace."""
        return self.parts[0].trace

    @property
    def framework(self) -> str:
        """Where the code comes from: catalogue, torch, jax, keras, numpy or c."""
        return self.parts[0].framework

"""Claims about units: what is left of a rule's freedom when like is added to like only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.lang.theorem.base import Property


@dataclass(frozen=True)
class Units(Property):
    """With the loss in units ``L`` and the parameter in units ``P``, a rule adds and compares like with like only.

    The gradient has the unit L/P and an estimate of the second derivative L/P**2; numbers, the step and sizes
    have none. ``units`` are those that hyper-parameters and states must then have, as in ``{"lr": "P**2/L"}``.
    """

    units: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = [
            f"{name} has the unit {unit}" if unit != "1" else f"{name} has none" for name, unit in self.units.items()
        ]
        adds = f"{self.rule} adds like units only"
        return f"with the loss in L and p in P {adds}" + (f", where {' and '.join(parts)}" if parts else "")

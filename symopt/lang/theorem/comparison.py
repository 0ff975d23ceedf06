"""Claims about two rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Compare:
    """Two targets are, or are not, the same optimizer.

    Parameters
    ----------
    left, right: targets as on the command line.
    given: hyper-parameters of the right as expressions in those of the left and ``t``, as a premise.
    varying: hyper-parameters that change from step to step.
    """

    left: str
    right: str
    given: Mapping[str, str] = field(default_factory=dict)
    varying: tuple[str, ...] = ()

    def __str__(self) -> str:
        premise = [f"{name} = {value}" for name, value in self.given.items()]
        premise += [f"{name} varies" for name in self.varying]
        return f"{self.left} and {self.right}" + (f" where {', '.join(premise)}" if premise else "")

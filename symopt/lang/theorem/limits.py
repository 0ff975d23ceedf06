"""Claims about limits: of a value of one step, and of a whole rule."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.lang.theorem.base import Property


@dataclass(frozen=True)
class Limit(Property):
    """A value of one step has a limit, for fixed states that a run can reach, parameter and gradient.

    Parameters
    ----------
    of, value: expressions in which ``m`` is a value after the step, ``old(m)`` a state before it, and ``beside(p)``
        a value of the rule ``beside`` after a step from the same states.
    when: what moves, as in ``eps -> 0`` or ``t -> oo``.
    """

    of: str
    when: str
    value: str
    beside: str = ""

    def __str__(self) -> str:
        beside = f" beside {self.beside}" if self.beside else ""
        return f"{self.of} in a step of {self.rule}{beside} tends to {self.value} as {self.when}"


@dataclass(frozen=True)
class TendsTo(Property):
    """As a hyper-parameter tends to a limit, every parameter of a rule tends to that of another rule."""

    other: str
    when: str

    def __str__(self) -> str:
        return f"every parameter of {self.rule} tends to that of {self.other} as {self.when}, for the same gradients"

"""Claims about how one rule follows changes of its inputs: factors, constants, permutations, rotations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.lang.theorem.base import Property

GROUPS: Mapping[str, str] = {
    "permutations": "permuting elements",
    "permutations of rows": "permuting rows",
    "permutations of columns": "permuting columns",
    "rotations": "turning rows and columns by orthogonal matrices",
    "signs": "changing the sign of some elements",
}


@dataclass(frozen=True)
class Scaling(Property):
    """Multiplying inputs by factors multiplies the parameter by its own factor, at every step.

    Parameters
    ----------
    by: the factors of hyper-parameters, of ``g`` (every gradient), of ``p`` (the first parameter) and of what
        else a step is given: -1, or powers of a positive number ``c`` such as ``c``, ``1/c``, ``sqrt(c)``; what is
        not named stays as it is.
    each: whether every element has a ``c`` of its own.
    """

    by: Mapping[str, str] = field(default_factory=dict)
    each: bool = False

    def __str__(self) -> str:
        factors: dict[str, list[str]] = {}
        for name, factor in self.by.items():
            factors.setdefault(factor, []).append(name)
        parts = [f"{' and '.join(names)} by {factor}" for factor, names in factors.items()]
        own = self.by.get("p", "1")
        what = "does not change p" if own == "1" else f"multiplies p by {own} at every step"
        which = ""
        if any("c" in factor for factor in factors):
            which = ", a c > 0 for every element," if self.each else ", c > 0,"
        return f"multiplying {' and '.join(parts)} in {self.rule}{which} {what}"


@dataclass(frozen=True)
class Shift(Property):
    """Adding a constant to the first parameter adds it at every step, where the gradients stay the same."""

    def __str__(self) -> str:
        return f"adding a constant to the first p of {self.rule} adds it to p at every step, for the same gradients"


@dataclass(frozen=True)
class Equivariance(Property):
    """What is done to the parameter, to all gradients and to other arrays of a step is done to every later parameter.

    ``under`` is one of the keys of ``GROUPS``.
    """

    under: str

    def __str__(self) -> str:
        what = GROUPS.get(self.under, self.under)
        return f"{what} in the first p and in all arrays given to {self.rule} does the same to p at every step"

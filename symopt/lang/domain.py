"""Domains: the interval that a hyper-parameter's values lie in."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Domain:
    """An interval of real numbers; a bound of ``None`` is infinite.

    ``integer`` restricts it to whole numbers. The prover reads signs from the bounds, the generated
    kernels check them, and the documentation prints them.
    """

    lower: Fraction | None = None
    upper: Fraction | None = None
    lower_open: bool = False
    upper_open: bool = False
    integer: bool = False

    def __contains__(self, value: int | float | Fraction) -> bool:
        exact = exact_number(value)
        if self.integer and exact.denominator != 1:
            return False
        if self.lower is not None and (exact < self.lower or (self.lower_open and exact == self.lower)):
            return False
        return self.upper is None or not (exact > self.upper or (self.upper_open and exact == self.upper))

    def __and__(self, other: Domain) -> Domain:
        """The values that lie in both domains."""
        both = (self, other)
        lower = max((d for d in both if d.lower is not None), key=lambda d: (d.lower, d.lower_open), default=Real)
        upper = min((d for d in both if d.upper is not None), key=lambda d: (d.upper, not d.upper_open), default=Real)
        return Domain(
            lower.lower, upper.upper, lower.lower_open, upper.upper_open, any(domain.integer for domain in both)
        )  # fmt: skip

    def describe(self, name: str) -> str:
        """The domain as a condition on ``name``, as in ``0 <= beta1 < 1``."""
        left = "" if self.lower is None else f"{self.lower} {'<' if self.lower_open else '<='} "
        right = "" if self.upper is None else f" {'<' if self.upper_open else '<='} {self.upper}"
        kind = "an integer" if self.integer else "real"
        if not left and not right:
            return f"{name} {kind}"
        return f"{left}{name}{right}" + (", an integer" if self.integer else "")


def exact_number(value: int | float | Fraction) -> Fraction:
    """The rational that a literal denotes: ``1e-3`` is 1/1000, not the nearest binary float."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


Real = Domain()
NonNegative = Domain(lower=Fraction(0))
Positive = Domain(lower=Fraction(0), lower_open=True)
UnitInterval = Domain(lower=Fraction(0), upper=Fraction(1), upper_open=True)
ClosedUnitInterval = Domain(lower=Fraction(0), upper=Fraction(1))
PositiveInteger = Domain(lower=Fraction(1), integer=True)
OpenUnitInterval = Domain(lower=Fraction(0), upper=Fraction(1), lower_open=True, upper_open=True)

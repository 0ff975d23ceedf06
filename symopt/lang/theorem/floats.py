"""Claims about what a rule's kernel does in floating-point numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.lang.theorem.base import Property

# Hazard -> what it means. Each is about some step from the initial states, with finite gradients.
HAZARDS: dict[str, str] = {
    "denominator is zero": "a denominator becomes zero and the step is not finite",
    "eps is zero": "a positive number that is added below a fraction or a root rounds to zero",
    "eps vanishes": "a positive number that is added below a fraction or a root changes nothing",
    "root of a negative number": "a square root is taken of a negative number",
    "square overflows": "the square of a finite number is infinite",
    "square underflows": "the weighted square of a number that is not zero is zero",
    "factor is one": "a factor below one, by which a state fades, rounds to one",
    "sum stops": "a state to which something is added in every step stays as it is",
    "counter stops": "an array that counts steps stops counting",
    "update is lost": "a step that is not zero leaves the parameter as it is",
    "power is zero": "a power of a number below one, whose exponent is the step, is zero",
    "correction loses digits": "1 - b^t has a larger relative error than one rounding",
}


@dataclass(frozen=True)
class InFloats(Property):
    """In a type of floating-point numbers a hazard happens in the rule's kernel.

    It holds where an input was found on which the generated kernel does it, and fails where that is excluded
    for every finite parameter and gradient. Hyper-parameters have the values of the target, or their defaults.

    Parameters
    ----------
    dtype: ``float64``, ``float32``, ``float16`` or ``bfloat16``.
    hazard: one of ``HAZARDS``.
    most: a number that no gradient exceeds in size; without it gradients are any finite numbers.
    """

    dtype: str
    hazard: str
    most: str = ""

    def __str__(self) -> str:
        said = HAZARDS.get(self.hazard, self.hazard)
        bound = f" of at most {self.most}" if self.most else ""
        return f"in the {self.dtype} kernel of {self.rule}, for some gradients{bound}, {said}"


@dataclass(frozen=True)
class RoundingError(Property):
    """What the roundings of one step add up to, against exact arithmetic from the same numbers of the type.

    Parameters
    ----------
    dtype: ``float64``, ``float32``, ``float16`` or ``bfloat16``.
    of: ``p``, a state (its new value), or the name of a statement.
    bound: a number that the error does not exceed.
    within: the range of every array that is read, and of hyper-parameters that are not at the target's value.
    relative: whether the error is meant relative to the exact value.
    """

    dtype: str
    of: str
    bound: str
    within: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    relative: bool = False

    def __str__(self) -> str:
        ranges = ", ".join(f"{name} in [{low}, {high}]" for name, (low, high) in self.within.items())
        kind = "a relative error" if self.relative else "an error"
        step = f"one {self.dtype} step of {self.rule}" + (f" with {ranges}" if ranges else "")
        return f"the roundings of {step} give {self.of} {kind} of at most {self.bound}"

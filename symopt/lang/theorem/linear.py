"""Claims about linear rules: where they are stable on quadratics, how fast, and where they come to rest.

On a quadratic of curvature ``h`` with its minimum at 0 the gradient is ``h`` times the point at which it is
asked for. A region is one comparison or several joined by ``and``, as in ``0 < lr*h < 2*(1 + mu) and mu < 1``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.errors import SpecError
from symopt.lang.theorem.base import Property
from symopt.lang.theorem.bounds import Comparison, comparisons

CURVATURE, SMALLEST, LARGEST = "h", "m", "L"


def region_of(text: str) -> tuple[Comparison, ...]:
    """The comparisons that a region consists of.

    Raises
    ------
    UsageError: a part is no comparison.
    """
    return tuple(link for part in text.split(" and ") for link in comparisons(part))


@dataclass(frozen=True)
class Stable(Property):
    """On curvature ``h > 0`` the parameter converges to the minimum from every state exactly in a region.

    Parameters
    ----------
    rule: a target; a linear rule with constant coefficients.
    region: in the hyper-parameters and ``h``.
    given: narrower domains of hyper-parameters, as in ``mu < 1``.
    """

    region: str
    given: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.given, str):
            raise SpecError(f"given is a tuple of texts, as in given=({self.given!r},)")
        for text in (self.region, *self.given):
            region_of(text)

    def __str__(self) -> str:
        premise = f", given {' and '.join(self.given)}" if self.given else ""
        return f"{self.rule} is stable on curvature {CURVATURE} > 0 exactly where {self.region}{premise}"


ALWAYS = "always"


@dataclass(frozen=True)
class EqualWhere(Property):
    """Two linear rules have the same parameters at every step in some branches, and in no others.

    A branch says what hyper-parameters of the first must be, and after a colon what those of the second
    then are, as in ``nu = 1: lr = lr*(1 - mu)``; one that is not named is that of the same name, or free.
    ``always`` says that the first may be anything. Hyper-parameters are constant, and something moves.

    Parameters
    ----------
    rule, other: the two targets.
    branches: those in which the parameters and the points of the gradients are the same.
    points: those in which only the points of the gradients are.
    """

    other: str
    branches: tuple[str, ...] = ()
    points: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if isinstance(self.branches, str) or isinstance(self.points, str):
            raise SpecError("branches and points are tuples of texts, as in branches=('mu = 0: nu = 0',)")

    @property
    def rules(self) -> tuple[str, ...]:
        """The targets that it is about."""
        return (self.rule, self.other)

    def __str__(self) -> str:
        where = " or ".join(f"[{branch}]" for branch in self.branches) or "nowhere"
        ahead = " or ".join(f"[{branch}]" for branch in self.points)
        also = f", and ask for gradients at the same points where {ahead} too" if ahead else ""
        said = where if where == "nowhere" else f"exactly where {where}"
        return f"{self.rule} and {self.other} are equal {said}{also}"


@dataclass(frozen=True)
class Contracts(Property):
    """On curvatures between ``m`` and ``L`` the error shrinks by the factor ``rate`` a step, at the slowest.

    The rate is the largest modulus of an eigenvalue over ``m <= h <= L``, where ``0 < m < L``.

    Parameters
    ----------
    rule: a target; a linear rule with constant coefficients.
    rate: in ``m`` and ``L``.
    given: every hyper-parameter in ``m`` and ``L``.
    """

    rate: str
    given: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        values = ", ".join(f"{name} = {text}" for name, text in self.given.items())
        at = f" with {values}" if values else ""
        return f"{self.rule}{at} contracts by {self.rate} a step on curvatures from {SMALLEST} to {LARGEST}"


@dataclass(frozen=True)
class Fastest(Contracts):
    """The rate of ``Contracts``, and no other hyper-parameters have a smaller one on the same curvatures."""

    def __str__(self) -> str:
        return f"{super().__str__()}, which no other hyper-parameters surpass"


@dataclass(frozen=True)
class Displacement(Property):
    """A gradient of 1 in one step, and of 0 in all others, moves the parameter by ``total`` in the end."""

    total: str
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        premise = f", given {' and '.join(self.given)}" if self.given else ""
        return f"a single gradient of 1 moves the parameter of {self.rule} by {self.total} in total{premise}"


@dataclass(frozen=True)
class SteadyStep(Property):
    """Under the gradient 1 in every step, the steps tend to ``step``."""

    step: str
    given: tuple[str, ...] = ()

    def __str__(self) -> str:
        premise = f", given {' and '.join(self.given)}" if self.given else ""
        return f"under a constant gradient of 1 the steps of {self.rule} tend to {self.step}{premise}"


@dataclass(frozen=True)
class RestsWhere(Property):
    """The parameter and all states stay as they are exactly where the gradient is ``gradient``, in ``p``."""

    gradient: str

    def __str__(self) -> str:
        return f"{self.rule} is at rest exactly where the gradient is {self.gradient}"

"""The general step: what is known of the names of a rule at a step after the first.

The step number is written ``t = tau + 1`` with ``tau >= 1``, so that powers of the step before,
``b**(t-1)``, need no division by ``b``, which may be zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.ir.trace import STEP
from symopt.lang.domain import Domain, PositiveInteger
from symopt.prove.elements import SPARE, Element, Generators
from symopt.prove.field import Field

# The number of steps taken before this one; no declared name has a dot.
BEFORE = "t.before"


class GeneralStep:
    """The ring, the domains and the values of the names at a step ``t >= 2``.

    ``numbers`` are the names that are the same for all elements of a tensor, ``shared`` for all tensors too.
    """

    def __init__(
        self, names: tuple[str, ...], domains: Mapping[str, Domain], numbers: Iterable[str] = (),
        shared: Iterable[str] = (), spare: int = SPARE,
    ) -> None:  # fmt: skip
        own = [BEFORE, *(name for name in names if name != STEP)]
        self.generators = Generators(own, numbers, [BEFORE, *shared], spare)
        self.domains = {**domains, BEFORE: PositiveInteger}
        self.whole = frozenset({BEFORE})

    def values(self, field: Field) -> dict[str, Element]:
        """The names that are not generators."""
        return {STEP: field.add(field.name(BEFORE), field.one)}

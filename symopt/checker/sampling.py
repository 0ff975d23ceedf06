"""Random data for the independent checker: numbers, hyper-parameters in their domains, conditions on them."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np

from symopt.checker.runs import order, value
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, op
from symopt.lang.domain import Domain

SIMPLE = tuple(map(Fraction, ("0", "0", "1", "-1", "1/2", "-1/2", "2")))
RELATIONS: Mapping[str, Callable[[int], bool]] = {
    " != ": lambda sign: sign != 0, " >= ": lambda sign: sign >= 0, " <= ": lambda sign: sign <= 0,
    " > ": lambda sign: sign > 0, " < ": lambda sign: sign < 0, " = ": lambda sign: sign == 0,
}  # fmt: skip


def random_number(chosen: random.Random) -> Fraction:
    """A number of 64 bits, or a simple one, so that ties and zeros come up; dyadic, thus exact in a ball."""
    if chosen.random() < 0.3:
        return chosen.choice(SIMPLE)
    return Fraction(chosen.getrandbits(64) - 2**63, 2**61)


def random_in(domain: Domain, chosen: random.Random) -> Fraction:
    """A number of a domain, at times its lower end where that is closed."""
    if domain.lower is not None and not domain.lower_open and chosen.random() < 0.15:
        return domain.lower
    low = domain.lower if domain.lower is not None else (domain.upper or Fraction(0)) - 2
    if domain.integer:
        return low + chosen.randint(1, 5)
    high = domain.upper if domain.upper is not None else low + 2
    return low + (high - low) * Fraction(2 * chosen.getrandbits(63) + 1, 2**64)


@dataclass(frozen=True)
class Fact:
    """Comparisons with zero that hold together, or, ``negated``, do not."""

    comparisons: tuple[tuple[Node, str], ...]
    negated: bool = False

    @classmethod
    @lru_cache(maxsize=512)
    def read(cls, text: str, names: tuple[str, ...]) -> Fact | None:
        """A condition as a certificate writes it; None where it is a sentence or reads what is no number."""
        negated = text.startswith("not (")
        parts = text[len("not (") : -1] if negated else text
        found = []
        for part in parts.split(" and "):
            relation = next((relation for relation in RELATIONS if relation in part), None)
            if relation is None:
                return None
            try:
                sides = [read_expression(side, names) for side in part.split(relation)]
            except UsageError:
                return None
            found.append((op("sub", *sides), relation))
        return cls(tuple(found), negated)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds of all elements.

        Raises
        ------
        UndefinedValueError: a side has no value, or its sign is not known.
        """
        differences = [(np.ravel(value(node, values)), relation) for node, relation in self.comparisons]
        return self.negated is not all(RELATIONS[relation](order(d, 0)) for ds, relation in differences for d in ds)

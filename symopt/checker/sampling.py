"""Random numbers for the independent checker, and the conditions that they are to satisfy."""

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

SIMPLE = tuple(map(Fraction, ("0", "0", "1", "-1", "1/2", "-1/2", "2")))
RELATIONS: Mapping[str, Callable[[int], bool]] = {
    " != ": lambda sign: sign != 0, " >= ": lambda sign: sign >= 0, " <= ": lambda sign: sign <= 0,
    " > ": lambda sign: sign > 0, " < ": lambda sign: sign < 0, " = ": lambda sign: sign == 0,
}  # fmt: skip
Comparisons = tuple[tuple[Node, str], ...]


def random_number(chosen: random.Random) -> Fraction:
    """A number of 64 bits, or a simple one, so that ties and zeros come up; dyadic, thus exact in a ball."""
    if chosen.random() < 0.3:
        return chosen.choice(SIMPLE)
    return Fraction(chosen.getrandbits(64) - 2**63, 2**61)


@dataclass(frozen=True)
class Fact:
    """Comparisons with zero that hold together wherever those of ``case`` do; None is never so."""

    claims: Comparisons | None
    case: Comparisons

    @classmethod
    @lru_cache(maxsize=512)
    def read(cls, text: str, names: tuple[str, ...]) -> Fact | None:
        """A condition as a verdict writes it: ``a > 0 and b = 0``, ``a != 0 where b > 0`` or ``not (a = 0)``.

        None where it is a sentence, or reads what is no number.
        """
        negated = text.startswith("not (")
        claims, _, case = ("", "", text[len("not (") : -1]) if negated else text.partition(" where ")
        try:
            return cls(None if negated else _comparisons(claims, names), _comparisons(case, names) if case else ())
        except UsageError:
            return None

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds of all elements.

        Raises
        ------
        UndefinedValueError: a side has no value, or its sign is not known.
        """
        case = _hold(self.case, values)
        return not np.any(case if self.claims is None else case & ~_hold(self.claims, values))


def _comparisons(text: str, names: tuple[str, ...]) -> Comparisons:
    found = []
    for part in text.split(" and "):
        relation = next((relation for relation in RELATIONS if relation in part), None)
        if relation is None:
            raise UsageError(f"{part!r} is no comparison")
        found.append((op("sub", *(read_expression(side, names) for side in part.split(relation, 1))), relation))
    return tuple(found)


def _hold(comparisons: Comparisons, values: Mapping[str, Any]) -> Any:
    """At which elements some comparisons hold together."""
    held = np.array(True)
    for node, relation in comparisons:
        signs = np.frompyfunc(lambda d: order(d, 0), 1, 1)(value(node, values))
        held = held & np.vectorize(RELATIONS[relation], otypes=[bool])(signs)
    return held

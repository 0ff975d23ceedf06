"""Points at which everything that is known holds, in floats.

A polynomial that is negative at one is not looked at further. They only save time: what they let
through is still to be shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from symopt.lang.domain import Domain
from symopt.prove.elements import Element, Poly
from symopt.prove.field import Field

DRAWN, KEPT, FEWEST = 4000, 48, 4
NEAR = 1e-9
FUNCTIONS = {"sqrt": np.sqrt, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor}


class Points:
    """Values of the generators of a field, drawn once."""

    def __init__(self, field: Field, knowns: Sequence[tuple[Poly, bool]]) -> None:
        self.field, self._random = field, np.random.default_rng(7)
        self.size, self.values = DRAWN, {}  # type: int, dict[int, Any]
        self._solved = {}  # type: dict[int, Poly]
        for poly, sign in field.facts:
            if sign == 0:
                lead = next(i for i, degree in enumerate(poly.degrees()) if degree)
                self._solved[lead] = poly
        with np.errstate(all="ignore"):
            fits = np.ones(DRAWN, dtype=bool)
            for poly, strict in knowns:
                value, _ = self._of(poly)
                fits &= (value > 0) if strict else (value >= 0)
            for i, domain in field.domains.items():
                if i in self.values:
                    fits &= _lies(self.values[i], domain)
        self._kept = np.flatnonzero(fits)[:KEPT]
        self.values = {i: value[self._kept] for i, value in self.values.items()}
        self.size = len(self._kept)

    def refute(self, poly: Poly) -> bool:
        """Whether a polynomial is negative at one of the points."""
        if self.size < FEWEST or any(degree and i not in self.values for i, degree in enumerate(poly.degrees())):
            return False
        with np.errstate(all="ignore"):
            value, scale = self._of(poly)
        return bool(np.any(value < -NEAR * scale))

    def _of(self, poly: Poly) -> tuple[Any, Any]:
        """A polynomial at all points, and the sum of the sizes of its terms."""
        total, scale = np.zeros(self.size), np.zeros(self.size)
        for monomial, c in poly.to_dict().items():
            term = np.full(self.size, float(int(c)))
            for i, exponent in enumerate(monomial):
                if exponent:
                    term = term * self._value(i) ** int(exponent)
            total, scale = total + term, scale + np.abs(term)
        return total, scale

    def _value(self, i: int) -> Any:
        if i not in self.values:
            meaning = self.field.ring.meanings.get(i)
            if i in self._solved and int(self._solved[i].degrees()[i]) == 1:
                self.values[i] = self._solution(i, self._solved[i])
            elif meaning is not None and meaning.kind == "pow":
                self.values[i] = self._fraction(meaning.args[0]) ** self._fraction(meaning.args[1])
            elif meaning is not None and meaning.kind in FUNCTIONS:
                self.values[i] = FUNCTIONS[meaning.kind](self._fraction(meaning.args[0]))
            else:
                self.values[i] = self._drawn(self.field.domains.get(i, Domain()))
        return self.values[i]

    def _fraction(self, element: Element) -> Any:
        return self._of(element.num)[0] / self._of(element.den)[0]

    def _solution(self, i: int, zero: Poly) -> Any:
        """The value of a generator at which a polynomial that is linear in it is zero."""
        rest = zero.subs({self.field.ring.names[i]: 0})
        factor = divmod(zero - rest, self.field.ring.gens[i])[0]
        return -self._of(rest)[0] / self._of(factor)[0]

    def _drawn(self, domain: Domain) -> Any:
        sizes = 10.0 ** self._random.uniform(-2.5, 1.5, self.size)
        low, high = (None if end is None else float(end) for end in (domain.lower, domain.upper))
        if domain.integer:
            return (low or 0.0) + self._random.integers(0, 6, self.size)
        if low is not None and high is not None:
            share = self._random.uniform(0.0, 1.0, self.size)
            skew = self._random.integers(0, 3, self.size)
            share = np.where(skew == 0, share**4, np.where(skew == 1, 1 - share**4, share))
            return low + (high - low) * share
        if low is not None:
            return low + sizes
        if high is not None:
            return high - sizes
        return sizes * self._random.choice([-1.0, 1.0], self.size)


def _lies(values: Any, domain: Domain) -> Any:
    fits = np.isfinite(values)
    if domain.lower is not None:
        fits &= values >= float(domain.lower)
    if domain.upper is not None:
        fits &= values <= float(domain.upper)
    return fits

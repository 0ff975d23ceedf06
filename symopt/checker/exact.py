"""Numbers that are known twice: as a ball, and modulo a large prime, where sums and products are exact.

Residues decide identities of rational functions: two that differ agree at a random point with a
probability below their degree over the prime (Schwartz and Zippel). Balls decide what is larger. Where
a function has no residue, such as the root of what is no square, only the ball is left.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import flint

# A Mersenne prime that leaves 3 modulo 4: x**((PRIME + 1)/4) is the root of x that is a square itself.
PRIME = 2**127 - 1


class Exact:
    """A real number as a ball and, where that is known, as a residue modulo ``PRIME``; ``rooted`` has roots in it."""

    __slots__ = ("ball", "residue", "rooted")

    def __init__(self, ball: Any, residue: int | None = None, rooted: bool = False) -> None:
        self.ball, self.residue, self.rooted = ball, residue, rooted

    @classmethod
    def of(cls, value: Fraction) -> Exact:
        """A rational number."""
        ball = flint.arb(flint.fmpq(value.numerator, value.denominator))
        return cls(ball, value.numerator * pow(value.denominator, -1, PRIME) % PRIME)

    def _with(self, other: Any, ball: Any, residue: Callable[[int, int], int]) -> Exact:
        a, b = self.residue, lifted(other).residue
        known = None if a is None or b is None else residue(a, b) % PRIME
        return Exact(ball, known, self.rooted or lifted(other).rooted)

    def __add__(self, other: Any) -> Exact:
        return self._with(other, self.ball + lifted(other).ball, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Exact:
        return self._with(other, self.ball - lifted(other).ball, lambda a, b: a - b)

    def __mul__(self, other: Any) -> Exact:
        return self._with(other, self.ball * lifted(other).ball, lambda a, b: a * b)

    def __truediv__(self, other: Any) -> Exact:
        if lifted(other).residue == 0:
            return Exact(self.ball / lifted(other).ball)
        return self._with(other, self.ball / lifted(other).ball, lambda a, b: a * pow(b, -1, PRIME))

    def __pow__(self, exponent: Any) -> Exact:
        if not isinstance(exponent, int):
            return Exact(self.ball ** lifted(exponent).ball)
        if self.residue is None or (self.residue == 0 and exponent < 0):
            return Exact(self.ball**exponent)
        return Exact(self.ball**exponent, pow(self.residue, exponent, PRIME), self.rooted)

    def __radd__(self, other: Any) -> Exact:
        return lifted(other) + self

    def __rsub__(self, other: Any) -> Exact:
        return lifted(other) - self

    def __rmul__(self, other: Any) -> Exact:
        return lifted(other) * self

    def __rtruediv__(self, other: Any) -> Exact:
        return lifted(other) / self

    def __neg__(self) -> Exact:
        return Exact(-self.ball, None if self.residue is None else -self.residue % PRIME, self.rooted)

    def __abs__(self) -> Exact:
        if self.ball >= 0:
            return self
        return -self if self.ball <= 0 else Exact(abs(self.ball))

    def sqrt(self) -> Exact:
        """The root that is not negative; its residue is the root that is a square, up to sign the same number."""
        root = None if self.residue is None else pow(self.residue, (PRIME + 1) // 4, PRIME)
        known = root is not None and root * root % PRIME == self.residue
        return Exact(self.ball.sqrt(), root if known else None, True)

    def exp(self) -> Exact:
        return Exact(self.ball.exp())

    def log(self) -> Exact:
        return Exact(self.ball.log())

    def cos(self) -> Exact:
        return Exact(self.ball.cos())

    def floor(self) -> Exact:
        return lifted(self.ball.floor())

    def is_finite(self) -> bool:
        return bool(self.ball.is_finite())

    def is_integer(self) -> bool:
        return bool(self.ball.is_integer())

    def unique_fmpz(self) -> Any:
        return self.ball.unique_fmpz()

    def __gt__(self, other: Any) -> bool:
        return bool(self.ball > lifted(other).ball)

    def __lt__(self, other: Any) -> bool:
        return bool(self.ball < lifted(other).ball)

    def __eq__(self, other: object) -> bool:
        return bool(self.ball == lifted(other).ball)

    __hash__ = None  # type: ignore[assignment]  # equality of balls is no equivalence


def lifted(value: Any) -> Exact:
    """A number as it is; a ball that is a whole number has its residue."""
    if isinstance(value, Exact):
        return value
    ball = flint.arb(value)
    whole = ball.unique_fmpz() if ball.is_integer() else None
    return Exact(ball, None if whole is None else int(whole) % PRIME)

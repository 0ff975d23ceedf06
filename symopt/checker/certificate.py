"""Certificates of inequalities: identities between polynomials that anybody can multiply out.

A certificate is about one case of one obligation. Its ``names`` are what polynomials are written in:
identifiers, each with its meaning, such as ``v`` for a state or ``r1`` for ``sqrt(v)``. It takes as known

* ``intervals``: ``low <= name <= high`` (``None`` is infinite; ``strict`` where the end is excluded),
* ``relations``: ``root**2 = radicand``,
* ``zeros``: polynomials that are zero in this case,
* ``knowns``: polynomials that are not negative, or where ``strict`` positive, each with the reason,

and shows its ``identities`` in order, each of which may use the goals of those before it as known. Each says

    product of ``multipliers`` * ``goal``  =  sum of ``coefficient`` * product of ``factors`` * squares of ``squares``

as polynomials, up to relations and zeros, where multipliers are known to be positive, factors not to
be negative, and coefficients are positive rational numbers; so the goal is not negative. It is
positive, where ``strict`` says so, because every multiplier and all of some term are positive. The last
goal is what was to be shown; or, where ``contradicts`` names a fact of the case, the opposite of that fact, which
``knowns`` and ``zeros`` then lack: the case cannot occur. Every text is a Python expression over
``names`` and rational numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class Term:
    """``coefficient`` times the product of ``factors`` and of the squares of ``squares``."""

    coefficient: Fraction
    factors: tuple[str, ...] = ()
    squares: tuple[str, ...] = ()

    def __str__(self) -> str:
        parts = [] if self.coefficient == 1 else [str(self.coefficient)]
        parts += [bracketed(factor) for factor in self.factors]
        parts += [f"({square})**2" for square in self.squares]
        return "*".join(parts) or "1"


@dataclass(frozen=True)
class Identity:
    """``goal`` is not negative, or where ``strict`` positive, since it is a sum of such terms."""

    goal: str
    strict: bool
    terms: tuple[Term, ...]
    multipliers: tuple[str, ...] = ()

    def __str__(self) -> str:
        left = "*".join([*map(bracketed, self.multipliers), bracketed(self.goal)] if self.multipliers else [self.goal])
        return f"{left} = {' + '.join(map(str, self.terms)) or '0'}"


@dataclass(frozen=True)
class Interval:
    """Where a name lies."""

    name: str
    low: Fraction | None
    high: Fraction | None
    low_strict: bool
    high_strict: bool


@dataclass(frozen=True)
class Known:
    """A polynomial that is not negative, or where ``strict`` positive, and why."""

    poly: str
    strict: bool
    why: str


@dataclass(frozen=True)
class Certificate:
    """The identities that settle one case; the module says what they mean."""

    names: tuple[tuple[str, str], ...]
    intervals: tuple[Interval, ...]
    relations: tuple[tuple[str, str], ...]
    zeros: tuple[str, ...]
    knowns: tuple[Known, ...]
    identities: tuple[Identity, ...]
    contradicts: str = ""

    @property
    def goal(self) -> str:
        """What is shown."""
        return self.identities[-1].goal

    def text(self) -> str:
        """The identities as people read them, with what new names stand for."""
        used = " ".join(map(str, self.identities))
        meant = [f"{name} = {meaning}" for name, meaning in self.names if name != meaning and name in used]
        where = f" where {', '.join(meant)}" if meant else ""
        impossible = f"the case {self.contradicts} cannot occur, since " if self.contradicts else ""
        return f"{impossible}{'; '.join(map(str, self.identities))}{where}"

    def to_json(self) -> dict[str, Any]:
        """The certificate as plain data."""
        return {
            "names": dict(self.names), "relations": dict(self.relations), "zeros": list(self.zeros),
            "knowns": [[k.poly, k.strict, k.why] for k in self.knowns],
            "identities": [str(identity) for identity in self.identities], "contradicts": self.contradicts,
        }  # fmt: skip


def bracketed(text: str) -> str:
    """A text as a factor of a product."""
    return text if text.replace("_", "").replace("**", "").isalnum() else f"({text})"

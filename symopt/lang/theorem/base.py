"""A theorem: a claim with a name and a reason, and what every property of one rule has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.errors import SpecError
from symopt.lang.declare import NAME
from symopt.lang.theorem.comparison import Compare

VERDICTS = ("equal", "equal-if", "different")
HOLDS, FAILS = "holds", "fails"


@dataclass(frozen=True)
class Property:
    """A statement about one rule, which holds or fails. Its text, ``str()``, is one sentence without a full stop.

    ``rule`` is a target as on the command line.
    """

    rule: str


@dataclass(frozen=True)
class Theorem:
    """A claim with a name and a reason.

    Parameters
    ----------
    name: what ``symopt prove NAME`` calls it.
    subject: what the claim is about.
    claim: for a comparison the verdict, ``equal``, ``equal-if`` or ``different``; for a property
        ``holds``, the default, or ``fails``.
    under: the map that an ``equal-if`` is to hold under; hyper-parameters that it lacks are matched by name.
    when: conditions that the verdict is to list.
    why: one or two sentences for people.
    source: where the claim comes from.
    """

    name: str
    subject: Compare | Property
    claim: str = HOLDS
    under: Mapping[str, str] = field(default_factory=dict)
    when: tuple[str, ...] = ()
    why: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        allowed = VERDICTS if isinstance(self.subject, Compare) else (HOLDS, FAILS)
        if self.claim not in allowed:
            raise SpecError(f"theorem {self.name}: the claim {self.claim!r} is none of {', '.join(allowed)}")
        if not NAME.match(self.name):
            raise SpecError(f"theorem {self.name!r}: a name is letters and digits, joined by single underscores")

    @property
    def statement(self) -> str:
        """The claim as a sentence."""
        if not isinstance(self.subject, Compare):
            return str(self.subject) if self.claim == HOLDS else f"it is not so that {self.subject}"
        under = ", ".join(f"{name} of {self.subject.right} = {value}" for name, value in self.under.items())
        return f"{self.subject}: {self.claim}" + (f", under {under}" if under else "")

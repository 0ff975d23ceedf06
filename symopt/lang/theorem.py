"""The language of theorems: claims about rules, a few lines each, that the prover settles by itself.

A theorem says what is claimed; the prover finds the verdict without looking at the claim, and only
then the two are compared. Expressions are written in the names of the rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.errors import SpecError
from symopt.lang.declare import NAME

VERDICTS = ("equal", "equal-if", "different")
HOLDS = "holds"


@dataclass(frozen=True)
class Compare:
    """Two targets are, or are not, the same optimizer.

    Parameters
    ----------
    left, right: targets as on the command line.
    given: hyper-parameters of the right as expressions in those of the left and ``t``, as a premise.
    varying: hyper-parameters that change from step to step.
    """

    left: str
    right: str
    given: Mapping[str, str] = field(default_factory=dict)
    varying: tuple[str, ...] = ()

    def __str__(self) -> str:
        premise = [f"{name} = {value}" for name, value in self.given.items()]
        premise += [f"{name} varies" for name in self.varying]
        return f"{self.left} and {self.right}" + (f" where {', '.join(premise)}" if premise else "")


@dataclass(frozen=True)
class ClosedForm:
    """After step ``t`` a state is the sum of ``term`` over the steps ``k = 1, ..., t``.

    ``term`` is written with ``t``, ``k``, the hyper-parameters, and ``p`` and ``g`` at step ``k``
    (the parameter before it and the gradient asked for in it).
    """

    rule: str
    of: str
    term: str

    def __str__(self) -> str:
        return f"{self.of} of {self.rule} after step t is the sum of {self.term} over k = 1..t"


@dataclass(frozen=True)
class WeightsSum:
    """A value is a weighted sum of ``over`` at the steps so far, and its weights sum to ``total``.

    ``of`` is a state (its new value) or the name of a statement; ``over`` an expression in ``p`` and ``g``.
    """

    rule: str
    of: str
    over: str
    total: str

    def __str__(self) -> str:
        return f"{self.of} of {self.rule} is a weighted sum of {self.over} whose weights sum to {self.total}"


@dataclass(frozen=True)
class FirstStep:
    """The new parameter after the first step, from the initial states, is ``value``."""

    rule: str
    value: str

    def __str__(self) -> str:
        return f"the first step of {self.rule} gives p = {self.value}"


@dataclass(frozen=True)
class Theorem:
    """A claim with a name and a reason.

    Parameters
    ----------
    name: what ``symopt prove NAME`` calls it.
    subject: what the claim is about.
    claim: for a comparison the verdict, ``equal``, ``equal-if`` or ``different``; for every other
        subject ``holds``, the default.
    under: the map that an ``equal-if`` is to hold under; hyper-parameters that it lacks are matched by name.
    when: conditions that the verdict is to list.
    why: one or two sentences for people.
    source: where the claim comes from.
    """

    name: str
    subject: Compare | ClosedForm | WeightsSum | FirstStep
    claim: str = HOLDS
    under: Mapping[str, str] = field(default_factory=dict)
    when: tuple[str, ...] = ()
    why: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        allowed = VERDICTS if isinstance(self.subject, Compare) else (HOLDS,)
        if self.claim not in allowed:
            raise SpecError(f"theorem {self.name}: the claim {self.claim!r} is none of {', '.join(allowed)}")
        if not NAME.match(self.name):
            raise SpecError(f"theorem {self.name!r}: a name is letters and digits, joined by single underscores")

    @property
    def statement(self) -> str:
        """The claim as a sentence."""
        if not isinstance(self.subject, Compare):
            return str(self.subject)
        under = ", ".join(f"{name} of {self.subject.right} = {value}" for name, value in self.under.items())
        return f"{self.subject}: {self.claim}" + (f", under {under}" if under else "")

"""Claims about values of one rule over the steps: closed forms, sums of weights, the first step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from symopt.lang.theorem.base import Property


@dataclass(frozen=True)
class ClosedForm(Property):
    """After step ``t`` a state is the sum of ``term`` over the steps ``k = 1, ..., t``.

    ``term`` is written with ``t``, ``k``, the hyper-parameters, and ``p`` and ``g`` at step ``k``
    (the parameter before it and the gradient asked for in it). ``given`` are hyper-parameters as expressions
    in the others and ``t``.
    """

    of: str
    term: str
    given: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        given = ", ".join(f"{name} = {value}" for name, value in self.given.items())
        where = f", where {given}," if given else ""
        return f"{self.of} of {self.rule}{where} after step t is the sum of {self.term} over k = 1..t"


@dataclass(frozen=True)
class WeightsSum(Property):
    """A value is a weighted sum of ``over`` at the steps so far, and its weights sum to ``total``.

    ``of`` is a state (its new value) or the name of a statement; ``over`` an expression in ``p`` and ``g``.
    """

    of: str
    over: str
    total: str

    def __str__(self) -> str:
        return f"{self.of} of {self.rule} is a weighted sum of {self.over} whose weights sum to {self.total}"


@dataclass(frozen=True)
class FirstStep(Property):
    """The new parameter after the first step, from the initial states, is ``value``."""

    value: str

    def __str__(self) -> str:
        return f"the first step of {self.rule} gives p = {self.value}"

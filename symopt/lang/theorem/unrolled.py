"""Claims about values of one rule over the steps: closed forms, sums of weights, the first step."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.lang.theorem.base import Property


@dataclass(frozen=True)
class ClosedForm(Property):
    """After step ``t`` a state is the sum of ``term`` over the steps ``k = 1, ..., t``.

    ``term`` is written with ``t``, ``k``, the hyper-parameters, and ``p`` and ``g`` at step ``k``
    (the parameter before it and the gradient asked for in it).
    """

    of: str
    term: str

    def __str__(self) -> str:
        return f"{self.of} of {self.rule} after step t is the sum of {self.term} over k = 1..t"


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

"""Ansätze: what the states of the right may be in those of the left, with factors that are not known yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt.ir.nodes import ZERO, Node, op, ref, substitute
from symopt.ir.trace import PARAMETER
from symopt.passes.fold import fold
from symopt.prove.pair import Pair, bare
from symopt.prove.ratios import multiple
from symopt.prove.relation import Claim, Relation

FACTOR, FACTOR_BEFORE, SOUGHT = "?factor.", "?before.", "?hyper."


@dataclass(frozen=True)
class Ansatz:
    """Which state of the left each state of the right is a multiple of, and whether the factors vary."""

    pair: Pair
    sources: Mapping[str, str]
    hypers: Mapping[str, Node]
    varying: bool

    @property
    def unknowns(self) -> list[str]:
        """The factors, without the prefix that says of which step they are."""
        return list(self.sources)

    def states(self, before: bool = False) -> dict[str, Node]:
        """The right's states after a step (or before it), with unknown factors."""
        prefix = FACTOR_BEFORE if before and self.varying else FACTOR
        return {state: self._value(state, prefix) for state in self.sources}

    def _value(self, state: str, prefix: str) -> Node:
        return multiple(self.pair, state, self.sources[state], ref(prefix + state))

    def initial_claims(self) -> list[Claim]:
        """What the initial states say of the factors."""
        return []

    def claims(self, parameter: bool = True) -> list[Claim]:
        """The general step with unknown factors and hyper-parameters, or what it says of one state."""
        inputs = {**self.states(before=True), **self.hypers}
        left, right = self.pair.left, self.pair.right
        new = dict(zip(right.step, substitute(right.step.values(), inputs), strict=True))
        claims = [
            Claim(f"the state {bare(state)}", substitute([node], dict(left.step))[0], new[state])
            for state, node in self.states().items()
        ]
        if not parameter:
            return claims
        points = zip(left.points, substitute(right.points, inputs), strict=False)
        asked = [Claim("a query point", a, b) for a, b in points]
        # The states first: their equations are the shortest, and what fails there need not go on.
        parameter_claim = Claim("the parameter", left.step[PARAMETER], new[PARAMETER])
        return [*self.initial_claims(), *claims, *asked, parameter_claim]

    def relation(self, solution: Mapping[str, Node]) -> Relation:
        """The relation that a solution stands for."""
        states = self.states()
        return Relation(
            dict(zip(states, fold(substitute(states.values(), solution)), strict=True)),
            dict(zip(self.hypers, substitute(self.hypers.values(), solution), strict=True)),
        )


@dataclass(frozen=True)
class Combination(Ansatz):
    """Each state of the right is a sum of multiples of the parameter and of every state of the left."""

    @property
    def unknowns(self) -> list[str]:
        """The factors, without the prefix that says of which step they are."""
        return [factor_name(state, source) for state in self.sources for source in self._summands]

    @property
    def _summands(self) -> tuple[str, ...]:
        return (*self.pair.left.states, PARAMETER)

    def _value(self, state: str, prefix: str) -> Node:
        return self._sum(state, {source: ref(source) for source in self._summands}, prefix)

    def _sum(self, state: str, values: Mapping[str, Node], prefix: str) -> Node:
        total: Node = ZERO
        for source, value in values.items():
            total = op("add", total, op("mul", ref(prefix + factor_name(state, source)), value))
        return total

    def initial_claims(self) -> list[Claim]:
        """The initial states are in the same relation, where it does not change from step to step."""
        if self.varying:
            return []
        start = {**self.pair.left.initial, PARAMETER: ref(PARAMETER)}
        first = dict(
            zip(self.pair.right.initial, substitute(self.pair.right.initial.values(), self.hypers), strict=True)
        )
        return [Claim("an initial state", self._sum(state, start, FACTOR), first[state]) for state in self.sources]


def factor_name(state: str, source: str) -> str:
    """The factor of one state of the left in one of the right."""
    return f"{state} {source}"


def is_unknown(name: str) -> bool:
    """Whether a name stands for what is sought."""
    return name.startswith("?")


def bare_sought(unknown: str) -> str:
    """The hyper-parameter that an unknown stands for."""
    return unknown.removeprefix(SOUGHT)

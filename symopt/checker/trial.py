"""One random trial of a stated equality: both rules side by side, from the start or from a general state."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.checker.exact import Exact
from symopt.checker.runs import (
    Run,
    UndefinedValueError,
    Values,
    given_values,
    numbers,
    real,
    sizes,
    value,
    value_or_none,
)
from symopt.checker.sampling import random_in, random_number
from symopt.checker.stated import SIDES, Stated
from symopt.ir.nodes import Node

STEPS = 5
PLACES = (2, 2, 3, 4, 7, 25)  # the steps that are made from a general state
Pairs = list[tuple[str, Any, Any]]


class Trial:
    """Both rules under the maps, on random hyper-parameters, gradients and states."""

    def __init__(self, stated: Stated, shape: tuple[int, ...], seed: int, exact: bool = False) -> None:
        """``exact``: numbers have residues too, where there is one number and no array."""
        self.stated, self.shape, self.chosen = stated, shape, random.Random(seed)
        self.number = Exact.of if exact else real
        self.constant = self._drawn(stated.domains)
        self.drawn: dict[int, Values] = {}
        theta = self._random(shape)
        self.runs = {
            side: Run(trace, self.hypers(side, 1), theta, self.number)
            for side, trace in zip(SIDES, (stated.left, stated.right), strict=True)
        }

    def from_start(self) -> Iterator[Pairs]:
        """Steps from the initial states."""
        for t in range(1, STEPS + 1):
            yield self.step(t)

    def from_anywhere(self) -> Pairs:
        """One step from a state that satisfies nothing but what is stated of it."""
        if self.shape:
            self.step(1)  # shows which states are arrays
        t, stated = self.chosen.choice(PLACES), self.stated
        source = self.runs[stated.source]
        for run in self.runs.values():
            run.t = t - 1
            for name, held in run.values.items():
                run.values[name] = self._random(np.shape(held))
        for name in stated.not_negative:
            source.values[name] = abs(source.values[name])
        self.runs[stated.image].values["p"] = source.values["p"]
        self._put(stated.source, stated.source, t - 1, stated.known[stated.source])
        self._put(stated.image, stated.source, t - 1, stated.states)
        self._put(stated.image, stated.image, t - 1, stated.known[stated.image])
        return self.step(t)

    def step(self, t: int) -> Pairs:
        """Make step ``t``; what is to be equal in it and after it."""
        stated = self.stated
        queries = max((stated.left.queries, stated.right.queries), key=len)
        answers = {query.name: self._random(self.shape) for query in queries}
        given = given_values(self.shape, stated.left, stated.right, self.chosen, self.number)
        self.before = self.values(t, {**answers, **given}, earlier=True)
        if not all(fact.holds(self.before) for fact in stated.facts(tuple(self.before))):
            raise UndefinedValueError
        points = [run.step(self.hypers(side, t), [*answers.values()], given) for side, run in self.runs.items()]
        left, right = (self.runs[side].values for side in SIDES)
        self.made: Pairs = [
            *(("the point of a gradient", a, b) for a, b in zip(*points, strict=True)),
            ("the parameter", left["p"], right["p"]),
            *self._agree(stated.image, stated.source, t, stated.states),
        ]
        known = [pair for side in SIDES for pair in self._agree(side, side, t, stated.known[side])]
        return [*self.made, *known]

    def _agree(self, side: str, of: str, t: int, states: Mapping[str, Node]) -> Pairs:
        """What states of a side are said to be, in the names of the side ``of``, and what they are; the left first."""
        now, held = self.values(t, own=of), self.runs[side].values
        found = [(f"the state {name}", value(node, now, self.number), held[name]) for name, node in states.items()]
        return found if side == "right" else [(what, b, a) for what, a, b in found]

    def _put(self, side: str, of: str, t: int, states: Mapping[str, Node]) -> None:
        for name, node in states.items():
            self.runs[side].values[name] = value(node, self.values(t, own=of), self.number)

    def values(
        self, t: int, more: Mapping[str, Any] | None = None, earlier: bool = False, own: str | None = None
    ) -> Values:
        """Everything by its common name; ``own`` is the side, by default the free one, that needs no prefix.

        With ``earlier`` the hyper-parameters of the step before are there too.
        """
        stated, side = self.stated, own or self.stated.source
        plain = self.hypers("right", t) if own == "right" != stated.source else self.at(t)
        found: Values = {**self.runs[side].values, **plain, **sizes(self.shape), "t": self.number(Fraction(t))}
        found |= {f"right.{name}": x for name, x in self.hypers("right", t).items()}
        found |= {f"{side}.{name}": x for side in SIDES for name, x in self.runs[side].values.items()}
        if earlier:
            found |= {f"{name}.before": self.at(t - 1)[name] for name in stated.varying}
        return found | dict(more or {})

    def hypers(self, side: str, t: int) -> Values:
        """The hyper-parameters of a side at a step."""
        common = self.at(t)
        if side == "left":
            return common
        here = {**common, **sizes(self.shape), "t": self.number(Fraction(t))}
        return common | {name: value(node, here, self.number) for name, node in self.stated.hypers.items()}

    def at(self, t: int) -> Values:
        """The hyper-parameters of the left, and those that only the right has, at a step."""
        if t not in self.drawn:
            varying = {name: d for name, d in self.stated.domains.items() if name in self.stated.varying}
            now = self.constant | self._drawn(varying)
            fixed = {name: value(node, now, self.number) for name, node in self.stated.fixed.items()}
            self.drawn[t] = now | fixed
        return self.drawn[t]

    def _drawn(self, domains: Mapping[str, Any]) -> Values:
        return {name: self.number(random_in(domain, self.chosen)) for name, domain in domains.items()}

    def _random(self, shape: tuple[int, ...]) -> Any:
        return numbers(shape, lambda: random_number(self.chosen), self.number)

    def written(self, nodes: list[Node]) -> list[Any]:
        """Expressions over common names, before the step; None where one is undefined."""
        return [value_or_none(node, self.before, self.number) for node in nodes]

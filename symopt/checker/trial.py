"""One random trial of a stated equality: both rules side by side, from the start or from a general state."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import flint
import numpy as np

from symopt.checker.runs import Run, UndefinedValueError, Values, given_values, numbers, random_in, real, sizes, value
from symopt.checker.sampling import random_number
from symopt.checker.stated import SIDES, Stated
from symopt.ir.nodes import Node
from symopt.lang.domain import Domain

PLACES = (2, 2, 3, 4, 7, 25)  # the steps that are made from a general state
AT_END = 0.15  # how often a hyper-parameter lies at the lower end of its domain
Pairs = list[tuple[str, Any, Any]]


class Trial:
    """Both rules under the maps, on random hyper-parameters, gradients and states."""

    def __init__(self, stated: Stated, shape: tuple[int, ...], seed: int) -> None:
        self.stated, self.shape, self.chosen = stated, shape, random.Random(seed)
        self.constant = self._drawn(stated.domains)
        self.drawn: dict[int, Values] = {}
        theta, traces = self._random(shape), zip(SIDES, (stated.left, stated.right), strict=True)
        self.runs = {side: Run(trace, self.hypers(side, 1), theta) for side, trace in traces}

    def from_anywhere(self) -> Pairs:
        """One step from a state that satisfies nothing but what is stated of it."""
        if self.shape:
            self.step(1)  # shows which states are arrays
        t, stated = self.chosen.choice(PLACES), self.stated
        source = self.runs[stated.source]
        for run in self.runs.values():
            run.t = t - 1
            run.values = {name: self._random(np.shape(held)) for name, held in run.values.items()}
        source.values |= {name: abs(source.values[name]) for name in stated.not_negative}
        self.runs[stated.image].values["p"] = source.values["p"]
        for side, of, states in self._stated():
            for name, node in states.items():
                self.runs[side].values[name] = value(node, self.values(t - 1, of))
        return self.step(t)

    def step(self, t: int) -> Pairs:
        """Make step ``t``; what is to be equal in it and after it, the left first."""
        stated = self.stated
        queries = max((stated.left.queries, stated.right.queries), key=len)
        answers = {query.name: self._random(self.shape) for query in queries}
        given = given_values(self.shape, stated.left, stated.right, self.chosen)
        earlier = {f"{name}.before": self.at(t - 1)[name] for name in stated.varying}
        self.before = {**self.values(t, stated.source), **earlier, **answers, **given}
        if not all(fact.holds(self.before) for fact in stated.facts(tuple(self.before))):
            raise UndefinedValueError
        points = [run.step(self.hypers(side, t), [*answers.values()], given) for side, run in self.runs.items()]
        left, right = (self.runs[side].values for side in SIDES)
        made: Pairs = [("the point of a gradient", a, b) for a, b in zip(*points, strict=True)]
        made.append(("the parameter", left["p"], right["p"]))
        for side, of, states in self._stated():
            for name, node in states.items():
                pair = value(node, self.values(t, of)), self.runs[side].values[name]
                made.append((f"the state {name}", *(pair if side == "right" else pair[::-1])))
            if (side, of) == (stated.image, stated.source):
                self.mapped = len(made)
        return made

    def _stated(self) -> list[tuple[str, str, Mapping[str, Node]]]:
        """What is said of states: whose they are, in whose names, and which expressions; each may read those before."""
        stated, image, source = self.stated, self.stated.image, self.stated.source
        known = stated.known
        return [(source, source, known[source]), (image, source, stated.states), (image, image, known[image])]

    def values(self, t: int, own: str) -> Values:
        """Everything by its common name, at step ``t``; names of the side ``own`` need no prefix."""
        plain = self.hypers("right", t) if own == "right" != self.stated.source else self.at(t)
        found: Values = {**self.runs[own].values, **plain, **sizes(self.shape), "t": flint.arb(t)}
        found |= {f"right.{name}": x for name, x in self.hypers("right", t).items()}
        return found | {f"{side}.{name}": x for side in SIDES for name, x in self.runs[side].values.items()}

    def hypers(self, side: str, t: int) -> Values:
        """The hyper-parameters of a side at a step."""
        common = self.at(t)
        if side == "left":
            return common
        here = {**common, **sizes(self.shape), "t": flint.arb(t)}
        return common | {name: value(node, here) for name, node in self.stated.hypers.items()}

    def at(self, t: int) -> Values:
        """The hyper-parameters of the left, and those that only the right has, at a step."""
        if t not in self.drawn:
            varying = {name: d for name, d in self.stated.domains.items() if name in self.stated.varying}
            now = self.constant | self._drawn(varying)
            self.drawn[t] = now | {name: value(node, now) for name, node in self.stated.fixed.items()}
        return self.drawn[t]

    def _drawn(self, domains: Mapping[str, Domain]) -> Values:
        return {name: real(self._in(domain)) for name, domain in domains.items()}

    def _in(self, domain: Domain) -> Any:
        at_end = domain.lower is not None and not domain.lower_open and self.chosen.random() < AT_END
        return domain.lower if at_end else random_in(domain, self.chosen, bits=63)

    def _random(self, shape: tuple[int, ...]) -> Any:
        return numbers(shape, lambda: random_number(self.chosen))

"""Checks proved equalities: runs from the initial states, and single steps from states that no run need reach.

Of the prover nothing is used but what a certificate says. Its maps are applied to random numbers, both rules
make a step, and what is to agree is compared in balls of 400 bits, to more than 300.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from symopt.checker import runs
from symopt.checker.arrays import elements, shape_for
from symopt.checker.outcome import Check
from symopt.checker.runs import AGREE, Run, UndefinedValueError, Values, at_full_precision, real, sizes, value
from symopt.checker.stated import SIDES, Fact, Obligation, Stated
from symopt.errors import UsageError
from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.lang.domain import Domain

RUNS, STEPS, GENERAL = 8, 5, 16
TRIES = 6  # samples for each that is wanted: some leave the points at which everything is defined
PLACES = (2, 2, 3, 4, 7, 25)  # the steps that are made from a general state
SIMPLE = tuple(map(Fraction, ("0", "0", "1", "-1", "1/2", "-1/2", "2")))  # numbers at which ties and zeros come up
AT_END, AT_SIMPLE = 0.15, 0.3  # how often a hyper-parameter lies at the end of its domain, and a number is simple
Pairs = list[tuple[str, Any, Any]]


class DisagreeError(Exception):
    """Something that is said to be equal is not; the message says what."""


@at_full_precision
def check_certificate(left: Trace, right: Trace, certificate: Mapping[str, Any]) -> Check:
    """Check a certificate, as plain data, against the two rules that it is said to be about."""
    try:
        return Checker(Stated.read(left, right, certificate)).check()
    except (ValueError, KeyError, TypeError, UsageError) as error:
        return Check(False, f"the certificate cannot be read: {error}")


class Checker:
    """Tries what is stated on random data."""

    def __init__(self, stated: Stated) -> None:
        self.stated, self.shape = stated, shape_for(stated.left, stated.right)

    def check(self, general: int = GENERAL) -> Check:
        """Run from the start, then make ``general`` steps from general states."""
        try:
            made = self._repeat(RUNS, self._run)
            steps = self._repeat(general, self._general_step)
        except DisagreeError as error:
            return Check(False, str(error))
        how = f"{made} random runs of {STEPS} steps" + (f" and {steps} steps from general states" if general else "")
        return Check(made > 0 and (steps > 0 or not general), f"{how} agree to 90 digits")

    def _repeat(self, wanted: int, trial: Callable[[Trial], None]) -> int:
        done = 0
        for seed in range(wanted * TRIES):
            try:
                trial(Trial(self.stated, self.shape, seed))
                done += 1
            except UndefinedValueError:
                continue
            except DisagreeError as error:
                raise DisagreeError(f"{error} (seed {seed})") from None
            if done == wanted:
                break
        return done

    def _run(self, trial: Trial) -> None:
        for t in range(1, STEPS + 1):
            self._step(f"a random run at step {t}", trial, trial.step(t), self.stated.first if t == 1 else None)

    def _general_step(self, trial: Trial) -> None:
        self._step("a step from a general state", trial, trial.from_anywhere(), self.stated.later)

    def _step(self, where: str, trial: Trial, pairs: Pairs, obligation: Obligation | None) -> None:
        self._compare(where, pairs)
        for name in self.stated.not_negative:
            if any(x < -AGREE for x in elements(trial.runs[self.stated.source].values[name])):
                raise DisagreeError(f"the state {name} becomes negative")
        if obligation is not None:
            self._as_written(trial, obligation)

    def _compare(self, where: str, pairs: Pairs) -> None:
        for what, x, y in pairs:
            for a, b in zip(elements(x), elements(y), strict=True):
                if not abs(a - b) < AGREE * (1 + abs(b)):
                    raise DisagreeError(f"{where} disagrees in {what}")

    def _as_written(self, trial: Trial, obligation: Obligation) -> None:
        """The expressions that a certificate writes down are those that the rules give; its cases leave none out."""
        *sides, cases = obligation
        for position, side in enumerate(sides):
            found = [runs.value_or_none(node, trial.before) for node in side]
            made = [(what, pair[position], mine) for (what, *pair), mine in zip(trial.made, found, strict=True)]
            self._compare("an obligation as it is written", [pair for pair in made if pair[2] is not None])
        facts = [Fact.read(f"not ({' and '.join(case)})", tuple(trial.before)) for case in cases if case]
        if self.shape or None in facts or len(facts) < len(cases):
            return
        if all(fact.holds(trial.before) for fact in facts if fact):
            raise DisagreeError("a random point lies in none of the cases")


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
        given = runs.given_values(self.shape, stated.left, stated.right, self.chosen)
        earlier = {f"{name}.before": self.at(t - 1)[name] for name in stated.varying}
        self.before = {**self.values(t, stated.source), **earlier, **answers, **given}
        facts = [Fact.read(condition, tuple(self.before)) for condition in stated.conditions]
        if not all(fact is None or fact.holds(self.before) for fact in facts):
            raise UndefinedValueError
        points = [run.step(self.hypers(side, t), [*answers.values()], given) for side, run in self.runs.items()]
        self.made: Pairs = [("the point of a gradient", a, b) for a, b in zip(*points, strict=True)]
        self.made.append(("the parameter", self.runs["left"].values["p"], self.runs["right"].values["p"]))
        known: Pairs = []
        for side, of, states in self._stated():
            for name, node in states.items():
                pair = value(node, self.values(t, of)), self.runs[side].values[name]
                sides = pair if side == "right" else pair[::-1]
                (known if side == of else self.made).append((f"the state {name}", *sides))
        return [*self.made, *known]

    def _stated(self) -> list[tuple[str, str, Mapping[str, Node]]]:
        """What is said of states: whose they are, in whose names, and which expressions; each may read those before."""
        image, source, known = self.stated.image, self.stated.source, self.stated.known
        return [(source, source, known[source]), (image, source, self.stated.states), (image, image, known[image])]

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
        drawn = {}
        for name, domain in domains.items():
            at_end = domain.lower is not None and not domain.lower_open and self.chosen.random() < AT_END
            number = domain.lower if at_end else runs.random_in(domain, self.chosen, bits=63)
            drawn[name] = real(number or Fraction(0))
        return drawn

    def _random(self, shape: tuple[int, ...]) -> Any:
        """Numbers of 64 bits or simple ones; dyadic, thus exact in balls."""

        def draw() -> Fraction:
            simple = self.chosen.random() < AT_SIMPLE
            return self.chosen.choice(SIMPLE) if simple else Fraction(self.chosen.getrandbits(64) - 2**63, 2**61)

        return runs.numbers(shape, draw)

"""Counterexamples: runs from the start at whose last step a claim fails, replayed exactly.

Short runs are drawn from small rationals. Long runs are those that make one state as large as it can be
for the size of another: a linear one against a quadratic one, by Cauchy and Schwarz, where the gradient
of each step is proportional to the weight of that step in the one over its weight in the other; and a
linear one against a maximum where all steps weigh the same in that.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import is_defined, precision
from symopt.ir.nodes import ZERO, refs
from symopt.ir.trace import PARAMETER, STEP
from symopt.prove.deadline import Deadline
from symopt.prove.inequality.assumptions import Premises
from symopt.prove.inequality.claims import Claim
from symopt.prove.inequality.numeric import BITS, EXACT, Runs, exactly, floats, hypers

RUNS, STEPS, TRIES = 1500, 6, 12
LONGEST = 256
NEAR = 1e-9


@dataclass(frozen=True)
class Run:
    """Exact values of the fixed names and the inputs of each step; the claim fails at the last of them."""

    fixed: Mapping[str, Fraction]
    inputs: Mapping[str, Sequence[Fraction]]
    steps: int

    def written(self) -> dict[str, Any]:
        """The run as text by name: numbers, and lists of them for what each step is given."""
        found: dict[str, Any] = {name: str(value) for name, value in self.fixed.items()}
        found |= {name: [str(value) for value in values] for name, values in self.inputs.items()}
        return {**found, "steps": str(self.steps)}


def replayed(premises: Premises, claim: Claim, run: Run) -> bool:
    """Whether the claim certainly fails at the end of a run that satisfies the assumptions, exactly."""
    system = premises.system
    values: dict[str, Any] = dict(run.fixed)
    if any(exactly(fact, values) is not True for fact in premises.facts if {*refs(fact.node)} <= {*values}):
        return False
    with precision(BITS):
        values |= dict(zip(system.states, evaluate(system.initial.values(), values, EXACT), strict=True))
        for t in range(1, run.steps + 1):
            now = {**values, **{name: given[t - 1] for name, given in run.inputs.items()}, STEP: Fraction(t)}
            if any(exactly(fact, now) is not True for fact in premises.facts):
                return False
            new = evaluate(system.step.values(), now, EXACT)
            if not all(map(is_defined, new)):
                return False
            now |= dict(zip(system.new.values(), new, strict=True))
            last = now
            values |= dict(zip(system.states, new, strict=True))
    end = {**values, STEP: Fraction(run.steps)} if claim.of_states else last
    return any(exactly(bound, end) is False for bound in claim.bounds)


def short_run(
    premises: Premises, claim: Claim, deadline: Deadline, more: Sequence[Mapping[str, Fraction]] = ()
) -> Run | None:
    """A run of few steps with small rational numbers; ``more`` are values of names to try first."""
    fixed: list[Mapping[str, Fraction]] = list(hypers(premises, RUNS))
    extra = [value for values in more for name, value in values.items() if name in premises.system.inputs]
    near = [_near(premises, values, fixed[0]) for values in more if fixed]
    fixed = [*(values for values in near if values is not None), *fixed]
    if not fixed:
        return None
    if claim.of_states:
        for values in fixed[:TRIES]:
            run = Run(values, {}, 0)
            if replayed(premises, claim, run):
                return run
    fixed = (fixed * (RUNS // len(fixed) + 1))[:RUNS]
    chosen = random.Random(1)
    runs, system = Runs(premises, fixed), premises.system
    history: list[dict[str, list[Fraction]]] = []
    for t in range(1, STEPS + 1):
        deadline.check()
        history.append(runs.inputs(chosen, extra))
        runs.step({name: floats(values) for name, values in history[-1].items()})
        for i in _violations(runs, claim):
            run = Run(fixed[i], {name: [step[name][i] for step in history] for name in system.inputs}, t)
            if replayed(premises, claim, run):
                return _simpler(premises, claim, run)
        runs.settle()
    return None


def _near(
    premises: Premises, values: Mapping[str, Fraction], other: Mapping[str, Fraction]
) -> Mapping[str, Fraction] | None:
    """The values of the fixed names, those that are not given from another choice; None outside the domains."""
    domains = premises.system.domains
    found = {name: values.get(name, value) for name, value in other.items()}
    return found if all(value in domains[name] for name, value in found.items() if name in domains) else None


def _violations(runs: Runs, claim: Claim) -> list[int]:
    """The runs in which the claim seems to fail now, the clearest first."""
    if claim.of_states:
        runs.settle()
    found: dict[int, float] = {}
    for bound, value in zip(claim.bounds, runs.of([b.node for b in claim.bounds]), strict=True):
        margins = np.broadcast_to(value, next(iter(runs.values.values())).shape)
        with np.errstate(all="ignore"):
            below = margins <= 0 if bound.strict else margins < -NEAR
        for i in np.flatnonzero(below):
            found[int(i)] = min(found.get(int(i), 0.0), float(margins[i]))
    return sorted(found, key=lambda i: (found[i], i))[:TRIES]


def _simpler(premises: Premises, claim: Claim, run: Run) -> Run:
    """The same run with inputs that are 0 or 1 where the claim fails all the same."""
    for name in run.inputs:
        for t in range(run.steps):
            for value in (Fraction(0), Fraction(1)):
                now = list(run.inputs[name])
                if now[t] in (0, 1) or now[t] == value:
                    continue
                now[t] = value
                other = Run(run.fixed, {**run.inputs, name: now}, run.steps)
                if replayed(premises, claim, other):
                    run = other
                    break
    return run


def long_run(premises: Premises, claim: Claim, deadline: Deadline) -> Run | None:
    """A run of many steps at the default values, the gradients such that states are extreme."""
    system = premises.system
    gradients = [name for name in system.inputs if name not in system.domains]
    fixed = next(hypers(premises, 1), None)
    if fixed is None or len(gradients) != 1 or len(system.inputs) != 1:
        return None
    for weights in _extremes(premises, fixed, gradients[0]):
        deadline.check()
        length = _first_length(premises, claim, fixed, gradients[0], weights, deadline)
        if length is None:
            continue
        for digits in (3, 4, 6, 9, 15):
            given = [Fraction(round(w * 10**digits), 10**digits) for w in weights[:length][::-1]]
            run = Run(fixed, {gradients[0]: given}, length)
            if replayed(premises, claim, run):
                return run
    return None


def _extremes(premises: Premises, fixed: Mapping[str, Fraction], gradient: str) -> Iterator[list[float]]:
    """Gradients by the number of steps since, for every pair of a state and another that start at zero."""
    system = premises.system
    states = [s for s in system.states if system.initial[s] is ZERO and s.rpartition(".")[2] != PARAMETER]
    runs = Runs(premises, [dict(fixed)])
    responses: dict[str, list[float]] = {state: [] for state in states}
    for t in range(LONGEST):
        runs.step({gradient: np.array([1.0 if t == 0 else 0.0])})
        runs.settle()
        for state in states:
            responses[state].append(float(np.broadcast_to(runs.values[state], (1,))[0]))
    for divisor in states:
        if not all(c > 0 for c in responses[divisor]):
            continue
        for weights in ([1.0] * LONGEST, *(responses[state] for state in states if state != divisor)):
            found = [a / c for a, c in zip(weights, responses[divisor], strict=True)]
            largest = max(map(abs, found))
            if largest > 0 and np.isfinite(largest):
                yield [w / largest for w in found]


def _first_length(
    premises: Premises, claim: Claim, fixed: Mapping[str, Fraction], gradient: str, weights: Sequence[float],
    deadline: Deadline,
) -> int | None:  # fmt: skip
    """The first number of steps at which the claim seems to fail: run j is the one of j + 1 steps."""
    runs = Runs(premises, [dict(fixed)] * LONGEST)
    table = np.zeros((LONGEST, LONGEST))
    for length in range(1, LONGEST + 1):
        table[:length, length - 1] = weights[:length][::-1]
    for t in range(LONGEST):
        deadline.check()
        runs.step({gradient: table[t]})
        if claim.of_states:
            runs.settle()
        for bound, value in zip(claim.bounds, runs.of([b.node for b in claim.bounds]), strict=True):
            margin = float(np.broadcast_to(value, (LONGEST,))[t])
            if margin < -NEAR or (bound.strict and margin <= 0):
                return t + 1
        runs.settle()
    return None

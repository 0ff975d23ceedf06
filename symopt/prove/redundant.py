"""Redundant states: those that are something else after every step, such as a slow copy that equals the parameter.

At special values of hyper-parameters several sequences of a rule become one. Which states may be redundant is
seen in exact runs; that they are is proved by induction over the steps, for all of them together. A rule without
its redundant states can be compared with one that never had them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from symopt.ir.exact import UndecidedError, differ, precision
from symopt.ir.nodes import ZERO, Node, num, ref, refs, substitute
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.prove.cases import in_every_case
from symopt.prove.combination import combination
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.pair import make_pair
from symopt.prove.proof import Step
from symopt.prove.render import node_text
from symopt.prove.runs import BITS, Both, Run
from symopt.prove.samples import Sample, samples

# Steps of a run beyond the number of states.
MORE_STEPS = 2


@dataclass(frozen=True)
class Reduced:
    """A trace without its redundant states, what these are, why, and the hyper-parameters that must be constant."""

    trace: Trace
    values: Mapping[str, Node]
    steps: tuple[Step, ...]
    constant: tuple[str, ...]


def without_redundant_states(trace: Trace, deadline: Deadline, varying: Collection[str] = ()) -> Reduced:
    """The trace with every redundant state replaced by what it always is.

    That is the parameter, another state, zero, or a sum of multiples of these whose factors are hyper-parameters
    that do not vary.
    """
    seen = _Seen(trace, deadline)
    candidates = seen.plain()
    found = _inductive(trace, candidates, deadline) if candidates else {}
    if not found and seen.is_dependent():
        found = _a_sum(trace, deadline, varying)
    if not found:
        return Reduced(trace, {}, (), ())
    lets = tuple(replace(let, value=substitute([let.value], found)[0]) for let in trace.lets)
    queries = tuple(replace(query, point=substitute([query.point], found)[0]) for query in trace.queries)
    said = ", ".join(f"{state} is {node_text(value)}" for state, value in found.items())
    step = Step(f"in {trace.title} {said} after every step", "induction: it starts so and every step keeps it")
    kept = replace(
        trace, lets=lets, queries=queries, states=tuple(s for s in trace.states if s.name not in found),
        results={name: let for name, let in trace.results.items() if name not in found},
    )  # fmt: skip
    hypers = {hyper.name for hyper in trace.hypers}
    constant = tuple(name for name in dict.fromkeys(refs(*found.values())) if name in hypers)
    return Reduced(kept, found, (step,), constant)


class _Seen:
    """What the states were in some exact runs."""

    def __init__(self, trace: Trace, deadline: Deadline) -> None:
        self.trace = trace
        self.runs: list[list[Mapping[str, Any]]] = []
        both = Both(trace, trace, ())
        with precision(BITS):
            for sample in _samples(both, len(trace.states) + MORE_STEPS):
                run = Run(both, sample)
                states: list[Mapping[str, Any]] = [run.states[0]]
                for step in range(1, sample.steps + 1):
                    deadline.check()
                    run.advance(step)
                    if run.over:
                        break
                    states.append(run.states[0])
                self.runs.append(states)

    def plain(self) -> dict[str, Node]:
        """For each state what it always was: the parameter, an earlier state, or zero."""
        names = [state.name for state in self.trace.states]
        found: dict[str, Node] = {}
        if not any(len(states) > 1 for states in self.runs):
            return found
        with precision(BITS):
            for i, name in enumerate(names):
                others: list[Node] = [ref(PARAMETER), *map(ref, names[:i]), ZERO]
                kept = (o for o in others if all(_agree(values, name, o) for run in self.runs for values in run))
                value = next(kept, None)
                if value is not None:
                    found[name] = value
        return found

    def is_dependent(self) -> bool:
        """Whether in every run the parameter and the states seem to be linearly dependent; numbers alone are seen."""
        return bool(self.trace.states) and all(map(self._depends, self.runs))

    def _depends(self, run: list[Mapping[str, Any]]) -> bool:
        names = [PARAMETER, *(state.name for state in self.trace.states)]
        rows = [[float(values[name]) for name in names] for values in run if not _is_array(values)]
        if len(rows) < len(run) or not np.isfinite(rows).all():
            return False
        return len(rows) <= len(names) or bool(np.linalg.matrix_rank(np.array(rows)) < len(names))


def _samples(both: Both, steps: int) -> list[Sample]:
    """Runs on gradients that are all different, so that what depends on them does not seem to be constant."""
    plain = list(islice(samples(both.hypers), 3))[1:]
    count = steps * max(both.queries, 1)
    return [
        Sample(sample.hypers, Fraction(2 * seed + 1), [_gradient(i, seed) for i in range(1, count + 1)], steps)
        for seed, sample in enumerate(plain)
    ]


def _gradient(i: int, seed: int) -> Fraction:
    return Fraction((7 * i * i + 3 * i) % 11 - 4, 1 + (i + seed) % 3)


def _is_array(values: Mapping[str, Any]) -> bool:
    return any(isinstance(value, np.ndarray) for value in values.values())


def _a_sum(trace: Trace, deadline: Deadline, varying: Collection[str]) -> dict[str, Node]:
    """A state that is a sum of multiples of the parameter and of other states."""
    for state in trace.states:
        value = combination(trace, state.name, deadline)
        if value is None or {*refs(value)} & {*varying}:
            continue
        found = _inductive(trace, {state.name: value}, deadline)
        if found:
            return found
    return {}


def _agree(values: Mapping[str, Any], name: str, other: Node) -> bool:
    expected = values[refs(other)[0]] if refs(other) else Fraction(0)
    a, b = np.broadcast_arrays(np.asarray(values[name], dtype=object), np.asarray(expected, dtype=object))
    try:
        return np.shape(values[name]) == b.shape and not any(map(differ, a.flat, b.flat))
    except UndecidedError:
        return False


def _inductive(trace: Trace, candidates: Mapping[str, Node], deadline: Deadline) -> dict[str, Node]:
    """The largest set of candidates that hold before the first step and are kept by every step."""
    side = make_pair(trace, trace).left
    general = GeneralStep(trace.inputs, trace.domains, side.numbers, side.shared)
    initial = {state.name: state.init for state in trace.states}
    new = trace.step()
    kept = dict(candidates)

    def holds(state: str, values: Mapping[str, Node], first: bool) -> bool:
        """Whether the state is what it is said to be, where the values are those after some step."""
        claim = substitute([values[state], substitute([kept[state]], values)[0]], initial if first else kept)
        a, b = substitute(claim, {STEP: num(1)}) if first else claim

        def check(field: Field) -> str | None:
            convert = Converter(field, general.values(field), general.whole)
            return None if a is b or field.equal(convert(a), convert(b)) else "not the same"

        cases = in_every_case(general.generators, general.domains, check, deadline)
        return cases.open is None and not cases.conditions and not cases.undefined

    while True:
        start = {**initial, PARAMETER: ref(PARAMETER)}
        stays = {
            state: value for state, value in kept.items()
            if holds(state, start, True) and holds(state, new, True) and holds(state, new, False)
        }  # fmt: skip
        if stays == kept:
            return kept
        kept = stays

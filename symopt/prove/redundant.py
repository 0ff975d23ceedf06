"""Redundant states: those that are something else after every step, such as a slow copy that equals the parameter.

At special values of hyper-parameters several sequences of a rule become one. Which states may be redundant is
seen in exact runs; that they are is proved by induction over the steps, for all of them together. A rule without
its redundant states can be compared with one that never had them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any

import numpy as np

from symopt.ir.exact import UndecidedError, differ, precision
from symopt.ir.nodes import ZERO, Node, num, ref, refs, substitute
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.prove.cases import Deadline, in_every_case
from symopt.prove.convert import Converter
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.pair import make_pair
from symopt.prove.proof import Step
from symopt.prove.render import node_text
from symopt.prove.samples import samples
from symopt.prove.witness import BITS, Both, Run

RUNS, STEPS = 6, 3


@dataclass(frozen=True)
class Reduced:
    """A trace without its redundant states, what these are, and why."""

    trace: Trace
    values: Mapping[str, Node]
    steps: tuple[Step, ...]


def without_redundant_states(trace: Trace, deadline: Deadline) -> Reduced:
    """The trace with every redundant state replaced by what it always is: the parameter, another state, or zero."""
    candidates = _candidates(trace, deadline)
    proved = _inductive(trace, candidates, deadline) if candidates else {}
    if not proved:
        return Reduced(trace, {}, ())
    lets = tuple(replace(let, value=substitute([let.value], proved)[0]) for let in trace.lets)
    queries = tuple(replace(query, point=substitute([query.point], proved)[0]) for query in trace.queries)
    said = ", ".join(f"{state} is {node_text(value)}" for state, value in proved.items())
    step = Step(f"in {trace.title} {said} after every step", "induction: it starts so and every step keeps it")
    kept = replace(
        trace, lets=lets, queries=queries, states=tuple(s for s in trace.states if s.name not in proved),
        results={name: let for name, let in trace.results.items() if name not in proved},
    )  # fmt: skip
    return Reduced(kept, proved, (step,))


def _candidates(trace: Trace, deadline: Deadline) -> dict[str, Node]:
    """For each state what it is in some exact runs: the parameter, an earlier state, or zero."""
    names = [state.name for state in trace.states]
    possible: dict[str, list[Node]] = {
        name: [ref(PARAMETER), *map(ref, names[:i]), ZERO] for i, name in enumerate(names)
    }
    both = Both(trace, trace, ())
    seen = 0
    with precision(BITS):
        for sample in islice(samples(both.hypers), RUNS):
            run = Run(both, sample)
            for step in range(STEPS + 1):
                deadline.check()
                if step:
                    run.advance(step)
                if run.over:
                    break
                seen += step > 0
                for name in names:
                    possible[name] = [other for other in possible[name] if _agree(run.states[0], name, other)]
            if not any(possible.values()):
                return {}
    return {name: others[0] for name, others in possible.items() if others} if seen else {}


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

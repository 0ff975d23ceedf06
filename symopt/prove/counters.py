"""Counters: states that no array enters, such as a running product of betas, written in closed form.

A state that starts at c and becomes ``a*u + b`` at each step, where a and b are constant, is
``a**t*c + b*(1 - a**t)/(1 - a)`` after step t (``c + b*t`` where a is 1), by induction over the steps.
Another rule may compute the same number from ``t``; with the state replaced by its closed form the
two can be compared.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from symopt.errors import VerifyError
from symopt.ir.nodes import ONE, ZERO, Node, num, op, ref, refs, substitute
from symopt.ir.rate import Rate, let_rates
from symopt.ir.trace import STEP, StateInfo, Trace
from symopt.passes.fold import fold
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.proof import Step
from symopt.prove.render import node_text


@dataclass(frozen=True)
class Uncounted:
    """A trace without its counters, why that is the same, and the hyper-parameters that must be constant."""

    trace: Trace
    steps: tuple[Step, ...]
    constant: tuple[str, ...]


def without_counters(trace: Trace, deadline: Deadline, varying: Collection[str] = ()) -> Uncounted:
    """The trace with every counter replaced by its closed form, but those of coefficients that vary."""
    found = Uncounted(trace, (), ())
    try:
        rates, new = let_rates(trace), trace.step()
    except VerifyError:  # a map has made a number of what a reduction is taken over
        return found
    for state in trace.states:
        if rates[state.name] != Rate.STEP:
            continue
        factor, added = _coefficients(new[state.name], state.name)
        constant = tuple(dict.fromkeys(refs(factor, added)))
        known = {h.name for h in trace.hypers} - {*varying}
        if {*constant} <= known and _is_linear(trace, state, factor, added, deadline):
            found = _replaced(found, state, factor, added, constant)
    return found


def _coefficients(value: Node, state: str) -> tuple[Node, Node]:
    """``(a, b)`` with ``value = a*state + b`` as a candidate: the value at 1 less that at 0, and that at 0."""
    at_one, at_zero = (fold(substitute([value], {state: at}))[0] for at in (ONE, ZERO))
    return fold([op("sub", at_one, at_zero)])[0], at_zero


def _is_linear(trace: Trace, state: StateInfo, factor: Node, added: Node, deadline: Deadline) -> bool:
    """Whether the new value is ``factor*state + added`` for all values of the names, without conditions."""
    general = GeneralStep(trace.inputs, trace.domains)
    value, linear = trace.step()[state.name], op("add", op("mul", factor, ref(state.name)), added)

    def check(field: Field) -> str | None:
        convert = Converter(field, general.values(field), general.whole)
        return None if field.equal(convert(value), convert(linear)) else "not linear"

    cases = in_every_case(general.generators, general.domains, check, deadline)
    return cases.open is None and not cases.undefined and not cases.conditions


def _replaced(found: Uncounted, state: StateInfo, factor: Node, added: Node, constant: tuple[str, ...]) -> Uncounted:
    """The trace without one counter; after the step it is the closed form at t, before it that at t - 1."""
    trace, name = found.trace, state.name
    after = fold([_closed(state.init, factor, added, ref(STEP))])[0]
    before = fold([_closed(state.init, factor, added, op("sub", ref(STEP), num(1)))])[0]
    lets = tuple(
        replace(let, value=after if let.name == trace.results[name] else substitute([let.value], {name: before})[0])
        for let in trace.lets
    )
    queries = tuple(replace(query, point=substitute([query.point], {name: before})[0]) for query in trace.queries)
    step = Step(
        f"{name} of {trace.title} is {node_text(after)} after step t",
        f"induction: it starts at {node_text(state.init)} and becomes {node_text(factor)} times itself"
        + ("" if added is ZERO else f" plus {node_text(added)}"),
    )
    kept = replace(
        trace, lets=lets, queries=queries, states=tuple(s for s in trace.states if s.name != name),
        results={key: value for key, value in trace.results.items() if key != name},
    )  # fmt: skip
    return Uncounted(kept, (*found.steps, step), tuple(dict.fromkeys((*found.constant, *constant))))


def _closed(start: Node, factor: Node, added: Node, steps: Node) -> Node:
    if factor is ONE:
        return op("add", start, op("mul", added, steps))
    power = op("pow", factor, steps)
    rest = op("div", op("mul", added, op("sub", ONE, power)), op("sub", ONE, factor))
    return op("add", op("mul", power, start), rest)

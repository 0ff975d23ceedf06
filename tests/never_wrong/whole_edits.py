"""Edits of a whole rule: order of statements, initial values, the place of the decay and of the learning rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from symopt.ir.nodes import Op, Ref, num, op, ref, substitute, walk
from symopt.ir.trace import PARAMETER, STEP, Let, StateInfo, Trace
from tests.never_wrong.graphs import Change, everywhere, reads, replaced, statement, summed, terms, with_value


def order_edits(trace: Trace) -> Iterator[Change]:
    """Every edit that is of more than one place."""
    yield from _order(trace)
    yield from _dropped(trace)
    yield from _initial(trace)
    yield from _swapped(trace)
    yield from _decay(trace)
    yield from _buffer(trace)
    yield from _counter(trace)


def _order(trace: Trace) -> Iterator[Change]:
    """A state read before its update where it was read after it, and the other way round."""
    for state, result in trace.results.items():
        made = statement(trace, result)
        later = everywhere(trace, ref(result), ref(state), made + 1)
        if later.lets != trace.lets:
            yield Change("order of statements", f"{state} is read before its update", later)
        sooner = everywhere(trace, ref(state), ref(result), made + 1)
        if sooner.lets != trace.lets:
            yield Change("order of statements", f"{state} is read after its update", sooner)
        for k, let in enumerate(trace.lets[:made]):  # what reads the old value, moved behind the update
            if reads(let.value, state):
                value = replaced(let.value, ref(state), ref(result))
                order = [*trace.lets[:k], *trace.lets[k + 1 : made + 1], Let(let.name, value, let.target)]
                moved = trace.with_lets((*order, *trace.lets[made + 1 :]))
                yield Change("order of statements", f"{let.target} is computed after {state}", moved)


def _dropped(trace: Trace) -> Iterator[Change]:
    """A statement left out: a state keeps its value, another value is what it is made of."""
    for state, result in trace.results.items():
        made = statement(trace, result)
        if state != PARAMETER and made >= 0:
            yield Change("dropped statement", f"{state} stays", with_value(trace, made, ref(state)))
    for i, let in enumerate(trace.lets):
        if let.name not in trace.results.values():
            for name in dict.fromkeys(n.name for n in walk([let.value]) if isinstance(n, Ref)):
                yield Change("dropped statement", f"{let.target} is {name}", with_value(trace, i, ref(name)))


def _initial(trace: Trace) -> Iterator[Change]:
    hypers = [ref(hyper.name) for hyper in trace.hypers[:2]]
    for k, state in enumerate(trace.states):
        for first in (num(0), num(1), num(-1), ref(PARAMETER), *hypers, op("add", state.init, num(1))):
            if first is not state.init:
                states = (*trace.states[:k], StateInfo(state.name, first, state.tex), *trace.states[k + 1 :])
                yield Change("initial value", f"{state.name} starts otherwise", replace(trace, states=states))


def _swapped(trace: Trace) -> Iterator[Change]:
    """Two hyper-parameters of one domain, or two states, that are taken for each other."""
    for a, b in combinations(trace.hypers, 2):
        if a.domain == b.domain:
            yield Change("swapped hyper-parameters", f"{a.name} and {b.name}", _exchanged(trace, a.name, b.name))
            for i in range(len(trace.lets)):
                yield Change(
                    "swapped hyper-parameters", f"{a.name} and {b.name} in {trace.lets[i].target}",
                    _exchanged(trace, a.name, b.name, i, i + 1),
                )  # fmt: skip
    for x, y in combinations(trace.states, 2):
        results = dict(trace.results)
        results[x.name], results[y.name] = results[y.name], results[x.name]
        yield Change("swapped states", f"{x.name} and {y.name} in each other", replace(trace, results=results))


def _exchanged(trace: Trace, a: str, b: str, start: int = 0, stop: int | None = None) -> Trace:
    values = {a: ref(b), b: ref(a)}
    stop = len(trace.lets) if stop is None else stop
    lets = [
        Let(let.name, substitute([let.value], values)[0], let.target) if start <= i < stop else let
        for i, let in enumerate(trace.lets)
    ]
    return trace.with_lets(tuple(lets))


def _decay(trace: Trace) -> Iterator[Change]:
    """A term of the new parameter that reads the parameter, taken of the parameter after the other terms."""
    made = statement(trace, trace.results[PARAMETER])
    if made < 0:
        return
    parts = terms(trace.lets[made].value)
    for k, (sign, part) in enumerate(parts):
        rest = summed([*parts[:k], *parts[k + 1 :]])
        if rest is None or not reads(part, PARAMETER) or part is ref(PARAMETER):
            continue
        if reads(rest, PARAMETER):
            after = summed([(1, rest), (sign, replaced(part, ref(PARAMETER), rest))])
            coupled = replaced(rest, ref(PARAMETER), op("add" if sign > 0 else "sub", ref(PARAMETER), part))
            yield Change("decay", "after the rest", with_value(trace, made, after or rest))
            yield Change("decay", "before the rest", with_value(trace, made, coupled))
        else:
            inside = replaced(part, ref(PARAMETER), op("add", ref(PARAMETER), rest))
            yield Change("decay", "the whole step inside", with_value(trace, made, inside))


def _buffer(trace: Trace) -> Iterator[Change]:
    """A factor of the step taken into a state, and with it out of the step; a gradient scaled before everything."""
    last = statement(trace, trace.results[PARAMETER])
    for hyper in trace.hypers:
        if last < 0 or not reads(trace.lets[last].value, hyper.name):
            continue
        without = with_value(trace, last, replaced(trace.lets[last].value, ref(hyper.name), num(1)))
        for state in trace.states:
            made = statement(trace, trace.results[state.name])
            if made < 0 or made == last:
                continue
            for query in trace.queries:
                scaled = op("mul", ref(hyper.name), ref(query.name))
                value = replaced(trace.lets[made].value, ref(query.name), scaled)
                if value is not trace.lets[made].value:
                    yield Change("lr in the buffer", f"{hyper.name} in {state.name}", with_value(without, made, value))
                    yield Change("lr in the buffer", f"{hyper.name} in both", with_value(trace, made, value))


def _counter(trace: Trace) -> Iterator[Change]:
    """The step counted from another number, everywhere; a correction left out, everywhere."""
    for shifted in (op("add", ref(STEP), num(1)), op("sub", ref(STEP), num(1))):
        changed = everywhere(trace, ref(STEP), shifted)
        if changed.lets != trace.lets:
            yield Change("off by one", "the step, everywhere", changed)
    for node in dict.fromkeys(n for let in trace.lets for n in walk([let.value])):
        if isinstance(node, Op) and node.op == "sub" and node.args[0] is num(1) and reads(node, STEP):
            yield Change("correction", "left out", everywhere(trace, node, num(1)))

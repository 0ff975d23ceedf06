"""Equal restatements of whole rules: other statements, other names, other states, other counters."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction

from symopt.ir.nodes import Node, Num, Op, Ref, num, op, ref, refs, substitute, walk
from symopt.ir.trace import PARAMETER, STEP, Let, Query, StateInfo, Trace
from tests.never_wrong.graphs import (
    Change,
    everywhere,
    fresh,
    is_rule,
    reads,
    replaced,
    statement,
    summed,
    terms,
    with_value,
)
from tests.never_wrong.positive import positive

ONE, ZERO = num(1), num(0)
Restatement = Callable[[Trace, random.Random], Iterator[tuple[str, Trace]]]


def restated(trace: Trace, chosen: random.Random) -> Change:
    """A trace restated in one random way."""
    for how in chosen.sample(list(WAYS), len(WAYS)):
        made = [(what, changed) for what, changed in WAYS[how](trace, chosen) if is_rule(changed)]
        if made:
            return Change(how, *chosen.choice(made))
    return Change("nothing", "", trace)


def _inlined(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A statement put in where it is read."""
    for i, let in enumerate(trace.lets):
        if let.name not in trace.results.values() and not any(reads(q.point, let.name) for q in trace.queries):
            shorter = everywhere(trace, ref(let.name), let.value, i + 1)
            yield let.name, shorter.with_lets((*shorter.lets[:i], *shorter.lets[i + 1 :]))


def _introduced(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A subexpression as a statement of its own."""
    i = chosen.randrange(len(trace.lets))
    let = trace.lets[i]
    for node in walk([let.value]):
        if isinstance(node, Op):
            name = fresh(trace, "part")
            lets = (Let(name, node, name), Let(let.name, replaced(let.value, node, ref(name)), let.target))
            yield f"of {let.target}", trace.with_lets((*trace.lets[:i], *lets, *trace.lets[i + 1 :]))


def _renamed(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """States and statements under other names, the states in another order."""
    names = {state.name: f"state_{k}" for k, state in enumerate(trace.states)}
    names |= {let.name: f"value_{k}" for k, let in enumerate(trace.lets)}
    new: dict[str, Node] = {old: ref(name) for old, name in names.items()}
    states = [StateInfo(names[s.name], s.init, s.tex) for s in trace.states]
    chosen.shuffle(states)
    results = {names.get(name, name): names[let] for name, let in trace.results.items() if let in names}
    if len(results) < len(trace.results):
        return
    lets = tuple(Let(names[let.name], substitute([let.value], new)[0], let.target) for let in trace.lets)
    queries = tuple(Query(q.name, substitute([q.point], new)[0]) for q in trace.queries)
    yield "all", replace(trace, states=tuple(states), lets=lets, queries=queries, results=results)


def _reordered(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """Two statements, of which neither reads the other, in the other order."""
    for i in range(len(trace.lets) - 1):
        a, b = trace.lets[i : i + 2]
        if not reads(b.value, a.name):
            yield f"{a.name}, {b.name}", trace.with_lets((*trace.lets[:i], b, a, *trace.lets[i + 2 :]))


def held_otherwise(trace: Trace, state: str, read: Node, kept: Node, first: Node) -> Trace:
    """A trace in which a state is stored in another form.

    ``read`` is the state, over what is stored under its name; ``kept`` is what is stored, over its new value.
    """
    changed = everywhere(trace, ref(state), read)
    stored = fresh(trace, f"{state}_stored")
    states = tuple(StateInfo(s.name, first if s.name == state else s.init, s.tex) for s in trace.states)
    lets = (*changed.lets, Let(stored, kept, stored))
    return replace(changed, lets=lets, states=states, results={**trace.results, state: stored})


def _scaled(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A state stored times a number, or times what is positive and the same at every step."""
    factors: list[Node] = [num(2), num(Fraction(1, 3)), num(-1)]
    for hyper in trace.hypers:
        own = ref(hyper.name)
        factors += [own] if positive(own, trace.domains) else []
        inverse = op("sub", ONE, own)
        factors += [op("div", ONE, inverse), inverse] if positive(inverse, trace.domains) else []
    for state in trace.states:
        for factor in factors:
            yield f"{state.name} times {_short(factor)}", held_otherwise(
                trace, state.name, op("div", ref(state.name), factor),
                op("mul", factor, ref(trace.results[state.name])), op("mul", factor, state.init),
            )  # fmt: skip


def _corrected(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A state that starts at zero, stored with its bias correction."""
    before = op("sub", ref(STEP), ONE)
    for state in trace.states:
        if state.init is not ZERO:
            continue
        for hyper in trace.hypers:
            if positive(op("sub", ONE, ref(hyper.name)), trace.domains):
                earlier, now = (op("sub", ONE, op("pow", ref(hyper.name), t)) for t in (before, ref(STEP)))
                yield f"{state.name} by {hyper.name}", held_otherwise(
                    trace, state.name, op("mul", ref(state.name), earlier),
                    op("div", ref(trace.results[state.name]), now), ZERO,
                )  # fmt: skip


def _shifted(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A state stored as its difference to the parameter, as iterates and displacements are to each other."""
    result = trace.results[PARAMETER]
    for state in trace.states:
        for sign in ("add", "sub"):
            back = "sub" if sign == "add" else "add"
            yield f"{state.name} {sign} p", held_otherwise(
                trace, state.name, op(sign, ref(state.name), ref(PARAMETER)),
                op(back, ref(trace.results[state.name]), ref(result)), op(back, state.init, ref(PARAMETER)),
            )  # fmt: skip


def _mixed(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A state stored as its sum with, or its difference to, another one."""
    for state in trace.states:
        for other in trace.states:
            if other is not state:
                for sign, back in (("add", "sub"), ("sub", "add")):
                    new = [ref(trace.results[s.name]) for s in (state, other)]
                    yield f"{state.name} {sign} {other.name}", held_otherwise(
                        trace, state.name, op(back, ref(state.name), ref(other.name)), op(sign, *new),
                        op(sign, state.init, other.init),
                    )  # fmt: skip


def _counter(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """The step counted by a state of the rule's own, from 0 or from 1; a power of the step as a product."""
    if any(reads(let.value, STEP) for let in trace.lets):
        for start in (0, 1, 2):
            name, new = fresh(trace, "steps"), fresh(trace, "steps_new")
            count = op("add", ref(name), num(1 - start)) if start != 1 else ref(name)
            counted = everywhere(trace, ref(STEP), count)
            lets = (*counted.lets, Let(new, op("add", ref(name), ONE), new))
            state = StateInfo(name, num(start), name)
            yield (
                f"from {start}",
                replace(counted, lets=lets, states=(*trace.states, state), results={**trace.results, name: new}),
            )
    powers = dict.fromkeys(n for let in trace.lets for n in walk([let.value]) if _is_power_of_step(n))
    for power in powers:
        name, new = fresh(trace, "product"), fresh(trace, "product_new")
        changed = everywhere(trace, power, ref(new))
        if any(reads(q.point, new) for q in changed.queries):
            continue
        lets = (Let(new, op("mul", ref(name), power.args[0]), new), *changed.lets)
        state = StateInfo(name, ONE, name)
        yield (
            "a power as a product",
            replace(changed, lets=lets, states=(*trace.states, state), results={**trace.results, name: new}),
        )


def _is_power_of_step(node: Node) -> bool:
    return isinstance(node, Op) and node.op == "pow" and node.args[1] is ref(STEP) and isinstance(node.args[0], Ref)


def _hidden(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A state that nothing reads, or that stays zero and is added; a copy of a state."""
    name, new = fresh(trace, "spare"), fresh(trace, "spare_new")
    gradient = ref(trace.queries[0].name)
    unread = Let(new, op("add", op("div", ref(name), num(2)), gradient), new)
    spare = StateInfo(name, ZERO, name)
    results = {**trace.results, name: new}
    yield "never read", replace(trace, lets=(*trace.lets, unread), states=(*trace.states, spare), results=results)
    last = statement(trace, trace.results[PARAMETER])
    if last >= 0:
        shifted = with_value(trace, last, op("add", trace.lets[last].value, ref(name)))
        lets = (*shifted.lets, Let(new, op("div", ref(name), num(2)), new))
        yield "always zero", replace(shifted, lets=lets, states=(*trace.states, spare), results=results)
    for state in trace.states[:2]:
        copy = Let(new, ref(trace.results[state.name]), new)
        twin = StateInfo(name, state.init, name)
        users = [i for i, let in enumerate(trace.lets) if reads(let.value, state.name)]
        if users:
            k = users[-1]
            reading = with_value(trace, k, replaced(trace.lets[k].value, ref(state.name), ref(name)))
            yield (
                f"a copy of {state.name}",
                replace(reading, lets=(*reading.lets, copy), states=(*trace.states, twin), results=results),
            )


def _split(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """The new parameter in two statements: some of its terms, then the others."""
    last = statement(trace, trace.results[PARAMETER])
    parts = terms(trace.lets[last].value) if last >= 0 else []
    for k in range(1, len(parts)):
        name = fresh(trace, "half_way")
        chosen.shuffle(parts)
        first, rest = summed(parts[:k]), summed([(1, ref(name)), *parts[k:]])
        if first is not None and rest is not None:
            let = trace.lets[last]
            both = (Let(name, first, name), Let(let.name, rest, let.target))
            yield f"after {k} terms", trace.with_lets((*trace.lets[:last], *both, *trace.lets[last + 1 :]))


def _decay_first(trace: Trace, chosen: random.Random) -> Iterator[tuple[str, Trace]]:
    """A decay as a factor of the parameter, before the step."""
    last = statement(trace, trace.results[PARAMETER])
    parts = terms(trace.lets[last].value) if last >= 0 else []
    for k, (sign, part) in enumerate(parts):
        if (1, ref(PARAMETER)) in parts and isinstance(part, Op) and part.op == "mul" and ref(PARAMETER) in part.args:
            factor = part.args[1 - part.args.index(ref(PARAMETER))]
            if factor is ref(PARAMETER):
                continue
            shrunk = op("mul", ref(PARAMETER), op("add" if sign > 0 else "sub", ONE, factor))
            rest = [item for j, item in enumerate(parts) if j != k and item != (1, ref(PARAMETER))]
            value = summed([(1, shrunk), *rest])
            if value is not None:
                yield "of p", with_value(trace, last, value)


def _short(node: Node) -> str:
    return str(node.value) if isinstance(node, Num) else "an expression in " + ", ".join(refs(node))


WAYS: dict[str, Restatement] = {
    "inlined": _inlined, "introduced": _introduced, "renamed": _renamed, "reordered": _reordered, "scaled": _scaled,
    "corrected state": _corrected, "shifted state": _shifted, "mixed state": _mixed, "counter": _counter,
    "hidden state": _hidden, "split step": _split, "decay first": _decay_first,
}  # fmt: skip

"""Other names for what a trace is made of. Rounding: preserved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from symopt.ir.nodes import Node, ref, substitute
from symopt.ir.trace import Trace


def with_names(trace: Trace, names: Mapping[str, str]) -> Trace:
    """The trace with hyper-parameters, states, gradients, draws and statements called otherwise, all at once."""
    changed: dict[str, Node] = {old: ref(new) for old, new in names.items() if old != new}
    if not changed:
        return trace

    def new(node: Node) -> Node:
        return substitute([node], changed)[0]

    def called(name: str) -> str:
        return names.get(name, name)

    return replace(
        trace,
        hypers=tuple(replace(hyper, name=called(hyper.name)) for hyper in trace.hypers),
        states=tuple(replace(state, name=called(state.name), init=new(state.init)) for state in trace.states),
        queries=tuple(replace(query, name=called(query.name), point=new(query.point)) for query in trace.queries),
        lets=tuple(
            replace(let, name=called(let.name), value=new(let.value), target=called(let.target)) for let in trace.lets
        ),
        results={called(name): called(let) for name, let in trace.results.items()},
        scheduled={called(name): called(let) for name, let in trace.scheduled.items()},
        draws=tuple(called(name) for name in trace.draws),
    )


def without_names(trace: Trace, taken: Collection[str]) -> Trace:
    """The trace with other names for the states, gradients, draws and statements that are called like one of ``taken``.

    What is said in it about something else of that name is then not captured by them.
    """
    own = [
        *(state.name for state in trace.states), *(query.name for query in trace.queries), *trace.draws,
        *(let.name for let in trace.lets),
    ]  # fmt: skip
    clashing = [name for name in own if name in taken]
    if not clashing:
        return trace
    used = {*taken, *trace.inputs, *own}
    names: dict[str, str] = {}
    for name in clashing:
        number = next(i for i in range(1, len(used) + 2) if f"{name}_{i}" not in used)
        names[name] = f"{name}_{number}"
        used.add(names[name])
    return with_names(trace, names)

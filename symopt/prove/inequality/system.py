"""One rule, or two that are given the same gradients, as one system of states.

The parameter is a state like any other. Of two rules, states and statements are called ``left.x`` and
``right.x``; gradients, the parameter at the start and hyper-parameters of one name are shared. States of
the two that start equal and stay so are one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symopt.errors import UsageError
from symopt.ir.nodes import Node, ref, substitute
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.domain import Domain
from symopt.lang.theorem.bounds import AFTER, LEFT, RIGHT, START
from symopt.passes.fold import fold


@dataclass(frozen=True)
class System:
    """States with their start and step, over names that are fixed in a run and names that each step brings.

    ``fixed`` are hyper-parameters, free names and the start; ``inputs`` gradients, random numbers and
    what a step is given. ``step`` gives new states over all of these; ``statements`` gives every visible
    name of a step, and ``parameter`` the new parameter, over these and the new states ``x_new``.
    ``same`` maps states that are left out to those they equal.
    """

    fixed: tuple[str, ...]
    inputs: tuple[str, ...]
    domains: Mapping[str, Domain]
    defaults: Mapping[str, Fraction]
    initial: Mapping[str, Node]
    step: Mapping[str, Node]
    statements: Mapping[str, Node]
    parameter: Mapping[str, Node]
    same: Mapping[str, str]

    @property
    def states(self) -> tuple[str, ...]:
        """The states, the parameter among them."""
        return tuple(self.initial)

    @property
    def new(self) -> dict[str, str]:
        """The name after a step by the name before it."""
        return {state: f"{state}{AFTER}" for state in self.initial}

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that an expression may read."""
        return (*self.fixed, STEP, *self.inputs, *self.states, *self.new.values())

    def after(self, nodes: Sequence[Node]) -> list[Node]:
        """Expressions over old and new states, over the old alone."""
        return substitute(nodes, {self.new[state]: value for state, value in self.step.items()})

    def at_start(self, nodes: Sequence[Node]) -> list[Node]:
        """Expressions over the states, at their start."""
        return substitute(nodes, self.initial)

    def rewritten(self, values: Mapping[str, Node], domains: Mapping[str, Domain]) -> System:
        """The system with some fixed names replaced by expressions, under other domains."""

        def new(nodes: Mapping[str, Node]) -> dict[str, Node]:
            return {name: fold(substitute([node], values))[0] for name, node in nodes.items()}

        return replace(
            self, fixed=tuple(name for name in self.fixed if name not in values), domains=domains,
            initial=new(self.initial), step=new(self.step), statements=new(self.statements),
            parameter=new(self.parameter),
        )  # fmt: skip


def system_of(traces: Sequence[Trace], free: Sequence[str] = ()) -> System:
    """The system of one trace or of two.

    Raises
    ------
    UsageError: a free name is a name of the rules.
    """
    prefixes = ("",) if len(traces) == 1 else (f"{LEFT}.", f"{RIGHT}.")
    domains: dict[str, Domain] = {}
    defaults: dict[str, Fraction] = {}
    initial: dict[str, Node] = {}
    step: dict[str, Node] = {}
    statements: dict[str, Node] = {}
    parameter: dict[str, Node] = {}
    inputs: list[str] = []
    for trace, prefix in zip(traces, prefixes, strict=True):
        for name, domain in trace.domains.items():
            domains[name] = narrowed(domains[name], domain) if name in domains else domain
        defaults = {hyper.name: hyper.default for hyper in trace.hypers} | defaults
        inputs += [*(query.name for query in trace.queries), *trace.draws, *trace.given]
        own: dict[str, Node] = {name: ref(prefix + name) for name in trace.results}
        own_start = {PARAMETER: ref(START)}
        starts = {PARAMETER: ref(START), **{s.name: substitute([s.init], own_start)[0] for s in trace.states}}
        values = trace.step()
        for name, start in starts.items():
            initial[prefix + name] = start
            step[prefix + name] = substitute([values[name]], own)[0]
        named, last = _statements(trace, prefix, own)
        statements |= named
        parameter[f"{prefix}{PARAMETER}{AFTER}"] = last
    hypers = [name for name in domains if name != STEP and name not in inputs]
    taken = {*hypers, *inputs, *initial, *statements, STEP, START}
    for name in free:
        if name in taken or not name.isidentifier():
            raise UsageError(f"free: {name!r} is a name of the rule, or none; take another identifier")
    domains |= {name: Domain() for name in free}
    found = System(
        (*hypers, *free, START),
        tuple(dict.fromkeys(inputs)),
        domains,
        defaults,
        initial,
        step,
        statements,
        parameter,
        {},
    )
    return _merged(found) if len(traces) > 1 else found


def narrowed(a: Domain, b: Domain) -> Domain:
    """What lies in both domains."""
    lower, lower_open = a.lower, a.lower_open
    if b.lower is not None and (lower is None or (b.lower, b.lower_open) > (lower, lower_open)):
        lower, lower_open = b.lower, b.lower_open
    upper, upper_open = a.upper, a.upper_open
    if b.upper is not None and (upper is None or (b.upper, not b.upper_open) < (upper, not upper_open)):
        upper, upper_open = b.upper, b.upper_open
    return Domain(lower, upper, lower_open, upper_open, a.integer or b.integer)


def _statements(trace: Trace, prefix: str, own: Mapping[str, Node]) -> tuple[dict[str, Node], Node]:
    """What each visible name is in a step, by the name that its author gave it; and the new parameter."""
    lasting = {let: name for name, let in trace.results.items()}
    values: dict[str, Node] = {}
    found: dict[str, Node] = {}
    for let in trace.lets:
        value = substitute([let.value], {**own, **values})[0]
        if lasting.get(let.name) == PARAMETER:
            last = value
        values[let.name] = ref(f"{prefix}{lasting[let.name]}{AFTER}") if let.name in lasting else value
        if let.target not in trace.results:
            found[prefix + let.target] = values[let.name]
    return found, last


def _merged(system: System) -> System:
    """States that start equal and stay equal are one: the coarsest partition that the steps respect."""
    classes: dict[str, str] = {}
    refined = _classes(system.states, system.initial, {})
    while refined != classes:
        classes = refined
        first: dict[str, Node] = {state: ref(name) for state, name in classes.items()}
        step = {name: fold(substitute([node], first))[0] for name, node in system.step.items()}
        refined = _classes(system.states, step, classes)
    pairs = {state: name for state, name in classes.items() if state != name}
    renamed: dict[str, Node] = {other: ref(name) for other, name in pairs.items()}
    renamed |= {f"{other}{AFTER}": ref(f"{name}{AFTER}") for other, name in pairs.items()}

    def new(nodes: Mapping[str, Node]) -> dict[str, Node]:
        return {name: substitute([node], renamed)[0] for name, node in nodes.items() if name not in pairs}

    return replace(
        system,
        initial=new(system.initial),
        step=new(system.step),
        statements=new(system.statements),
        parameter=new(system.parameter),
        same=pairs,
    )


def _classes(states: Sequence[str], values: Mapping[str, Node], before: Mapping[str, str]) -> dict[str, str]:
    """The first state with the same value and the same class before, by state."""
    found: dict[tuple[str, Node], str] = {}
    return {state: found.setdefault((before.get(state, ""), values[state]), state) for state in states}

"""Specialise: fix hyper-parameters to numbers, or to expressions in other names, and simplify.

Rounding: preserved where nothing is fixed; what is fixed is computed exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from symopt.errors import DomainError, UsageError, nearest
from symopt.ir.nodes import Node, num, refs, substitute
from symopt.ir.trace import Let, Query, StateInfo, Trace
from symopt.passes.dead import drop_dead
from symopt.passes.fold import fold
from symopt.passes.queries import merge_queries
from symopt.passes.rename import without_names


def specialise(trace: Trace, values: Mapping[str, Fraction]) -> Trace:
    """The trace with some hyper-parameters fixed to numbers, folded, without dead statements.

    Raises
    ------
    UsageError: a name that is no hyper-parameter of the trace.
    DomainError: a value outside its domain.
    """
    hypers = {hyper.name: hyper for hyper in trace.hypers}
    for name, value in values.items():
        if name not in hypers:
            raise UsageError(f"{trace.name} has no hyper-parameter {name!r}; {nearest(name, hypers)}")
        if value not in hypers[name].domain:
            raise DomainError(f"{name} = {value} is outside its domain: {hypers[name].domain.describe(name)}")
    fixed: dict[str, Node] = {name: num(value) for name, value in values.items()}
    rewritten = drop_dead(rewrite(trace, fixed))
    return merge_queries(rewritten) if len(trace.queries) > 1 else rewritten


def rewrite(trace: Trace, values: Mapping[str, Node]) -> Trace:
    """The trace with names replaced by expressions throughout, folded; replaced names are no longer inputs.

    A state or a statement whose name an expression reads as that of something else gets another name.
    """
    trace = without_names(trace, {*refs(*values.values())} - {*values})

    def new(node: Node) -> Node:
        return fold(substitute([node], values))[0]

    return replace(
        trace,
        hypers=tuple(hyper for hyper in trace.hypers if hyper.name not in values),
        states=tuple(StateInfo(state.name, new(state.init), state.tex) for state in trace.states),
        queries=tuple(Query(query.name, new(query.point)) for query in trace.queries),
        lets=tuple(Let(let.name, new(let.value), let.target, let.place) for let in trace.lets),
    )

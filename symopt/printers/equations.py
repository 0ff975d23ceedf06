"""Equations: a trace as a list of printed statements, in the order in which a step computes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt.ir.nodes import MatOp, Node, refs, walk
from symopt.ir.rate import Rate, let_rates, node_rates
from symopt.ir.shape import let_shapes
from symopt.ir.trace import Query, Trace
from symopt.printers.formula import Dress, formula
from symopt.printers.symbols import Symbol


@dataclass(frozen=True)
class Equation:
    """``left`` is ``right``; ``name`` is the trace's name of what is on the left."""

    name: str
    left: str
    right: str


def in_order(trace: Trace) -> list[tuple[str, Node | Query]]:
    """The statements and gradients of a step by name, each gradient before the first statement that reads it."""
    waiting = {query.name: query for query in trace.queries}
    order: list[tuple[str, Node | Query]] = []
    for let in trace.lets:
        order += [(name, waiting.pop(name)) for name in refs(let.value) if name in waiting]
        order.append((let.name, let.value))
    return [*order, *waiting.items()]


def trace_equations(trace: Trace, dress: Dress, symbols: Mapping[str, Symbol]) -> list[Equation]:
    """The step as equations, in the order in which it is computed."""
    arrays = matrix_arrays(trace)
    equations = []
    for name, value in in_order(trace):
        if isinstance(value, Query):
            right = dress.call("gradient", [formula(value.point, dress, symbols, arrays)])
        else:
            right = formula(value, dress, symbols, arrays)
        equations.append(Equation(name, dress.symbol(name, symbols.get(name)), right))
    return equations


def initial_equations(trace: Trace, dress: Dress, symbols: Mapping[str, Symbol]) -> list[Equation]:
    """The initial value of every state."""
    return [
        Equation(state.name, dress.symbol(state.name, symbols.get(state.name)), formula(state.init, dress, symbols))
        for state in trace.states
    ]


def matrix_arrays(trace: Trace) -> frozenset[Node]:
    """The array-valued nodes of a rule with matrix products; empty where it has none."""
    roots = [let.value for let in trace.lets]
    if not any(isinstance(node, MatOp) for node in walk(roots)):
        return frozenset()
    rates = node_rates(roots, let_rates(trace), let_shapes(trace))
    return frozenset(node for node, rate in rates.items() if rate >= Rate.ELEMENT)

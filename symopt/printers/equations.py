"""Equations: a trace as a list of printed statements, in the order in which a step computes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt.ir.nodes import CONDITIONS, MatOp, Node, Op, ref, refs, walk
from symopt.ir.rate import Rate, let_rates, node_rates
from symopt.ir.shape import let_shapes
from symopt.ir.trace import PARAMETER, Query, Trace
from symopt.printers.dress import Dress
from symopt.printers.formula import formula
from symopt.printers.patterns import NORMAL
from symopt.printers.symbols import Symbol

# What a step gets from outside besides gradients, in equations, and how what is given relates to its meaning.
RELATIONS: Mapping[str, str] = {"loss": "is", "hessian": "near", "normal": "drawn", "uniform": "drawn"}


@dataclass(frozen=True)
class Given:
    """A value that a step is given: ``kind`` is ``loss``, ``hessian``, ``normal`` or ``uniform``."""

    kind: str


@dataclass(frozen=True)
class Equation:
    """``left`` is ``right``, or ``near`` it, or ``drawn`` from it; ``name`` is the trace's name of the left."""

    name: str
    left: str
    right: str
    relation: str = "is"


def in_order(trace: Trace) -> list[tuple[str, Node | Query | Given]]:
    """The statements of a step by name, and before the first that reads it what the step is given."""
    waiting: dict[str, Query | Given] = {name: Given(name) for name in trace.given if name in RELATIONS}
    waiting |= {name: Given("normal" if name.startswith(NORMAL) else "uniform") for name in trace.draws}
    waiting |= {query.name: query for query in trace.queries}
    order: list[tuple[str, Node | Query | Given]] = []

    def put(name: str) -> None:
        if name in waiting:
            value = waiting.pop(name)
            for read in reads(value):
                put(read)
            order.append((name, value))

    for let in trace.lets:
        for name in refs(let.value):
            put(name)
        order.append((let.name, let.value))
    for name in list(waiting):
        put(name)
    return order


def reads(value: Node | Query | Given) -> list[str]:
    """The names that a statement, or the point of a gradient, reads."""
    match value:
        case Query(point=point):
            return refs(point)
        case Given():
            return []
    return refs(value)


def trace_equations(trace: Trace, dress: Dress, symbols: Mapping[str, Symbol]) -> list[Equation]:
    """The step as equations, in the order in which it is computed."""
    arrays = matrix_arrays(trace)
    equations = []
    for name, value in in_order(trace):
        relation = "is"
        if isinstance(value, Query):
            right = dress.call("gradient", [formula(value.point, dress, symbols, arrays)])
        elif isinstance(value, Given):
            at = [] if value.kind in ("normal", "uniform") else [formula(ref(PARAMETER), dress, symbols)]
            right, relation = dress.call(value.kind, at), RELATIONS[value.kind]
        else:
            right = formula(value, dress, symbols, arrays)
            if dress.stacked and isinstance(value, Op) and value.op in CONDITIONS:
                right = dress.parentheses(right)
        equations.append(Equation(name, dress.symbol(name, symbols.get(name)), right, relation))
    return equations


def initial_equations(trace: Trace, dress: Dress, symbols: Mapping[str, Symbol]) -> list[Equation]:
    """The initial value of every state."""
    return [
        Equation(state.name, dress.symbol(state.name, symbols.get(state.name)), formula(state.init, dress, symbols))
        for state in trace.states
    ]


def matrix_arrays(trace: Trace) -> frozenset[Node]:
    """The nodes with several elements of a rule with operations on matrices; empty where it has none."""
    roots = [let.value for let in trace.lets]
    if not any(isinstance(node, MatOp) for node in walk(roots)):
        return frozenset()
    rates = node_rates(roots, let_rates(trace), let_shapes(trace))
    return frozenset(node for node, rate in rates.items() if rate > Rate.TENSOR)

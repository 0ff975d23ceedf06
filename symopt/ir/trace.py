"""The waist of the hourglass: an update rule as named statements over the graph.

Specs are frozen into a trace; other sources of update rules will be lifted to one. Proofs, kernels,
equations and exact runs are made from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from symopt.ir.nodes import Node, Num, Ref, ref, substitute
from symopt.lang.declare import COLS, GRADIENT, HESSIAN, LOSS, PARAMETER, ROWS, SIZE, STEP
from symopt.lang.domain import Domain, OpenUnitInterval, PositiveInteger

# The numbers of rows, columns and elements of a tensor.
SIZES = (ROWS, COLS, SIZE)


@dataclass(frozen=True)
class HyperInfo:
    """A hyper-parameter of a trace: its default as an exact number, its symbol, its domain."""

    name: str
    default: Fraction
    tex: str
    domain: Domain


@dataclass(frozen=True)
class StateInfo:
    """A state of a trace: its initial value, over hyper-parameters and the parameter, and its symbol."""

    name: str
    init: Node
    tex: str


@dataclass(frozen=True)
class Let:
    """``name`` is ``value``; ``target`` is the name that the author assigned, ``place`` where."""

    name: str
    value: Node
    target: str
    place: str = field(default="", compare=False)


@dataclass(frozen=True)
class Query:
    """The gradient called ``name`` is asked for at ``point``."""

    name: str
    point: Node


@dataclass(frozen=True)
class Trace:
    """One step of an update rule, from a general state.

    The step reads the parameter ``p``, the step number ``t`` (from 1), gradients (one name for each
    query), states and hyper-parameters by name, and ends with new values: ``results`` maps ``p`` and
    every state to the statement that holds its new value. ``given`` are those of the loss, the estimate
    of the second derivative and the sizes of the tensor that it reads too, and ``draws`` arrays of
    random numbers between 0 and 1.
    """

    name: str
    title: str
    hypers: tuple[HyperInfo, ...]
    states: tuple[StateInfo, ...]
    queries: tuple[Query, ...]
    lets: tuple[Let, ...]
    results: Mapping[str, str]
    scheduled: Mapping[str, str] = field(default_factory=dict)
    doc: str = ""
    source: str = ""
    assumptions: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    draws: tuple[str, ...] = ()

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names that a step reads, in order: hyper-parameters, t, what is given, p, gradients, draws, states."""
        return (
            *(hyper.name for hyper in self.hypers), STEP, *self.given, PARAMETER,
            *(query.name for query in self.queries), *self.draws, *(state.name for state in self.states),
        )  # fmt: skip

    @property
    def arrays(self) -> tuple[str, ...]:
        """The inputs that have an element for each of the parameter's and are no states."""
        gradients = (query.name for query in self.queries)
        return (PARAMETER, *gradients, *(name for name in self.given if name == HESSIAN), *self.draws)

    @property
    def domains(self) -> dict[str, Domain]:
        """The domains of hyper-parameters, of the step, of sizes and of random numbers."""
        sizes = dict.fromkeys((name for name in self.given if name in SIZES), PositiveInteger)
        draws = dict.fromkeys(self.draws, OpenUnitInterval)
        return {**{hyper.name: hyper.domain for hyper in self.hypers}, STEP: PositiveInteger, **sizes, **draws}

    @property
    def looks_ahead(self) -> bool:
        """Whether some gradient is asked for away from the parameter."""
        return any(query.point is not ref(PARAMETER) for query in self.queries)

    def expand(self, node: Node) -> Node:
        """``node`` with every statement replaced by its value: an expression over ``inputs`` alone."""
        return self.expanded([node])[0]

    def expanded(self, nodes: list[Node]) -> list[Node]:
        """``expand`` for several expressions at once."""
        values: dict[str, Node] = {}
        for let in self.lets:
            values[let.name] = substitute([let.value], values)[0]
        return substitute(nodes, values)

    def step(self) -> dict[str, Node]:
        """The new value of the parameter and of every state, over ``inputs`` alone."""
        names = list(self.results)
        values = self.expanded([ref(self.results[name]) for name in names])
        return dict(zip(names, values, strict=True))

    def points(self) -> dict[str, Node]:
        """The point at which each gradient is asked for, over ``inputs`` alone."""
        values = self.expanded([query.point for query in self.queries])
        return {query.name: value for query, value in zip(self.queries, values, strict=True)}

    def with_lets(self, lets: tuple[Let, ...]) -> Trace:
        """The same rule with other statements."""
        return replace(self, lets=lets)


def exact(node: Node) -> Fraction | None:
    """The number that a node is, or None."""
    return node.value if isinstance(node, Num) else None


def is_ref(node: Node, name: str) -> bool:
    """Whether a node is the value called ``name``."""
    return isinstance(node, Ref) and node.name == name


__all__ = [
    "COLS", "GRADIENT", "HESSIAN", "LOSS", "PARAMETER", "ROWS", "SIZE", "SIZES", "STEP", "HyperInfo", "Let", "Query",
    "StateInfo", "Trace", "exact", "is_ref",
]  # fmt: skip

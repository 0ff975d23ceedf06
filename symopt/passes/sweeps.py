"""Sweeps: which statements each pass over the elements computes, loads, keeps and stores.

A value that a later sweep needs is read from the array that holds it by then, computed again, or kept
in a buffer: whichever moves the least memory. A new value of an array is stored by the first sweep that
computes it, unless a later one still reads the old value. Rounding: preserved, since a value that is
computed again comes out the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from symopt.ir.nodes import Node, ref, refs
from symopt.ir.program import Partial, Store, Sweep
from symopt.ir.shape import Shape
from symopt.ir.trace import Let

MOST_KEPT = 2  # buffers that are tried for what crosses from sweep to sweep


@dataclass
class Demand:
    """What the sweeps over one shape have to do; depths say when.

    ``lets`` are the element-wise statements of the shape, ``arrays`` its inputs, ``order`` all statements
    in the order of the trace; ``results`` maps an
    array to its new value, ``partials`` a depth to its reductions, ``materialised`` a statement whose
    value others read from memory to its depth. ``conditions`` are statements that buffers cannot hold,
    ``memory`` all names of the shape that are read from memory, ``outside`` maps statements of other
    shapes to where their values are, and ``late`` an array to the first depth at which others no longer
    read its old value.
    """

    shape: Shape
    lets: Mapping[str, Node]
    depths: Mapping[str, int]
    arrays: Sequence[str]
    order: Sequence[str]
    results: Mapping[str, str] = field(default_factory=dict)
    partials: dict[int, list[Partial]] = field(default_factory=dict)
    materialised: dict[str, int] = field(default_factory=dict)
    conditions: frozenset[str] = frozenset()
    memory: frozenset[str] = frozenset()
    outside: Mapping[str, str] = field(default_factory=dict)
    late: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """The sweeps by depth; ``places`` maps a value that is read from memory to its array or buffer."""

    sweeps: Mapping[int, Sweep]
    places: Mapping[str, str]
    kept: tuple[str, ...]
    memory: frozenset[str]

    @property
    def cost(self) -> tuple[int, int, int]:
        """Elements moved a sweep (a write moves two), then buffers, then statements."""
        moved, memory = 0, self.memory | {*self.places.values()}
        for sweep in self.sweeps.values():
            written = {store.array for store in sweep.stores}
            moved += 2 * len(written) + sum(name in memory and name not in written for name in sweep.reads)
        return moved, len(self.kept), sum(len(sweep.body) for sweep in self.sweeps.values())


def plan_sweeps(demand: Demand, prefix: str) -> Plan:
    """The cheapest plan; buffers are called by what they keep, after ``prefix``."""
    best = _planned(demand, (), prefix)
    names = [name for name in _repeated(best) if name not in demand.conditions]
    for count in range(1, MOST_KEPT + 1):
        for kept in combinations(names, count):
            plan = _planned(demand, kept, prefix)
            if plan.cost < best.cost:
                best = plan
    return best


def _repeated(plan: Plan) -> list[str]:
    """The statements that several sweeps compute."""
    names = [let.name for sweep in plan.sweeps.values() for let in sweep.body]
    return [name for name in dict.fromkeys(names) if names.count(name) > 1 and name not in plan.places]


class _ConflictError(Exception):
    """A sweep needs the old value of an array that an earlier one has replaced."""

    def __init__(self, array: str, depth: int) -> None:
        super().__init__(array)
        self.array, self.depth = array, depth


def _planned(demand: Demand, kept: Sequence[str], prefix: str) -> Plan:
    late = dict(demand.late)
    while True:
        try:
            return _Planner(demand, kept, late, prefix).run()
        except _ConflictError as conflict:
            late[conflict.array] = max(conflict.depth, late.get(conflict.array, 0))


class _Planner:
    """Plans all sweeps over a shape, first to last, under a choice of buffers and of late stores."""

    def __init__(self, demand: Demand, kept: Sequence[str], late: Mapping[str, int], prefix: str) -> None:
        self.demand, self.kept, self.late, self.prefix = demand, kept, late, prefix
        self.places: dict[str, str] = {}
        self.replaced: set[str] = set()
        self.sweeps: dict[int, Sweep] = {}
        self.stored = self._stored_at()

    def _stored_at(self) -> dict[str, int]:
        """Array -> the last sweep that may store it: an existing one where there is one late enough."""
        demand = self.demand
        existing = sorted({*demand.partials, *demand.materialised.values()})
        found: dict[str, int] = {}
        for array, value in demand.results.items():
            least = max(demand.depths.get(value, 0), self.late.get(array, 0))
            found[array] = next((depth for depth in existing if depth >= least), least)
        # Arrays that need a sweep of their own share the last one.
        own = [depth for depth in found.values() if depth not in existing]
        return {array: max(own) if depth in own else depth for array, depth in found.items()}

    def run(self) -> Plan:
        depths = sorted({*self.demand.partials, *self.demand.materialised.values(), *self.stored.values()})
        for depth in depths:
            self._sweep(depth)
        kept = tuple(name for name in self.kept if name in self.places)
        return Plan(self.sweeps, self.places, kept, self.demand.memory)

    def _sweep(self, depth: int) -> None:
        demand = self.demand
        body: dict[str, Node] = {}
        partials = demand.partials.get(depth, [])
        roots = [name for partial in partials for name in refs(partial.value)]
        wanted = [name for name, at in demand.materialised.items() if at == depth]
        due = [array for array, at in self.stored.items() if at == depth and array not in self.replaced]
        for name in [*roots, *wanted, *(demand.results[array] for array in due)]:
            self._visit(name, depth, body)
        early = [
            array
            for array, value in demand.results.items()
            if array not in self.replaced and array not in due and value in body and depth >= self.late.get(array, 0)
        ]
        stores = [Store(array, demand.results[array]) for array in demand.results if array in due or array in early]
        held = {store.value: store.array for store in stores}
        for name in [*wanted, *(name for name in self.kept if name in body)]:
            if name not in self.places and name not in held:
                held[name] = f"{self.prefix}{name}"
                stores.append(Store(held[name], name))
        if body or stores or partials:
            lets = tuple(Let(name, body[name], name) for name in demand.order if name in body)
            self.sweeps[depth] = Sweep(demand.shape, lets, tuple(stores), tuple(partials))
        self.replaced.update(store.array for store in stores)
        for name, place in held.items():
            if name in demand.lets:
                self.places.setdefault(name, place)

    def _visit(self, name: str, depth: int, body: dict[str, Node]) -> None:
        """Put what ``name`` needs, and then itself, into the body."""
        if name in body:
            return
        place = self.places.get(name, self.demand.outside.get(name, name))
        if place != name:
            body[name] = ref(place)
        elif name in self.demand.lets:
            for read in refs(self.demand.lets[name]):
                self._visit(read, depth, body)
            body[name] = self.demand.lets[name]
        elif name in self.demand.arrays and name in self.replaced:
            raise _ConflictError(name, depth)

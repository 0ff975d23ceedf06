"""Stages: the statements of a phase in an order of numbers, sweeps and operations on matrices.

Every value has a depth: how many reductions and matrix operations lie before it, one after the other.
At each depth numbers come first, then sweeps over rows and columns, then over elements and other
matrices, then operations on matrices; what a sweep reduces is known at the next depth. So there are
no more sweeps over the elements than the mathematics asks for. A reduction over the whole model ends
a segment: what follows waits for all tensors. Rounding: preserved.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.errors import UnsupportedError
from symopt.ir.nodes import CONDITIONS, MODEL_REDUCTIONS, MatOp, Node, Op, Reduce, Ref, matop, ref, refs
from symopt.ir.program import Buffer, Partial, Product, Scalars, Segment, Stage, Sweep
from symopt.ir.rate import Rate
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, Shape, shape_of
from symopt.ir.trace import Let, Trace
from symopt.passes.guards import guards_of
from symopt.passes.memory import assign_slots
from symopt.passes.sweeps import Demand, Plan, plan_sweeps

KEPT = "kept_"  # what the names of buffers start with that keep a value from sweep to sweep


def stages_of(
    trace: Trace, rates: Mapping[str, Rate], shapes: Mapping[str, Shape]
) -> tuple[tuple[Segment, ...], tuple[Buffer, ...]]:
    """The segments of a phase, and the buffers that they need.

    Raises
    ------
    UnsupportedError: values of every tensor would have to be kept between two looks at the model.
    """
    return _Stager(trace, rates, shapes).run()


class _Stager:
    """A trace on its way to stages."""

    def __init__(self, trace: Trace, rates: Mapping[str, Rate], shapes: Mapping[str, Shape]) -> None:
        self.trace, self.rates, self.shapes = trace, rates, dict(shapes)
        self.values: dict[str, Node] = {let.name: let.value for let in trace.lets}
        # The point where a gradient is asked for is an array of the parameter's shape, and no input.
        self.shapes |= {name: ELEMENT for name in trace.results if name not in self.shapes}
        self.guards = guards_of(trace, rates)
        self.segment = self._segment_numbers()
        self.depth, self.bases = self._depths()
        self.prefix = KEPT
        while any(name.startswith(self.prefix) for name in self.shapes):
            self.prefix += "x"

    def run(self) -> tuple[tuple[Segment, ...], tuple[Buffer, ...]]:
        """The segments with their stages."""
        plans: list[Plan] = []
        places: dict[str, str] = {}
        for shape in self._sweep_shapes():
            plans.append(plan_sweeps(self._demand(shape, places), self.prefix))
            places |= plans[-1].places
        deepest = max([*self.depth.values(), *(depth for plan in plans for depth in plan.sweeps)], default=0)
        by_depth = [self._stages(depth, plans, places) for depth in range(deepest + 1)]
        segments = self._segments(by_depth)
        return segments, assign_slots(segments, self._buffers(plans))

    # When

    def _segment_numbers(self) -> dict[str, int]:
        """How many looks at the whole model lie before a value; what a tensor needs later is computed later."""
        found = dict.fromkeys(self.trace.inputs, 0)
        for name, value in self.values.items():
            before = max((found[read] for read in refs(value)), default=0)
            found[name] = before + 1 if _is_over_model(value) else before
        readers: dict[str, list[str]] = {}
        for name, value in self.values.items():
            for read in refs(value):
                readers.setdefault(read, []).append(name)
        stored = set(self.trace.results.values())
        for name in reversed(self.values):
            movable = not Rate.within(self.rates[name], Rate.MODEL) and self.rates[name] != Rate.ELEMENT
            if movable and name not in stored and readers.get(name):
                read_in = [found[reader] - _is_over_model(self.values[reader]) for reader in readers[name]]
                found[name] = max(found[name], min(read_in))
        return found

    def _depths(self) -> tuple[dict[str, int], list[int]]:
        """The depth of every name, and the first depth of every segment."""
        depth, bases = dict.fromkeys(self.trace.inputs, 0), [0]
        for segment in range(max(self.segment.values(), default=0) + 1):
            for name, value in self.values.items():
                if self.segment[name] == segment:
                    before = max((depth[read] for read in refs(value)), default=0)
                    # What the whole model is looked at for is made in the segment before, everything else in its own.
                    if not _is_over_model(value):
                        before = max(before, bases[segment])
                    depth[name] = max(before + isinstance(value, Reduce | MatOp), bases[segment])
            bases.append(max(depth.values()) + 1)
        return depth, bases[:-1]

    def _segment_of(self, depth: int) -> int:
        return max(number for number, base in enumerate(self.bases) if base <= depth)

    # What

    def _is_element(self, name: str) -> bool:
        """Whether a statement is computed element by element."""
        value = self.values.get(name)
        return value is not None and not isinstance(value, Reduce | MatOp) and not self.shapes[name].is_scalar

    def _shape_of_arg(self, value: Reduce) -> Shape:
        """The shape of what is reduced."""
        return shape_of(value.args[0], self.shapes)

    def _sweep_shapes(self) -> list[Shape]:
        """The shapes that are swept over: rows and columns first."""
        arrays = [self.shapes[name] for name in self.trace.results]
        reduced = [self._shape_of_arg(value) for value in self.values.values() if isinstance(value, Reduce)]
        shapes = [self.shapes[name] for name in self.values if self._is_element(name)]
        found = dict.fromkeys(shape for shape in [*shapes, *arrays, *reduced] if not shape.is_scalar)
        return sorted(found, key=lambda shape: (shape not in (PER_ROW, PER_COL), shape == ELEMENT))

    def _demand(self, shape: Shape, outside: Mapping[str, str]) -> Demand:
        lets = {n: v for n, v in self.values.items() if self._is_element(n) and self.shapes[n] == shape}
        demand = Demand(
            shape,
            lets,
            self.depth,
            [name for name in self.trace.inputs if self.shapes[name] == shape],
            list(self.values),
            {array: value for array, value in self.trace.results.items() if self.shapes[array] == shape},
            conditions=frozenset(n for n, v in lets.items() if isinstance(v, Op) and v.op in CONDITIONS),
            memory=frozenset(name for name, own in self.shapes.items() if own == shape and name not in lets),
            outside=dict(outside),
            late={name: self._free_at(name) for name in self.trace.results if name in self.trace.inputs},
        )
        for name, value in self.values.items():
            if isinstance(value, Reduce) and self._shape_of_arg(value) == shape:
                demand.partials.setdefault(self.depth[name] - 1, []).append(Partial(name, value))
            if self._home(name, value) != shape:
                demand.materialised.update({n: self.depth[n] for n in refs(value) if n in lets})
        for array, value_name in self.trace.results.items():
            if self.shapes[array] != shape and value_name in lets:
                demand.materialised[value_name] = self.depth[value_name]
        return demand

    def _free_at(self, array: str) -> int:
        """The first depth at which no operation on matrices and no sweep over another shape reads an old value.

        Sweeps over other shapes may compute again what they read, so they free it at the end only.
        """
        first = 0
        for name, value in self.values.items():
            if array in refs(value) and self._home(name, value) != self.shapes[array]:
                known = isinstance(value, MatOp) or self.shapes[name].is_scalar
                first = max(first, self.depth[name] if known else max(self.depth.values()) + 1)
        return first

    def _home(self, name: str, value: Node) -> Shape | None:
        """The shape of the sweep that computes or reduces a value; None where no sweep does."""
        if isinstance(value, Reduce):
            return self._shape_of_arg(value)
        return self.shapes[name] if self._is_element(name) else None

    # Where

    def _stages(self, depth: int, plans: list[Plan], places: Mapping[str, str]) -> list[Stage]:
        stages: list[Stage] = [plan.sweeps[depth] for plan in plans if depth in plan.sweeps]
        for name, value in self.values.items():
            if isinstance(value, MatOp) and self.depth[name] == depth + 1:
                stages.append(Product(name, _placed(value, places), self.guards[name]))
        return stages

    def _segments(self, by_depth: list[list[Stage]]) -> tuple[Segment, ...]:
        found = []
        for number, base in enumerate(self.bases):
            end = self.bases[number + 1] if number + 1 < len(self.bases) else len(by_depth)
            scalars = [
                let
                for let in self.trace.lets
                if self.rates[let.name].within(Rate.MODEL)
                and not isinstance(let.value, Reduce)
                and self.segment[let.name] == number
            ]
            stages = self._with_numbers(range(base, end), by_depth)
            found.append(Segment(tuple(scalars), tuple(stages)))
        return tuple(found)

    def _with_numbers(self, depths: range, by_depth: list[list[Stage]]) -> list[Stage]:
        """The stages of a segment, with the numbers of a tensor where they are first known and needed."""
        needed = self._numbers_needed([stage for depth in depths for stage in by_depth[depth]], depths)
        stages: list[Stage] = []
        for depth in depths:
            lets = [let for let in needed if max(self.depth[let.name], depths.start) == depth]
            stages += [Scalars(tuple(lets))] if lets else []
            stages += by_depth[depth]
        return stages

    def _numbers_needed(self, stages: Iterable[Stage], depths: range) -> list[Let]:
        """The statements of one number a tensor that a segment needs, in order."""
        reads = [name for stage in stages for name in _reads(stage)]
        last = self.segment_results(depths)
        waiting, needed = [*reads, *last], set()
        while waiting:
            name = waiting.pop()
            if name in needed or name not in self.values or self.rates[name] != Rate.TENSOR:
                continue
            needed.add(name)
            waiting += refs(self.values[name]) if not isinstance(self.values[name], Reduce) else []
            if isinstance(self.values[name], Reduce) and self._segment_of(self.depth[name] - 1) != self._segment_of(
                depths.start
            ):
                raise UnsupportedError(
                    f"{self.trace.name}: {name}, a number of every tensor, would be kept while the whole model is "
                    "looked at; kernels keep none"
                )
        return [let for let in self.trace.lets if let.name in needed and not isinstance(let.value, Reduce)]

    def segment_results(self, depths: range) -> list[str]:
        """The new values of states that are one number a tensor and become known in a segment."""
        number = self._segment_of(depths.start)
        values = [v for v in self.trace.results.values() if self.rates.get(v) == Rate.TENSOR]
        return [value for value in values if self.segment.get(value, 0) == number]

    def _buffers(self, plans: list[Plan]) -> list[Buffer]:
        """Everything that is neither an array of the caller nor a number."""
        made = [name for name, value in self.values.items() if isinstance(value, Reduce | MatOp)]
        found = [Buffer(name, self.shapes[name]) for name in made if not self.shapes[name].is_scalar]
        for plan in plans:
            stored = {store.array: store.value for sweep in plan.sweeps.values() for store in sweep.stores}
            kept = [(array, value) for array, value in stored.items() if array not in self.trace.results]
            found += [Buffer(array, self.shapes[value]) for array, value in kept]
        return found


def _is_over_model(value: Node) -> bool:
    return isinstance(value, Reduce) and value.op in MODEL_REDUCTIONS


def _reads(stage: Stage) -> Iterable[str]:
    return stage.reads if isinstance(stage, Sweep) else refs(stage.value) if isinstance(stage, Product) else ()


def _placed(value: MatOp, places: Mapping[str, str]) -> MatOp:
    """A matrix operation that reads memory: arrays and buffers."""

    def place(node: Node) -> Node:
        if isinstance(node, Ref):
            return ref(places.get(node.name, node.name))
        return matop(node.op, *map(place, node.args)) if isinstance(node, MatOp) else node

    return matop(value.op, *map(place, value.args))

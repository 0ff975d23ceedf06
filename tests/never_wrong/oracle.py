"""An independent numeric oracle: runs a trace at 60 digits and says whether two rules differ on random inputs.

It shares the graph with the prover and nothing else. Rules of elements run on one number; rules that look at
tensors run on a model of several small matrices.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.shape import Axis, Shape, let_shapes
from symopt.ir.trace import COLS, PARAMETER, ROWS, SIZE, STEP, Trace
from tests.never_wrong.matrices import elementwise, matrix, reduced
from tests.never_wrong.mp import MP, Value, apply, real

# For one number: a plain value. For a model: a list with a number or an array for each tensor.
Model = Any


def nodes_of(trace: Trace) -> list[Node]:
    """Every node of a trace once."""
    return list(walk([*(let.value for let in trace.lets), *(query.point for query in trace.queries)]))


def is_wide(*traces: Trace) -> bool:
    """Whether one of some rules looks at more than an element."""
    sized = any({ROWS, COLS, SIZE} & {*trace.given} for trace in traces)
    return sized or any(isinstance(node, Reduce | MatOp) for trace in traces for node in nodes_of(trace))


def tensors_for(*traces: Trace) -> tuple[tuple[int, int], ...]:
    """The shapes of the model's tensors; none where a rule is of elements."""
    return ((2, 3), (3, 1)) if is_wide(*traces) else ()


def value(root: Node, values: Mapping[str, Model], tensors: int = 0) -> Model:
    """An expression, given the values of names; ``tensors`` is their number, 0 for one element."""
    done: dict[Node, Model] = {}
    for node in walk([root]):
        args = [done[arg] for arg in node.args]
        match node:
            case Ref(name=name):
                done[node] = values[name]
            case Num(value=number):
                done[node] = [real(number)] * tensors if tensors else real(number)
            case Op(op=name) if not tensors:
                done[node] = apply(name, *args)
            case Op(op=name):
                done[node] = [elementwise[name](*each) for each in zip(*args, strict=True)]
            case Reduce(op=name, axis=axis) if name in MODEL_REDUCTIONS:
                parts = [reduced(MODEL_REDUCTIONS[name], arg, axis) for arg in args[0]]
                done[node] = [reduced("sum", np.array(parts, dtype=object), None)] * tensors
            case Reduce(op=name, axis=axis):
                done[node] = [reduced(name, arg, axis) for arg in args[0]]
            case MatOp(op=name):
                done[node] = [matrix(name, *each) for each in zip(*args, strict=True)]
    return done[root]


def elements(found: Model) -> list[Value]:
    """All numbers of a value; None stands for one that is undefined."""
    return [x for each in found for x in np.ravel(each)] if isinstance(found, list) else [found]


class Run:
    """A rule that runs step by step from its initial states."""

    def __init__(self, trace: Trace, hypers: Mapping[str, Model], theta: Model) -> None:
        self.trace, self.t = trace, 0
        self.tensors = len(theta) if isinstance(theta, list) else 0
        self.shapes = let_shapes(trace) if self.tensors else {}
        self.extents = [np.shape(each) for each in theta] if self.tensors else []
        self.states: dict[str, Model] = {PARAMETER: theta}
        for state in trace.states:
            first = value(state.init, {**hypers, PARAMETER: theta}, self.tensors)
            self.states[state.name] = self._whole(state.name, first)

    def step(self, hypers: Mapping[str, Model], answers: Sequence[Model], given: Mapping[str, Model]) -> list[Model]:
        """Make a step; the new parameter, then the points at which gradients were asked for."""
        self.t += 1
        t = [MP.mpf(self.t)] * self.tensors if self.tensors else MP.mpf(self.t)
        now: dict[str, Model] = {**hypers, **given, **self.states, STEP: t}
        now |= {name: given[f"draw{i}"] for i, name in enumerate(self.trace.draws, 1)}
        now |= {query.name: answer for query, answer in zip(self.trace.queries, answers, strict=False)}
        for let in self.trace.lets:
            now[let.name] = self._whole(let.name, value(let.value, now, self.tensors))
        self.statements = now
        self.states = {name: now[result] for name, result in self.trace.results.items()}
        points = [self._element(value(query.point, now, self.tensors)) for query in self.trace.queries]
        return [self._element(self.states[PARAMETER]), *points]

    def _whole(self, name: str, found: Model) -> Model:
        """A value with an element for each of its places: a sum must count them."""
        shape = self.shapes.get(name)
        if not self.tensors or shape is None or shape.is_scalar:
            return found
        return [_stretched(each, _extents(shape, own)) for each, own in zip(found, self.extents, strict=True)]

    def _element(self, found: Model) -> Model:
        return [_stretched(each, own) for each, own in zip(found, self.extents, strict=True)] if self.tensors else found


def _extents(shape: Shape, own: tuple[int, ...]) -> tuple[int, ...]:
    rows, cols = own
    lengths = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(own), Axis.LONG: max(own)}
    return lengths[shape.down], lengths[shape.along]


def _stretched(found: Any, extents: tuple[int, ...]) -> Any:
    if np.shape(found) == extents:
        return found
    whole = np.empty(extents, dtype=object)
    whole[...] = found
    return whole

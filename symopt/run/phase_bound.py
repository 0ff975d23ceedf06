"""The values of a phase with bounds of their rounding errors: its stages, one after the other, for every tensor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.ir.evaluate import evaluate
from symopt.ir.model import PerTensor
from symopt.ir.nodes import Node, Num, Op, Ref, ref
from symopt.ir.program import Partial, Phase, Product, Program, Scalars, Segment, Sweep
from symopt.ir.shape import ELEMENT, Axis, Shape
from symopt.run.bound import Bounded, Grade, RunningError

Array = NDArray[Any]
Values = dict[str, Bounded]


def extents(shape: Shape, parameter: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an array, for a parameter of a shape; only a rule without axes takes other than matrices."""
    if shape.is_scalar:
        return ()
    if shape == ELEMENT or len(parameter) != 2:
        return parameter
    rows, cols = parameter
    lengths = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(parameter), Axis.LONG: max(parameter)}
    return lengths[shape.down], lengths[shape.along]


class PhaseErrors:
    """One run of a phase.

    Parameters
    ----------
    inputs: what the phase reads, all exact; ``PerTensor`` where it differs from tensor to tensor.
    shapes: the shapes of the parameters, none of which is empty.
    dtype: the type of the elements.

    Afterwards ``of_tensor`` has every name's value, for inputs the old one.
    """

    def __init__(
        self, program: Program, phase: Phase, inputs: Mapping[str, Any], shapes: Sequence[tuple[int, ...]], dtype: str
    ) -> None:
        self.program, self.phase, self.shapes = program, phase, list(shapes)
        self.numbers, self.elements = RunningError("float64"), RunningError(dtype)
        shared = {name: value for name, value in inputs.items() if not isinstance(value, PerTensor)}
        self.shared: Values = {name: _given(value) for name, value in shared.items()}
        own = {name: value for name, value in inputs.items() if isinstance(value, PerTensor)}
        self.own: list[Values] = [{name: _given(v[i]) for name, v in own.items()} for i in range(len(self.shapes))]
        # What arrays hold, as soon as it is not the old value any more.
        self.memory: list[Values] = [{} for _ in self.shapes]
        for segment in phase.segments:
            self._segment(segment)

    def of_tensor(self, index: int) -> Values:
        """Every value that one tensor knows."""
        return {**self.shared, **self.own[index]}

    def terms(self, name: str, index: int) -> list[Bounded]:
        """The addends that a statement of one tensor is the sum of, in the type of the elements."""
        lets = [*self.phase.scalars, *(let for sweep in self.phase.sweeps for let in sweep.body)]
        # A name's first statement says what it is; later ones read it from where it was stored.
        statements = {let.name: let.value for let in reversed(lets)}
        arithmetic = self.numbers if self._is_number(name) else self.elements
        return evaluate(addends(ref(name), statements), self.of_tensor(index), arithmetic)

    def _segment(self, segment: Segment) -> None:
        for let in segment.scalars:
            self.shared[let.name] = evaluate([let.value], self.shared, self.numbers)[0]
        for index in range(len(self.shapes)):
            for stage in segment.stages:
                match stage:
                    case Scalars(lets=lets):
                        for let in lets:
                            values = self._known(index)
                            self.own[index][let.name] = evaluate([let.value], values, self.numbers)[0]
                    case Product(name=name, value=value, guards=guards):
                        if all(bool(self.shared[guard.condition].value) == guard.holds for guard in guards):
                            self.own[index][name] = evaluate([value], self._known(index), self.elements)[0]
                        else:
                            self.own[index][name] = self._not_done(name, index)
                    case Sweep():
                        self._sweep(stage, index)
        self._over_model(segment)

    def _known(self, index: int) -> Values:
        return {**self.of_tensor(index), **self.memory[index]}

    def _not_done(self, name: str, index: int) -> Bounded:
        """What an operation that a step does not need leaves: nothing that may be read."""
        shape = extents(self.program.shapes[name], self.shapes[index])
        return Bounded(np.full(shape, np.nan, self.elements.dtype), np.full(shape, np.inf), Grade.LOST)

    def _sweep(self, sweep: Sweep, index: int) -> None:
        known, shape = self._known(index), extents(sweep.shape, self.shapes[index])
        narrow = known | {name: self.elements.rounded(known[name]) for name in self._numbers_of(sweep)}
        for let in sweep.body:
            narrow[let.name] = evaluate([let.value], narrow, self.elements)[0]
            self.own[index].setdefault(let.name, narrow[let.name])
        for partial in sweep.partials:
            self._partial(partial, known, narrow, index, shape)
        for store in sweep.stores:
            self.memory[index][store.array] = narrow[store.value]

    def _numbers_of(self, sweep: Sweep) -> list[str]:
        return [name for name in sweep.reads if self._is_number(name)]

    def _is_number(self, name: str) -> bool:
        # Points and buffers are no names of the trace, and arrays.
        return self.program.shapes.get(name, ELEMENT).is_scalar

    def _partial(self, partial: Partial, known: Values, narrow: Values, index: int, shape: tuple[int, ...]) -> None:
        """A reduction in double precision; whether numbers in it were rounded to the elements' type is left open."""
        wide = {name: self.numbers.widened(value) for name, value in narrow.items()}
        for name, value in known.items():
            if self._is_number(name) and np.asarray(value.value).dtype != np.bool_:
                with np.errstate(invalid="ignore"):
                    off = abs(np.asarray(narrow[name].value, np.longdouble) - np.asarray(value.value, np.longdouble))
                wide[name] = Bounded(value.value, np.maximum(value.error, narrow[name].error) + off, value.grade)
        given = evaluate([partial.value], wide, self.numbers)[0]
        parts = (np.broadcast_to(part, shape) for part in (given.value, given.error, given.grade))
        found = self.numbers.reduce(partial.op, Bounded(*parts), partial.reduction.axis)
        is_array = partial.reduction.axis is not None
        self.own[index][partial.name] = self.elements.rounded(found) if is_array else found

    def _over_model(self, segment: Segment) -> None:
        """Sums over all tensors, from those over each."""
        sweeps = [stage for stage in segment.stages if isinstance(stage, Sweep)]
        for name in (p.name for sweep in sweeps for p in sweep.partials if p.over_model):
            parts = [own.pop(name) for own in self.own]
            if not parts:
                self.shared[name] = _given(0.0)
                continue
            stacked = (np.array([np.ravel(getattr(p, key))[0] for p in parts]) for key in ("value", "error", "grade"))
            self.shared[name] = self.numbers.reduce("sum", Bounded(*stacked), None)


def addends(node: Node, statements: Mapping[str, Node]) -> list[Node]:
    """The terms of the sum that an expression is, through the names of ``statements``; itself where it is none."""
    if isinstance(node, Ref) and node.name in statements:
        return [node, *addends(statements[node.name], statements)]
    if isinstance(node, Op) and node.op in {"add", "sub", "neg"}:
        return [term for arg in node.args for term in addends(arg, statements)]
    if isinstance(node, Op) and node.op == "where":
        return [term for arg in node.args[1:] for term in addends(arg, statements)]
    return [] if isinstance(node, Num) and node.value == 0 else [node]


def new_values(phase: Phase) -> dict[str, str]:
    """Array, or state that is one number -> the name of its new value."""
    stores = [store for sweep in phase.sweeps for store in sweep.stores if store.array in phase.writes]
    return {store.array: store.value for store in [*stores, *phase.number_stores]}


def _given(value: Any) -> Bounded:
    return Bounded(np.asarray(value), np.longdouble(0))

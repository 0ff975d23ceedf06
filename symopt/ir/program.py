"""A program: a trace divided into what runs once a step, once a tensor and once an element.

Backends print a program; they decide nothing about the mathematics or its rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Node, Op, Reduce, refs, walk
from symopt.ir.rate import Rate
from symopt.ir.shape import ELEMENT, Shape
from symopt.ir.trace import COLS, ROWS, Let, Trace


class DType(Enum):
    """What a value is computed as; ``ELEMENT`` is the type of the arrays, whichever that is."""

    DOUBLE = "double"
    ELEMENT = "element"
    BOOL = "bool"
    COUNT = "count"


@dataclass(frozen=True)
class Store:
    """The array, or the state that is one number, becomes the value called ``value``."""

    array: str
    value: str


@dataclass(frozen=True)
class Partial:
    """A reduction that a sweep takes on its way, and that later stages read as ``name``.

    What is reduced is computed in double precision from the elements, and so is the result, which is
    rounded once where it is an array.
    """

    name: str
    reduction: Reduce

    @property
    def value(self) -> Node:
        """What is reduced, over names that the sweep knows."""
        return self.reduction.args[0]

    @property
    def over_model(self) -> bool:
        """Whether it is taken over all tensors."""
        return self.reduction.op in MODEL_REDUCTIONS

    @property
    def op(self) -> str:
        """The reduction over one tensor."""
        return MODEL_REDUCTIONS.get(self.reduction.op, self.reduction.op)


@dataclass(frozen=True)
class Scalars:
    """Statements whose values are numbers, computed in double precision."""

    lets: tuple[Let, ...]


@dataclass(frozen=True)
class Sweep:
    """One pass over all elements of a shape: statements in order, then stores, with reductions on the way."""

    shape: Shape
    body: tuple[Let, ...]
    stores: tuple[Store, ...]
    partials: tuple[Partial, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """The names that the sweep reads and does not define, in order of first use."""
        own = {let.name for let in self.body}
        used = refs(*(let.value for let in self.body), *(partial.value for partial in self.partials))
        return tuple(dict.fromkeys(name for name in [*used, *(s.value for s in self.stores)] if name not in own))


@dataclass(frozen=True)
class Guard:
    """A condition on the step, by name, and whether it must hold."""

    condition: str
    holds: bool


@dataclass(frozen=True)
class Product:
    """An operation on whole matrices, into the buffer called ``name``; it is done where its guards allow it."""

    name: str
    value: MatOp
    guards: tuple[Guard, ...] = ()


Stage = Scalars | Sweep | Product


@dataclass(frozen=True)
class Buffer:
    """Memory that a phase needs besides its arrays; its values have the arrays' type.

    Buffers of one ``slot`` share their memory, since no stage needs two of them.
    """

    name: str
    shape: Shape
    slot: int = 0


@dataclass(frozen=True)
class Segment:
    """What happens between two looks at the whole model: numbers first, then stages for every tensor."""

    scalars: tuple[Let, ...]
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class Phase:
    """A function of the kernel: ``step``, or the computation of a point where a gradient is asked for.

    ``reads`` are the arrays only read, ``writes`` those whose elements are replaced. ``numbers`` are the
    states that are one number, ``number_stores`` their new values: those of the whole model, and those
    of a tensor. ``dtypes`` says of every name what it is computed as.
    """

    name: str
    segments: tuple[Segment, ...]
    dtypes: Mapping[str, DType]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    number_stores: tuple[Store, ...] = ()
    buffers: tuple[Buffer, ...] = ()

    @property
    def arrays(self) -> tuple[str, ...]:
        """All arrays of the phase: those written, then those only read."""
        return (*self.writes, *self.reads)

    @property
    def scalars(self) -> tuple[Let, ...]:
        """The statements that run once a step or once a tensor."""
        found: list[Let] = []
        for segment in self.segments:
            found += segment.scalars
            found += [let for stage in segment.stages if isinstance(stage, Scalars) for let in stage.lets]
        return tuple(found)

    @property
    def sweeps(self) -> tuple[Sweep, ...]:
        """All sweeps, in order."""
        return tuple(stage for segment in self.segments for stage in segment.stages if isinstance(stage, Sweep))

    @property
    def products(self) -> tuple[Product, ...]:
        """All operations on matrices, in order."""
        return tuple(stage for segment in self.segments for stage in segment.stages if isinstance(stage, Product))

    @property
    def partials(self) -> tuple[Partial, ...]:
        """All reductions, in order."""
        return tuple(partial for sweep in self.sweeps for partial in sweep.partials)

    @property
    def uniforms(self) -> tuple[str, ...]:
        """The numbers that sweeps read, each rounded once to the element type before the sweep."""
        memory = {*self.arrays, *(buffer.name for buffer in self.buffers)}
        used = dict.fromkeys(name for sweep in self.sweeps for name in sweep.reads)
        return tuple(name for name in self.dtypes if name in used and name not in memory)


@dataclass(frozen=True)
class Program:
    """The phases of a rule, and the trace that declares its hyper-parameters and states."""

    trace: Trace
    phases: tuple[Phase, ...]
    shapes: Mapping[str, Shape]
    rates: Mapping[str, Rate]

    @property
    def step(self) -> Phase:
        """The phase that updates the parameter; it comes last."""
        return self.phases[-1]

    @property
    def over_model(self) -> bool:
        """Whether it looks at all tensors of the model together."""
        return any(partial.over_model for phase in self.phases for partial in phase.partials)

    @property
    def has_axes(self) -> bool:
        """Whether the parameter must be a matrix."""
        shapes = {self.shapes[name] for name in self.shapes}
        flat = all(shape.is_scalar or shape == ELEMENT for shape in shapes)
        return not flat or bool({ROWS, COLS} & {*self.trace.given})


def operation_counts(lets: tuple[Let, ...]) -> dict[str, int]:
    """How often each operation is done, by name, in order of first use."""
    counts: dict[str, int] = {}
    for let in lets:
        for node in walk([let.value]):
            if isinstance(node, Op):
                counts[node.op] = counts.get(node.op, 0) + 1
    return counts

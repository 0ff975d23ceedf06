"""A program: a trace divided into what runs once a step and what runs once an element.

Backends print a program; they decide nothing about the mathematics or its rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from symopt.ir.nodes import Op, Reduce, walk
from symopt.ir.trace import Let, Trace


class DType(Enum):
    """What a value is computed as; ``ELEMENT`` is the type of the arrays, whichever that is."""

    DOUBLE = "double"
    ELEMENT = "element"
    BOOL = "bool"
    COUNT = "count"


@dataclass(frozen=True)
class Store:
    """After the body of a sweep, the array's element becomes the value called ``value``."""

    array: str
    value: str


@dataclass(frozen=True)
class Partial:
    """A reduction of ``value`` that a sweep accumulates and that later sweeps read as ``name``."""

    name: str
    reduction: Reduce
    value: str


@dataclass(frozen=True)
class Sweep:
    """One pass over all elements: statements in order, then stores, with reductions on the way."""

    body: tuple[Let, ...]
    stores: tuple[Store, ...]
    partials: tuple[Partial, ...] = ()


@dataclass(frozen=True)
class Phase:
    """A function of the kernel: ``step``, or the computation of a point where a gradient is asked for.

    ``scalars`` run once, in double precision, in order. ``uniforms`` are the step values (scalars,
    hyper-parameters, t) that the sweeps read; they are rounded to the element type once. ``dtypes``
    says of every name what it is computed as. ``reads`` are the arrays only read, ``writes`` those
    whose elements are replaced.
    """

    name: str
    scalars: tuple[Let, ...]
    uniforms: tuple[str, ...]
    dtypes: Mapping[str, DType]
    sweeps: tuple[Sweep, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def arrays(self) -> tuple[str, ...]:
        """All arrays of the phase: those written, then those only read."""
        return (*self.writes, *self.reads)


@dataclass(frozen=True)
class Program:
    """The phases of a rule, and the trace that declares its hyper-parameters and states."""

    trace: Trace
    phases: tuple[Phase, ...]

    @property
    def step(self) -> Phase:
        """The phase that updates the parameter; it comes last."""
        return self.phases[-1]


def operation_counts(lets: tuple[Let, ...]) -> dict[str, int]:
    """How often each operation is done, by name, in order of first use."""
    counts: dict[str, int] = {}
    for let in lets:
        for node in walk([let.value]):
            if isinstance(node, Op):
                counts[node.op] = counts.get(node.op, 0) + 1
    return counts

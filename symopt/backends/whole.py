"""Whole arrays: the stages of a segment as statements over arrays, for NumPy's matrices and for PyTorch.

A value that was computed keeps its name until the segment ends, so nothing is computed twice or read
from where it was stored; arrays get their new elements at the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from symopt.backends.interface import Interface, data_numbers, python_numbers
from symopt.ir.nodes import MatOp, Node, Reduce, Ref, reduce, ref, substitute
from symopt.ir.program import DType, Partial, Phase, Product, Program, Scalars, Segment, Store, Sweep
from symopt.ir.shape import ELEMENT, Shape, shape_of
from symopt.ir.trace import PARAMETER
from symopt.printers.python import Names

# Operations that look at the memory of their operand.
VIEWS = frozenset({"transpose", "wide", "unwide"})


class Numbers(Protocol):
    """The text of a library for numbers."""

    def name(self, name: str) -> str: ...

    def definition(self, name: str, value: Node) -> str: ...


class Arrays(Numbers, Protocol):
    """The text of a library for whole arrays."""

    def expression(self, node: Node) -> str: ...

    def reduction(self, value: Reduce) -> str: ...

    def product(self, value: MatOp) -> str: ...

    def added(self, name: str, text: str) -> str: ...

    def copied(self, text: str) -> str: ...

    def stored(self, array: str, value: str) -> str: ...

    def point(self, value: str, shape: Shape) -> str: ...


@dataclass(frozen=True)
class Lines:
    """The statements of a segment, the copies that give arrays their new values, and the point that is returned."""

    statements: list[str]
    copies: list[str]
    result: str


def names_of(program: Program, phase: Phase) -> Names:
    """What the names of a phase stand for."""
    data = data_numbers(program)
    shapes = dict.fromkeys(phase.arrays, ELEMENT) | dict(program.shapes)
    shapes |= {buffer.name: buffer.shape for buffer in phase.buffers}
    for let in (*phase.scalars, *(let for sweep in phase.sweeps for let in sweep.body)):
        shapes.setdefault(let.name, shape_of(let.value, shapes))  # the point is no name of the rule
    conditions = {name for name, dtype in phase.dtypes.items() if dtype is DType.BOOL}
    uniforms = python_numbers(program, phase)
    return Names(uniforms, data - conditions, frozenset(conditions) - uniforms, shapes)


class WholePrinter:
    """The segments of a phase, in order."""

    def __init__(self, interface: Interface, numbers: Numbers, arrays: Arrays, names: Names) -> None:
        self.interface, self.phase, self.numbers, self.arrays = interface, interface.phase, numbers, arrays
        self.names = names
        self.buffers = {buffer.name for buffer in self.phase.buffers}
        self.kept = {s.array for sweep in self.phase.sweeps for s in sweep.stores if self._keeps(sweep, s)}
        self.stored: set[str] = set()
        self.current: dict[str, str] = {}
        self.lines: list[str] = []

    def _keeps(self, sweep: Sweep, store: Store) -> bool:
        """Whether an array is given its own old value."""
        return any(let.name == store.value and let.value is ref(store.array) for let in sweep.body)

    def segment(self, segment: Segment) -> Lines:
        """The statements over one tensor's arrays."""
        self.current, self.lines = {}, []
        for stage in segment.stages:
            match stage:
                case Scalars(lets=lets):
                    self.lines += [self.numbers.definition(let.name, let.value) for let in lets]
                case Product():
                    self._product(stage)
                case Sweep():
                    self._sweep(stage)
        new = {array: self.current[array] for array in self.phase.writes if array in self.current}
        first = next(iter(new.values()), "")
        keeps_point = not self.interface.is_step and not self.interface.over_model
        copies = [] if keeps_point else [self.arrays.stored(array, value) for array, value in new.items()]
        return Lines(self.lines, copies, self.arrays.point(first, self.names.shapes[first]) if keeps_point else "")

    def _product(self, product: Product) -> None:
        value = self._now(product.value)
        assert isinstance(value, MatOp), "other names change no operation"
        text = self.arrays.product(value)
        first = value.args[0]
        if value.op in VIEWS and isinstance(first, Ref) and self._is_replaced(first.name):
            text = self.arrays.copied(text)
        line = f"{self.arrays.name(product.name)} = {text}"
        guards = [self._guard(guard.condition, guard.holds) for guard in product.guards]
        self.lines += [f"if {' and '.join(guards)}:", f"    {line}"] if guards else [line]

    def _guard(self, condition: str, holds: bool) -> str:
        return self.numbers.name(condition) if holds else f"not {self.numbers.name(condition)}"

    def _sweep(self, sweep: Sweep) -> None:
        for let in sweep.body:
            if let.name not in self.current:
                self._statement(let.name, let.value)
        for partial in sweep.partials:
            self._partial(partial)
        for store in sweep.stores:
            if store.array in self.kept:
                continue
            self.current[store.array] = self.current.get(store.value, store.value)
            self.stored.add(store.array)

    def _statement(self, name: str, value: Node) -> None:
        """One statement; what only names an array that will be overwritten keeps the old values by a copy."""
        self.current[name] = name
        now = self._now(value)
        text = self.arrays.expression(now)
        if isinstance(value, Ref):
            if value.name in (self.stored | self.buffers | self.kept):
                self.current[name] = self.current.get(value.name, value.name)
                return
            text = self.arrays.copied(text) if self._is_replaced(value.name) else text
        self.lines.append(f"{self.arrays.name(name)} = {text}")

    def _is_replaced(self, name: str) -> bool:
        return name in (*self.phase.writes, PARAMETER)

    def _partial(self, partial: Partial) -> None:
        name = self.arrays.name(partial.name)
        text = self.arrays.reduction(reduce(partial.op, self._now(partial.value), partial.reduction.axis))
        self.lines.append(self.arrays.added(name, text) if partial.over_model else f"{name} = {text}")

    def _now(self, node: Node) -> Node:
        """An expression over what is known by other names by now."""
        renamed = {name: ref(now) for name, now in self.current.items() if name != now}
        return substitute([node], renamed)[0]

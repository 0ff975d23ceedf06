"""The arguments of generated functions, whose names are those of the rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from symopt.backends.base import Variant
from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, ref
from symopt.ir.rate import Rate
from symopt.ir.shape import ELEMENT, Axis
from symopt.ir.trace import COLS, LOSS, ROWS, SIZE, STEP
from symopt.lift.c.layout import MATRIX, TENSORS, VECTOR, At, Axes, Layout
from symopt.lift.c.memory import Block
from symopt.lift.c.types import CType, Number, PointerTo, Struct
from symopt.lift.c.values import IntNode, Pointer, Record, Size, Value
from symopt.lift.c.work import RawMemory
from symopt.printers.c import c_name


@dataclass
class Bound:
    """The arguments of one call, and where the arrays of a name are."""

    args: list[Value] = field(default_factory=list)
    blocks: dict[str, list[Block]] = field(default_factory=dict)
    inputs: dict[str, tuple[str, At]] = field(default_factory=dict)
    work: list[RawMemory] = field(default_factory=list)


class Binding:
    """Gives arguments to the functions of a variant, for arrays of a layout."""

    def __init__(self, variant: Variant, layout: Layout) -> None:
        self.program, self.trace, self.layout = variant.program, variant.trace, layout
        self.of_c = {c_name(name): name for name in (*self.trace.inputs, *(let.name for let in self.trace.lets))}

    def axes(self, name: str) -> Axes:
        """The axes of an array."""
        if self.layout.kind == VECTOR:
            return (None if self._is_number(name) else 0,)
        if self.layout.kind == TENSORS:
            return (None if self._is_of_model(name) else 0, None if self._is_number(name) else 1)
        shape = self.program.shapes.get(name, ELEMENT)
        return extent_of(shape.down, self.layout), extent_of(shape.along, self.layout)

    def _is_number(self, name: str) -> bool:
        return name in self.program.rates and self.program.rates[name] <= Rate.TENSOR

    def _is_of_model(self, name: str) -> bool:
        return self._is_number(name) and self.program.rates[name].within(Rate.MODEL)

    def bound(self, parameters: list[tuple[str, CType]], into: Bound, *, is_init: bool) -> Bound:
        """The arguments of a function; arrays of an init function have no values yet, but for the parameter."""
        for name, ctype in parameters:
            into.args.append(self._argument(name, ctype, is_init, into))
        return into

    def _argument(self, name: str, ctype: CType, is_init: bool, into: Bound) -> Value:
        match name:
            case "n" if isinstance(ctype, Number):
                return Size(self.layout.extents[0], ref(SIZE))
            case "rows":
                return Size(self.layout.extents[0], ref(ROWS))
            case "cols":
                return Size(self.layout.extents[1], ref(COLS))
            case "tensors":
                return len(self.layout.extents)
            case "n" if isinstance(ctype, PointerTo):
                return Pointer(Block("n", [Size(extent, ref(SIZE)) for extent in self.layout.extents], ctype.target))
            case "t":
                return IntNode(ref(STEP))
            case "seed":
                return 0
            case "loss":
                return ref(LOSS)
            case "work":
                into.work.append(RawMemory("work"))
                return Pointer(into.work[-1])
        if isinstance(ctype, PointerTo) and isinstance(ctype.target, Struct):
            return Pointer(Block(name, [hypers(ctype.target, self.of_c)], ctype.target))
        if not isinstance(ctype, PointerTo):
            raise UnsupportedError(f"the argument {name} is not one that generated functions have")
        return self._arrays(self.of_c.get(name, name), ctype, is_init, into)

    def _arrays(self, name: str, ctype: PointerTo, is_init: bool, into: Bound) -> Value:
        axes = self.axes(name)
        places = self.layout.places(axes)
        data: list[Any] = []
        for position, at in enumerate(places):
            into.inputs[f"{name}[{position}]"] = name, at
            is_empty = is_init and ctype_is_written(ctype)
            data.append(None if is_empty else ref(f"{name}[{position}]"))
        if self.layout.kind == TENSORS and axes == self.layout.axes:
            assert isinstance(ctype.target, PointerTo)
            parts = [
                [v for v, at in zip(data, places, strict=True) if at[0] == j] for j in range(len(self.layout.extents))
            ]
            into.blocks[name] = [Block(name, part, ctype.target.target, is_input=True) for part in parts]
            return Pointer(Block(name, [Pointer(block) for block in into.blocks[name]], ctype.target))
        into.blocks[name] = [Block(name, data, ctype.target, is_input=True)]
        return Pointer(into.blocks[name][0])

    def elements(self, name: str, bound: Bound) -> dict[At, Any]:
        """The values of an array after the call, by place."""
        values = [value for block in bound.blocks[name] for value in block.data]
        return dict(zip(self.layout.places(self.axes(name)), values, strict=True))


def extent_of(axis: Axis, layout: Layout) -> int | None:
    """Which extent of a matrix an axis has: 0 for the rows, 1 for the columns, None for an axis of one."""
    fewer = 0 if layout.extents[0] <= layout.extents[1] else 1
    return {Axis.ONE: None, Axis.ROWS: 0, Axis.COLS: 1, Axis.SHORT: fewer, Axis.LONG: 1 - fewer}[axis]


def ctype_is_written(ctype: PointerTo) -> bool:
    """Whether what is behind a pointer, or behind the pointers there, may be written."""
    return not (ctype.target.is_const if isinstance(ctype.target, PointerTo) else ctype.is_const)


def hypers(struct: Struct, of_c: Mapping[str, str]) -> Record:
    """A struct of hyper-parameters, each under its name."""
    return Record({n: Block(n, [_hyper(of_c.get(n, n))], kind) for n, kind in struct.fields.items()})


def _hyper(name: str) -> Node:
    return ref(name)


def layouts_of(variant: Variant) -> list[Layout]:
    """The arrays on which a variant's functions are run: with a whole block of lanes and a rest along each line."""
    if variant.program.over_model:
        return [Layout(TENSORS, (3, 11))]
    if variant.program.has_axes:
        return [Layout(MATRIX, (3, 11)), Layout(MATRIX, (11, 2))]
    return [Layout(VECTOR, (11,))]

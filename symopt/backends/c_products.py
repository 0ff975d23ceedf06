"""Operations on matrices in C: calls of helper functions, and which of them a source needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symopt.backends.c_interface import extent
from symopt.backends.c_sweeps import Slot
from symopt.ir.nodes import MatOp, Node, Ref
from symopt.ir.program import Phase, Product, Program
from symopt.ir.shape import ELEMENT, Axis, Shape
from symopt.printers.c import CPrinter, CType, c_name

# Operations that work on copies in double precision -> how many doubles they need for a matrix of n rows.
SCRATCH: Mapping[str, str] = dict.fromkeys(("inverse_root", "eigenbasis", "orthogonal"), "2 * {0} * {0} + 3 * {0}")
# Operation -> the templates of the functions that it needs, in their order.
TEMPLATES: Mapping[str, Sequence[str]] = {
    "matmul": ("matmul",), "transpose": ("transpose",), "wide": ("transpose",), "unwide": ("transpose",),
    "inverse_root": ("symmetric", "inverse_root"), "eigenbasis": ("symmetric", "eigenbasis"),
    "orthogonal": ("orthogonal",),
}  # fmt: skip
# The same for functions in double precision, whatever the arrays' type.
DOUBLE_TEMPLATES: Mapping[str, Sequence[str]] = {"inverse_root": ("eigen",), "eigenbasis": ("eigen",)}


@dataclass(frozen=True)
class Operand:
    """A matrix in memory: its pointer, its extents, and whether its transpose is meant."""

    pointer: str
    shape: Shape
    flipped: bool


class ProductPrinter:
    """One matrix operation of a phase in one element type."""

    def __init__(self, program: Program, phase: Phase, product: Product, ctype: CType, rule: str) -> None:
        self.program, self.phase, self.product = program, phase, product
        self.ctype, self.rule = ctype, rule
        self.shapes = {**program.shapes, **{buffer.name: buffer.shape for buffer in phase.buffers}}

    def slots(self) -> list[Slot]:
        """The memory that the operation works in."""
        need = SCRATCH.get(self.product.value.op)
        if need is None:
            return []
        rows, most = (extent(axis, self.program) for axis in (self.shapes[self.product.name].down, Axis.LONG))
        return [Slot("scratch", "double", need.format(rows), need.format(most))]

    def call(self, place: Mapping[str, str], number: CPrinter) -> list[str]:
        """The lines of the call, under its guards."""
        lines = self._call(place, number)
        if not self.product.guards:
            return lines
        signs = [f"{'' if guard.holds else '!'}{c_name(guard.condition)}" for guard in self.product.guards]
        return [f"if ({' && '.join(signs)}) {{", *(f"    {line}" for line in lines), "}"]

    def _call(self, place: Mapping[str, str], number: CPrinter) -> list[str]:
        value = self.product.value
        out = place.get(self.product.name, c_name(self.product.name))
        first = self._operand(value.args[0], place)
        down, along = (extent(axis, self.program) for axis in (first.shape.down, first.shape.along))
        function = f"{self.rule}_{value.op}_{self.ctype.dtype}"
        match value.op:
            case "matmul":
                second = self._operand(value.args[1], place)
                sizes = [extent(axis, self.program) for axis in self._product_axes(first, second)]
                flips = [str(first.flipped).lower(), str(second.flipped).lower()]
                return [f"{function}({', '.join([*sizes, first.pointer, flips[0], second.pointer, flips[1], out])});"]
            case "transpose":
                return [f"{function}({down}, {along}, {first.pointer}, {out});"]
            case "wide" | "unwide":
                return self._laid(first, out)
            case "inverse_root":
                damping, order = (number.expression(arg) for arg in value.args[1:])
                return [f"{function}({down}, {first.pointer}, {damping}, {order}, scratch, {out});"]
            case _:
                return [f"{function}({down}, {first.pointer}, scratch, {out});"]

    def _product_axes(self, first: Operand, second: Operand) -> list[Axis]:
        a = first.shape.transposed if first.flipped else first.shape
        b = second.shape.transposed if second.flipped else second.shape
        return [a.down, a.along, b.along]

    def _laid(self, first: Operand, out: str) -> list[str]:
        """A copy, transposed where the parameter has more rows than columns."""
        rows, cols = extent(first.shape.down, self.program), extent(first.shape.along, self.program)
        tall = f"{extent(ELEMENT.down, self.program)} > {extent(ELEMENT.along, self.program)}"
        return [
            f"if ({tall}) {{",
            f"    {self.rule}_transpose_{self.ctype.dtype}({rows}, {cols}, {first.pointer}, {out});",
            "} else {",
            f"    memcpy({out}, {first.pointer}, {rows} * {cols} * sizeof({self.ctype.name}));",
            "}",
        ]

    def _operand(self, node: Node, place: Mapping[str, str]) -> Operand:
        if isinstance(node, MatOp):
            inner = self._operand(node.args[0], place)
            return Operand(inner.pointer, inner.shape, not inner.flipped)
        assert isinstance(node, Ref), "matrix operations read names"
        return Operand(place.get(node.name, c_name(node.name)), self.shapes[node.name], False)


def templates_of(products: Sequence[Product], templates: Mapping[str, Sequence[str]] = TEMPLATES) -> list[str]:
    """The templates of the functions that some products need, each once, what is needed first."""
    found = [template for product in products for template in templates.get(product.value.op, ())]
    return [f"c/{template}.c.j2" for template in dict.fromkeys(found)]

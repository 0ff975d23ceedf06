"""PyTorch text: expressions over tensors whose every operation rounds once, as the graph says.

``c / x`` with a Python number is printed with a tensor: PyTorch computes it as a product with the
reciprocal, which rounds twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.ir.nodes import MatOp, Node, Op, Reduce, Ref
from symopt.ir.shape import ELEMENT, Shape, shape_of
from symopt.printers.infix import ATOM, STRENGTH
from symopt.printers.python import Names, PythonPrinter, is_uniform

CONDITIONAL = 5  # weaker than every operator of the common table
# Functions that take tensors only.
OF_TENSORS = frozenset({"max", "min", "where"})
REDUCTIONS: Mapping[str, str] = {"sum": "torch.sum", "mean": "torch.mean", "amax": "torch.amax", "amin": "torch.amin"}
MATRICES: Mapping[str, str] = {
    "matmul": "torch.matmul({0}, {1})", "transpose": "{0}.T", "wide": "_wide({0})", "unwide": "_unwide({0}, {1})",
    "inverse_root": "_inverse_root({0}, {1}, {2})", "eigenbasis": "_eigenbasis({0})", "orthogonal": "_orthogonal({0})",
}  # fmt: skip


class TorchPrinter(PythonPrinter):
    """Expressions over tensors and Python floats.

    Parameters
    ----------
    reserved: names that the module around the text uses.
    uniforms: the names that are Python floats or truth values, the same for all elements.
    """

    functions: Mapping[str, str] = {
        "sqrt": "torch.sqrt({0})", "exp": "torch.exp({0})", "log": "torch.log({0})", "cos": "torch.cos({0})",
        "floor": "torch.floor({0})", "abs": "torch.abs({0})", "sign": "torch.sign({0})",
        "max": "torch.maximum({0}, {1})", "min": "torch.minimum({0}, {1})", "where": "torch.where({0}, {1}, {2})",
        "and": "(({0}) & ({1}))", "or": "(({0}) | ({1}))", "not": "torch.logical_not({0})",
    }  # fmt: skip
    # A number as a tensor without dimensions.
    constant = "p.new_full((), {0})"

    def __init__(self, reserved: frozenset[str], uniforms: Iterable[str]) -> None:
        super().__init__(reserved)
        self.operators = {op: sign for op, sign in PythonPrinter.operators.items() if op not in self.functions}
        self.uniforms, self._python = frozenset(uniforms), PythonPrinter(reserved)

    def is_uniform(self, node: Node) -> bool:
        """Whether an operand is one Python number for all elements."""
        return is_uniform(node, self.uniforms)

    def _print(self, node: Node) -> tuple[str, int]:
        if self.is_uniform(node):
            return self._python._print(node)
        if not isinstance(node, Op) or node.op not in OF_TENSORS:
            return super()._print(node)
        if node.op == "where" and self.is_uniform(node.args[0]):
            return self._chosen(node), CONDITIONAL
        values = node.args[1:] if node.op == "where" else node.args
        conditions = map(self.expression, node.args[: len(node.args) - len(values)])
        return self.functions[node.op].format(*conditions, *map(self._tensor, values)), ATOM

    def _chosen(self, node: Op) -> str:
        """A choice of the step: only what is chosen has a value."""
        condition, a, b = (self._wrapped(arg, CONDITIONAL + 1) for arg in node.args)
        return f"{a} if {condition} else {b}"

    def _operator(self, op: str, args: tuple[Node, ...]) -> tuple[str, int]:
        if op == "div" and self.is_uniform(args[0]):
            return f"{self._tensor(args[0])} / {self._wrapped(args[1], STRENGTH[op] + 1)}", STRENGTH[op]
        return super()._operator(op, args)

    def _tensor(self, node: Node) -> str:
        """An operand as a tensor."""
        text = self.expression(node)
        return self.constant.format(text) if self.is_uniform(node) else text


class TorchNumbers(TorchPrinter):
    """Numbers that depend on elements, as tensors without dimensions: nothing waits for the device."""

    constant = "_double({0})"

    def _chosen(self, node: Op) -> str:
        condition, *values = node.args
        a, b = (self._tensor(v) if self.is_uniform(v) else self._wrapped(v, CONDITIONAL + 1) for v in values)
        return f"{a} if {self._wrapped(condition, CONDITIONAL + 1)} else {b}"


class TorchArrays(TorchPrinter):
    """Expressions over tensors of any shape, reductions and operations on matrices; ``names`` as in ``Names``."""

    filled = "p.new_full({0}, {1})"

    def __init__(self, reserved: frozenset[str], names: Names) -> None:
        super().__init__(reserved, names.uniforms)
        self.names = names

    def reduction(self, value: Reduce) -> str:
        """A reduction in double precision; a row or a column of values has the type of the tensors again."""
        (inner,) = value.args
        is_exact = isinstance(inner, Ref) and value.op in ("amax", "amin")
        arg = self.expression(inner) if is_exact else _TorchDoubles(self.reserved, self.names).expression(inner)
        if value.axis is not None:
            found = f"{REDUCTIONS[value.op]}({arg}, dim={value.axis}, keepdim=True)"
            return found if is_exact else f"{found}.to(p.dtype)"
        found = f"{REDUCTIONS[value.op]}({arg})"
        return f"{found}.double()" if is_exact else found

    def product(self, value: MatOp) -> str:
        """An operation on matrices."""
        return MATRICES[value.op].format(*map(self._operand, value.args))

    def added(self, name: str, text: str) -> str:
        """The line that adds a tensor's part to a sum over the model."""
        return f"{name} = {name} + {text}.to({name}.device)"

    def copied(self, text: str) -> str:
        """A copy, which keeps its values when the tensor is overwritten."""
        return f"{text}.clone()"

    def stored(self, array: str, value: str) -> str:
        """The line that gives a tensor new elements."""
        function = "copy_" if self.names.is_array(value) else "fill_"
        return f"{self.name(array)}.{function}({self.name(value)})"

    def point(self, value: str, shape: Shape) -> str:
        """A value as a new tensor like the parameter."""
        name = self.name(value)
        if shape == ELEMENT:
            return name
        return f"torch.full_like(p, {name})" if shape.is_scalar else f"{name}.expand_as(p).clone()"

    def _operand(self, node: Node) -> str:
        return self.product(node) if isinstance(node, MatOp) else self.expression(node)

    def _chosen(self, node: Op) -> str:
        shape = shape_of(node, self.names.shapes)
        condition, a, b = node.args
        return f"{self._full(a, shape)} if {self._wrapped(condition, CONDITIONAL + 1)} else {self._full(b, shape)}"

    def _full(self, node: Node, shape: Shape) -> str:
        """A value of a choice with all its elements."""
        own = shape_of(node, self.names.shapes)
        if own == shape:
            return self._wrapped(node, CONDITIONAL + 1)
        extents = "p.shape" if shape == ELEMENT else f'_shape(p, "{shape}")'
        if own.is_scalar:
            return self.filled.format(extents, self.expression(node))
        return f"{self._wrapped(node, ATOM)}.expand({extents})"


class _TorchDoubles(TorchArrays):
    """Expressions over tensors in double precision."""

    constant = "p.new_full((), {0}, dtype=torch.float64)"
    filled = "p.new_full({0}, {1}, dtype=torch.float64)"

    def _print(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Ref) and self.names.is_array(node.name):
            return f"{self.name(node.name)}.double()", ATOM
        return super()._print(node)

    def _operator(self, op: str, args: tuple[Node, ...]) -> tuple[str, int]:
        if op == "mul" and args[0] is args[1]:
            return f"torch.square({self.expression(args[0])})", ATOM
        return super()._operator(op, args)

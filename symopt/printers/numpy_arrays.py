"""NumPy text over whole arrays: element-wise expressions that stretch rows and columns, reductions, matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.ir.nodes import ARITY, MatOp, Node, Op, Reduce, Ref
from symopt.ir.shape import ELEMENT, Shape, shape_of
from symopt.printers.infix import ATOM
from symopt.printers.numpy import UFUNCS
from symopt.printers.python import Names, PythonPrinter, is_uniform

REDUCTIONS: Mapping[str, str] = {"sum": "np.sum", "mean": "np.mean", "amax": "np.amax", "amin": "np.amin"}
MATRICES: Mapping[str, str] = {
    "matmul": "np.matmul({0}, {1})", "transpose": "{0}.T", "wide": "_wide({0})", "unwide": "_unwide({0}, {1})",
    "inverse_root": "_inverse_root({0}, {1}, {2})", "eigenbasis": "_eigenbasis({0})", "orthogonal": "_orthogonal({0})",
}  # fmt: skip
FUNCTIONS: Mapping[str, str] = {
    op: f"np.{ufunc}({', '.join(f'{{{place}}}' for place in range(ARITY[op]))})"
    for op, ufunc in UFUNCS.items()
    if op not in PythonPrinter.operators
}


class NumPyNumbers(PythonPrinter):
    """Numbers that depend on elements, as NumPy's float64: a quotient by zero is infinite and no error.

    ``uniforms`` are the names that are Python floats or truth values; what depends on them alone is left to
    Python.
    """

    functions: Mapping[str, str] = FUNCTIONS

    def __init__(self, reserved: frozenset[str], uniforms: Iterable[str]) -> None:
        super().__init__(reserved)
        self.uniforms, self._python = frozenset(uniforms), PythonPrinter(reserved)

    def _print(self, node: Node) -> tuple[str, int]:
        if is_uniform(node, self.uniforms):
            return self._python._print(node)
        if isinstance(node, Op) and node.op == "where":
            condition, a, b = (self.expression(node.args[0]), *map(self._number, node.args[1:]))
            return f"({a} if {condition} else {b})", ATOM
        return super()._print(node)

    def _number(self, node: Node) -> str:
        text = self.expression(node)
        return f"np.float64({text})" if is_uniform(node, self.uniforms) else text


class NumPyArrays(PythonPrinter):
    """Expressions over whole arrays in their own type; ``names`` says what a name stands for.

    Numbers that depend on elements are float64 and are rounded to the type of the arrays first; Python
    floats take the type of the arrays that they meet.
    """

    operators: Mapping[str, str] = {k: v for k, v in PythonPrinter.operators.items() if k not in ("and", "or", "not")}
    functions: Mapping[str, str] = {
        **FUNCTIONS, "and": "np.logical_and({0}, {1})", "or": "np.logical_or({0}, {1})", "not": "np.logical_not({0})",
    }  # fmt: skip
    filled = "np.full({0}, {1}, p.dtype)"

    def __init__(self, reserved: frozenset[str], names: Names) -> None:
        super().__init__(reserved)
        self.names = names

    def reduction(self, value: Reduce) -> str:
        """A reduction in double precision; a row or a column of values has the type of the arrays again."""
        (inner,) = value.args
        is_exact = isinstance(inner, Ref) and value.op in ("amax", "amin")
        arg = self.expression(inner) if is_exact else _NumPyDoubles(self.reserved, self.names).expression(inner)
        if value.axis is not None:
            found = f"{REDUCTIONS[value.op]}({arg}, axis={value.axis}, keepdims=True)"
            return found if is_exact else f"{found}.astype(p.dtype)"
        return f"np.float64({REDUCTIONS[value.op]}({arg}))"

    def product(self, value: MatOp) -> str:
        """An operation on matrices."""
        return MATRICES[value.op].format(*map(self._operand, value.args))

    def added(self, name: str, text: str) -> str:
        """The line that adds a tensor's part to a sum over the model."""
        return f"{name} += {text}"

    def copied(self, text: str) -> str:
        """A copy, which keeps its values when the array is overwritten."""
        return f"{text}.copy()"

    def stored(self, array: str, value: str) -> str:
        """The line that gives an array new elements."""
        return f"np.copyto({self.name(array)}, {self.name(value)})"

    def point(self, value: str, shape: Shape) -> str:
        """A value as a new array like the parameter."""
        name = self.name(value)
        return name if shape == ELEMENT else f"np.array(np.broadcast_to({name}, p.shape), p.dtype)"

    def _operand(self, node: Node) -> str:
        return self.product(node) if isinstance(node, MatOp) else PythonPrinter.expression(self, node)

    def _print(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Ref):
            return self._read(node.name), ATOM
        if not isinstance(node, Op) or node.op != "where":
            return super()._print(node)
        condition, *values = node.args
        if is_uniform(condition, self.names.uniforms):
            # Only what is chosen has a value: what a step does not need is not computed.
            a, b = (self._full(value, shape_of(node, self.names.shapes)) for value in values)
            return f"({a} if {self.expression(condition)} else {b})", ATOM
        return f"np.where({self.expression(condition)}, {', '.join(map(self._typed, values))})", ATOM

    def _read(self, name: str) -> str:
        return f"real({self.name(name)})" if name in self.names.numbers else self.name(name)

    def _typed(self, node: Node) -> str:
        """A value of a choice: a number gets the type of the arrays, which nothing else may give it."""
        text = self.expression(node)
        return f"real({text})" if is_uniform(node, self.names.uniforms) else text

    def _full(self, node: Node, shape: Shape) -> str:
        """A value of a choice with all its elements."""
        own, text = shape_of(node, self.names.shapes), self.expression(node)
        extents = "p.shape" if shape == ELEMENT else f'_shape(p, "{shape}")'
        if own == shape:
            return text
        return self.filled.format(extents, text) if own.is_scalar else f"np.broadcast_to({text}, {extents})"


class _NumPyDoubles(NumPyArrays):
    """Expressions over whole arrays in double precision."""

    filled = "np.full({0}, {1})"

    def _read(self, name: str) -> str:
        return f"_double({self.name(name)})" if self.names.is_array(name) else self.name(name)

    def _typed(self, node: Node) -> str:
        return self.expression(node)

    def _operator(self, op: str, args: tuple[Node, ...]) -> tuple[str, int]:
        if op == "mul" and args[0] is args[1]:
            return f"np.square({self.expression(args[0])})", ATOM
        return super()._operator(op, args)

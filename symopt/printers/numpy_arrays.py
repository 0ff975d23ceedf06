"""NumPy text over whole arrays: element-wise expressions that stretch rows and columns, reductions, matrices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.ir.nodes import MatOp, Node, Op, Reduce, Ref
from symopt.printers.infix import ATOM
from symopt.printers.python import PythonPrinter, is_uniform

REDUCTIONS: Mapping[str, str] = {"sum": "np.sum", "mean": "np.mean", "amax": "np.amax", "amin": "np.amin"}
MATRICES: Mapping[str, str] = {
    "matmul": "np.matmul({0}, {1})", "transpose": "{0}.T", "wide": "_wide({0})", "unwide": "_unwide({0}, {1})",
    "inverse_root": "_inverse_root({0}, {1}, {2})", "eigenbasis": "_eigenbasis({0})", "orthogonal": "_orthogonal({0})",
}  # fmt: skip
# These look at the memory of their operand.
VIEWS = frozenset({"transpose", "wide", "unwide"})


class NumPyNumbers(PythonPrinter):
    """Numbers that depend on elements, as NumPy's float64: a quotient by zero is infinite and no error.

    Parameters
    ----------
    reserved: names that the module around the text uses.
    uniforms: the names that are Python floats or truth values; what depends on them alone is left to Python.
    """

    functions: Mapping[str, str] = {
        "sqrt": "np.sqrt({0})", "exp": "np.exp({0})", "log": "np.log({0})", "cos": "np.cos({0})", "abs": "abs({0})",
        "floor": "np.floor({0})", "sign": "np.sign({0})", "max": "np.maximum({0}, {1})", "min": "np.minimum({0}, {1})",
        "where": "({1} if {0} else {2})",
    }  # fmt: skip

    def __init__(self, reserved: frozenset[str], uniforms: Iterable[str]) -> None:
        super().__init__(reserved)
        self.uniforms, self._python = frozenset(uniforms), PythonPrinter(reserved)

    def _print(self, node: Node) -> tuple[str, int]:
        return self._python._print(node) if is_uniform(node, self.uniforms) else super()._print(node)


class NumPyArrays(PythonPrinter):
    """Expressions over whole arrays in their own type.

    Parameters
    ----------
    reserved: names that the module around the text uses.
    uniforms: the names that are Python floats or truth values, which take the type of the arrays they meet.
    numbers: the names that are float64, and are rounded to the type of the arrays first.
    conditions: the names that are truth values.
    """

    operators: Mapping[str, str] = {k: v for k, v in PythonPrinter.operators.items() if k not in ("and", "or", "not")}
    functions: Mapping[str, str] = {
        "sqrt": "np.sqrt({0})", "exp": "np.exp({0})", "log": "np.log({0})", "cos": "np.cos({0})", "abs": "np.abs({0})",
        "floor": "np.floor({0})", "sign": "np.sign({0})", "max": "np.maximum({0}, {1})", "min": "np.minimum({0}, {1})",
        "and": "np.logical_and({0}, {1})", "or": "np.logical_or({0}, {1})", "not": "np.logical_not({0})",
    }  # fmt: skip

    def __init__(
        self, reserved: frozenset[str], uniforms: Iterable[str], numbers: Iterable[str], conditions: Iterable[str]
    ) -> None:
        super().__init__(reserved)
        self.uniforms, self.numbers, self.conditions = frozenset(uniforms), frozenset(numbers), frozenset(conditions)

    def reduction(self, value: Reduce) -> str:
        """A reduction in double precision; a row or a column of values has the type of the arrays again."""
        (inner,) = value.args
        is_exact = isinstance(inner, Ref) and value.op in ("amax", "amin")
        arg = self.expression(inner) if is_exact else _NumPyDoubles(self).expression(inner)
        if value.axis is not None:
            found = f"{REDUCTIONS[value.op]}({arg}, axis={value.axis}, keepdims=True)"
            return found if is_exact else f"{found}.astype(p.dtype)"
        return f"np.float64({REDUCTIONS[value.op]}({arg}))"

    def product(self, value: MatOp, shared: Iterable[str] = ()) -> str:
        """An operation on matrices; what would only look at an array of ``shared`` is a copy."""
        text = MATRICES[value.op].format(*map(self._operand, value.args))
        first = value.args[0]
        is_view = value.op in VIEWS and isinstance(first, Ref) and first.name in shared
        return f"{text}.copy()" if is_view else text

    def _operand(self, node: Node) -> str:
        return self.product(node) if isinstance(node, MatOp) else PythonPrinter.expression(self, node)

    def _print(self, node: Node) -> tuple[str, int]:
        if isinstance(node, Ref):
            return self._read(node.name), ATOM
        if isinstance(node, Op) and node.op == "where":
            condition, *values = node.args
            return f"np.where({self.expression(condition)}, {', '.join(map(self._chosen, values))})", ATOM
        return super()._print(node)

    def _read(self, name: str) -> str:
        rounded = name in self.numbers and name not in self.conditions
        return f"real({self.name(name)})" if rounded else self.name(name)

    def _chosen(self, node: Node) -> str:
        """A value of a choice: a number gets the type of the arrays, which nothing else may give it."""
        text = self.expression(node)
        return f"real({text})" if is_uniform(node, self.uniforms) else text


class _NumPyDoubles(NumPyArrays):
    """Expressions over whole arrays in double precision."""

    def __init__(self, arrays: NumPyArrays) -> None:
        super().__init__(arrays.reserved, arrays.uniforms, arrays.numbers, arrays.conditions)

    def _read(self, name: str) -> str:
        is_array = not {name} & (self.uniforms | self.numbers | self.conditions)
        return f"_double({self.name(name)})" if is_array else self.name(name)

    def _chosen(self, node: Node) -> str:
        return self.expression(node)

    def _operator(self, op: str, args: tuple[Node, ...]) -> tuple[str, int]:
        if op == "mul" and args[0] is args[1]:
            return f"np.square({self.expression(args[0])})", ATOM
        return super()._operator(op, args)

"""PyTorch text: expressions over tensors whose every operation rounds once, as the graph says.

``c / x`` with a Python number is printed with a tensor: PyTorch computes it as a product with the
reciprocal, which rounds twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.ir.nodes import Node, Num, Op, Ref
from symopt.printers.infix import ATOM, STRENGTH
from symopt.printers.python import PythonPrinter

CONDITIONAL = 5  # weaker than every operator of the common table
# Functions that take tensors only.
OF_TENSORS = frozenset({"max", "min", "where"})


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

    def __init__(self, reserved: frozenset[str], uniforms: Iterable[str]) -> None:
        super().__init__(reserved)
        self.operators = {op: sign for op, sign in PythonPrinter.operators.items() if op not in self.functions}
        self.uniforms = frozenset(uniforms)

    def is_uniform(self, node: Node) -> bool:
        """Whether an operand is one number for all elements."""
        return isinstance(node, Num) or (isinstance(node, Ref) and node.name in self.uniforms)

    def _print(self, node: Node) -> tuple[str, int]:
        if not isinstance(node, Op) or node.op not in OF_TENSORS:
            return super()._print(node)
        if self.is_uniform(node.args[0]) and node.op == "where":
            condition, a, b = (self._wrapped(arg, CONDITIONAL + 1) for arg in node.args)
            return f"{a} if {condition} else {b}", CONDITIONAL
        values = node.args[1:] if node.op == "where" else node.args
        conditions = map(self.expression, node.args[: len(node.args) - len(values)])
        return self.functions[node.op].format(*conditions, *map(self._tensor, values)), ATOM

    def _operator(self, op: str, args: tuple[Node, ...]) -> tuple[str, int]:
        if op == "div" and self.is_uniform(args[0]):
            return f"{self._tensor(args[0])} / {self._wrapped(args[1], STRENGTH[op] + 1)}", STRENGTH[op]
        return super()._operator(op, args)

    def _tensor(self, node: Node) -> str:
        """An operand as a tensor: one number becomes a tensor without dimensions, rounded to the type of p."""
        text = self.expression(node)
        return f"p.new_full((), {text})" if self.is_uniform(node) else text

"""The common part of printers of program text: operators, precedence, parentheses."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Num, Op, Ref

# Binding strength, weakest first; equal strengths associate to the left.
ATOM = 100
UNARY = 90
STRENGTH: Mapping[str, int] = {
    "or": 10, "and": 20, "not": 30, "lt": 40, "le": 40, "eq": 40,
    "add": 60, "sub": 60, "neg": UNARY, "mul": 80, "div": 80,
}  # fmt: skip


class InfixPrinter:
    """Prints one expression as one line.

    A language is a subclass with its ``operators`` (infix or prefix symbols) and ``functions`` (a
    format string for each other operation, its operands as ``{0}``, ``{1}``, ...). The printed order
    of operations is that of the graph: parentheses keep ``a - (b + c)`` apart from ``a - b - c``.
    """

    operators: Mapping[str, str] = {}
    functions: Mapping[str, str] = {}

    def expression(self, node: Node) -> str:
        """The expression as text."""
        return self._print(node)[0]

    def name(self, name: str) -> str:
        """A value by name, as the language reads it."""
        return name

    def number(self, node: Num) -> str:
        """A number as a literal, or as a quotient of literals in parentheses."""
        raise NotImplementedError  # every language has literals of its own

    def _print(self, node: Node) -> tuple[str, int]:
        """The text and its binding strength."""
        match node:
            case Ref(name=name):
                return self.name(name), ATOM
            case Num():
                text = self.number(node)
                return text, UNARY if text.startswith("-") else ATOM
            case Op(op=op, args=args) if op in self.operators:
                return self._operator(op, args)
            case Op(op=op, args=args) if op in self.functions:
                return self.functions[op].format(*map(self.expression, args)), ATOM
        raise UnsupportedError(f"{type(self).__name__} has no operation {getattr(node, 'op', type(node).__name__)!r}")

    def _operator(self, op: str, args: tuple[Node, ...]) -> tuple[str, int]:
        strength = STRENGTH[op]
        first = self._wrapped(args[0], strength)
        if len(args) == 1:
            return f"{self.operators[op]}{first}", strength
        # The right operand needs strictly more: subtraction and division do not associate, and
        # neither do rounded sums and products.
        return f"{first} {self.operators[op]} {self._wrapped(args[1], strength + 1)}", strength

    def _wrapped(self, node: Node, at_least: int) -> str:
        text, strength = self._print(node)
        return text if strength >= at_least else f"({text})"

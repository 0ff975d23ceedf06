"""Plain text: formulas on the line, for terminals.

In ASCII an expression is also legal Python over the names of the language (``where``, ``total``,
``transpose``, ...).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.printers.equations import in_order, reads, trace_equations
from symopt.printers.formula import PI, formula
from symopt.printers.numerals import numeral
from symopt.printers.patterns import with_normals
from symopt.printers.symbols import Symbol

ASCII: Mapping[str, str] = {
    "add": " + ", "sub": " - ", "times": "*", "dot": "*", "odot": "*", "matmul": " @ ", "mod": " % ", "neg": "-",
    "lt": " < ", "le": " <= ", "eq": " == ", "ne": " != ", "gt": " > ", "ge": " >= ",
    "and": " and ", "or": " or ", "not": "not ", "is": " = ", "near": " = ", "drawn": " = ",
}  # fmt: skip
UNICODE: Mapping[str, str] = {
    **ASCII, "sub": " − ", "times": "·", "dot": "·", "odot": "⊙", "mod": " mod ", "neg": "−", "le": " ≤ ",
    "eq": " = ", "ne": " ≠ ", "ge": " ≥ ", "is": " ← ", "near": " ≈ ", "drawn": " ~ ",
}  # fmt: skip
SUPERSCRIPTS = {"2": "²", "3": "³"}
# The words of the language for the graph's reductions and functions.
WORDS: Mapping[str, str] = {"sum": "total", "amax": "largest", "amin": "smallest", "model_sum": "model_total"}
GIVEN: Mapping[str, str] = {"gradient": "∇f", "loss": "f", "hessian": "diag ∇²f", "normal": "N", "uniform": "U"}


class Text:
    """Plain text as a dress of formulas; ``names`` says what a name of the trace is called."""

    stacked = False

    def __init__(self, ascii: bool, names: Mapping[str, str]) -> None:
        self.ascii, self.names = ascii, names
        self.operators = ASCII if ascii else UNICODE

    def number(self, value: Fraction) -> str:
        """Digits, with an exponent where they need one, or a quotient of integers."""
        written = numeral(value)
        if not written.digits:
            return f"{written.numerator}/{written.denominator}"
        return written.digits if written.is_plain else f"{written.digits}e{written.exponent}"

    def symbol(self, name: str, symbol: Symbol | None) -> str:
        """The name itself."""
        return "pi" if self.ascii and name == PI else self.names.get(name, name)

    def infix(self, operator: str, left: str, right: str) -> str:
        """Two operands."""
        return left + self.operators[operator] + right

    def prefix(self, operator: str, operand: str) -> str:
        """A minus sign or a negation."""
        return self.operators[operator] + operand

    def fraction(self, above: str, below: str) -> str:
        """A quotient on the line."""
        return f"{above}/{below}"

    def power(self, base: str, exponent: str) -> str:
        """A power: raised digits where there are some."""
        if self.ascii:
            return f"{base}**{exponent}"
        return base + SUPERSCRIPTS[exponent] if exponent in SUPERSCRIPTS else f"{base}^{exponent}"

    def root(self, operand: str) -> str:
        """A square root."""
        return f"sqrt({operand})"

    def parentheses(self, inner: str) -> str:
        """Parentheses."""
        return f"({inner})"

    def call(self, function: str, args: Sequence[str]) -> str:
        """A function by its word in the language."""
        if function in GIVEN and not self.ascii:
            return f"{GIVEN[function]}({', '.join(args or ('0', '1'))})"
        return f"{WORDS.get(function, function)}({', '.join(args)})"

    def along(self, function: str, axis: int, arg: str) -> str:
        """A reduction along one axis."""
        return f"{WORDS.get(function, function)}({arg}, axis={axis})"

    def transpose(self, matrix: str) -> str:
        """A transposed matrix."""
        if self.ascii:
            return f"transpose{matrix}" if matrix.startswith("(") else f"transpose({matrix})"
        return f"{matrix}ᵀ"

    def inverse_root(self, matrix: str, order: Fraction, args: Sequence[str]) -> str:
        """A matrix to a negative power, or the function of the language."""
        if self.ascii:
            return f"inverse_root({args[0]}, {order}, {args[1]})"
        return f"{matrix}^(−1/{order})" if order != 1 else f"{matrix}^(−1)"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        """Nested choices."""
        text = otherwise
        for value, condition in reversed(rows):
            text = f"where({condition}, {value}, {text})"
        return text


def expression(node: Node, names: Mapping[str, str] | None = None, *, ascii: bool = False) -> str:
    """An expression as text on one line."""
    return formula(node, Text(ascii, names or {}), {})


def statements(trace: Trace, *, ascii: bool = False) -> list[str]:
    """One assignment a statement, as in ``m ← beta1·m + (1 − beta1)·g``."""
    return [text for _, text in named_statements(trace, ascii=ascii)]


def named_statements(trace: Trace, *, ascii: bool = False) -> list[tuple[str, str]]:
    """Every statement with the trace's name of what it assigns."""
    shown = with_normals(trace)
    dress = Text(ascii, assigned_names(shown))
    equations = trace_equations(shown, dress, {})
    return [(e.name, e.left + dress.operators[e.relation] + e.right) for e in equations]


def assigned_names(trace: Trace) -> dict[str, str]:
    """Statement -> the name that its author assigned, where reassigning that name loses nothing.

    Where some statement still reads the value that was replaced, the statements of that name keep
    the trace's names, which tell the values apart.
    """
    targets = {let.name: let.target for let in trace.lets}
    versions: dict[str, list[str]] = defaultdict(list)
    for let in trace.lets:
        versions[let.target].append(let.name)
    current: dict[str, str] = {}
    lost: set[str] = set()
    for name, value in in_order(trace):
        for read in reads(value):
            target = targets.get(read, read)
            if current.get(target, target if read not in targets else read) != read:
                lost.add(target)
        if name in targets:
            current[targets[name]] = name
    return {name: target for target, names in versions.items() if target not in lost for name in names}

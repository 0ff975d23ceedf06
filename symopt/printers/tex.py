"""TeX: formulas and equations for AMS mathematics, as KaTeX and MathJax also read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.printers.equations import Equation, initial_equations, trace_equations
from symopt.printers.formula import formula
from symopt.printers.naming import initial_symbols, trace_symbols
from symopt.printers.numerals import numeral
from symopt.printers.patterns import with_normals
from symopt.printers.symbols import GREEK, Symbol

INFIX: Mapping[str, str] = {
    "add": " + ", "sub": " - ", "times": r" \, ", "dot": r" \cdot ", "odot": r" \odot ", "matmul": r" \, ",
    "mod": r" \bmod ",     "lt": " < ", "le": r" \le ", "eq": " = ", "ne": r" \ne ", "gt": " > ", "ge": r" \ge ",
    "and": r" \wedge ", "or": r" \vee ",
}  # fmt: skip
FENCES: Mapping[str, tuple[str, str, str]] = {
    "abs": (r"\lvert ", r" \rvert", ""),
    "floor": (r"\lfloor ", r" \rfloor", ""),
    "norm": (r"\lVert ", r" \rVert", "_2"),
    "frobenius": (r"\lVert ", r" \rVert", "_F"),
    "model_norm": (r"\lVert ", r" \rVert", r"_{\mathrm{model}}"),
}
FUNCTIONS: Mapping[str, str] = {
    "max": r"\max", "min": r"\min", "exp": r"\exp", "log": r"\ln", "cos": r"\cos", "gradient": r"\nabla f_t",
    "model_sum": r"\operatorname{sum}_{\mathrm{model}}", "loss": "f_t",
}  # fmt: skip
NAMES: Mapping[str, str] = {"amax": "max", "amin": "min", "rms": "RMS"}
AXES = ("rows", "columns")
TALL = (r"\frac", r"\begin")
DISTRIBUTIONS: Mapping[str, str] = {"normal": r"\mathcal{N}(0, 1)", "uniform": r"\mathcal{U}(0, 1)"}
RELATIONS: Mapping[str, str] = {"is": "=", "near": r"\approx", "drawn": r"\sim"}


class Tex:
    """TeX as a dress of formulas."""

    stacked = True

    def number(self, value: Fraction) -> str:
        """Digits, a power of ten, or a fraction."""
        written = numeral(value)
        if written.is_plain:
            return written.digits
        if not written.digits:
            return rf"\frac{{{written.numerator}}}{{{written.denominator}}}"
        scale = f"10^{{{written.exponent}}}"
        return scale if written.digits == "1" else rf"{written.digits} \cdot {scale}"

    def symbol(self, name: str, symbol: Symbol | None) -> str:
        """A symbol, or an upright word for a name without one."""
        return _symbol(symbol if symbol is not None else Symbol((name,)))

    def infix(self, operator: str, left: str, right: str) -> str:
        """Two operands."""
        return left + INFIX[operator] + right

    def prefix(self, operator: str, operand: str) -> str:
        """A minus sign or a negation."""
        return ("-" if operator == "neg" else r"\neg ") + operand

    def fraction(self, above: str, below: str) -> str:
        """A stacked fraction."""
        return rf"\frac{{{above}}}{{{below}}}"

    def power(self, base: str, exponent: str) -> str:
        """A raised exponent."""
        return f"{base}^{{{exponent}}}" if len(exponent) > 1 else f"{base}^{exponent}"

    def root(self, operand: str) -> str:
        """A root with its bar."""
        return rf"\sqrt{{{operand}}}"

    def parentheses(self, inner: str) -> str:
        """Parentheses as tall as what they hold."""
        return _fenced("(", ")", inner)

    def call(self, function: str, args: Sequence[str]) -> str:
        """A function; norms, absolute values and floors have fences of their own."""
        if function in DISTRIBUTIONS:
            return DISTRIBUTIONS[function]
        if function == "hessian":
            return rf"\operatorname{{diag}}(\nabla^2 f_t({args[0]}))"
        if function in FENCES:
            left, right, mark = FENCES[function]
            return _fenced(left, right, args[0]) + mark
        name = FUNCTIONS.get(function, rf"\operatorname{{{NAMES.get(function, function)}}}")
        return name + self.parentheses(", ".join(args))

    def along(self, function: str, axis: int, arg: str) -> str:
        """A reduction over the rows (one value a column) or the columns of a matrix."""
        name = rf"\operatorname{{{NAMES.get(function, function)}}}"
        return rf"{name}_{{\mathrm{{{AXES[axis]}}}}}" + self.parentheses(arg)

    def transpose(self, matrix: str) -> str:
        """A raised ⊤."""
        return rf"{matrix}^\top"

    def inverse_root(self, matrix: str, order: Fraction, args: Sequence[str]) -> str:
        """A matrix to a negative power."""
        return f"{matrix}^{{-1}}" if order == 1 else f"{matrix}^{{-1/{order}}}"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        """A brace with one row a case."""
        lines = [rf"{value} & \text{{if }} {condition}" for value, condition in rows]
        return r"\begin{cases} " + r" \\ ".join([*lines, rf"{otherwise} & \text{{otherwise}}"]) + r" \end{cases}"


TEX = Tex()


def expression(node: Node, symbols: Mapping[str, Symbol] | None = None) -> str:
    """An expression as TeX on one line; names without a symbol are set as upright words."""
    return formula(node, TEX, symbols or {})


def equations(trace: Trace) -> list[str]:
    """One equation a statement, from the gradient to the new parameter."""
    return [f"{e.left} {RELATIONS[e.relation]} {e.right}" for e in _step(trace)]


def initial_values(trace: Trace) -> list[str]:
    """One equation a state: its value before the first step."""
    return [f"{e.left} = {e.right}" for e in initial_equations(trace, TEX, initial_symbols(trace))]


def aligned(trace: Trace) -> str:
    """The equations of a step as one ``aligned`` block."""
    lines = [f"{e.left} &{RELATIONS[e.relation]} {e.right}" for e in _step(trace)]
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(lines), r"\end{aligned}"])


def _step(trace: Trace) -> list[Equation]:
    shown = with_normals(trace)
    return trace_equations(shown, TEX, trace_symbols(shown))


# What TeX gives a meaning to in text, and how it is written to have none.
SPECIAL: Mapping[str, str] = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
}  # fmt: skip


def escape_text(text: str) -> str:
    """Text as TeX's text mode shows it."""
    return "".join(SPECIAL.get(character, character) for character in text)


def _fenced(left: str, right: str, inner: str) -> str:
    if any(mark in inner for mark in TALL):
        return rf"\left{left}{inner}\right{right.strip()}"
    return left + inner + right


def _symbol(symbol: Symbol) -> str:
    text = _atom(symbol.base[0]) if len(symbol.base) == 1 else _run(symbol.base)
    if symbol.upright:
        text = _word(symbol.base[0])
    for accent in symbol.accents:
        text = rf"\{accent}{{{text}}}"
    sub = [*map(_atom, symbol.sub), *([symbol.index] if symbol.index else [])]
    sup = [*map(_atom, symbol.sup)]
    below = f"_{_braced(sub)}" if sub else ""
    if symbol.primes > 2:
        sup.append(f"({symbol.primes})")
    above = f"^{_braced(sup)}" if sup else ""
    if 0 < symbol.primes <= 2:
        # TeX reads x^{s}' as an error and x'^{s} as wished.
        above = "'" * symbol.primes + above
    return text + below + above


def _braced(atoms: Sequence[str]) -> str:
    """A script: a single character stands without braces."""
    text = ",".join(atoms)
    return text if len(text) == 1 else f"{{{text}}}"


def _run(atoms: Sequence[str]) -> str:
    return "{" + " ".join(map(_atom, atoms)) + "}"


def _atom(atom: str) -> str:
    if len(atom) == 1 or atom.isdigit():
        return r"\ast" if atom == "*" else atom
    return rf"\{atom}" if atom in GREEK else _word(atom)


def _word(text: str) -> str:
    return rf"\mathrm{{{text.replace('_', chr(92) + '_')}}}"

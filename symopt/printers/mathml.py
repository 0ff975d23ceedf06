"""MathML: formulas that browsers set by themselves, without scripts, fonts or network.

Every text that reaches an element is escaped, so a name from a user's file cannot become markup.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from html import escape

from symopt.ir.nodes import Node
from symopt.printers.formula import formula
from symopt.printers.numerals import numeral
from symopt.printers.symbols import GREEK, Symbol

MINUS, APPLY = "−", "<mo>&#x2061;</mo>"
# An invisible product with the thin space that printed mathematics has there.
TIMES = '<mo lspace="0" rspace="0.1667em">&#x2062;</mo>'
MOD = '<mo lspace="0.3em" rspace="0.3em">mod</mo>'
INFIX: Mapping[str, str] = {
    "add": "<mo>+</mo>", "sub": f"<mo>{MINUS}</mo>", "times": TIMES, "dot": "<mo>·</mo>", "odot": "<mo>⊙</mo>",
    "matmul": TIMES, "mod": MOD, "lt": "<mo>&lt;</mo>", "le": "<mo>≤</mo>", "eq": "<mo>=</mo>", "ne": "<mo>≠</mo>",
    "gt": "<mo>&gt;</mo>", "ge": "<mo>≥</mo>", "and": "<mo>∧</mo>", "or": "<mo>∨</mo>",
}  # fmt: skip
FENCES: Mapping[str, tuple[str, str]] = {"abs": ("|", "|"), "floor": ("⌊", "⌋")}
# The subscripts of norms.
NORMS: Mapping[str, str] = {"norm": "<mn>2</mn>", "frobenius": "<mi>F</mi>", "model_norm": "<mi>model</mi>"}
FUNCTIONS: Mapping[str, str] = {"log": "ln", "amax": "max", "amin": "min", "rms": "RMS"}
ACCENTS: Mapping[str, str] = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙"}
AXES = ("rows", "columns")
TALL = ("<mfrac", "<mtable")
LOSS = "<msub><mi>f</mi><mi>t</mi></msub>"
FIXED: Mapping[str, str] = {
    "gradient": f"<mo>∇</mo>{LOSS}", "loss": LOSS, "model_sum": "<msub><mi>sum</mi><mi>model</mi></msub>",
}  # fmt: skip
HESSIAN = f"<msup><mo>∇</mo><mn>2</mn></msup>{LOSS}"
DISTRIBUTIONS: Mapping[str, str] = {"normal": "𝒩", "uniform": "𝒰"}
RELATIONS: Mapping[str, str] = {"is": "=", "near": "≈", "drawn": "∼"}


class MathML:
    """MathML as a dress of formulas; a piece is a run of elements."""

    stacked = True

    def number(self, value: Fraction) -> str:
        """Digits, a power of ten, or a fraction."""
        written = numeral(value)
        if written.is_plain:
            return _number(written.digits)
        if not written.digits:
            return self.fraction(_number(written.numerator), _number(written.denominator))
        sign = f"<mo>{MINUS}</mo>" if written.exponent < 0 else ""
        scale = self.power(_number(10), sign + _number(abs(written.exponent)))
        return scale if written.digits == "1" else _number(written.digits) + INFIX["dot"] + scale

    def symbol(self, name: str, symbol: Symbol | None) -> str:
        """A symbol, or an upright word for a name without one."""
        return _symbol(symbol if symbol is not None else Symbol((name,)))

    def infix(self, operator: str, left: str, right: str) -> str:
        """Two operands."""
        return left + INFIX[operator] + right

    def prefix(self, operator: str, operand: str) -> str:
        """A minus sign or a negation."""
        return f'<mo form="prefix">{MINUS if operator == "neg" else "¬"}</mo>{operand}'

    def fraction(self, above: str, below: str) -> str:
        """A stacked fraction."""
        return f"<mfrac>{_row(above)}{_row(below)}</mfrac>"

    def power(self, base: str, exponent: str) -> str:
        """A raised exponent; above the subscript where the base is one symbol with a subscript."""
        if base.startswith("<msub>") and base.endswith("</msub>") and base.count("<msub>") == 1:
            return f"<msubsup>{base[len('<msub>') : -len('</msub>')]}{_row(exponent)}</msubsup>"
        return f"<msup>{_row(base)}{_row(exponent)}</msup>"

    def root(self, operand: str) -> str:
        """A root with its bar."""
        return f"<msqrt>{operand}</msqrt>"

    def parentheses(self, inner: str) -> str:
        """Parentheses that grow with what they hold."""
        return _fenced("(", ")", inner)

    def call(self, function: str, args: Sequence[str]) -> str:
        """A function; norms, absolute values and floors have fences of their own."""
        if function in NORMS:
            return f"<msub>{_fenced('‖', '‖', args[0])}{NORMS[function]}</msub>"
        if function in FENCES:
            return _fenced(*FENCES[function], args[0])
        if function in DISTRIBUTIONS:
            inner = f"{_number(0)}<mo>,</mo>{_number(1)}"
            return f"<mi>{DISTRIBUTIONS[function]}</mi>{APPLY}{self.parentheses(inner)}"
        if function == "hessian":
            return _word("diag") + APPLY + self.parentheses(HESSIAN + APPLY + self.parentheses(args[0]))
        name = FIXED.get(function) or _word(FUNCTIONS.get(function, function).replace("_", " "))
        return name + APPLY + self.parentheses("<mo>,</mo>".join(args))

    def along(self, function: str, axis: int, arg: str) -> str:
        """A reduction over the rows (one value a column) or the columns of a matrix."""
        name = f"<msub>{_word(FUNCTIONS.get(function, function))}{_word(AXES[axis])}</msub>"
        return name + APPLY + self.parentheses(arg)

    def transpose(self, matrix: str) -> str:
        """A raised ⊤."""
        return f"<msup>{_row(matrix)}<mo>⊤</mo></msup>"

    def inverse_root(self, matrix: str, order: Fraction, args: Sequence[str]) -> str:
        """A matrix to a negative power."""
        slash = f"<mo>/</mo>{_number(order)}" if order != 1 else ""
        return f"<msup>{_row(matrix)}{_row(f'<mo>{MINUS}</mo>{_number(1)}{slash}')}</msup>"

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        """A brace with one row a case."""
        lines = [(value, f"<mtext>if&#xA0;</mtext>{condition}") for value, condition in rows]
        lines.append((otherwise, "<mtext>otherwise</mtext>"))
        cells = "".join(f"<mtr><mtd>{_row(a)}</mtd><mtd>{_row(b)}</mtd></mtr>" for a, b in lines)
        return f'<mrow><mo>{{</mo><mtable class="cases">{cells}</mtable></mrow>'


MATHML = MathML()


def expression(node: Node, symbols: Mapping[str, Symbol] | None = None) -> str:
    """An expression as a run of MathML elements; ``math`` makes it a formula."""
    return formula(node, MATHML, symbols or {})


def math(elements: str) -> str:
    """A formula within a line of text, with fractions at full size."""
    return f'<math displaystyle="true">{elements}</math>'


def symbol_elements(symbol: Symbol) -> str:
    """A symbol as MathML elements."""
    return _symbol(symbol)


def _row(elements: str) -> str:
    return f"<mrow>{elements}</mrow>"


def _number(value: object) -> str:
    return f"<mn>{value}</mn>"


def _word(text: str) -> str:
    return f'<mi mathvariant="normal">{escape(text)}</mi>' if len(text) == 1 else f"<mi>{escape(text)}</mi>"


def _fenced(left: str, right: str, inner: str) -> str:
    """Fences that grow with what is tall, and stay small around symbols with scripts."""
    grows = "true" if any(mark in inner for mark in TALL) else "false"
    opening = f'<mo form="prefix" stretchy="{grows}">{left}</mo>'
    return f'<mrow>{opening}{inner}<mo form="postfix" stretchy="{grows}">{right}</mo></mrow>'


def _symbol(symbol: Symbol) -> str:
    text = "".join(map(_atom, symbol.base))
    text = text if len(symbol.base) == 1 else _row(text)
    if symbol.upright:
        text = _word(symbol.base[0])
    for accent in symbol.accents:
        text = f'<mover accent="true">{text}<mo stretchy="false">{ACCENTS[accent]}</mo></mover>'
    sub = [*map(_atom, symbol.sub), *_index(symbol.index)]
    sup = [*map(_atom, symbol.sup)]
    if symbol.primes:
        sup.append(f"<mo>{'′' * symbol.primes}</mo>" if symbol.primes <= 2 else f"<mo>({symbol.primes})</mo>")
    below, above = (_row("<mo>,</mo>".join(part)) for part in (sub, sup))
    if sub and sup:
        return f"<msubsup>{text}{below}{above}</msubsup>"
    if sub or sup:
        return f"<msub>{text}{below}</msub>" if sub else f"<msup>{text}{above}</msup>"
    return text


def _index(index: str) -> list[str]:
    """``t-1`` as elements."""
    if not index:
        return []
    step, minus, back = index.partition("-")
    return [_atom(step) + (f"<mo>{MINUS}</mo><mn>{back}</mn>" if minus else "")]


def _atom(atom: str) -> str:
    if atom.isdigit():
        return _number(atom)
    if not atom.isalnum() and len(atom) == 1:
        return f"<mo>{escape({'*': '∗', '-': MINUS}.get(atom, atom))}</mo>"
    return f"<mi>{escape(GREEK.get(atom, atom))}</mi>"

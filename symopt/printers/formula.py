"""Formulas: one walk over the graph that every dress (TeX, MathML, plain text) shares.

The walk decides structure: precedence and parentheses, norms, chains of max, cases. A dress decides
how a piece of that structure looks. A dress that stacks fractions and raises exponents needs fewer
parentheses than one that writes on the line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from fractions import Fraction

from symopt.ir.nodes import ONE, ZERO, MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.trace import exact
from symopt.printers.dress import Dress
from symopt.printers.numerals import numeral
from symopt.printers.patterns import multiple_of_pi, norm, remainder, squared_norm
from symopt.printers.symbols import Symbol

PI, IDENTITY = "\u03c0", "I"


class Binds(IntEnum):
    """How tightly a piece holds together, loosest first."""

    CASES = 0
    OR = 1
    AND = 2
    NOT = 3
    RELATION = 4
    SUM = 5
    SIGN = 6
    PRODUCT = 7
    FRACTION = 8
    POWER = 9
    ATOM = 10


@dataclass(frozen=True)
class Piece:
    """A printed part of a formula; ``digit`` where it begins with one."""

    text: str
    binds: Binds
    digit: bool = False


INFIX: Mapping[str, Binds] = {
    "add": Binds.SUM, "sub": Binds.SUM, "mul": Binds.PRODUCT,
    "lt": Binds.RELATION, "le": Binds.RELATION, "eq": Binds.RELATION, "and": Binds.AND, "or": Binds.OR,
}  # fmt: skip
# Functions that are written as fences around their argument.
FENCED = frozenset({"abs", "floor"})
NEGATED: Mapping[str, str] = {"eq": "ne", "lt": "ge", "le": "gt"}


def formula(root: Node, dress: Dress, symbols: Mapping[str, Symbol], arrays: frozenset[Node] = frozenset()) -> str:
    """An expression on one line.

    Parameters
    ----------
    symbols: the symbols of names; a name without one is printed as it is.
    arrays: the nodes whose products and powers are element by element and must say so, because the
        formula has those of matrices too.
    """
    return _Walk(dress, symbols, arrays).run(root).text


class _Walk:
    def __init__(self, dress: Dress, symbols: Mapping[str, Symbol], arrays: frozenset[Node]) -> None:
        self.dress, self.symbols, self.arrays = dress, symbols, arrays
        self.done: dict[Node, Piece] = {}

    def run(self, root: Node) -> Piece:
        for node in walk([root]):
            self.done[node] = self._piece(node)
        return self.done[root]

    def _piece(self, node: Node) -> Piece:
        match node:
            case Ref(name=name):
                symbol = self.symbols.get(name)
                crowded = self.dress.stacked and symbol is not None and symbol.raised
                return Piece(self.dress.symbol(name, symbol), Binds.POWER if crowded else Binds.ATOM)
            case Num(value=value):
                return self._number(value)
            case Reduce(op=op, axis=axis):
                return self._reduction(node, op, axis)
            case MatOp():
                return self._matrix(node)
            case Op(op=op):
                special: Callable[[Node], Piece] | None = getattr(self, f"_{op}", None)
                if special is not None:
                    return special(node)
                if op in INFIX:
                    return self._infix(node, op, op)
                return self._call(op, [self.done[arg].text for arg in node.args])
        raise TypeError(f"{type(node).__name__} is no node of the graph")

    def _matrix(self, node: MatOp) -> Piece:
        args = [self.done[arg].text for arg in node.args]
        match node.op:
            case "matmul":
                return self._infix(node, "mul", "matmul")
            case "transpose":
                return Piece(self.dress.transpose(self._atom(node.args[0])), Binds.POWER)
            case "inverse_root":
                matrix, damping, order = node.args
                base = self._atom(matrix)
                if damping is not ZERO:
                    identity = self.dress.symbol(IDENTITY, Symbol((IDENTITY,)))
                    scale = identity
                    if damping is not ONE:
                        scale = self.dress.infix("times", self._at(damping, Binds.PRODUCT), identity)
                    base = self.dress.parentheses(self.dress.infix("add", self._at(matrix, Binds.SUM), scale))
                root = self.dress.inverse_root(base, exact(order) or Fraction(1), args)
                return Piece(root, Binds.POWER)
            case "unwide":
                return self._call("unwide", args[:1])
        return self._call(node.op, args)

    def _at(self, node: Node, least: Binds) -> str:
        """A node's text, in parentheses where it binds less tightly than its place asks for."""
        piece = self.done[node]
        return piece.text if piece.binds >= least else self.dress.parentheses(piece.text)

    def _atom(self, node: Node) -> str:
        return self._at(node, Binds.ATOM)

    def _inside(self, node: Node, least: Binds) -> str:
        """The text of a node that a stacked dress encloses by itself."""
        return self.done[node].text if self.dress.stacked else self._at(node, least)

    def _number(self, value: Fraction) -> Piece:
        factor = multiple_of_pi(value)
        if factor is not None and value > 0:
            pi = self.dress.symbol(PI, Symbol(("pi",)))
            if factor == 1:
                return Piece(pi, Binds.ATOM)
            return Piece(self.dress.infix("times", self._number(factor).text, pi), Binds.PRODUCT, digit=True)
        if factor is not None:
            return Piece(self.dress.prefix("neg", self._number(-value).text), Binds.SIGN)
        written = numeral(value)
        if written.is_plain:
            binds = Binds.ATOM
        elif self.dress.stacked:
            binds = Binds.PRODUCT if written.digits not in ("", "1") else Binds.FRACTION
        else:
            binds = Binds.ATOM if written.digits else Binds.PRODUCT
        piece = Piece(self.dress.number(value), binds, digit=bool(written.digits))
        return piece if value >= 0 else Piece(self.dress.prefix("neg", piece.text), Binds.SIGN)

    def _infix(self, node: Node, op: str, operator: str) -> Piece:
        """A chain from the left: the right operand must bind more tightly than the operator."""
        binds = INFIX[op]
        left, right = node.args
        right_least = Binds.PRODUCT if binds == Binds.SUM else Binds(binds + 1)
        left_least = Binds.SUM if binds == Binds.RELATION else binds
        text = self.dress.infix(operator, self._at(left, left_least), self._at(right, right_least))
        return Piece(text, binds, self.done[left].digit and self.done[left].binds >= left_least)

    def _mul(self, node: Node) -> Piece:
        left, right = node.args
        if left in self.arrays and right in self.arrays:
            return self._infix(node, "mul", "odot")
        if self.dress.stacked and _is_matmul(right) and left not in self.arrays:
            # A number may stand before the first or before the whole.
            text = self.dress.infix("times", self._at(left, Binds.PRODUCT), self.done[right].text)
            return Piece(text, Binds.PRODUCT, self.done[left].digit)
        digit = self.done[right].digit and self.done[right].binds > Binds.PRODUCT
        return self._infix(node, "mul", "dot" if digit else "times")

    def _sub(self, node: Node) -> Piece:
        found = remainder(node)
        if found is None:
            return self._infix(node, "sub", "sub")
        text = self.dress.infix("mod", self._at(found[0], Binds.FRACTION), self._at(found[1], Binds.FRACTION))
        return Piece(text, Binds.PRODUCT, self.done[found[0]].digit)

    def _div(self, node: Node) -> Piece:
        above, below = node.args
        # On the line a product of matrices is held together, so that nobody divides the last of them alone.
        least = Binds.FRACTION if _is_matmul(above) else Binds.PRODUCT
        text = self.dress.fraction(self._inside(above, least), self._inside(below, Binds.FRACTION))
        digit = not self.dress.stacked and self.done[above].digit
        return Piece(text, Binds.FRACTION if self.dress.stacked else Binds.PRODUCT, digit)

    def _neg(self, node: Node) -> Piece:
        return Piece(self.dress.prefix("neg", self._at(node.args[0], Binds.PRODUCT)), Binds.SIGN)

    def _not(self, node: Node) -> Piece:
        inner = node.args[0]
        if isinstance(inner, Op) and inner.op in NEGATED:
            return self._infix(inner, inner.op, NEGATED[inner.op])
        return Piece(self.dress.prefix("not", self._atom(inner)), Binds.NOT)

    def _pow(self, node: Node) -> Piece:
        found = norm(node.args[0]) if exact(node.args[1]) == 2 else None
        base = self._norm(*found) if found else self._atom(node.args[0])
        exponent = self._inside(node.args[1], Binds.ATOM)
        if self.dress.stacked and node.args[0] in self.arrays:
            exponent = self.dress.infix("odot", "", exponent).strip()
        return Piece(self.dress.power(base, exponent), Binds.POWER, self.done[node.args[0]].digit)

    def _sqrt(self, node: Node) -> Piece:
        found = norm(node)
        return Piece(self._norm(*found) if found else self.dress.root(self.done[node.args[0]].text), Binds.ATOM)

    def _norm(self, name: str, operand: Node) -> str:
        """A norm; that of a matrix is Frobenius's, and says so where there are operations on matrices."""
        name = "frobenius" if name == "norm" and self.arrays and self.dress.stacked else name
        return self.dress.call(name, [self.done[operand].text])

    def _reduction(self, node: Reduce, op: str, axis: int | None) -> Piece:
        if axis is not None:
            return Piece(self.dress.along(op, axis, self.done[node.args[0]].text), self._applied)
        found = squared_norm(node) if op != "mean" else None
        if found is not None:
            return Piece(self.dress.power(self._norm(*found), self.dress.number(Fraction(2))), Binds.POWER)
        return self._call(op, [self.done[node.args[0]].text])

    def _call(self, op: str, args: list[str]) -> Piece:
        return Piece(self.dress.call(op, args), Binds.ATOM if op in FENCED else self._applied)

    @property
    def _applied(self) -> Binds:
        """How tightly a function holds its arguments: a raised exponent after them could mean the last one."""
        return Binds.POWER if self.dress.stacked else Binds.ATOM

    def _max(self, node: Node) -> Piece:
        return self._chain(node, "max")

    def _min(self, node: Node) -> Piece:
        return self._chain(node, "min")

    def _chain(self, node: Node, op: str) -> Piece:
        """max(max(a, b), c) as max(a, b, c)."""
        operands: list[Node] = []
        while isinstance(node, Op) and node.op == op:
            operands.append(node.args[1])
            node = node.args[0]
        operands.append(node)
        return self._call(op, [self.done[operand].text for operand in reversed(operands)])

    def _where(self, node: Node) -> Piece:
        """Nested else-branches as further rows."""
        rows = []
        while isinstance(node, Op) and node.op == "where":
            condition, value, node = node.args
            rows.append((self.done[value].text, self.done[condition].text))
        text = self.dress.cases(rows, self.done[node].text)
        return Piece(text, Binds.CASES if self.dress.stacked else Binds.ATOM)


def _is_matmul(node: Node) -> bool:
    return isinstance(node, MatOp) and node.op == "matmul"

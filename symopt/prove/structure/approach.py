"""Limits of expressions, where they follow from continuity and from how fast powers vanish.

The normal form of an expression, in one case of signs, is made of arithmetic and roots alone. Where its
denominators are not zero at the limit it is continuous there, so the limit is its value. As a variable grows
without bound, ``b**t`` with 0 <= b < 1 is smaller than every power of 1/t: it is put to 0, then 1/t is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import ONE, ZERO, Node, Op, Ref, op, ref, refs, substitute, walk
from symopt.ir.trace import STEP
from symopt.prove.convert import Converter
from symopt.prove.elements import Element, NotDecidedError, Poly, UndefinedHereError
from symopt.prove.field import Field
from symopt.prove.general import BEFORE
from symopt.prove.render import element_node, generator_node, node_text

INFINITY = "oo"
# 1/x where x grows without bound; no declared name has a dot.
SMALL = "limit.small"
# What is continuous wherever its operands are defined and denominators are not zero.
CONTINUOUS = frozenset({"add", "sub", "mul", "div", "neg", "sqrt", "exp"})
KNOWN = frozenset({"sqrt", "pow", "exp", "log", "cos", "floor"})


@dataclass(frozen=True)
class Approach:
    """``variable -> to``; ``to`` is None where the variable grows without bound."""

    variable: str
    to: Node | None


def read_approach(text: str, names: tuple[str, ...]) -> Approach:
    """What moves and where to, as in ``eps -> 0`` or ``t -> oo``.

    Raises
    ------
    UsageError: the text is no approach, or moves what may not move.
    """
    variable, arrow, to = (part.strip() for part in text.partition("->"))
    if not arrow or not to:
        raise UsageError(f"{text!r} is no approach; write one as in eps -> 0 or t -> oo")
    if variable not in (*names, STEP):
        raise UsageError(f"{text!r}: {variable!r} is no hyper-parameter and not t; {nearest(variable, [*names, STEP])}")
    if to == INFINITY:
        return Approach(variable, None)
    if variable == STEP:
        raise UsageError(f"{text!r}: t counts steps and grows without bound; write t -> oo")
    return Approach(variable, read_expression(to, tuple(name for name in names if name != variable)))


class LimitInCase:
    """Takes limits in one case of signs, in its field."""

    def __init__(self, field: Field, convert: Converter, approach: Approach) -> None:
        self.field, self.convert, self.approach = field, convert, approach
        self._values: dict[str, Element] = {}

    def __call__(self, node: Node) -> Element:
        """The limit of an expression as an element.

        Raises
        ------
        NotDecidedError: it does not follow from continuity.
        """
        for poly, _ in self.field.facts:
            if self._moves(poly):
                raise NotDecidedError(f"a sign depends on {self.approach.variable}")
        plain = element_node(self.field, self.convert(node))
        self._values = self._opaque_values()
        try:
            if self.approach.to is None:
                return self._at_infinity(plain)
            self._refuse(plain)
            return self._converted(substitute([plain], {self.approach.variable: self.approach.to})[0])
        except UndefinedHereError as error:
            raise NotDecidedError(f"at the limit {error}") from None

    def _at_infinity(self, plain: Node) -> Element:
        without = self._without_powers(plain)
        self._refuse(without)
        inverse = op("div", ONE, ref(SMALL))
        in_small = element_node(
            self.field, self._converted(substitute([without], {self.approach.variable: inverse})[0])
        )
        return self._converted(substitute([in_small], {SMALL: ZERO})[0])

    def _converted(self, node: Node) -> Element:
        values = {**self.convert.values, **self._values}
        whole = frozenset(self.field.ring.names[i] for i in self.convert.whole)
        return Converter(self.field, values, whole)(node)

    def _opaque_values(self) -> dict[str, Element]:
        """Reductions by the names under which they are written."""
        meanings = self.field.ring.meanings
        found: dict[str, Element] = {}
        for position, meaning in meanings.items():
            if meaning.kind in KNOWN:
                continue
            if any(self._moves(poly) for arg in meaning.args for poly in arg):
                raise NotDecidedError(f"a reduction depends on {self.approach.variable}")
            written = generator_node(self.field, position)
            if isinstance(written, Ref):
                found[written.name] = Element(self.field.ring.gens[position], self.field.ring.one)
        return found

    def _moves(self, poly: Poly) -> bool:
        variable = BEFORE if self.approach.variable == STEP else self.approach.variable
        index, meanings = self.field.ring.index[variable], self.field.ring.meanings
        used = [i for i, degree in enumerate(poly.degrees()) if degree]
        return any(
            i == index or (i in meanings and any(self._moves(p) for arg in meanings[i].args for p in arg)) for i in used
        )

    def _refuse(self, root: Node) -> None:
        """Only what is continuous may depend on the variable."""
        moving = _moving(root, self.approach.variable)
        for node in walk([root]):
            is_power = isinstance(node, Op) and node.op == "pow" and node.args[1] not in moving
            if node in moving and isinstance(node, Op) and node.op not in CONTINUOUS and not is_power:
                raise NotDecidedError(f"{node_text(node)} is not known to be continuous in {self.approach.variable}")

    def _without_powers(self, root: Node) -> Node:
        """The expression with powers that vanish put to 0."""
        moving = _moving(root, self.approach.variable)
        done: dict[Node, Node] = {}
        for node in walk([root]):
            if node in moving and isinstance(node, Op) and node.op == "pow" and node.args[1] in moving:
                self.vanishes(*node.args)
                done[node] = ZERO
            elif isinstance(node, Op) and node in moving:
                done[node] = op(node.op, *(done[arg] for arg in node.args))
            else:
                done[node] = node
        return done[root]

    def vanishes(self, base: Node, exponent: Node) -> None:
        """Check that a power tends to 0 faster than any power of 1/x.

        Raises
        ------
        NotDecidedError: the base is not known to lie in [0, 1), or the exponent not to grow without bound.
        """
        text = f"{node_text(base)}**({node_text(exponent)})"
        if self.approach.variable in refs(base):
            raise NotDecidedError(f"the base of {text} depends on {self.approach.variable}")
        low, high = self._converted(base), self._converted(op("sub", ONE, base))
        if low.num != 0 and self.field.element_sign(low).value <= 0:
            raise NotDecidedError(f"the base of {text} is not known to be 0 or more")
        sign = self.field.element_sign(high)
        if not (sign.strict and sign.value > 0):
            raise NotDecidedError(f"the base of {text} is not known to be less than 1")
        # The slope between two places: the exponent has to be linear in the variable.
        at = [self._converted(substitute([exponent], {self.approach.variable: at})[0]) for at in _places()]
        slopes = [self.field.sub(b, a) for a, b in pairwise(at)]
        slope = self.field.element_sign(slopes[0])
        if not self.field.equal(*slopes) or not (slope.strict and slope.value > 0):
            raise NotDecidedError(f"the exponent of {text} is not known to grow without bound")


def _places() -> list[Node]:
    return [ONE, op("add", ONE, ONE), op("add", op("add", ONE, ONE), ONE)]


def _moving(root: Node, variable: str) -> set[Node]:
    """The nodes that depend on a name."""
    found: set[Node] = set()
    for node in walk([root]):
        if (isinstance(node, Ref) and node.name == variable) or any(arg in found for arg in node.args):
            found.add(node)
    return found

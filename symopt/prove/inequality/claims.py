"""Claims and assumptions as expressions of the graph that are to be not negative, or positive."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, Op, op, ref, refs, substitute
from symopt.ir.trace import STEP
from symopt.lang.theorem.bounds import AFTER, LEFT, RIGHT, Comparison, comparisons
from symopt.prove.inequality.system import System

DOTTED = re.compile(rf"\b({LEFT}|{RIGHT})\.([A-Za-z_]\w*)")


@dataclass(frozen=True)
class Bound:
    """``node`` is not negative, or where ``strict`` positive; ``text`` is what people read.

    It follows from all of ``instead`` too, where there are any. ``implies`` are texts of weaker bounds.
    """

    node: Node
    strict: bool
    text: str
    instead: tuple[Bound, ...] = ()
    implies: tuple[str, ...] = ()

    def over(self, change: Callable[[Node], Node]) -> Bound:
        """The bound with its expressions changed."""
        return Bound(
            change(self.node), self.strict, self.text, tuple(bound.over(change) for bound in self.instead), self.implies
        )


@dataclass(frozen=True)
class Claim:
    """A claim as bounds, all of which are to hold; whether it is about the states, or about each step."""

    text: str
    bounds: tuple[Bound, ...]
    of_states: bool


def read_over(text: str, names: Sequence[str]) -> Node:
    """An expression in which names may have a dot.

    Raises
    ------
    UsageError: the text is no expression over the names.
    """
    plain = {name.replace(".", "__"): name for name in names}
    try:
        node = read_expression(DOTTED.sub(r"\1__\2", text), tuple(plain))
    except UsageError as error:
        raise UsageError(str(error).replace("__", ".").replace("no hyper-parameter", "nothing")) from None
    return substitute([node], {short: ref(name) for short, name in plain.items()})[0]


def bounds_of(comparison: Comparison, names: Sequence[str]) -> list[Bound]:
    """A comparison as bounds; ``|x| <= y`` is two of them, and so is an equation."""
    left, right = (read_over(side, names) for side in (comparison.left, comparison.right))
    match comparison.symbol:
        case "=":
            return [Bound(op("sub", a, b), False, str(comparison)) for a, b in ((right, left), (left, right))]
        case ">=" | ">":
            left, right = right, left
    return _at_most(left, right, comparison.symbol in "<>", str(comparison))


def _at_most(small: Node, large: Node, strict: bool, text: str) -> list[Bound]:
    """``|x| <= y`` as ``x <= y`` and ``-x <= y``, which follow from ``x**2 <= y**2`` where ``y >= 0``."""
    if not (isinstance(small, Op) and small.op == "abs"):
        return [Bound(op("sub", large, small), strict, text)]
    inner, square = small.args[0], large
    instead: list[Bound] = []
    if isinstance(large, Op) and large.op == "abs":
        square = large.args[0]
    else:
        instead.append(Bound(large, strict, f"{text}: the right is not negative"))
    squares = op("sub", op("mul", square, square), op("mul", inner, inner))
    instead.append(Bound(squares, strict, f"{text}, squared"))
    return [Bound(op(name, large, inner), strict, text, tuple(instead)) for name in ("sub", "add")]


def read_claim(text: str, system: System, values: Mapping[str, Node]) -> Claim:
    """A claim over the names of a system, its statements replaced by what they are, and names that are given by others.

    Raises
    ------
    UsageError: a comparison is malformed, or holds a name that the system lacks.
    """
    renamed: dict[str, Node] = {name: ref(other) for name, other in system.same.items()}
    renamed |= {f"{name}{AFTER}": ref(f"{other}{AFTER}") for name, other in system.same.items()}
    meant = {**system.statements, **renamed}
    states = (*system.states, *system.same)
    own = (*system.fixed, *values, *system.inputs, *states, *(f"{name}{AFTER}" for name in states), *system.statements)
    bounds: list[Bound] = []
    stepwise = {*system.inputs, *system.statements, *(f"{name}{AFTER}" for name in states)}
    of_states = True
    for comparison in comparisons(text):
        for bound in bounds_of(comparison, own):
            of_states = of_states and not stepwise & {*refs(bound.node)}
            bounds.append(bound.over(lambda node: substitute([substitute([node], meant)[0]], values)[0]))
    return Claim(text, tuple(bounds), of_states)


def reads_only_new(node: Node, system: System) -> bool:
    """Whether an expression reads no old state and nothing that a step brings."""
    allowed = {*system.fixed, STEP, *system.new.values()}
    return set(refs(node)) <= allowed

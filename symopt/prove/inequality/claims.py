"""Claims and assumptions as expressions of the graph that are to be not negative, or positive."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    """``node`` is not negative, or where ``strict`` positive; ``text`` is what people read."""

    node: Node
    strict: bool
    text: str


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
    strict = comparison.symbol in "<>"
    if isinstance(left, Op) and left.op == "abs":
        inner = left.args[0]
        return [Bound(op(name, right, inner), strict, str(comparison)) for name in ("sub", "add")]
    return [Bound(op("sub", right, left), strict, str(comparison))]


def read_claim(text: str, system: System) -> Claim:
    """A claim over the names of a system, its statements replaced by what they are.

    Raises
    ------
    UsageError: a comparison is malformed, or holds a name that the system lacks.
    """
    renamed = {name: ref(other) for name, other in system.same.items()}
    renamed |= {f"{name}{AFTER}": ref(f"{other}{AFTER}") for name, other in system.same.items()}
    states = (*system.states, *system.same)
    own = (*system.fixed, *system.inputs, *states, *(f"{name}{AFTER}" for name in states), *system.statements)
    bounds: list[Bound] = []
    stepwise = {*system.inputs, *system.statements, *(f"{name}{AFTER}" for name in states)}
    of_states = True
    for comparison in comparisons(text):
        for bound in bounds_of(comparison, own):
            of_states = of_states and not stepwise & {*refs(bound.node)}
            node = substitute([bound.node], {**system.statements, **renamed})[0]
            bounds.append(Bound(node, bound.strict, bound.text))
    return Claim(text, tuple(bounds), of_states)


def reads_only_new(node: Node, system: System) -> bool:
    """Whether an expression reads no old state and nothing that a step brings."""
    allowed = {*system.fixed, STEP, *system.new.values()}
    return set(refs(node)) <= allowed

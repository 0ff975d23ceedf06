"""Infinities and NaN in code: what a comparison with one comes to where all numbers are finite.

The graph has neither, so they stand for themselves under names that no trace has, and may not be left in what code
computes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Ref, ref, walk
from symopt.passes.fold import FALSE, TRUE

INFINITY, MINUS_INFINITY, NAN = ref("inf"), ref("-inf"), ref("nan")
NEGATED: Mapping[Node, Node] = {INFINITY: MINUS_INFINITY, MINUS_INFINITY: INFINITY, NAN: NAN}


def special(value: object) -> Ref | None:
    """The name of an infinity or of NaN; None for every other number."""
    if not isinstance(value, float) or math.isfinite(value):
        return None
    return NAN if math.isnan(value) else INFINITY if value > 0 else MINUS_INFINITY


def settled(name: str, args: tuple[Node, ...]) -> Node | None:
    """What an operation comes to by an operand that is not finite; a number that is not itself is NaN.

    None where finite numbers decide it, or where the result is none that is known.
    """
    a, b = args[0], args[-1]
    if name == "neg":
        return NEGATED.get(a)
    if name in ("eq", "ne") and a is b:
        return TRUE if name == "eq" else FALSE
    if (a in NEGATED) is (b in NEGATED) or NAN in (a, b):
        return None
    is_last, infinite, finite = (True, b, a) if b in NEGATED else (False, a, b)
    if name in ("eq", "ne"):
        return TRUE if name == "ne" else FALSE
    if name in ("max", "min"):
        return finite if (infinite is INFINITY) is (name == "min") else infinite
    if name in ("lt", "le", "gt", "ge"):
        is_above = (infinite is INFINITY) is is_last
        return TRUE if is_above is (name in ("lt", "le")) else FALSE
    return None


def refused(nodes: Iterable[Node]) -> None:
    """Raise ``UnsupportedError`` where an infinity or NaN is left."""
    for node in walk(nodes):
        if isinstance(node, Ref) and node in NEGATED:
            raise UnsupportedError(f"{node.name} is no finite real number")

"""Powers: a small whole exponent becomes a product, by repeated squaring.

Rounding: preserved for squares (a product and a correctly rounded square agree); a cube or a higher
power is defined as the product, in every backend alike.
"""

from __future__ import annotations

from symopt.ir.nodes import Node, Num, Op, op, rebuild, walk
from symopt.ir.trace import Trace
from symopt.passes.rewriting import map_lets

LARGEST = 8  # above it a call of pow is cheaper than the product


def expand_powers(trace: Trace) -> Trace:
    """The trace with ``x ** n`` as a product for whole n from 2 to 8."""
    return map_lets(trace, _expand)


def _expand(roots: list[Node]) -> list[Node]:
    done: dict[Node, Node] = {}
    for node in walk(roots):
        args = tuple(done[arg] for arg in node.args)
        done[node] = rebuild(node, args)
        if isinstance(node, Op) and node.op == "pow" and isinstance(args[1], Num):
            exponent = args[1].value
            if exponent.denominator == 1 and 2 <= exponent <= LARGEST:
                done[node] = _product(args[0], int(exponent))
    return [done[root] for root in roots]


def _product(base: Node, exponent: int) -> Node:
    if exponent == 1:
        return base
    half = _product(base, exponent // 2)
    square = op("mul", half, half)
    return op("mul", square, base) if exponent % 2 else square

"""Reciprocals: dividing elements by a value of the step becomes multiplying by its reciprocal.

The reciprocal is then taken once a step instead of once an element. Rounding: changed. A product
with a rounded reciprocal differs from the quotient by at most one unit in the last place, and where
the reciprocal overflows or is subnormal by more.
"""

from __future__ import annotations

from collections.abc import Mapping

from symopt.ir.nodes import ONE, Node, Op, op, rebuild, walk
from symopt.ir.rate import Rate, let_rates, node_rates
from symopt.ir.shape import Shape, let_shapes
from symopt.ir.trace import Trace
from symopt.passes.rewriting import map_lets


def use_reciprocals(trace: Trace) -> Trace:
    """The trace with ``x / c`` as ``x * (1 / c)`` where c varies less than x does."""
    rates, shapes = let_rates(trace), let_shapes(trace)
    return map_lets(trace, lambda roots: _multiply(roots, rates, shapes))


def _multiply(roots: list[Node], rates: Mapping[str, Rate], shapes: Mapping[str, Shape]) -> list[Node]:
    varies = node_rates(roots, rates, shapes)
    done: dict[Node, Node] = {}
    for node in walk(roots):
        args = tuple(done[arg] for arg in node.args)
        done[node] = rebuild(node, args)
        if isinstance(node, Op) and node.op == "div":
            above, below = (varies[arg] for arg in node.args)
            if below != above and below.within(above):
                done[node] = op("mul", args[0], op("div", ONE, args[1]))
    return [done[root] for root in roots]

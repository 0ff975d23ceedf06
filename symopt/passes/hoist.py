"""Hoist: what is constant over a step is computed once a step, under a name.

Rounding: preserved in double precision. In narrower types the hoisted value is computed in double
and rounded once, which defines the kernel in every backend alike.
"""

from __future__ import annotations

from dataclasses import replace

from symopt.ir.nodes import Node, Num, Ref, rebuild, ref
from symopt.ir.rate import Rate, let_rates, node_rates
from symopt.ir.trace import Let, Query, Trace
from symopt.passes.rewriting import Names, temporary


def hoist(trace: Trace) -> Trace:
    """The trace in which every element-wise statement reads step values by name only."""
    rates = let_rates(trace)
    names = Names([*trace.inputs, *(let.name for let in trace.lets)])
    # A step value that the author named is not named again.
    hoisted: dict[Node, str] = {let.value: let.name for let in trace.lets if rates[let.name] == Rate.STEP}
    lets: list[Let] = []

    def lift(root: Node) -> Node:
        varies = node_rates([root], rates)

        def visit(node: Node) -> Node:
            if isinstance(node, Ref | Num):
                return node
            if varies[node] != Rate.STEP:
                return rebuild(node, tuple(map(visit, node.args)))
            if node not in hoisted:
                hoisted[node] = names.fresh(node)
                lets.append(temporary(hoisted[node], node))
            return ref(hoisted[node])

        return visit(root)

    for let in trace.lets:
        if rates[let.name] == Rate.STEP:
            lets.append(let)
        else:
            value = lift(let.value)
            lets.append(replace(let, value=value))
    queries = tuple(Query(query.name, lift(query.point)) for query in trace.queries)
    return replace(trace, lets=tuple(lets), queries=queries)

"""Queries: a gradient that is asked for twice at one point is asked for once, and one that nothing reads never.

What is fixed may move a point to the parameter, as the radius of a perturbation does that becomes zero.
Rounding: preserved.
"""

from __future__ import annotations

from dataclasses import replace

from symopt.ir.nodes import Node, Ref, ref, refs, substitute
from symopt.ir.trace import Let, Query, Trace
from symopt.passes.dead import drop_dead


def merge_queries(trace: Trace) -> Trace:
    """The trace with one query for each point, and none that no statement reads."""
    renamed = {let.name: let.value for let in trace.lets if isinstance(let.value, Ref)}
    first: dict[Node, str] = {}
    same: dict[str, Node] = {}
    kept: list[Query] = []
    for query in trace.queries:
        point = substitute([query.point], same)[0]
        while isinstance(point, Ref) and point.name in renamed:
            point = renamed[point.name]
        if point in first:
            same[query.name] = ref(first[point])
        else:
            first[point] = query.name
            kept.append(Query(query.name, point))
    lets = tuple(Let(x.name, substitute([x.value], same)[0], x.target, x.place) for x in trace.lets)
    merged = drop_dead(replace(trace, lets=lets, queries=tuple(kept)))
    read = {*refs(*(let.value for let in merged.lets), *(query.point for query in merged.queries))}
    return replace(merged, queries=tuple(query for query in merged.queries if query.name in read))

"""Number: an expression that stands in several places is computed once, under a name.

The graph is hash-consed, so equal expressions are one node already; this pass gives a node with
several users a statement of its own. Rounding: preserved.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from symopt.ir.nodes import Node, Num, Ref, rebuild, ref, walk
from symopt.ir.trace import Let, Trace
from symopt.passes.rewriting import Names, temporary


def number(trace: Trace) -> Trace:
    """The trace in which no operation is written twice."""
    users = _users(trace)
    names = Names([*trace.inputs, *(let.name for let in trace.lets)])
    known: dict[Node, str] = {}
    lets: list[Let] = []

    def visit(node: Node) -> Node:
        if isinstance(node, Ref | Num):
            return node
        if node in known:
            return ref(known[node])
        new = rebuild(node, tuple(map(visit, node.args)))
        if users[node] < 2:
            return new
        known[node] = names.fresh(node)
        lets.append(temporary(known[node], new))
        return ref(known[node])

    for let in trace.lets:
        if let.value in known:
            value: Node = ref(known[let.value])
        else:
            value = rebuild(let.value, tuple(map(visit, let.value.args)))
            if not isinstance(value, Ref | Num):
                known[let.value] = let.name
        lets.append(replace(let, value=value))
    queries = tuple(replace(query, point=visit(query.point)) for query in trace.queries)
    return replace(trace, lets=tuple(lets), queries=queries)


def _users(trace: Trace) -> Counter[Node]:
    """How often each operation is read, by other operations and by statements."""
    roots = [*(let.value for let in trace.lets), *(query.point for query in trace.queries)]
    users = Counter(roots)
    for node in walk(roots):
        users.update(node.args)
    return users

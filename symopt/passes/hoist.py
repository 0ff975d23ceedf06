"""Hoist: what varies less than the value it is part of is computed by itself, under a name.

What is constant over a step is then computed once a step, and what is one number a tensor, a row or a
column once for each of these. Rounding: preserved in double precision. In narrower types what is
constant over a tensor is computed in double and rounded once, which defines the kernel in every
backend alike.
"""

from __future__ import annotations

from dataclasses import replace

from symopt.ir.nodes import Node, Num, Reduce, Ref, rebuild, ref
from symopt.ir.rate import Rate, let_rates, node_rates
from symopt.ir.shape import let_shapes
from symopt.ir.trace import Let, Query, Trace
from symopt.passes.rewriting import Names, temporary


def hoist(trace: Trace) -> Trace:
    """The trace in which every statement reads what varies less than it does by name only."""
    return _Hoister(trace).run()


class _Hoister:
    """One walk over the statements, with the values that have a name."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.rates, self.shapes = trace, let_rates(trace), let_shapes(trace)
        self.names = Names([*trace.inputs, *(let.name for let in trace.lets)])
        self.lets: list[Let] = []
        # A value that the author named is not named again; what a step does once is known from its start, wherever
        # its statement stands.
        self.waiting = {let.name: let for let in trace.lets if self.rates[let.name] == Rate.STEP}
        self.named: dict[Node, str] = {let.value: let.name for let in self.waiting.values()}

    def run(self) -> Trace:
        """The trace with the new statements."""
        for let in self.trace.lets:
            if self.rates[let.name] == Rate.STEP:
                self.state(let.name)
            else:
                value = self.number(let.value) if self.rates[let.name] <= Rate.TENSOR else self.lifted(let.value)
                self.lets.append(replace(let, value=value))
            self.named.setdefault(let.value, let.name)
        queries = tuple(Query(query.name, self.lifted(query.point)) for query in self.trace.queries)
        return replace(self.trace, lets=tuple(self.lets), queries=queries)

    def state(self, name: str) -> None:
        """Put a statement of the step where its value is needed first; what it reads is known there."""
        if name in self.waiting:
            self.lets.append(self.waiting.pop(name))

    def number(self, root: Node) -> Node:
        """An expression whose value is a number; all of it is computed once, but for what it reduces."""
        if isinstance(root, Reduce):
            return rebuild(root, tuple(map(self.lifted, root.args)))
        return rebuild(root, tuple(map(self.number, root.args))) if root.args else root

    def lifted(self, root: Node) -> Node:
        """An expression with its less varying parts under names."""
        varies = node_rates([root], self.rates, self.shapes)

        def visit(node: Node, around: Rate) -> Node:
            if isinstance(node, Ref | Num):
                return node
            rate = varies[node]
            # A reduction or a product is a place of its own: what it is made from may vary more.
            if rate.within(around) and rate != around:
                return self.name_of(node, rate)
            return rebuild(node, tuple(visit(arg, rate) for arg in node.args))

        return visit(root, varies[root])

    def name_of(self, node: Node, rate: Rate) -> Node:
        """The name of a value that is computed by itself."""
        if node not in self.named:
            value = self.number(node) if rate <= Rate.TENSOR else self.lifted(node)
            self.named[node] = self.names.fresh(node)
            self.lets.append(temporary(self.named[node], value))
        self.state(self.named[node])
        return ref(self.named[node])

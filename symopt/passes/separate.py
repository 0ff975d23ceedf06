"""Separate: reductions and operations on matrices become statements of their own.

A reduction keeps the element-wise expression that it is taken over; an operation on matrices reads
names only, and a product reads transposes of names too, which are then never made. Rounding:
preserved.
"""

from __future__ import annotations

from dataclasses import replace

from symopt.ir.nodes import MatOp, Node, Num, Reduce, Ref, matop, rebuild, ref, walk
from symopt.ir.trace import Let, Query, Trace
from symopt.passes.rewriting import Names, temporary


def separate(trace: Trace) -> Trace:
    """The trace whose reductions and matrix operations stand alone."""
    roots = [*(let.value for let in trace.lets), *(query.point for query in trace.queries)]
    if not any(isinstance(node, Reduce | MatOp) for node in walk(roots)):
        return trace
    return _Separator(trace).run()


class _Separator:
    """One walk over the statements, with the names of what was separated."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.names = Names([*trace.inputs, *(let.name for let in trace.lets)])
        self.lets: list[Let] = []
        self.named: dict[Node, str] = {}
        self.transposes: dict[str, Node] = {}

    def run(self) -> Trace:
        """The trace with the new statements."""
        for let in self.trace.lets:
            value = self.visit(let.value, alone=True)
            if isinstance(value, Reduce | MatOp):
                self.named.setdefault(value, let.name)
            if isinstance(value, MatOp) and value.op == "transpose":
                self.transposes[let.name] = value
            self.lets.append(replace(let, value=value))
        queries = tuple(Query(query.name, self.visit(query.point)) for query in self.trace.queries)
        return replace(self.trace, lets=tuple(self.lets), queries=queries)

    def visit(self, node: Node, alone: bool = False) -> Node:
        """The expression over names; ``alone`` where it may be a reduction or a matrix operation itself."""
        if isinstance(node, Ref | Num):
            return node
        if isinstance(node, MatOp):
            new: Node = matop(node.op, *(self.operand(arg, node.op) for arg in node.args))
        else:
            new = rebuild(node, tuple(map(self.visit, node.args)))
        if alone or not isinstance(new, Reduce | MatOp):
            return new
        return ref(self.name_of(new))

    def operand(self, node: Node, op: str) -> Node:
        """What a matrix operation reads: a name, a number, or for a product the transpose of a name."""
        if isinstance(node, MatOp) and node.op == "transpose" and op == "matmul":
            inner = self.operand(node.args[0], "transpose")
            return matop("transpose", inner)
        new = self.visit(node)
        if isinstance(new, Ref) and op == "matmul":
            return self.transposes.get(new.name, new)
        return new if isinstance(new, Ref | Num) else ref(self.name_of(new))

    def name_of(self, node: Node) -> str:
        if node not in self.named:
            self.named[node] = self.names.fresh(node)
            self.lets.append(temporary(self.named[node], node))
        return self.named[node]

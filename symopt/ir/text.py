"""The canonical text of a trace: what is shown for debugging, compared and hashed."""

from __future__ import annotations

import hashlib

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.trace import Trace


def node_text(root: Node) -> str:
    """An expression as an S-expression, as in ``(sub p (mul lr g))``."""
    done: dict[Node, str] = {}
    for node in walk([root]):
        inner = " ".join(done[arg] for arg in node.args)
        match node:
            case Ref():
                done[node] = node.name
            case Num():
                done[node] = str(node.value)
            case Reduce(op=op, axis=axis):
                done[node] = f"({op}{'' if axis is None else axis} {inner})"
            case Op(op=op) | MatOp(op=op):
                done[node] = f"({op} {inner})"
    return done[root]


def trace_text(trace: Trace) -> str:
    """A trace as lines: declarations, queries, statements, results. Equal traces have equal text."""
    lines = [f"rule {trace.title}"]
    lines += [f"hyper {h.name} = {h.default} : {h.domain.describe(h.name)}" for h in trace.hypers]
    lines += [f"state {state.name} = {node_text(state.init)}" for state in trace.states]
    lines += [f"given {name}" for name in trace.given]
    lines += [f"draw {name}" for name in trace.draws]
    lines += [f"gradient {q.name} at {node_text(q.point)}" for q in trace.queries]
    lines += [f"let {let.name} = {node_text(let.value)}" for let in trace.lets]
    lines += [f"new {name} = {value}" for name, value in trace.results.items()]
    return "\n".join(lines) + "\n"


def trace_hash(trace: Trace) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the canonical text."""
    return hashlib.sha256(trace_text(trace).encode()).hexdigest()[:16]

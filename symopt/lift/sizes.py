"""A trace for tensors of one shape: sizes are numbers, and a matrix that is put on its long side is turned or not."""

from __future__ import annotations

from dataclasses import replace

from symopt.ir.nodes import MatOp, Node, Ref, num, walk
from symopt.ir.trace import COLS, ROWS, SIZE, SIZES, Trace
from symopt.passes.build import matrix, rebuilt
from symopt.passes.dead import drop_dead


def at_shape(trace: Trace, shape: tuple[int, ...]) -> Trace:
    """The trace for parameters of ``shape``: a vector, or rows and columns."""
    rows, cols = shape if len(shape) == 2 else (shape[0], 1)
    values = {ROWS: num(rows), COLS: num(cols), SIZE: num(rows * cols)}

    def new(root: Node) -> Node:
        done: dict[Node, Node] = {}
        for node in walk([root]):
            args = tuple(done[arg] for arg in node.args)
            match node:
                case Ref(name=name):
                    done[node] = values.get(name, node)
                case MatOp(op="wide" | "unwide"):
                    done[node] = matrix("transpose", args[0]) if rows > cols else args[0]
                case _:
                    done[node] = rebuilt(node, args)
        return done[root]

    return drop_dead(replace(
        trace,
        states=tuple(replace(state, init=new(state.init)) for state in trace.states),
        queries=tuple(replace(query, point=new(query.point)) for query in trace.queries),
        lets=tuple(replace(let, value=new(let.value)) for let in trace.lets),
        given=tuple(name for name in trace.given if name not in SIZES),
    ))  # fmt: skip


def has_axes(trace: Trace) -> bool:
    """Whether a step tells rows and columns apart, so that it is one for matrices alone."""
    nodes = walk(let.value for let in trace.lets)
    return any(isinstance(node, MatOp) or getattr(node, "axis", None) is not None for node in nodes)

"""Runs in floats, written for these tests: they share with the prover the statements of a rule alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref
from symopt.ir.trace import Trace

OPS: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip
REDUCE: dict[str, Callable[..., Any]] = {
    "sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min, "model_sum": np.sum,
}  # fmt: skip


def value(node: Node, names: Mapping[str, Any]) -> Any:
    """An expression in floats, recursively."""
    args = [value(arg, names) for arg in node.args]
    match node:
        case Ref(name=name):
            return names[name]
        case Num(value=number):
            return float(number)
        case Op(op=op):
            return OPS[op](*args)
        case Reduce(op=op, axis=axis):
            return REDUCE[op](args[0], **({} if axis is None else {"axis": axis, "keepdims": True}))
        case MatOp(op="matmul"):
            return args[0] @ args[1]
        case MatOp(op="transpose"):
            return args[0].T
        case MatOp(op="wide"):
            return args[0] if args[0].shape[0] <= args[0].shape[1] else args[0].T
        case MatOp(op="unwide"):
            return args[0] if args[1].shape[0] <= args[1].shape[1] else args[0].T
    raise NotImplementedError(node)


def run(trace: Trace, hypers: Mapping[str, float], theta: Any, grads: Sequence[Any]) -> dict[str, Any]:
    """The states and statements after some steps, each of whose queries get the same gradient."""
    with np.errstate(all="ignore"):
        held: dict[str, Any] = {"p": theta}
        for state in trace.states:
            held[state.name] = value(state.init, {**hypers, "p": theta}) + 0 * theta
        shape = np.shape(theta)
        sizes = {"rows": shape[0], "cols": shape[-1], "size": np.size(theta)} if shape else {}
        for t, g in enumerate(grads, 1):
            now = {**hypers, **held, **sizes, "t": float(t), **{query.name: g for query in trace.queries}}
            for let in trace.lets:
                now[let.name] = value(let.value, now)
            held = {name: now[let] for name, let in trace.results.items()}
        return {**now, **{let.target: now[let.name] for let in trace.lets}, **held}

"""What passes share: rewriting every statement, and fresh names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref
from symopt.ir.trace import Let, Query, Trace

LONGEST = 32  # a longer descriptive name says less than a short one


def map_lets(trace: Trace, change: Callable[[list[Node]], list[Node]]) -> Trace:
    """The trace with every statement and query point changed, as one list of expressions."""
    values = change([*(let.value for let in trace.lets), *(query.point for query in trace.queries)])
    lets = (replace(let, value=value) for let, value in zip(trace.lets, values, strict=False))
    points = values[len(trace.lets) :]
    queries = (Query(query.name, point) for query, point in zip(trace.queries, points, strict=True))
    return replace(trace, lets=tuple(lets), queries=tuple(queries))


def temporary(name: str, value: Node) -> Let:
    """A statement that a pass adds; it is its own target."""
    return Let(name, value, name)


class Names:
    """Names for the values that passes introduce: what the value is, where that is short."""

    def __init__(self, taken: Iterable[str]) -> None:
        self._taken = dict.fromkeys(taken)

    def fresh(self, node: Node) -> str:
        """A name that nothing else in the trace has."""
        described = _describe(node)
        stem = described if described and len(described) <= LONGEST else "c"
        name, count = stem, 0
        while name in self._taken or name == "c":
            count += 1
            name = f"{stem}{count}"
        self._taken[name] = None
        return name


def _describe(node: Node) -> str:
    """An expression in words that are an identifier, as in ``one_minus_beta1``; empty where none is short."""
    match node:
        case Ref(name=name):
            return name
        case Num(value=value):
            return {1: "one", 2: "two"}.get(int(value), "") if value.denominator == 1 else ""
        case Op(op=op, args=args):
            words = [_describe(arg) for arg in args]
            if not all(words) or op not in WORDS:
                return ""
            return f"inv_{words[1]}" if op == "div" and words[0] == "one" else WORDS[op].format(*words)
        case Reduce(op=op, axis=axis, args=(arg,)):
            along = {None: op, 0: f"col_{op}", 1: f"row_{op}"}[axis]
            return f"{along}_{_describe(arg)}" if _describe(arg) else ""
        case MatOp(op=op, args=args) if op in WORDS and all(map(_describe, args)):
            return WORDS[op].format(*map(_describe, args))
    return ""


WORDS = {
    "add": "{0}_plus_{1}", "sub": "{0}_minus_{1}", "mul": "{0}_{1}", "div": "{0}_over_{1}", "pow": "{0}_pow_{1}",
    "matmul": "{0}_by_{1}", "transpose": "{0}_transposed", "wide": "wide_{0}", "unwide": "unwide_{0}",
    "inverse_root": "inverse_root_{0}", "eigenbasis": "eigenbasis_{0}", "orthogonal": "orthogonal_{0}",
    "sqrt": "sqrt_{0}", "neg": "minus_{0}", "eq": "{0}_is_{1}",
}  # fmt: skip

"""Orthogonal matrices from both sides, followed through a step: arrays turn with the parameter, numbers stay."""

from __future__ import annotations

from symopt.ir.nodes import MODEL_REDUCTIONS, ZERO, MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.shape import let_shapes
from symopt.ir.trace import Trace
from symopt.prove.render import node_text

SUMS = frozenset({"sum", "mean", *MODEL_REDUCTIONS})
# Rows and columns of what they give are not those of what they are given.
OWN_AXES = frozenset({"eigenbasis", "orthogonal"})


class NotEquivariantError(Exception):
    """An operation that does not follow; the message says which and where."""


class Turning:
    """Follows orthogonal matrices from both sides through a step: arrays turn, numbers stay."""

    def __init__(self, trace: Trace) -> None:
        self.trace, self.shapes = trace, let_shapes(trace)
        self._done: dict[Node, bool] = {}

    def follow(self) -> str:
        """What turns; raises where something does neither turn nor stay."""
        for state in self.trace.states:
            if not self._is_number(state.name) and state.init is not ZERO and not self.turns(state.init):
                raise NotEquivariantError(f"{state.name} starts with equal elements")
        for query in self.trace.queries:
            self.turns(query.point)
        for let in self.trace.lets:
            turns = self.turns(let.value)
            if turns == self._is_number(let.name):
                raise NotEquivariantError(f"{let.target} is an array of equal numbers")
        return "arrays enter products of matrices, sums, and squares that are summed over all elements only"

    def _is_number(self, name: str) -> bool:
        return self.shapes[name].is_scalar

    def turns(self, node: Node) -> bool:
        """Whether a value turns with the parameter; False where it is a number that stays."""
        if node not in self._done:
            self._done[node] = self._turns(node)
        return self._done[node]

    def _turns(self, node: Node) -> bool:
        match node:
            case Num():
                return False
            case Ref(name=name):
                return not self._is_number(name)
            case MatOp(op=op) if op not in OWN_AXES:
                return any(list(map(self.turns, node.args)))
            case Reduce(op=op, axis=None, args=(arg,)) if op in ("sum", "mean", *MODEL_REDUCTIONS) and self._square(
                arg
            ):
                return False
            case Op(op="neg"):
                return self.turns(node.args[0])
            case Op(op="add" | "sub" | "where"):
                # A zero is an array that turns, too.
                parts = [arg for arg in node.args[-2:] if arg is not ZERO]
                kinds = {self.turns(arg) for arg in parts}
                if len(kinds) < 2 and not (node.op == "where" and self.turns(node.args[0])):
                    return kinds == {True}
            case Op(op="mul" | "div"):
                kinds_of = [self.turns(arg) for arg in node.args]
                if not kinds_of[1] or (node.op == "mul" and not kinds_of[0]):
                    return any(kinds_of)
            case Op():
                if not any(list(map(self.turns, node.args))):
                    return False
        raise NotEquivariantError(f"{node_text(node)} does not turn with its operands")

    def _square(self, node: Node) -> bool:
        """Whether an expression is a sum of products of two arrays that turn alike."""
        match node:
            case Op(op="pow", args=(base, Num(value=value))) if value == 2:
                return self.turns(base)
            case Op(op="mul", args=(a, b)) if self._is_array(a) and self._is_array(b):
                return self.turns(a) and self.turns(b)
            case Op(op="mul", args=(a, b)):
                return self._square(b) if not self._is_array(a) else self._square(a)
            case Op(op="add" | "sub", args=(a, b)):
                return self._square(a) and self._square(b)
        return False

    def _is_array(self, node: Node) -> bool:
        return any(isinstance(n, Ref) and not self._is_number(n.name) for n in walk([node])) and self.turns(node)

"""Runs of a trace from its initial state, in exact arithmetic, on one number or a small array."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.exact import UNDEFINED, ArrayArithmetic, ScalarArithmetic, UndecidedError, is_defined
from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, refs, walk
from symopt.ir.shape import Axis, let_shapes
from symopt.ir.trace import COLS, PARAMETER, ROWS, STEP, HyperInfo, Trace
from symopt.lang.domain import Real

Value = Any  # an exact number, or a NumPy array of them
# A node, and its value from those of its operands.
Instruction = tuple[Node, Callable[..., Value]]


class Runner:
    """A trace that runs from its initial state, a step at a time, fast enough for many short runs."""

    def __init__(self, trace: Trace, shape: tuple[int, ...] | None = None) -> None:
        """``shape`` is that of the parameter, where it is not to be the plainest that shows what the rule does."""
        self.trace = trace
        self.shape = shape_of(trace) if shape is None else shape
        is_matrix = len(self.shape) == 2
        self._extents = _state_extents(trace, self.shape) if is_matrix else {}
        self._arithmetic: Any = ArrayArithmetic() if self.shape else ScalarArithmetic()
        points = [query.point for query in trace.queries]
        kinds = list(walk([*(let.value for let in trace.lets), *points]))
        # Of numbers ``where`` looks at what it chooses only, so the order of its operations is not known beforehand.
        self._is_lazy = not self.shape and any(isinstance(node, Op) and node.op == "where" for node in kinds)
        done: set[Node] = set()
        # What the last step came to, by node and by name.
        self._memo: dict[Node, Value] = {}
        self._names: dict[str, Value] = {}
        self._is_undecided = False
        self._lines = [self._line(let.value, done) for let in trace.lets]
        self._points = [self._line(point, done) for point in points]

    def _line(self, root: Node, done: set[Node]) -> list[Instruction]:
        """The operations of an expression that none before it has done."""
        fresh = [node for node in walk([root]) if node not in done]
        done.update(fresh)
        return [(node, self._function(node)) for node in fresh if not isinstance(node, Ref)]

    def _function(self, node: Node) -> Callable[..., Value]:
        arithmetic = self._arithmetic
        match node:
            case Num(value=number):
                return lambda: number
            case Op(op=op):
                return lambda *args: arithmetic.op(op, *args)
            case Reduce(op=op, axis=axis):
                return lambda arg: arithmetic.reduce(op, arg, axis)
            case MatOp(op=op):
                return lambda *args: arithmetic.matop(op, *args)
        raise AssertionError(node)

    def start(self, hypers: Mapping[str, Value], theta: Value) -> dict[str, Value]:
        """The values of the states before the first step."""
        values = {**hypers, PARAMETER: theta}
        first = {
            s.name: s.init.value if isinstance(s.init, Num) else self._lazily(s.init, values, {})
            for s in self.trace.states
        }
        if len(self.shape) == 2:
            # Operations on matrices need the whole of a state that starts as one number.
            first = {name: _stretched(value, self._extents.get(name, self.shape)) for name, value in first.items()}
        return first | {PARAMETER: theta}

    def step(
        self,
        state: Mapping[str, Value],
        hypers: Mapping[str, Value],
        t: int,
        answer: Callable[[int], Value],
        given: Mapping[str, Value],
    ) -> tuple[dict[str, Value], list[Value]]:
        """The values after step ``t`` and the points at which gradients were asked for.

        ``given`` are the other inputs of the step; random numbers are called by their position.
        """
        values: dict[str, Value] = {**hypers, **given, **state, STEP: Fraction(t)}
        values |= {name: given[draw_name(position)] for position, name in enumerate(self.trace.draws)}
        values |= {query.name: answer(i) for i, query in enumerate(self.trace.queries)}
        memo: dict[Node, Value] = {}
        self._memo, self._names, self._is_undecided = memo, values, False
        for let, line in zip(self.trace.lets, self._lines, strict=True):
            found = self._value(let.value, line, values, memo)
            whole = len(self.shape) == 2 and not isinstance(found, np.ndarray)
            values[let.name] = _stretched(found, self._extents.get(let.name, ())) if whole else found
        pairs = zip(self.trace.queries, self._points, strict=True)
        points = [self._value(query.point, line, values, memo) for query, line in pairs]
        new = {name: values[let] for name, let in self.trace.results.items()}
        return new | {PARAMETER: _stretched(new[PARAMETER], self.shape)}, [_stretched(x, self.shape) for x in points]

    def is_certainly_undefined(self) -> bool:
        """Whether what was undefined in the last step came from operands that are exact or known well enough.

        A ball that grew too wide is undefined too, and says nothing.
        """
        if self._is_undecided:
            return False
        first = [
            (node, value) for node, value in self._memo.items()
            if not _defined(value) and all(_defined(self._seen(arg)) for arg in node.args)
        ]  # fmt: skip
        return bool(first) and all(self._is_without_value(node, value) for node, value in first)

    def _is_without_value(self, node: Node, value: Value) -> bool:
        """Whether an operation has no value at its operands: they are exact, or certainly outside its domain."""
        outside = isinstance(node, Op) and node.op in ("sqrt", "log")
        operand = np.broadcast_to(np.asarray(self._seen(node.args[0]), dtype=object), np.shape(value))
        pairs = zip(np.ravel(value), operand.flat, strict=True)
        return all(_defined(x) or x is UNDEFINED or (outside and bool(at < 0)) for x, at in pairs)

    def _seen(self, node: Node) -> Value:
        return self._names[node.name] if isinstance(node, Ref) else self._memo.get(node, Fraction(0))

    def _value(
        self, root: Node, line: Sequence[Instruction], values: Mapping[str, Value], memo: dict[Node, Value]
    ) -> Value:
        """An expression, with what was computed before it."""
        if self._is_lazy:
            return self._lazily(root, values, memo)
        for node, function in line:
            args = [values[a.name] if isinstance(a, Ref) else memo[a] for a in node.args]
            memo[node] = self._applied(node, function, args)
        return values[root.name] if isinstance(root, Ref) else memo[root]

    def _applied(self, node: Node, function: Callable[..., Value], args: list[Value]) -> Value:
        """The value of an operation; undefined where an operand is, or where two values cannot be told apart."""
        try:
            if isinstance(node, Op) and node.op == "where" and not _defined(args[0]):
                return args[0]
            return function(*args)
        except UndecidedError:
            self._is_undecided = self._is_undecided or all(map(_defined, args))
            extents = np.broadcast_shapes(*map(np.shape, args))
            return np.full(extents, UNDEFINED, dtype=object) if extents else UNDEFINED

    def _lazily(self, root: Node, values: Mapping[str, Value], memo: dict[Node, Value]) -> Value:
        """An expression of which ``where`` looks at what it chooses only, where that is one number."""

        def value(node: Node) -> Value:
            if isinstance(node, Ref):
                return values[node.name]
            if node not in memo:
                if not self.shape and isinstance(node, Op) and node.op == "where":
                    chosen = value(node.args[0])
                    known = isinstance(chosen, bool)
                    memo[node] = value(node.args[1] if chosen else node.args[2]) if known else UNDEFINED
                else:
                    memo[node] = self._applied(node, self._function(node), list(map(value, node.args)))
            return memo[node]

        return value(root)


def shape_of(trace: Trace) -> tuple[int, ...]:
    """One number for rules of elements, a small vector for those with reductions, a matrix for those with axes."""
    kinds = list(walk([*(let.value for let in trace.lets), *(query.point for query in trace.queries)]))
    axes = any(isinstance(n, MatOp) or (isinstance(n, Reduce) and n.axis is not None) for n in kinds)
    if axes or {ROWS, COLS} & {*trace.given}:
        return (2, 2)
    return (2,) if any(isinstance(node, Reduce) for node in kinds) else ()


def _defined(value: Value) -> bool:
    return all(isinstance(x, bool | np.bool_) or is_defined(x) for x in np.ravel(value))


def draw_name(position: int) -> str:
    """What the random numbers are called that come at a position, in any trace."""
    return f"draw{position + 1}"


def _state_extents(trace: Trace, shape: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    """The extents of every value where the parameter is a matrix; () for one number."""
    rows, cols = shape
    count = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(shape), Axis.LONG: max(shape)}
    shapes = let_shapes(with_its_names(trace))
    return {name: () if of.is_scalar else (count[of.down], count[of.along]) for name, of in shapes.items()}


def with_its_names(trace: Trace) -> Trace:
    """The trace with every name that it reads among its hyper-parameters: a map may have put others in."""
    known = {*trace.inputs, *(let.name for let in trace.lets)}
    others = [name for name in refs(*(let.value for let in trace.lets)) if name not in known]
    return replace(trace, hypers=(*trace.hypers, *(HyperInfo(name, Fraction(1), name, Real) for name in others)))


def _stretched(value: Value, extents: tuple[int, ...]) -> Value:
    """A value with an element for each place of a state."""
    if np.shape(value) == extents:
        return value
    whole = np.empty(extents, dtype=object)
    whole[...] = value
    return whole

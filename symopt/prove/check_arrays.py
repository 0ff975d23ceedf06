"""Arrays of balls, for the independent checker: element-wise operations, reductions, operations on matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

from symopt.ir.matrices import MEANING
from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Reduce, walk
from symopt.ir.shape import Axis, let_shapes
from symopt.ir.trace import COLS, ROWS, SIZE, Trace

UNDEFINED = flint.arb("nan")


def shape_for(*traces: Trace) -> tuple[int, ...]:
    """The shape on which rules are run: one number, three elements, or a matrix, as their operations need."""
    nodes = [node for trace in traces for node in walk(let.value for let in trace.lets)]
    sized = {name for trace in traces for name in trace.given}
    if {ROWS, COLS} & sized or any(
        isinstance(n, MatOp) or (isinstance(n, Reduce) and n.axis is not None) for n in nodes
    ):
        return (3, 2)
    return (3,) if SIZE in sized or any(isinstance(node, Reduce) for node in nodes) else ()


def elementwise(function: Callable[..., Any], undefined: type[Exception]) -> Callable[..., Any]:
    """A function of numbers on arrays and numbers; an element at which it is undefined is no number."""

    def of_element(*args: Any) -> Any:
        try:
            return function(*args)
        except undefined:
            return UNDEFINED

    def of_arrays(*args: Any) -> Any:
        if not any(isinstance(arg, np.ndarray) for arg in args):
            return function(*args)
        return np.frompyfunc(of_element, len(args), 1)(*args)

    return of_arrays


def reduce(
    op: str, arg: Any, axis: int | None, larger: Callable[[Any, Any], Any], smaller: Callable[[Any, Any], Any]
) -> Any:
    """A reduction over all elements or along one axis; one number is its own."""
    if not isinstance(arg, np.ndarray):
        return arg
    name = MODEL_REDUCTIONS.get(op, op)
    step = {"amax": larger, "amin": smaller}.get(name, lambda a, b: a + b)
    combine = np.frompyfunc(step, 2, 1)
    found = combine.reduce(arg.ravel()) if axis is None else combine.reduce(arg, axis=axis, keepdims=True)
    count = arg.size if axis is None else arg.shape[axis]
    return found / flint.arb(count) if name == "mean" else found


def matrix(op: str, *args: Any) -> Any:
    """An operation on matrices."""
    if op == "inverse_root":
        a, damping, order = args
        return MEANING[op](a, damping, int(order.unique_fmpz()))
    return MEANING[op](*args)


class Whole:
    """Gives a value that is written as one number an element for each of its places, where matrices need that."""

    def __init__(self, trace: Trace, shape: tuple[int, ...]) -> None:
        self.shapes = let_shapes(trace) if len(shape) == 2 else {}
        if self.shapes:
            rows, cols = shape
            self.extents = {
                Axis.ONE: 1,
                Axis.ROWS: rows,
                Axis.COLS: cols,
                Axis.SHORT: min(shape),
                Axis.LONG: max(shape),
            }

    def __call__(self, name: str, value: Any) -> Any:
        """The value called ``name``."""
        own = self.shapes.get(name)
        if value is None or own is None or own.is_scalar or isinstance(value, np.ndarray):
            return value
        return np.full((self.extents[own.down], self.extents[own.along]), value, dtype=object)


def elements(value: Any) -> list[Any]:
    """The elements of an array, or the one number."""
    return list(value.ravel()) if isinstance(value, np.ndarray) else [value]

"""Arrays of balls, for the independent checker: element-wise operations, reductions, operations on matrices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import flint
import numpy as np

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
    """An operation on matrices, by other means than those of ``symopt.ir.matrices``."""
    match op:
        case "matmul":
            return _product(*args)
        case "transpose":
            return args[0].transpose()
        case "wide":
            return args[0] if len(args[0]) <= args[0].shape[1] else args[0].transpose()
        case "unwide":
            return args[0] if len(args[1]) <= args[1].shape[1] else args[0].transpose()
        case "orthogonal":
            return _orthogonal(args[0])
        case "eigenbasis":
            return _eigen(args[0])[1]
    a, damping, order = args
    values, vectors = _eigen(a)
    powers = [(value + damping) ** (-1 / order) if value + damping > 0 else UNDEFINED for value in values]
    return _product(vectors * np.array(powers, dtype=object), vectors.transpose())


def _product(a: Any, b: Any) -> Any:
    rows = [
        [sum((a[i, k] * b[k, j] for k in range(len(b))), flint.arb(0)) for j in range(b.shape[1])]
        for i in range(len(a))
    ]
    return np.array(rows, dtype=object).reshape(len(a), b.shape[1])


def _orthogonal(a: Any) -> Any:
    """The matrix times the inverse of the upper factor, which is Cholesky's factor of its square."""
    square, size = _product(a.transpose(), a), a.shape[1]
    upper = np.full((size, size), flint.arb(0), dtype=object)
    found = np.full(a.shape, UNDEFINED, dtype=object)
    for j in range(size):
        for i in range(j):
            upper[i, j] = (square[i, j] - sum(upper[k, i] * upper[k, j] for k in range(i))) / upper[i, i]
        pivot = square[j, j] - sum(upper[k, j] * upper[k, j] for k in range(j))
        if not pivot > 0:
            break
        upper[j, j] = pivot.sqrt()
        found[:, j] = (a[:, j] - sum(found[:, k] * upper[k, j] for k in range(j))) / upper[j, j]
    return found


def _eigen(a: Any) -> tuple[Any, Any]:
    """Ascending eigenvalues and orthonormal eigenvectors, as FLINT isolates them; undefined where it does not."""
    size = len(a)
    halves = (a + a.transpose()) / 2
    nothing = np.full(size, UNDEFINED, dtype=object), np.full(a.shape, UNDEFINED, dtype=object)
    if not all(x.is_finite() for x in halves.flat):
        return nothing
    try:
        values, vectors = flint.acb_mat([list(row) for row in halves]).eig(right=True)
    except ValueError:
        return nothing
    ascending = sorted(range(size), key=lambda j: float(values[j].real.mid()))
    columns = [_unit([vectors[i, j] for i in range(size)]) for j in ascending]
    return np.array([values[j].real for j in ascending], dtype=object), np.array(columns, dtype=object).transpose()


def _unit(column: list[Any]) -> list[Any]:
    """A complex multiple of a real vector as that of length 1 whose largest element, the first of them, is positive."""
    sizes = [abs(x) for x in column]
    largest = max(sizes, key=lambda size: float(size.mid()))
    first = next(x for x, size in zip(column, sizes, strict=True) if size.overlaps(largest))
    turned = [(x / first).real for x in column]
    length = sum((x * x for x in turned), flint.arb(0)).sqrt()
    return [x / length for x in turned]


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

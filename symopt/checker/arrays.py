"""Arrays of balls for the independent checker: their shapes, and operations on matrices."""

from __future__ import annotations

from typing import Any

import flint
import numpy as np

from symopt.ir.nodes import MatOp, Reduce, walk
from symopt.ir.shape import Axis, let_shapes
from symopt.ir.trace import COLS, ROWS, SIZE, Trace

UNDEFINED = flint.arb("nan")


def elements(value: Any) -> list[Any]:
    """The elements of an array, or the one number."""
    return list(value.ravel()) if isinstance(value, np.ndarray) else [value]


def shape_for(*traces: Trace) -> tuple[int, ...]:
    """The shape on which rules are run: one number, three elements, or a matrix, as their operations need."""
    nodes = [node for trace in traces for node in walk(let.value for let in trace.lets)]
    given = {name for trace in traces for name in trace.given}
    reduced = [node for node in nodes if isinstance(node, Reduce)]
    if {ROWS, COLS} & given or any(isinstance(n, MatOp) for n in nodes) or any(n.axis is not None for n in reduced):
        return (3, 2)
    return (3,) if SIZE in given or reduced else ()


class Whole:
    """Gives a value that is written as one number an element for each of its places, where matrices need that."""

    def __init__(self, trace: Trace, shape: tuple[int, ...]) -> None:
        self.shapes = let_shapes(trace) if len(shape) == 2 else {}
        ends = (1, *shape, min(shape), max(shape)) if self.shapes else ()
        self.extents = dict(zip((Axis.ONE, Axis.ROWS, Axis.COLS, Axis.SHORT, Axis.LONG), ends, strict=False))

    def __call__(self, name: str, value: Any) -> Any:
        """The value called ``name``."""
        own = self.shapes.get(name)
        if value is None or own is None or own.is_scalar or isinstance(value, np.ndarray):
            return value
        return np.full((self.extents[own.down], self.extents[own.along]), value, dtype=object)


def matrix(op: str, *args: Any) -> Any:
    """An operation on matrices, by other means than those of ``symopt.ir.matrices``."""
    match op:
        case "matmul":
            return args[0] @ args[1]
        case "transpose":
            return args[0].transpose()
        case "wide" | "unwide":
            return args[0] if len(args[-1]) <= args[-1].shape[1] else args[0].transpose()
        case "orthogonal":
            return _orthogonal(args[0])
        case "eigenbasis":
            return _eigen(args[0])[1]
    a, damping, order = args
    values, vectors = _eigen(a)
    powers = [(value + damping) ** (-1 / order) if value + damping > 0 else UNDEFINED for value in values]
    return (vectors * np.array(powers, dtype=object)) @ vectors.transpose()


def _orthogonal(a: Any) -> Any:
    """The matrix times the inverse of the upper factor, which is Cholesky's factor of its square."""
    square, size = a.transpose() @ a, a.shape[1]
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
    halves = (a + a.transpose()) / 2
    try:
        if not all(x.is_finite() for x in halves.flat):
            raise ValueError
        values, vectors = flint.acb_mat([list(row) for row in halves]).eig(right=True)
    except ValueError:
        return np.full(len(a), UNDEFINED, dtype=object), np.full(a.shape, UNDEFINED, dtype=object)
    ascending = sorted(range(len(a)), key=lambda j: float(values[j].real.mid()))
    columns = [_unit([vectors[i, j] for i in range(len(a))]) for j in ascending]
    return np.array([values[j].real for j in ascending], dtype=object), np.array(columns, dtype=object).transpose()


def _unit(column: list[Any]) -> list[Any]:
    """A complex multiple of a real vector as that of length 1 whose largest element, the first of them, is positive."""
    sizes = [abs(x) for x in column]
    largest = max(sizes, key=lambda size: float(size.mid()))
    first = next(x for x, size in zip(column, sizes, strict=True) if size.overlaps(largest))
    turned = [(x / first).real for x in column]
    length = sum((x * x for x in turned), flint.arb(0)).sqrt()
    return [x / length for x in turned]

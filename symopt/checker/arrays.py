"""Arrays of balls for the independent checker: their shapes, and operations on matrices."""

from __future__ import annotations

from collections.abc import Callable
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


def whole(trace: Trace, shape: tuple[int, ...]) -> Callable[[str, Any], Any]:
    """What gives a value, by name, that is written as one number for each of its places, where matrices need that."""
    shapes = let_shapes(trace) if len(shape) == 2 else {}
    ends = (1, *shape, min(shape), max(shape)) if shapes else ()
    extents = dict(zip((Axis.ONE, Axis.ROWS, Axis.COLS, Axis.SHORT, Axis.LONG), ends, strict=False))

    def spread(name: str, value: Any) -> Any:
        own = shapes.get(name)
        if value is None or own is None or own.is_scalar or isinstance(value, np.ndarray):
            return value
        return np.full((extents[own.down], extents[own.along]), value, dtype=object)

    return spread


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
    diagonal = np.diagonal(a)  # of a diagonal matrix the eigenvalues may be equal
    values, vectors = _eigen(a) if np.any(a != np.diag(diagonal)) else (diagonal, np.eye(len(a)))
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
    """Ascending eigenvalues and orthonormal eigenvectors, from projections; undefined where FLINT isolates none."""
    size, halves = len(a), (a + a.transpose()) / 2
    try:
        if not all(x.is_finite() for x in halves.flat):
            raise ValueError
        values = sorted((x.real for x in flint.acb_mat(halves.tolist()).eig()), key=lambda x: float(x.mid()))
    except ValueError:
        return np.full(size, UNDEFINED, dtype=object), np.full(a.shape, UNDEFINED, dtype=object)
    one = np.array([[flint.arb(int(i == j)) for j in range(size)] for i in range(size)], dtype=object)
    columns = []
    for value in values:
        projection = one
        for other in (x for x in values if x is not value):
            projection = projection @ (halves - other * one) / (value - other)
        # v times its own transpose: the column of the largest element, the first of them, is v but for its length.
        squares = list(projection.diagonal())
        largest = max(squares, key=lambda x: float(x.mid()))
        i = next(i for i, x in enumerate(squares) if x.overlaps(largest))
        columns.append(projection[:, i] / squares[i].sqrt())
    return np.array(values, dtype=object), np.array(columns, dtype=object).transpose()

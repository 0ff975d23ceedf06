"""Reductions and operations on matrices for the oracle, on NumPy arrays of mpmath's numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.never_wrong.mp import CANCELLED, FUNCTIONS, MP, ZERO, apply

Array = Any


def reduced(op: str, arg: Array, axis: int | None) -> Any:
    """A reduction over all elements, or along one axis; undefined where an element is."""
    if axis is None:
        return _reduced_list(op, list(np.ravel(arg)))
    lines = np.moveaxis(arg, axis, 0).reshape(arg.shape[axis], -1)
    found = np.empty(lines.shape[1], dtype=object)
    found[:] = [_reduced_list(op, list(column)) for column in lines.T]
    return found.reshape([1 if i == axis else n for i, n in enumerate(arg.shape)])


def _reduced_list(op: str, values: list[Any]) -> Any:
    if any(value is None for value in values):
        return None
    if op in ("amax", "amin"):
        return max(values) if op == "amax" else min(values)
    total = ZERO
    for value in values:
        total = FUNCTIONS["add"](total, value)
    return total / len(values) if op == "mean" else total


def matrix(op: str, *args: Any) -> Any:
    """An operation on matrices; None where it is undefined or not determined."""
    match op:
        case "matmul":
            return _product(*args)
        case "transpose":
            return args[0].T
        case "wide":
            return args[0] if args[0].shape[0] <= args[0].shape[1] else args[0].T
        case "unwide":
            return args[0] if args[1].shape[0] <= args[1].shape[1] else args[0].T
        case _ if any(value is None for arg in args for value in np.ravel(arg)):
            return np.full(np.shape(args[0]), None, dtype=object)
        case "orthogonal":
            return _orthogonal(args[0])
        case "eigenbasis":
            return _settled(*_eigen(args[0]))
    a, damping, order = args
    values, vectors = _eigen(a)
    if any(value + damping <= 0 for value in values):
        return np.full(a.shape, None, dtype=object)
    powers = np.array([MP.power(value + damping, -1 / order) for value in values], dtype=object)
    return _product(vectors * powers, vectors.T)


def _product(a: Array, b: Array) -> Array:
    found = np.empty((a.shape[0], b.shape[1]), dtype=object)
    for i, j in np.ndindex(found.shape):
        found[i, j] = _reduced_list("sum", [apply("mul", x, y) for x, y in zip(a[i], b[:, j], strict=True)])
    return found


def _eigen(a: Array) -> tuple[Array, Array]:
    """Eigenvalues of the symmetric part, ascending, and unit vectors."""
    halves = MP.matrix([[(x + y) / 2 for x, y in zip(row, col, strict=True)] for row, col in zip(a, a.T, strict=True)])
    values, vectors = MP.eigsy(halves)
    size = len(a)
    found = np.array([[vectors[i, j] for j in range(size)] for i in range(size)], dtype=object).reshape(size, size)
    return np.array(list(values), dtype=object), found


def _settled(values: Array, vectors: Array) -> Array:
    """Eigenvectors whose largest element is positive; None where equal eigenvalues or elements do not say which."""
    size, scale = len(values), max(abs(x) for x in values)
    if any(values[i + 1] - values[i] <= scale * CANCELLED for i in range(size - 1)):
        return np.full((size, size), None, dtype=object)
    for j in range(size):
        largest = max(range(size), key=lambda i: abs(vectors[i, j]))
        ties = sum(abs(abs(vectors[i, j]) - abs(vectors[largest, j])) < CANCELLED for i in range(size))
        if ties > 1:
            vectors[:, j] = None
        elif vectors[largest, j] < 0:
            vectors[:, j] = -vectors[:, j]
    return vectors


def _orthogonal(a: Array) -> Array:
    """Gram and Schmidt; undefined from the first column on that depends on those before it."""
    found = np.full(a.shape, None, dtype=object)
    units: list[Array] = []
    for j in range(a.shape[1]):
        rest = a[:, j]
        for unit in units:
            rest = rest - sum((x * y for x, y in zip(unit, rest, strict=True)), ZERO) * unit
        length = MP.sqrt(sum((x * x for x in rest), ZERO))
        if length <= CANCELLED * max([abs(x) for x in a[:, j]], default=ZERO):
            break
        units.append(rest / length)
        found[:, j] = units[-1]
    return found


elementwise = {name: np.frompyfunc(lambda *args, name=name: apply(name, *args), count, 1) for name, count in {
    **dict.fromkeys(("neg", "sqrt", "abs", "sign", "exp", "log", "cos", "floor", "not"), 1),
    **dict.fromkeys(("add", "sub", "mul", "div", "pow", "max", "min", "lt", "le", "eq", "and", "or"), 2),
    "where": 3,
}.items()}  # fmt: skip

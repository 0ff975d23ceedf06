"""Runs traces in float64 on numbers that tell one rounding from another."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.evaluate import Arithmetic, evaluate_step
from symopt.ir.nodes import MODEL_REDUCTIONS
from symopt.ir.shape import ELEMENT, Axis, Shape, let_shapes
from symopt.ir.trace import Trace
from tests.specs.float_run import MATRICES, REDUCTIONS

UFUNCS: Mapping[str, Any] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative, "sqrt": np.sqrt,
    "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip
MATRIX = (5, 8)


class Float64(Arithmetic[Any]):
    """NumPy in double precision; a square is correctly rounded, as the graph defines it."""

    def number(self, value: Fraction) -> Any:
        return np.float64(float(value))

    def op(self, name: str, *args: Any) -> Any:
        if name == "pow":
            return np.square(args[0]) if np.ndim(args[1]) == 0 and args[1] == 2 else np.float_power(*args)
        return UFUNCS[name](*args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        array = np.ascontiguousarray(arg)
        combine = REDUCTIONS[MODEL_REDUCTIONS.get(name, name)]
        return combine(array) if axis is None else combine(array, axis=axis, keepdims=True)

    def matop(self, name: str, *args: Any) -> Any:
        # Libraries choose the order of a product's sums by how its operands lie in memory.
        args = tuple(map(np.ascontiguousarray, args))
        if name == "matmul":
            return np.add.reduce(args[0][:, :, None] * args[1][None, :, :], axis=1)
        return MATRICES[name](*args)


def hostile(count: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    found = rng.standard_normal(count) * 10.0 ** rng.integers(-20, 20, count)
    found[:8] = [0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, 1e30, -1e30, 1.0]
    return rng.permutation(found)


def extents(shape: Shape) -> tuple[int, ...]:
    """The extents of a value of a shape, where the parameter is a matrix."""
    if shape.is_scalar:
        return ()
    lengths = dict(zip(Axis, (1, *MATRIX, min(MATRIX), max(MATRIX)), strict=True))
    return lengths[shape.down], lengths[shape.along]


def inputs_of(trace: Trace, count: int = 200) -> dict[str, Any]:
    """Values for everything that a step reads, in the third step; hostile ones where a rule is element-wise."""
    shapes = let_shapes(trace)
    states = [state.name for state in trace.states]
    flat = all(shape in (ELEMENT, Shape(Axis.ONE, Axis.ONE)) for shape in shapes.values())
    values: dict[str, Any] = {}
    for seed, name in enumerate([*trace.arrays, *states]):
        if flat:
            values[name] = hostile(count, seed) if shapes[name] == ELEMENT else np.float64(0.7)
        else:
            # Of products of huge numbers nothing would be left but infinities.
            values[name] = np.random.default_rng(seed).standard_normal(extents(shapes[name]))
    # States that hold squares are not negative; where they may be, the sign does not matter here.
    values |= {name: np.abs(values[name]) for name in states}
    for seed, name in enumerate(trace.draws):
        values[name] = np.random.default_rng(seed).uniform(0.01, 0.99, np.shape(values["p"]))
    sizes = dict(zip(("rows", "cols", "size"), map(float, (*MATRIX, MATRIX[0] * MATRIX[1])), strict=True))
    given = {name: np.float64(sizes.get(name, 0.75)) for name in trace.given if name not in values}
    return values | given | {h.name: np.float64(h.default) for h in trace.hypers} | {"t": np.float64(3)}


def results(trace: Trace, values: Mapping[str, Any]) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        found = evaluate_step(trace, values, Float64())
    shapes = {name: np.shape(values[name]) for name in trace.results}
    return {name: np.broadcast_to(found[let], shapes[name]) for name, let in trace.results.items()}


def same_bits(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    assert list(left) == list(right)
    return all(
        np.array_equal(
            np.ascontiguousarray(left[name]).view(np.int64)[~np.isnan(np.atleast_1d(left[name]))],
            np.ascontiguousarray(right[name]).view(np.int64)[~np.isnan(np.atleast_1d(right[name]))],
        )
        for name in left
    )

"""Runs traces in float64 on numbers that tell one rounding from another."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.evaluate import Arithmetic, evaluate_step
from symopt.ir.trace import Trace

UFUNCS: Mapping[str, Any] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "neg": np.negative, "sqrt": np.sqrt,
    "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip


class Float64(Arithmetic[Any]):
    """NumPy in double precision; a square is correctly rounded, as the graph defines it."""

    def number(self, value: Fraction) -> Any:
        return np.float64(float(value))

    def op(self, name: str, *args: Any) -> Any:
        if name == "pow":
            return np.square(args[0]) if np.ndim(args[1]) == 0 and args[1] == 2 else np.float_power(*args)
        return UFUNCS[name](*args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        raise NotImplementedError

    def matop(self, name: str, *args: Any) -> Any:
        raise NotImplementedError


def hostile(count: int, seed: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    found = rng.standard_normal(count) * 10.0 ** rng.integers(-20, 20, count)
    found[:8] = [0.0, -0.0, 5e-324, -5e-324, 2.0**-1022, 1e30, -1e30, 1.0]
    return rng.permutation(found)


def inputs_of(trace: Trace, count: int = 200) -> dict[str, Any]:
    """Arrays for p, gradients and states; defaults for hyper-parameters; the third step."""
    states = [state.name for state in trace.states]
    arrays = ["p", *(query.name for query in trace.queries), *states]
    values: dict[str, Any] = {name: hostile(count, seed) for seed, name in enumerate(arrays)}
    # States that hold squares are not negative; where they may be, the sign does not matter here.
    values |= {name: np.abs(values[name]) for name in states}
    return values | {hyper.name: np.float64(hyper.default) for hyper in trace.hypers} | {"t": np.float64(3)}


def results(trace: Trace, values: Mapping[str, Any]) -> dict[str, Any]:
    with np.errstate(all="ignore"):
        found = evaluate_step(trace, values, Float64())
    size = np.shape(values["p"])
    return {name: np.broadcast_to(found[let], size) for name, let in trace.results.items()}


def same_bits(left: Mapping[str, Any], right: Mapping[str, Any]) -> bool:
    assert list(left) == list(right)
    return all(
        np.array_equal(
            np.ascontiguousarray(left[name]).view(np.int64)[~np.isnan(left[name])],
            np.ascontiguousarray(right[name]).view(np.int64)[~np.isnan(right[name])],
        )
        for name in left
    )

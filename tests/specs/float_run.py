"""Runs a rule in float64, for comparison with other implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.evaluate import Arithmetic, evaluate
from symopt.ir.nodes import MODEL_REDUCTIONS, refs
from symopt.ir.shape import Axis, Shape, let_shapes
from symopt.ir.trace import SIZES, Trace
from symopt.lang.rule import Rule
from symopt.passes.tracing import trace

Array = np.ndarray[Any, np.dtype[np.float64]]
Gradient = Callable[[Array, int], Array]
# What a step is given besides, by name (loss, hessian, draw1, ...): from the parameter before the step, and the step.
Given = Mapping[str, Callable[[Array, int], Any]]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip


REDUCTIONS: Mapping[str, Callable[..., Any]] = {"sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min}


def _eigenbasis(a: Array) -> Array:
    vectors: Array = np.linalg.eigh(a)[1]
    largest = np.argmax(np.abs(vectors), axis=0)
    return vectors * np.where(vectors[largest, np.arange(len(a))] < 0, -1.0, 1.0)


def _orthogonal(a: Array) -> Array:
    q, r = np.linalg.qr(a)
    return q * np.where(np.diag(r) < 0, -1.0, 1.0)


def _inverse_root(a: Array, damping: float, order: float) -> Array:
    values, vectors = np.linalg.eigh(a)
    # Of a semidefinite matrix; rounding makes small eigenvalues negative.
    return (vectors * (np.maximum(values, 0.0) + damping) ** (-1 / order)) @ vectors.T


MATRICES: Mapping[str, Callable[..., Array]] = {
    "matmul": np.matmul,
    "transpose": np.transpose,
    "wide": lambda a: a if a.shape[0] <= a.shape[1] else a.T,
    "unwide": lambda a, like: a if like.shape[0] <= like.shape[1] else a.T,
    "inverse_root": _inverse_root,
    "eigenbasis": _eigenbasis,
    "orthogonal": _orthogonal,
}


class FloatArithmetic(Arithmetic[Any]):
    """NumPy's float64 and its linear algebra; the model is one tensor."""

    def number(self, value: Fraction) -> Any:
        return np.float64(value)

    def op(self, name: str, *args: Any) -> Any:
        return FUNCTIONS[name](*args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        combine = REDUCTIONS[MODEL_REDUCTIONS.get(name, name)]
        return combine(arg) if axis is None else combine(arg, axis=axis, keepdims=True)

    def matop(self, name: str, *args: Any) -> Any:
        return MATRICES[name](*args)


def run(
    rule: Rule, hypers: Mapping[str, float], p: Array, gradient: Gradient, steps: int, given: Given | None = None
) -> list[Array]:
    """The parameter after each step; ``gradient`` is called with the point asked for and the step."""
    frozen, arithmetic = trace(rule), FloatArithmetic()
    fixed: dict[str, Any] = {h.name: np.float64(hypers.get(h.name, float(h.default))) for h in frozen.hypers}
    state = _first_states(frozen, fixed, p)
    reached = []
    for t in range(1, steps + 1):
        values = {**fixed, **_given(frozen, given or {}, p, t), **state, "p": p, "t": np.float64(t)}
        asked = list(frozen.queries)
        with np.errstate(all="ignore"):
            for let in frozen.lets:
                for query in [q for q in asked if all(name in values for name in refs(q.point))]:
                    values[query.name] = gradient(evaluate([query.point], values, arithmetic)[0], t)
                    asked.remove(query)
                values[let.name] = evaluate([let.value], values, arithmetic)[0]
        p = values[frozen.results["p"]] * np.ones_like(p)
        state = {name: values[frozen.results[name]] * np.ones_like(array) for name, array in state.items()}
        reached.append(p)
    return reached


def _first_states(frozen: Trace, hypers: Mapping[str, Any], p: Array) -> dict[str, Array]:
    """The initial states, each in its own shape: one a tensor, a row or column of values, the parameter's, a square."""
    shapes = let_shapes(frozen)
    inits = {s.name: evaluate([s.init], {"p": p, **hypers}, FloatArithmetic())[0] for s in frozen.states}
    return {name: init * np.ones(_extents(shapes[name], p)) for name, init in inits.items()}


def _extents(shape: Shape, p: Array) -> tuple[int, ...]:
    if shape.is_scalar:
        return ()
    if p.ndim < 2:  # only a rule without axes takes a vector
        return p.shape
    rows, cols = p.shape
    lengths = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(p.shape), Axis.LONG: max(p.shape)}
    return lengths[shape.down], lengths[shape.along]


def _given(frozen: Trace, given: Given, p: Array, t: int) -> dict[str, Any]:
    """The sizes of the parameter, the random numbers, and what else the step reads."""
    rows, cols = p.shape if p.ndim == 2 else (p.size, 1)
    sizes = dict(zip(SIZES, map(np.float64, (rows, cols, p.size)), strict=True))
    names = (*frozen.given, *frozen.draws)
    return {name: sizes[name] if name in sizes else given[name](p, t) for name in names}


def hostile(steps: int, seed: int = 0) -> Array:
    """Gradients, one row a step: ordinary, tiny and huge ones of both signs, zeros, and a column of zeros."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((steps, 24)) * 10.0 ** rng.choice([-8, -1, 0, 0, 1, 8], (steps, 24))
    data[rng.random(data.shape) < 0.1] = 0.0
    data[:, 0] = 0.0
    return data


def assert_close(left: list[Array], right: list[Array]) -> None:
    """Equal to 1e-10 of the larger value, at every step and in every element."""
    for step, (a, b) in enumerate(zip(left, right, strict=True), 1):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=0, err_msg=f"step {step}")

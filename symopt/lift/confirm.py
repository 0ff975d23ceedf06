"""The last net: the lifted trace runs beside the real optimizer, from fresh state, in double precision."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate, evaluate_step
from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, walk
from symopt.ir.shape import Axis, Shape, let_shapes
from symopt.ir.trace import COLS, GRADIENT, HESSIAN, LOSS, PARAMETER, ROWS, SIZE, STEP, HyperInfo, Trace
from symopt.lift.lifted import Lifted

Array = NDArray[np.float64]
# Runs the source with plain numbers: hyper-parameters, the first parameter, gradients -> the parameter after each step.
Run = Callable[[Mapping[str, float], Array, Sequence[Array]], Sequence[Array]]

STEPS = 6
TOLERANCE = 1e-12
# Products of matrices, most of all those of an iteration, make more of each rounding.
MATRIX_GROWTH = 1e3
# Where values were cast to fewer digits on the way, real and lifted agree to those only.
CAST_TOLERANCE = {"bfloat16": 5e-2, "float16": 5e-3, "float32": 2e-5}


class FloatArithmetic:
    """NumPy's arithmetic in double precision; rows and columns are kept as axes of one."""

    def number(self, value: Fraction) -> Any:
        """The nearest double."""
        return np.float64(value)

    def op(self, name: str, *args: Any) -> Any:
        """An element-wise operation."""
        return OPERATIONS[name](*args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        """A reduction; one over an axis keeps it."""
        return REDUCED[MODEL_REDUCTIONS.get(name, name)](arg, axis=axis, keepdims=axis is not None)

    def matop(self, name: str, *args: Any) -> Any:
        """A matrix operation; those that are solved by iteration are left out."""
        first = args[0]
        match name:
            case "matmul":
                return first @ args[1]
            case "transpose":
                return first.T
            case "wide":
                return first.T if first.shape[0] > first.shape[1] else first
            case "unwide":
                return first.T if args[1].shape[0] > args[1].shape[1] else first
        raise UnsupportedError(f"{name} is not evaluated in floating point")


REDUCED: Mapping[str, Callable[..., Any]] = {"sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min}
OPERATIONS: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip


def run_trace(trace: Trace, hypers: Mapping[str, float], p: Array, gradients: Sequence[Array]) -> list[Array]:
    """The parameter after each step of a trace, in double precision."""
    is_matrix = p.ndim == 2
    sizes = {ROWS: p.shape[0], COLS: p.shape[-1] if is_matrix else 1, SIZE: p.size, LOSS: 1.0, HESSIAN: 1.0}
    values: dict[str, Any] = {name: np.float64(value) for name, value in hypers.items()}
    values |= {name: np.float64(value) for name, value in sizes.items() if name in trace.given}
    states = [state.init for state in trace.states]
    arithmetic = FloatArithmetic()
    with np.errstate(all="ignore"):
        first = evaluate(states, {**values, PARAMETER: p}, arithmetic)
        state = {info.name: value for info, value in zip(trace.states, first, strict=True)}
        if is_matrix:  # operations on matrices need the whole of a state that starts as one number
            shapes = let_shapes(trace)
            state = {name: np.broadcast_to(value, extents_of(shapes[name], p.shape)) for name, value in state.items()}
        reached = []
        for t, gradient in enumerate(gradients, 1):
            inputs = {**values, **state, PARAMETER: p, GRADIENT: gradient, STEP: np.float64(t)}
            found = evaluate_step(trace, inputs, arithmetic)
            state = {name: found[let] for name, let in trace.results.items() if name != PARAMETER}
            p = np.broadcast_to(found[trace.results[PARAMETER]], p.shape)
            reached.append(p)
    return reached


def extents_of(shape: Shape, matrix: tuple[int, ...]) -> tuple[int, ...]:
    """The extents of a value for parameters of one shape; those of one number are none."""
    if shape.is_scalar:
        return ()
    rows, cols = matrix
    of = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(matrix), Axis.LONG: max(matrix)}
    return of[shape.down], of[shape.along]


def confirm(lifted: Lifted, run: Run, shape: tuple[int, ...], seed: int = 99) -> None:
    """Refuse a trace that is not what the real optimizer does on fresh random numbers.

    Raises
    ------
    UnsupportedError: they part; the message says at which step and how far.
    """
    if lifted.trace.draws:
        return
    source = random.Random(seed)
    hypers = {hyper.name: _near(hyper, source) for hyper in lifted.trace.hypers}
    generator = np.random.default_rng(seed)
    p, *gradients = (
        generator.uniform(0.3, 2.0, shape) * generator.choice([-1.0, 1.0], shape) for _ in range(STEPS + 1)
    )
    real = run(hypers, p.copy(), [gradient.copy() for gradient in gradients])
    ours = run_trace(lifted.trace, hypers, p, gradients)
    allowed = max([TOLERANCE, *(size for name, size in CAST_TOLERANCE.items() if name in " ".join(lifted.casts))])
    allowed *= MATRIX_GROWTH if _has_products(lifted.trace) else 1
    scale = np.maximum(np.abs(p), 1.0)
    for step, (a, b) in enumerate(zip(real, ours, strict=True), 1):
        scale = np.maximum(scale, np.abs(a))
        distance = float(np.max(np.abs(np.asarray(a, dtype=np.float64) - b) / scale))
        if not distance <= allowed and not (np.isnan(a) & np.isnan(b)).all():
            raise UnsupportedError(
                f"{lifted.trace.title}: what was lifted and the real optimizer part at step {step}, by {distance:.1g}"
            )


def _has_products(trace: Trace) -> bool:
    return any(isinstance(node, MatOp) and node.op == "matmul" for node in walk(let.value for let in trace.lets))


def _near(hyper: HyperInfo, source: random.Random) -> float:
    """A value near a default, on its side of 0 and 1 and in its domain."""
    value, u = float(hyper.default), source.uniform(0.02, 0.2)
    if hyper.default.denominator == 1 and abs(value) > 1:
        return value
    tried = [u] if value == 0 else [value * (1 + u), value * (1 - u)]
    if 0.3 <= abs(value) < 1:
        tried.reverse()
    return next((number for number in tried if number in hyper.domain), value)

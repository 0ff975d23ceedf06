"""Expressions at generic points, in floating point: which of one side have the values of which of the other.

A sentence about why two rules differ is said only where an edit of one side gives the values of the other at all
of these points. That is evidence for a sentence, never for a verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.trace import COLS, ROWS, SIZE, STEP
from symopt.lang.domain import Domain, Real

Values: TypeAlias = npt.NDArray[Any]
Override: TypeAlias = Callable[[Node, Values], Values]

POINTS = 64
SHAPE = (2, 3)  # of a tensor, where its elements do not stand alone
STEPS = (3, 4, 5, 6, 7, 12, 40, 200)  # beyond the first steps, at which rules may have branches
FEWEST = 4  # points at which both sides must be defined
TOLERANCE = 1e-9
SIZES = {ROWS: SHAPE[0], COLS: SHAPE[1], SIZE: SHAPE[0] * SHAPE[1]}

OPERATIONS: Mapping[str, Callable[..., Values]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip
REDUCTIONS: Mapping[str, Callable[..., Values]] = {"sum": np.sum, "mean": np.mean, "amax": np.max, "amin": np.min}


class NotEvaluatedError(Exception):
    """An operation that is not computed here."""


def sample(names: Sequence[str], numbers: Sequence[str], domains: Mapping[str, Domain]) -> dict[str, Values]:
    """Values for names: one a point for ``numbers``, an element each for the rest; the same for the same names."""
    chosen = np.random.default_rng(1)
    values: dict[str, Values] = {STEP: np.resize(np.array(STEPS, dtype=float), (POINTS, 1, 1))}
    for name in names:
        shape = (POINTS, 1, 1) if name in numbers else (POINTS, *SHAPE)
        if name in SIZES:
            values[name] = np.full((POINTS, 1, 1), float(SIZES[name]))
        elif name != STEP:
            values[name] = _inside(domains[name], shape, chosen) if name in domains else _any(shape, chosen)
    return values


def _inside(domain: Domain, shape: tuple[int, ...], chosen: np.random.Generator) -> Values:
    lower = -2.0 if domain.lower is None else float(domain.lower)
    upper = lower + 2 if domain.upper is None else float(domain.upper)
    if domain == Real:
        upper = 2.0
    found = chosen.uniform(lower + 0.1 * (upper - lower), upper - 0.1 * (upper - lower), shape)
    if domain.upper is not None:  # decay rates are often close to 1
        found[::2] = upper - (upper - lower) * 10.0 ** chosen.uniform(-3, -0.3, found[::2].shape)
    return np.ceil(found + 0.9) if domain.integer else found


def _any(shape: tuple[int, ...], chosen: np.random.Generator) -> Values:
    """Sizes from 1/8 to 4, positive at every third point, since some values are read under a root."""
    size = 2.0 ** chosen.uniform(-3, 2, shape)
    signs = np.where(chosen.random(shape) < 0.5, -1.0, 1.0)
    signs[::3] = 1.0
    return size * signs


def evaluate(
    roots: Sequence[Node], values: Mapping[str, Values], override: Override | None = None
) -> dict[Node, Values]:
    """The values of every node below the roots; ``override`` may replace the value of a node.

    Raises
    ------
    NotEvaluatedError: an operation on matrices that is not computed here.
    """
    done: dict[Node, Values] = {}
    with np.errstate(all="ignore"):
        for node in walk(roots):
            try:
                found = _value(node, [done[arg] for arg in node.args], values)
            except (TypeError, ValueError) as error:  # a condition where a number belongs, matrices of other shapes
                raise NotEvaluatedError(str(error)) from error
            done[node] = found if override is None else override(node, found)
    return done


def _value(node: Node, args: list[Values], values: Mapping[str, Values]) -> Values:
    match node:
        case Ref(name=name):
            return values[name]
        case Num(value=value):
            return np.full((POINTS, 1, 1), float(value))
        case Op(op=name):
            return np.asarray(OPERATIONS[name](*args))
        case Reduce(op=name, axis=axis):
            over = (-2, -1) if axis is None else axis - 2
            whole = np.broadcast_to(args[0], (POINTS, *SHAPE))
            return REDUCTIONS[MODEL_REDUCTIONS.get(name, name)](whole, axis=over, keepdims=True)
        case MatOp(op=name):
            return _matrix(name, args)
    raise NotEvaluatedError(str(node))


def _matrix(name: str, args: list[Values]) -> Values:
    match name:
        case "matmul":
            return args[0] @ args[1]
        case "transpose":
            return args[0].swapaxes(-1, -2)
        case "wide" | "unwide":
            rows, columns = args[-1].shape[-2:]
            return args[0] if rows <= columns else args[0].swapaxes(-1, -2)
    raise NotEvaluatedError(name)


def agree(left: Values, right: Values) -> bool:
    """Whether two values are the same at every point at which both are defined, and undefined together."""
    if left.dtype == bool or right.dtype == bool:
        return left.dtype == right.dtype and bool(np.all(left == right))
    if any(m != n and 1 not in (m, n) for m, n in zip(left.shape, right.shape, strict=False)):
        return False
    a, b = (values.astype(float) for values in np.broadcast_arrays(left, right))
    defined = np.isfinite(a)
    if not np.array_equal(defined, np.isfinite(b)) or defined.sum() < FEWEST:
        return False
    a, b = a[defined], b[defined]
    with np.errstate(all="ignore"):
        return bool(np.all(np.abs(a - b) <= TOLERANCE * (np.abs(a) + np.abs(b))))

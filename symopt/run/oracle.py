"""Steps of kernels against the exact value of the rule's trace and against each other, in parts of rigorous bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ArrayArithmetic, Exact, UndecidedError, ball, is_defined, precision
from symopt.ir.model import ModelArithmetic, PerTensor
from symopt.ir.nodes import MatOp, Node, Reduce, ref, refs, walk
from symopt.ir.trace import PARAMETER
from symopt.run.bound import Grade, tolerance
from symopt.run.modules import Kernel
from symopt.run.phase_bound import PhaseErrors, new_values
from symopt.run.trial import Snapshot, Trial
from symopt.run.ulp import same, ulps, worst

Array = NDArray[Any]
Place = tuple[int, ...]

# Enough for sums of numbers from 1e-30 to 1e30 and for the squares of subnormals.
BITS = 2400
# Operations on matrices take ordinary numbers, and time.
BITS_OF_MATRICES = 400
# A bound of more ulps of the largest addend than this is that of a discontinuity, or of many operations.
SMOOTH = 64.0


@dataclass(frozen=True)
class Distance:
    """The largest distance in ulps of the largest addend, and as a share of the bound, over ``compared`` elements."""

    ulps: float = 0.0
    share: float = 0.0
    compared: int = 0

    def joined(self, other: Distance) -> Distance:
        """The worse of two, over the elements of both."""
        return Distance(max(self.ulps, other.ulps), max(self.share, other.share), self.compared + other.compared)

    def __str__(self) -> str:
        return f"{self.ulps:.2g} ulp ({self.share:.0%})" if self.ulps else f"{self.share:.2g} of the bound"


@dataclass(frozen=True)
class Measure:
    """For each element of an array: how far off it may be, and the largest addend of its value.

    Where nothing bounds the rounding errors that is a part of the array's largest element, and where nothing
    can be said it is infinite.
    """

    limit: Array
    scale: Array


# Name of an array -> its measures, one a tensor; None for a tensor without elements.
Measures = dict[str, list[Measure | None]]


def measures(trial: Trial, before: Snapshot, after: Snapshot, t: int) -> Measures:
    """The measures of the arrays ``after`` a step, from what they were ``before`` it."""
    shapes = [shape for shape in trial.shapes if prod(shape)]
    inputs = trial.inputs(before, t)
    found: Measures = {}
    for phase in trial.program.phases:
        run = PhaseErrors(trial.program, phase, inputs, shapes, trial.dtype)
        for name, value in new_values(phase).items():
            found[name] = _measured(trial, run, value, after[name])
    return found


def _measured(trial: Trial, run: PhaseErrors, value: str, arrays: list[Array]) -> list[Measure | None]:
    """The measures of one array, or of a number of the model."""
    if len(arrays) != len(trial.shapes):
        return [_measure(run, value, 0, arrays[0])] if run.shapes else [None]
    used = iter(range(len(run.shapes)))
    pairs = zip(trial.shapes, arrays, strict=True)
    return [_measure(run, value, next(used), array) if prod(shape) else None for shape, array in pairs]


def _measure(run: PhaseErrors, value: str, index: int, array: Array) -> Measure:
    bounded = run.of_tensor(index)[value]
    with np.errstate(all="ignore"):
        sizes = [np.abs(np.broadcast_to(term.value, array.shape)) for term in run.terms(value, index)]
        scale = np.maximum.reduce([np.abs(array), *sizes]).astype(array.dtype)
    finite = np.abs(array[np.isfinite(array)])
    fair = np.longdouble(tolerance(run.elements.dtype)) * np.max(finite, initial=0.0)
    grade = np.broadcast_to(bounded.grade, array.shape)
    limit = np.where(grade == Grade.LOOSE, fair, np.where(grade == Grade.LOST, np.inf, bounded.error))
    return Measure(np.broadcast_to(limit, array.shape), scale)


# Kernel against kernel


def apart(left: Snapshot, right: Snapshot, measured: Measures, *, signed_zeros: bool) -> Distance:
    """The distance of two kernels after the same step; each may be off by the bound."""
    found = Distance()
    for name, arrays in left.items():
        for a, b, measure in zip(arrays, right[name], measured[name], strict=True):
            unequal = ~same(a, b, signed_zeros=signed_zeros)
            counts = np.isfinite(measure.limit) if measure is not None else np.ones(a.shape, bool)
            found = found.joined(Distance(compared=int(counts.sum())))
            if not (unequal & counts).any():
                continue
            # A zero of the other sign is at distance zero and yet unequal.
            distances = np.maximum(ulps(a, b, None if measure is None else measure.scale), np.finfo(a.dtype).tiny)
            share, is_smooth = np.full(a.shape, np.inf), np.ones(a.shape, bool)
            if measure is not None:
                share = shares(a, b, measure)
                is_smooth = measure.limit <= SMOOTH * np.spacing(measure.scale)
            counts &= unequal
            found = found.joined(Distance(worst(distances[counts & is_smooth]), worst(share[counts])))
    return found


def shares(a: Array, b: Array, measure: Measure) -> Array:
    """Distances as shares of their bounds; where nothing is rounded, the bound is zero and any distance exceeds it.

    Where nothing is known, any distance does too.
    """
    with np.errstate(all="ignore"):
        errors = np.abs(a.astype(np.longdouble) - b.astype(np.longdouble))
        found = np.where(errors == 0, 0.0, errors / measure.limit)
    return np.where(np.isnan(found) | np.isinf(measure.limit), np.inf, found).astype(np.float64)


# Kernel against exact arithmetic


def against_exact(trial: Trial, kernel: Kernel, steps: int) -> Distance:
    """The distance of a kernel's steps from exact steps; each starts from what the kernel reached.

    The exact value is that of the trace before any pass, so the passes are checked with the kernel.
    Elements at which the bound is infinite (out of range, or a comparison within rounding) do not
    count.
    """
    path, wanted, found = trial.path(kernel, steps), _wanted(trial), Distance()
    has_matrices = any(isinstance(node, MatOp) for node in walk(wanted.values()))
    with precision(BITS_OF_MATRICES if has_matrices else BITS):
        for t, (before, after) in enumerate(pairwise(path), 1):
            inputs, measured = trial.inputs(before, t), measures(trial, before, after, t)
            for name, arrays in after.items():
                kept = [(array, m) for array, m in zip(arrays, measured[name], strict=True) if m is not None]
                exact = _exact(wanted[name], inputs, kept)
                for (array, measure), values in zip(kept, exact, strict=True):
                    found = _against(values, array, measure, found)
    return found


def _wanted(trial: Trial) -> dict[str, Node]:
    """Array -> the expression over inputs that gives its value: of the new parameter and states, and of points."""
    trace = trial.trace
    away = [query.name for query in trace.queries if query.point is not ref(PARAMETER)]
    points = zip((phase.name for phase in trial.program.phases), (trace.points()[name] for name in away), strict=False)
    return {**dict(points), **trace.step()}


def _against(values: Mapping[Place, Exact], array: Array, measure: Measure, found: Distance) -> Distance:
    """The distance of one array from the exact values that are known, joined to what was found before."""
    for place, value in values.items():
        if np.isfinite(measure.limit[place]) and np.isfinite(array[place]):
            error = float(abs(ball(Fraction(float(array[place]))) - ball(value)).upper())
            found = found.joined(_distance(error, float(measure.limit[place]), float(np.spacing(measure.scale[place]))))
    return found


def _distance(error: float, limit: float, unit: float) -> Distance:
    """One element's distance; where nothing is rounded, the bound is zero and any error exceeds it.

    Ulps say something where the result depends smoothly on its operands. Where it does not (the sign
    of a difference that rounds to zero, the root of one), the bound alone is compared.
    """
    share = error / limit if limit else float("inf") if error else 0.0
    return Distance(error / unit if limit <= SMOOTH * unit else 0.0, share, 1)


def _exact(wanted: Node, inputs: Mapping[str, Any], kept: list[tuple[Array, Measure]]) -> list[dict[Place, Exact]]:
    """The exact values of an array, for each tensor by their places."""
    read = {name: inputs[name] for name in refs(wanted)}
    if any(isinstance(node, Reduce | MatOp) for node in walk([wanted])):
        whole = _whole(wanted, read, len(kept))
        shapes = [array.shape for array, _ in kept]
        return [_defined(value, shape) for value, shape in zip(whole, shapes, strict=True)]
    return [_chosen(wanted, _of_tensor(read, index), *pair) for index, pair in enumerate(kept)]


def _of_tensor(inputs: Mapping[str, Any], index: int) -> dict[str, Any]:
    return {name: value[index] if isinstance(value, PerTensor) else value for name, value in inputs.items()}


def _whole(wanted: Node, inputs: Mapping[str, Any], arrays: int) -> Sequence[Exact | None]:
    """The exact arrays of all tensors; None where an input is out of range, or a comparison cannot be decided."""
    counts = [len(value) for value in inputs.values() if isinstance(value, PerTensor)]
    arithmetic = ModelArithmetic(ArrayArithmetic(), max(counts, default=arrays))
    everything = [x for value in inputs.values() for x in arithmetic.each(value)]
    if not all(np.isfinite(value).all() for value in everything):
        return [None] * arrays
    rational = {
        name: PerTensor(map(_rational, value)) if isinstance(value, PerTensor) else _rational(value)
        for name, value in inputs.items()
    }
    try:
        found = evaluate([wanted], rational, arithmetic)[0]
    except UndecidedError:
        return [None] * arrays
    return arithmetic.each(found)[:arrays]


def _defined(exact: Exact | None, shape: tuple[int, ...]) -> dict[Place, Exact]:
    """The places of an array at which an exact value is defined, with the value."""
    if exact is None:
        return {}
    shaped = np.broadcast_to(np.asarray(exact, dtype=object), shape)
    return {place: shaped[place] for place in np.ndindex(shape) if is_defined(shaped[place])}


def _chosen(wanted: Node, inputs: Mapping[str, Any], array: Array, measure: Measure) -> dict[Place, Exact]:
    """The exact values of elements that count: each is computed from its own inputs alone."""
    arrays = {n: np.broadcast_to(v, array.shape) for n, v in inputs.items() if isinstance(v, np.ndarray)}
    counts = np.logical_and.reduce([np.isfinite(measure.limit), *(np.isfinite(value) for value in arrays.values())])
    places = [tuple(map(int, place)) for place in np.argwhere(counts)]
    if not places:
        return {}
    rational: dict[str, Any] = {name: Fraction(value) for name, value in inputs.items() if name not in arrays}
    rational |= {name: _rational(np.array([value[place] for place in places])) for name, value in arrays.items()}
    try:
        found = evaluate([wanted], rational, ArrayArithmetic())[0]
    except UndecidedError:
        return {}
    shaped = np.broadcast_to(np.asarray(found, dtype=object), (len(places),))
    return {place: value for place, value in zip(places, shaped, strict=True) if is_defined(value)}


def _rational(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return Fraction(value)
    found = np.empty(value.shape, dtype=object)
    for place in np.ndindex(value.shape):
        found[place] = Fraction(float(value[place]))
    return found

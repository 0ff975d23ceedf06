"""One step of a kernel against the exact value of the rule's trace, from the kernel's own state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.backends.base import Variant
from symopt.ir.evaluate import evaluate, evaluate_step
from symopt.ir.exact import ArrayArithmetic, Exact, UndecidedError, ball, is_defined, precision
from symopt.ir.nodes import ref
from symopt.ir.trace import STEP
from symopt.run.bound import addends, errors_of
from symopt.run.modules import Kernel

Array = NDArray[Any]

# Enough for sums of numbers from 1e-30 to 1e30 and for the squares of subnormals.
BITS = 2400
# A bound of more ulps of the largest addend than this is that of a discontinuity.
SMOOTH = 64.0


@dataclass(frozen=True)
class Distance:
    """The largest distance in ulps of the largest addend, and as a share of the bound, over ``compared`` elements."""

    ulps: float
    share: float
    compared: int


NOTHING = Distance(0.0, 0.0, 0)


def against_exact(
    variant: Variant, kernel: Kernel, dtype: str, hypers: Mapping[str, float], p: Array, gradients: Sequence[Array]
) -> Distance:
    """The distance of a kernel's steps from exact steps; each starts from what the kernel reached.

    The exact value is that of the trace before any pass, so the passes are checked with the kernel.
    Elements at which the bound is infinite (out of range, or a comparison within rounding) do not
    count.
    """
    states = kernel.init(p, **hypers)
    p = p.copy()
    found = NOTHING
    for t, g in enumerate(gradients, 1):
        before = {**hypers, STEP: t, "p": p.copy(), **{name: array.copy() for name, array in states.items()}}
        before |= {query.name: g for query in variant.trace.queries}
        with np.errstate(all="ignore"):
            kernel.step(p, g, states, t, **hypers)
        with precision(BITS):
            found = _worse(found, _distance(variant, before, {"p": p, **states}, dtype))
    return found


@dataclass(frozen=True)
class Measure:
    """For each element of an array: the bound of its rounding error, and the largest addend of its value."""

    limit: Array
    scale: Array


def measures(variant: Variant, before: Mapping[str, Any], after: Mapping[str, Array], dtype: str) -> dict[str, Measure]:
    """The measures of the arrays ``after`` a step, from what they were ``before`` it."""
    bounds, arithmetic = errors_of(variant.program.step, before, dtype)
    bodies = {let.name: let.value for sweep in variant.program.step.sweeps for let in sweep.body}
    stores = {s.array: s.value for sweep in variant.program.step.sweeps for s in sweep.stores}
    found = {}
    for name, array in after.items():
        terms = addends(ref(stores[name]), bodies)
        with np.errstate(all="ignore"):
            sizes = [np.abs(np.broadcast_to(term.value, array.shape)) for term in evaluate(terms, bounds, arithmetic)]
        scale = np.maximum.reduce([np.abs(array), *sizes]).astype(array.dtype)
        found[name] = Measure(np.broadcast_to(bounds[stores[name]].error, array.shape), scale)
    return found


def _distance(variant: Variant, before: Mapping[str, Any], after: Mapping[str, Array], dtype: str) -> Distance:
    """The distance of the arrays ``after`` a step from the exact ones."""
    usable = np.logical_and.reduce([np.isfinite(v) for v in before.values() if isinstance(v, np.ndarray)])
    found = NOTHING
    for name, measure in measures(variant, before, after, dtype).items():
        counts = usable & np.isfinite(measure.limit)
        for index, value in _exact(variant, before, name, counts).items():
            error = float(abs(ball(Fraction(float(after[name][index]))) - ball(value)).upper())
            limit, unit = float(measure.limit[index]), float(np.spacing(measure.scale[index]))
            found = _worse(found, _measured(error, limit, unit))
    return found


def _measured(error: float, limit: float, unit: float) -> Distance:
    """One element's distance; where nothing is rounded, the bound is zero and any error exceeds it.

    Ulps say something where the result depends smoothly on its operands. Where it does not (the sign
    of a difference that rounds to zero, the root of one), the bound alone is compared.
    """
    share = error / limit if limit else float("inf") if error else 0.0
    return Distance(error / unit if limit <= SMOOTH * unit else 0.0, share, 1)


def _exact(variant: Variant, before: Mapping[str, Any], name: str, counts: Array) -> dict[int, Exact]:
    """Index -> the exact new value of an array, where it counts and is defined."""
    chosen = [int(index) for index in np.flatnonzero(counts)]
    if not chosen:
        return {}
    inputs = {key: _rational(value, chosen) for key, value in before.items()}
    try:
        result = evaluate_step(variant.trace, inputs, ArrayArithmetic())[variant.trace.results[name]]
    except UndecidedError:
        return {}
    shaped = np.broadcast_to(np.asarray(result, dtype=object), (len(chosen),))
    return {index: value for index, value in zip(chosen, shaped, strict=True) if is_defined(value)}


def _rational(value: Any, chosen: list[int]) -> Any:
    if not isinstance(value, np.ndarray):
        return Fraction(value)
    return np.array([Fraction(float(value[index])) for index in chosen], dtype=object)


def _worse(a: Distance, b: Distance) -> Distance:
    return Distance(max(a.ulps, b.ulps), max(a.share, b.share), a.compared + b.compared)

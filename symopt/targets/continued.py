"""The last net of a conversion: both sides go on from their states, on the same gradients, to the same parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from symopt.ir.evaluate import evaluate_step
from symopt.ir.nodes import MatOp, Reduce, walk
from symopt.ir.trace import COLS, GRADIENT, PARAMETER, ROWS, SIZE, STEP, Trace
from symopt.lift.confirm import FloatArithmetic
from symopt.targets.checkpoint import Array, Group, NotConvertibleError, Tensor
from symopt.targets.relation import Applied

STEPS = 3
TOLERANCE = 1e-9
# States in single precision carry the roundings of their conversion on.
SINGLE = 1e-5
# Of a parameter whose elements are updated apart, so many are enough.
ELEMENTS = 4096
SOME_LATER_STEP = 2
Hypers = Mapping[str, float]


def check_continued(
    relation: Applied, made: Sequence[Group], groups: Sequence[Group], values: Callable[[Group], Hypers], *, exact: bool
) -> None:  # fmt: skip
    """Refuse a conversion after which the two do not go on alike; the next step alone where it is approximate.

    Raises
    ------
    NotConvertibleError: they part.
    """
    steps = STEPS if exact else 1
    for new, old in zip(made, groups, strict=True):
        for ours, theirs in zip(new.tensors, old.tensors, strict=True):
            if theirs.is_fresh:
                continue
            a = _run(relation.left, values(old), theirs, steps)
            b = _run(relation.right, new.settings, ours, steps)
            allowed = TOLERANCE if theirs.dtype == np.float64 else SINGLE
            for step, (x, y) in enumerate(zip(a, b, strict=True), 1):
                distance = float(np.max(np.abs(x - y) / np.maximum(np.abs(x), 1), initial=0))
                if not distance <= allowed and np.isfinite(x).all():
                    raise NotConvertibleError(
                        f"{relation.verdict.left} and {relation.verdict.right} part {step} steps after the conversion, "
                        f"by {distance:.1g}: it was not written"
                    )


def _run(trace: Trace, hypers: Hypers, tensor: Tensor, steps: int) -> list[Array]:
    """The parameter after each of some further steps, on random gradients."""
    is_whole = any(isinstance(node, Reduce | MatOp) for node in walk(let.value for let in trace.lets))
    shape = tensor.shape or ()
    count = int(np.prod(shape)) if is_whole else min(int(np.prod(shape)), ELEMENTS)
    shape = shape if is_whole else (count,)

    def cut(value: Array | None) -> Any:
        if value is None or np.ndim(value) == 0 or is_whole:
            return np.float64(value) if value is not None and np.ndim(value) == 0 else value
        return np.asarray(value, dtype=np.float64).reshape(-1)[:count]

    random = np.random.default_rng(count)
    p = cut(tensor.values) if tensor.values is not None else random.uniform(-1, 1, shape)
    gradients = random.uniform(-1, 1, (steps, *shape))
    state = {name: cut(value) for name, value in tensor.states.items()}
    known: dict[str, Any] = {name: np.float64(value) for name, value in hypers.items()}
    known |= {name: np.float64(v) for name, v in _sizes(tensor.shape or ()).items() if name in trace.given}
    reached, taken = [], SOME_LATER_STEP if tensor.steps is None else tensor.steps
    with np.errstate(all="ignore"):
        for i in range(steps):
            inputs = {**known, **state, PARAMETER: p, GRADIENT: gradients[i], STEP: np.float64(taken + i + 1)}
            found = evaluate_step(trace, inputs, FloatArithmetic())
            state = {name: found[let] for name, let in trace.results.items() if name != PARAMETER}
            p = np.broadcast_to(found[trace.results[PARAMETER]], shape)
            reached.append(p)
    return reached


def _sizes(shape: tuple[int, ...]) -> dict[str, int]:
    size = int(np.prod(shape))
    return {SIZE: size, ROWS: shape[0] if shape else 1, COLS: size // (shape[0] if shape else 1)}

"""Numbers and shapes on which kernels that should agree fall apart.

Zeros of both signs, subnormals, huge and tiny values; tensors of zeros; no element and one, tall and wide.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.lang.domain import Domain

Array = NDArray[Any]
Shape = tuple[int, ...]

# None, one, one less and one more than a vector of eight, and many with a remainder.
LENGTHS = (0, 1, 7, 8, 9, 1003)
# Besides: more than two of the blocks in which sums are taken.
BLOCKS = 2500
MATRICES: tuple[Shape, ...] = ((0, 3), (1, 1), (1, 5), (5, 1), (3, 4), (6, 6), (17, 9), (9, 17))
# Tensors of one model, and one tensor that is a whole model.
MODELS: tuple[tuple[Shape, ...], ...] = (((1,),), ((7,), (0,), (3, 5)), ((1003,), (), (2, 3, 4)))
MODELS_OF_MATRICES: tuple[tuple[Shape, ...], ...] = (((1, 1),), ((3, 4), (0, 3), (5, 2)), ((9, 4), (4, 9)))
# What whole gradients are multiplied by, step after step.
SCALES = (1.0, 1.0, 0.0, 1e-6, 1e3, 1.0, 1e-3)


@dataclass(frozen=True)
class Feed:
    """What a run is fed with: the parameter, and the gradient of a step, each made from a count, a type and a seed."""

    name: str
    parameter: Callable[[int, str, int], Array]
    gradient: Callable[[int, str, int], Array]


def values(count: int, dtype: str, seed: int) -> Array:
    """``count`` numbers: a third ordinary ones of both signs, the rest from the edges of the type."""
    rng = np.random.default_rng(seed)
    real = np.finfo(dtype)
    edges = [
        0.0, -0.0, real.smallest_subnormal, -real.smallest_subnormal, real.tiny, -real.tiny, real.tiny / 3,
        1e-30, -1e-30, 1e30, -1e30, 1.0, -1.0, 1 + real.eps, 1e-8, -1e8,
    ]  # fmt: skip
    found = rng.standard_normal(count) * 10.0 ** rng.integers(-4, 4, count)
    where = rng.random(count) < 2 / 3
    found[where] = rng.choice(np.array(edges, dtype=np.float64), int(where.sum()))
    return found.astype(dtype)


def mild(count: int, dtype: str, seed: int) -> Array:
    """``count`` ordinary numbers, one in ten of them zero, which as a whole are small, large or zero in some steps.

    Sums and products of these do not hang on one element alone, as those of ``values`` do.
    """
    rng = np.random.default_rng(seed)
    found = rng.standard_normal(count) * 2.0 ** rng.integers(-3, 3, count)
    found[rng.random(count) < 0.1] = 0.0
    return (found * SCALES[seed % len(SCALES)]).astype(dtype)


def nothing(count: int, dtype: str, seed: int) -> Array:
    """``count`` zeros."""
    return np.zeros(count, dtype)


HOSTILE = Feed("edges of the type", values, values)
MILD = Feed("ordinary numbers", mild, mild)
ZERO_PARAMETERS = Feed("zero parameters", nothing, mild)
ZERO_GRADIENTS = Feed("zero gradients", mild, nothing)


def unaligned(array: Array) -> Array:
    """A copy that starts one element after the start of its memory."""
    memory = np.empty(array.size + 1, array.dtype)
    memory[1:] = array.ravel()
    return memory[1:].reshape(array.shape)


def inside(domain: Domain, position: int) -> float:
    """A value of a domain that is no landmark of it; ``position`` tells hyper-parameters apart."""
    share = 0.55 + 0.07 * (position % 5)
    lower = None if domain.lower is None else float(domain.lower)
    upper = None if domain.upper is None else float(domain.upper)
    if domain.integer:
        return (lower or 0.0) + 1 + position
    if lower is not None and upper is not None:
        return lower + share * (upper - lower)
    if upper is not None:
        return upper - share / 4
    return (lower or 0.0) + share / 4

"""Numbers on which kernels that should agree fall apart: zeros of both signs, subnormals, huge and tiny values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.lang.domain import Domain

Array = NDArray[Any]

# None, one, one less and one more than a vector of eight, and many with a remainder.
LENGTHS = (0, 1, 7, 8, 9, 1003)


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


def unaligned(array: Array) -> Array:
    """A copy that starts one element after the start of its memory."""
    memory = np.empty(array.size + 1, array.dtype)
    memory[1:] = array
    return memory[1:]


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

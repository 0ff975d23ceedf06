"""Philox4x32-10 (Salmon et al. 2011), the reference of the generators in kernels: one element at a time, in integers.

It is a function of a counter and a key, so that every element of every draw at every step can be computed by itself,
in any order and in any language.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDS = 10
MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)  # what is added to the key in every round
MASK = 0xFFFFFFFF

Words = tuple[int, int, int, int]


def philox(counter: Words, key: tuple[int, int]) -> Words:
    """The four words of 32 bits that belong to a counter and a key."""
    a, b, c, d = counter
    k, m = key
    for _ in range(ROUNDS):
        left, right = a * MULTIPLIERS[0], c * MULTIPLIERS[1]
        a, b, c, d = (right >> 32) ^ b ^ k, right & MASK, (left >> 32) ^ d ^ m, left & MASK
        k, m = (k + WEYL[0]) & MASK, (m + WEYL[1]) & MASK
    return a, b, c, d


def uniform(index: int, step: int, draw: int, seed: int) -> Fraction:
    """Element ``index`` (in the order of memory) of draw ``draw`` (from 0) at a step.

    An odd multiple of 2**-24 between 0 and 1, which single precision holds.
    """
    words = philox((index & MASK, index >> 32, step & MASK, draw // 4), (seed & MASK, seed >> 32))
    return Fraction(2 * (words[draw % 4] >> 9) + 1, 1 << 24)


def uniforms(shape: tuple[int, ...], step: int, draw: int, seed: int, dtype: str) -> NDArray[Any]:
    """A whole draw of a tensor."""
    count = int(np.prod(shape, dtype=np.int64))
    return np.array([float(uniform(i, step, draw, seed)) for i in range(count)], dtype=dtype).reshape(shape)


def seed_of_tensor(seed: int, position: int) -> int:
    """The seed of a tensor of a model."""
    return (seed + (position << 32)) % (1 << 64)

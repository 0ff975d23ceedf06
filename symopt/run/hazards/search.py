"""Searching for inputs: many gradients at once, then the least one at which something begins."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.run.hazards.formats import Format
from symopt.run.hazards.replay import Replay, Seen, Stepped, sees
from symopt.run.hazards.subject import Subject

Array = NDArray[Any]


def gradients(given: Format, most: float | None) -> Array:
    """Zero first, then powers of two and halves between, from the smallest number to the largest."""
    exponents = np.arange(given.least - given.digits + 1, given.largest + 1)
    stride = max(1, len(exponents) // 256)
    ordered = sorted(exponents[::stride], key=lambda exponent: (abs(int(exponent)), exponent))
    values = [0.0, *(m * 2.0 ** int(e) for e in ordered for m in (1.0, 1.5)), given.max]
    rounded = list(dict.fromkeys(given.round(value) for value in values))
    return np.array([g for g in rounded if abs(g) <= min(given.max, most or given.max)])


def ordinary(count: int) -> Array:
    """``count`` numbers of ordinary size with many digits, from 1 to 64."""
    return np.asarray(2.0 ** (6 * (np.arange(count) + 0.5) / count))


def first_seen(subject: Subject, phases: Iterable[tuple[Array, int]], seen: Seen) -> tuple[int, int] | None:
    """The first step after which something is seen, and the first column of the gradients where it is.

    ``phases`` are gradients with how many steps each is given.
    """
    replay = Replay(subject)
    values, step = None, 0
    for g, steps in phases:
        values = replay.start(np.ones_like(g)) if values is None else values
        for _ in range(steps):
            step += 1
            stepped = replay.step(values, g, step)
            values = stepped.values
            hit = np.broadcast_to(sees(seen, stepped), g.shape)
            if hit.any():
                return step, int(np.argmax(hit))
    return None


def after_one(subject: Subject, g: float, p: float = 1.0) -> Stepped:
    """The first step with a gradient."""
    replay = Replay(subject)
    return replay.step(replay.start(np.asarray(p)), np.asarray(g), 1)


def least(given: Format, without: float, having: float, has: Callable[[float], bool]) -> float:
    """The number nearest to ``without`` that has something, between one that lacks it and one that has it.

    What lies between is assumed to have it from there on; what is returned has it, and its neighbour lacks it.
    """
    while True:
        low, high = min(without, having), max(without, having)
        middle = given.round(np.sqrt(low) * np.sqrt(high)) if low > 0 else given.round(high / 2)
        if middle in (low, high):
            middle = given.round(low + (high - low) / 2)
        if middle in (low, high):
            return having
        if has(middle):
            having = middle
        else:
            without = middle

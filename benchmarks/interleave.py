"""Timing several ways of doing one thing against each other, on a machine that others use too.

Every round times every side once, in an order that is shuffled anew. What is reported is the median
over the rounds of the ratio of two sides, since two neighbouring samples share the machine's mood and
absolute times do not. A round during which some thread of the process waited for a processor is
thrown away.
"""

from __future__ import annotations

import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

WAITED = 0.02  # of a sample's time spent waiting for a processor that spoils the round
PAUSE = 0.003  # seconds before a sample, in which the threads of the side before go to sleep


@dataclass(frozen=True)
class Timings:
    """Seconds of one call by side; position k of every list is round k. ``spoilt`` rounds are not in them."""

    seconds: Mapping[str, list[float]]
    spoilt: int

    @property
    def rounds(self) -> int:
        """How many rounds count."""
        return len(next(iter(self.seconds.values())))

    def median(self, side: str) -> float:
        """The median time of one call."""
        return statistics.median(self.seconds[side])

    def ratio(self, side: str, to: str) -> Ratio:
        """How much longer ``side`` takes than ``to``."""
        ratios = sorted(a / b for a, b in zip(self.seconds[side], self.seconds[to], strict=True))
        lower, middle, upper = statistics.quantiles(ratios, n=4)
        return Ratio(middle, lower, upper)


@dataclass(frozen=True)
class Ratio:
    """The median of the per-round ratios, and the quartiles."""

    median: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return f"{self.median:.2f} [{self.lower:.2f}, {self.upper:.2f}]"


def interleave(sides: Mapping[str, Callable[[], None]], calls: int, rounds: int = 31, limit: int = 600) -> Timings:
    """Time ``calls`` calls of every side in each of ``rounds`` rounds, or fewer where the machine is too busy.

    ``limit`` is how many rounds are tried.
    """
    shuffled = random.Random(20170101)
    order = list(sides)
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    spoilt = 0
    for _ in range(limit):
        if len(seconds[order[0]]) == rounds:
            break
        shuffled.shuffle(order)
        samples = {name: _sample(sides[name], calls) for name in order}
        if any(waited > WAITED * elapsed for elapsed, waited in samples.values()):
            spoilt += 1
            continue
        for name, (elapsed, _) in samples.items():
            seconds[name].append(elapsed / calls)
    return Timings(seconds, spoilt)


def _sample(side: Callable[[], None], calls: int) -> tuple[float, float]:
    """The seconds that ``calls`` calls take, after one that is not timed, and the seconds spent waiting."""
    time.sleep(PAUSE)
    side()
    waited, start = _waiting(), time.perf_counter()
    for _ in range(calls):
        side()
    elapsed = time.perf_counter() - start
    return elapsed, _waiting() - waited


def _waiting() -> float:
    """The seconds that the threads of this process have waited for a processor; 0 where the system does not tell."""
    total = 0
    for thread in Path("/proc/self/task").glob("*/schedstat"):
        try:
            total += int(thread.read_text().split()[1])
        except (OSError, IndexError):  # the thread has just ended
            continue
    return total * 1e-9


def cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


def machine() -> str:
    """The processor and the system."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{name}, {platform.system()} {platform.machine()}, Python {platform.python_version()}"

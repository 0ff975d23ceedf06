"""One element-wise sweep over several threads: equal ranges of the same arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TypeVar

# Below this many elements waking a thread takes longer than it saves.
LEAST = 128 * 1024
# Ranges begin at multiples of this, so that no two threads write to one cache line of 64 bytes.
GRAIN = 64

Job = TypeVar("Job")
Answer = TypeVar("Answer")


class Ranges:
    """``size`` elements as at most ``threads`` ranges; ``bounds`` are their starts and stops."""

    def __init__(self, size: int, threads: int) -> None:
        parts = max(1, threads) if size >= LEAST else 1
        width = -(-size // (parts * GRAIN)) * GRAIN
        self.bounds = [(start, min(start + width, size)) for start in range(0, size, width or 1)] or [(0, 0)]

    def run(self, work: Callable[[Job], Answer], jobs: Sequence[Job]) -> list[Answer]:
        """``work`` on every job at once; the calling thread does the first one."""
        waiting = [self._pool.submit(work, job) for job in jobs[1:]]
        return [work(jobs[0]), *(future.result() for future in waiting)]

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max(1, len(self.bounds) - 1), thread_name_prefix="symopt")

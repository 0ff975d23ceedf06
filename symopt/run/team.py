"""Threads that share the chunks of one element-wise sweep.

Every thread takes the next chunk as soon as it is done with its last, so a thread that wakes late, or
finds no free processor, delays nobody much. Chunks are few, since each costs a hand-over of Python's
lock: a large and a small one for each thread. The small ones shrink. The caller, who is awake and
starts first, takes the largest of them and so is the last to finish, which spares it a sleep.
Elements do not depend on each other, so results do not depend on the chunks.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from functools import cache
from itertools import accumulate

# Waking a thread takes some 50 microseconds, in which one thread handles about half as many elements.
LEAST = 256 * 1024
# The part of the elements that is in large chunks.
LARGE = 0.75
# By how many elements a small chunk is larger than the next one: those of the time in which a thread wakes.
LEAD = 64 * 1024
# Chunks begin at multiples of this, so that no two threads write to one cache line.
GRAIN = 64


def chunks(size: int, threads: int) -> list[tuple[int, int]]:
    """Start and stop of the chunks of ``size`` elements; one chunk where threads would not pay."""
    if threads == 1 or size < LEAST:
        return [(0, size)]
    large, small = LARGE * size / threads, (1 - LARGE) * size / threads
    lead = min(LEAD, small / (threads - 1))
    last = [small + lead * ((threads - 1) / 2 - position) for position in range(threads)]
    widths = map(_rounded, [*[large] * threads, *last])
    stops = [min(stop, size) for stop in accumulate(widths)]
    return list(zip([0, *stops], [*stops[:-1], size], strict=False))


def _rounded(width: float) -> int:
    return round(width / GRAIN) * GRAIN


class Team:
    """``threads`` threads, of which one is the caller."""

    def __init__(self, threads: int) -> None:
        self._workers = [_Worker() for _ in range(threads - 1)]
        self._free = threading.Lock()
        weakref.finalize(self, _dismiss, self._workers)

    @property
    def thread_ids(self) -> list[int]:
        """The operating system's numbers of the threads other than the caller."""
        return [worker.thread.native_id or 0 for worker in self._workers]

    def run(self, work: Callable[[int], int], count: int) -> int:
        """``work(0)`` to ``work(count - 1)``, each once; the largest of what they return.

        Where another thread is using the team already, the caller does everything itself.
        """
        job = _Job(work, count)
        if self._free.acquire(blocking=False):
            try:
                for worker in self._workers:
                    worker.wake(job)
                job.take_part()
                return job.result()
            finally:
                self._free.release()
        job.take_part()
        return job.result()


@cache
def team(threads: int) -> Team:
    """The team of a size that the whole process shares."""
    return Team(threads)


# A child process has none of its parent's threads.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=team.cache_clear)


class _Job:
    """Chunks to be done. It is over when all are, whoever did them: nobody waits for a thread that still sleeps."""

    def __init__(self, work: Callable[[int], int], count: int) -> None:
        self._work = work
        # Taking the next number of an iterator is atomic.
        self._open, self._closed = iter(range(count)), iter(range(count - 1, -1, -1))
        self._over = threading.Lock()
        self._over.acquire()
        self._statuses: list[int] = [0]
        self._errors: list[BaseException] = []

    def take_part(self) -> None:
        """Do chunks until none is left."""
        for chunk in self._open:
            try:
                self._statuses.append(self._work(chunk))
            except BaseException as error:  # raised again in the thread that called
                self._errors.append(error)
            if next(self._closed) == 0:
                self._over.release()

    def result(self) -> int:
        """The largest status, as soon as every chunk is done."""
        self._over.acquire()
        if self._errors:
            raise self._errors[0]
        return max(self._statuses)


class _Worker:
    """A thread that sleeps until it is given a job. It knows nothing of its team, so a team can end."""

    def __init__(self) -> None:
        self._awake = threading.Lock()  # a plain lock is several times as fast as an event or a semaphore
        self._awake.acquire()
        self._job: _Job | None = None
        self._dismissed = False
        self.thread = threading.Thread(target=self._serve, name="symopt", daemon=True)
        self.thread.start()

    def wake(self, job: _Job | None) -> None:
        """Take part in a job, or end where there is none. A job that comes too late is over, and harmless."""
        self._job, self._dismissed = job, job is None
        if self._awake.locked():
            self._awake.release()

    def _serve(self) -> None:
        while self._awake.acquire() and not self._dismissed:
            job, self._job = self._job, None
            if job is not None:
                job.take_part()
            del job  # and with it the arrays


def _dismiss(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.wake(None)

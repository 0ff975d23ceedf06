"""All theorems, on every core, each in a process that is ended where its time is up."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, TimeoutError

from pebble import ProcessPool

from symopt.checker.outcome import Check
from symopt.lang.theorem import Theorem
from symopt.prove.processes import GRACE, context, forking
from symopt.theorems.catalogue import chosen
from symopt.theorems.result import UNKNOWN, TheoremResult
from symopt.theorems.settle import TIME_LIMIT, settle

Progress = Callable[[int, int, str], None]


def prove(
    names: Sequence[str] | None = None, *, jobs: int | None = None, time_limit: float = TIME_LIMIT,
    progress: Progress | None = None,
) -> list[TheoremResult]:  # fmt: skip
    """Settle theorems by name, all of them where none is named.

    Parameters
    ----------
    names: which theorems.
    jobs: how many at a time; as many as there are cores where it is not said, 1 for none beside this process.
    time_limit: seconds for each, after which it is undecided.
    progress: called with the number of those settled, their number and a name.

    Raises
    ------
    UsageError: no theorem has a name, or one names what does not exist.
    """
    wanted = chosen(names)
    count = min(jobs or os.cpu_count() or 1, len(wanted))
    results = _here(wanted, time_limit) if count == 1 else _in_processes(wanted, count, time_limit)
    settled = []
    for done, result in enumerate(results, 1):
        settled.append(result)
        if progress is not None:
            progress(done, len(wanted), result.theorem.name)
    return settled


def _here(wanted: Sequence[Theorem], time_limit: float) -> Iterator[TheoremResult]:
    for theorem in wanted:
        yield settle(theorem, time_limit)


def _in_processes(wanted: Sequence[Theorem], count: int, time_limit: float) -> Iterator[TheoremResult]:
    with forking(), ProcessPool(max_workers=count, context=context()) as pool:
        pending = [
            (theorem, pool.schedule(settle, args=[theorem, time_limit], timeout=time_limit + GRACE))
            for theorem in wanted
        ]
        for theorem, future in pending:
            yield _result(theorem, future, time_limit)


def _result(theorem: Theorem, future: Future[TheoremResult], time_limit: float) -> TheoremResult:
    try:
        return future.result()
    except TimeoutError:
        reason = f"no answer within {time_limit:g} s"
        return TheoremResult(theorem, UNKNOWN, False, Check(False, "nothing to check"), reason=reason)

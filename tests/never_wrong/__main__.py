"""Runs the campaign: python -m tests.never_wrong --mutants 5000 --rewrites 2000."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import TimeoutError as Late
from time import monotonic

from pebble import ProcessExpired, ProcessPool

from tests.never_wrong.campaign import TIME_LIMIT, cases, settled
from tests.never_wrong.tally import Case, Result, summary

# A case that takes longer than this is ended with its process, and counts as wrong.
HARD_LIMIT = 60


def run(chosen: Sequence[Case], processes: int, limit: float) -> Iterator[Result]:
    """The results of cases, in their order."""
    with ProcessPool(max_workers=processes) as pool:
        waiting = [(case, pool.schedule(settled, args=[case, limit], timeout=HARD_LIMIT)) for case in chosen]
        for case, future in waiting:
            try:
                yield future.result()
            except (Late, ProcessExpired) as error:
                yield Result(case, "", "", "error", HARD_LIMIT, wrong=f"late: {type(error).__name__}")


def main() -> int:
    """Run all cases and print totals; 1 where something is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=5000)
    parser.add_argument("--rewrites", type=int, default=2000)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", help="targets, separated by semicolons")
    parser.add_argument("--json", help="a file to which each result is written, a line each")
    parser.add_argument("--limit", type=float, default=TIME_LIMIT, help="seconds for one verdict")
    options = parser.parse_args()
    chosen = cases(options.mutants, options.rewrites, options.only.split(";") if options.only else ())
    start = monotonic()
    with open(options.json or os.devnull, "w", encoding="utf-8") as log:
        results = []
        for result in run(chosen, options.processes, options.limit):
            results.append(result)
            print(json.dumps(result.to_json()), file=log, flush=True)
            if sys.stderr.isatty():
                print(f"\r{len(results)}/{len(chosen)}", end="", file=sys.stderr, flush=True)
    print("\n".join(summary(results)))
    print(f"{monotonic() - start:.0f} s, {options.processes} processes")
    return int(any(result.wrong for result in results))


if __name__ == "__main__":
    sys.exit(main())

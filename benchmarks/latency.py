"""How long a person waits: the command line, a comparison, and generating all kernels. Prints, asserts nothing.

Run it with: python benchmarks/latency.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from interleave import cores, machine

import symopt

ROUNDS = 11


def command(*arguments: str) -> Callable[[], object]:
    """A run of the command line as a process of its own, the way a shell starts it.

    Raises
    ------
    RuntimeError: it could not do what it was asked to.
    """
    line = [str(Path(sys.executable).with_name("symopt")), *arguments]

    def run() -> None:
        done = subprocess.run(line, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):  # yes or no
            raise RuntimeError(f"{' '.join(arguments)}: {done.stderr}")

    return run


def seconds(action: Callable[[], object], rounds: int = ROUNDS) -> list[float]:
    """The time of every round after a first one, which is not counted."""
    action()
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        found.append(time.perf_counter() - start)
    return found


def main() -> None:
    """Measure and print a table in Markdown."""
    print(f"{machine()}, {len(cores())} cores\n")
    print("| what | median, s | least, s | most, s |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for what, action, rounds in (
            ("`symopt --help`", command("--help"), ROUNDS),
            ("`symopt compare adam_l2 adamw`", command("compare", "adam_l2", "adamw"), ROUNDS),
            ("the same inside one process", lambda: symopt.compare("adam_l2", "adamw"), ROUNDS),
            ("`symopt generate`, all kernels", command("generate", "--out", folder), 3),
        ):
            found = seconds(action, rounds)
            print(f"| {what} | {statistics.median(found):.3f} | {min(found):.3f} | {max(found):.3f} |", flush=True)


if __name__ == "__main__":
    main()

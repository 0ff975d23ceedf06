"""All pairs of some targets: a table of verdicts, made by several processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from pebble import ProcessPool

from symopt.errors import SymoptError
from symopt.prove.processes import context, forking
from symopt.prove.verdict import Verdict
from symopt.targets.compare import compare
from symopt.targets.resolve import subject
from symopt.targets.subject import Subject

SCHEMA = "symopt.matrix/1"
# verdict -> what stands in a cell.
CELLS: Mapping[str, str] = {"equal": "=", "equal-if": "if", "different": "≠", "unknown": "?"}
LEGEND = "= equal, if equal under a map or condition, ≠ different, ? undecided, - not lifted"
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Matrix:
    """Verdicts on all pairs: ``verdicts[i, j]`` for i < j; ``errors`` says of a target why it is not lifted."""

    targets: tuple[str, ...]
    verdicts: Mapping[tuple[int, int], Verdict]
    errors: Mapping[int, str]
    seconds: float

    @property
    def exit_status(self) -> int:
        """0 all are equal, 1 two are not, 3 something is undecided, 2 a target is not lifted."""
        if self.errors:
            return 2
        kinds = {verdict.verdict for verdict in self.verdicts.values()}
        return 1 if kinds & {"different", "equal-if"} else 3 if "unknown" in kinds else 0

    def cell(self, i: int, j: int) -> str:
        """What stands in row i and column j."""
        if i == j:
            return "=" if i not in self.errors else "-"
        verdict = self.verdicts.get((min(i, j), max(i, j)))
        return "-" if verdict is None else CELLS[verdict.verdict]

    def rows(self) -> list[list[str]]:
        """The table: a target, then a cell for each."""
        size = range(len(self.targets))
        return [[target, *(self.cell(i, j) for j in size)] for i, target in enumerate(self.targets)]

    def classes(self) -> list[list[str]]:
        """The targets that are equal to each other, as groups, in the order of the targets."""
        groups: list[list[int]] = []
        for i in range(len(self.targets)):
            group = next((g for g in groups if self.cell(g[0], i) == "=" and i not in self.errors), None)
            if group is None:
                groups.append([i])
            else:
                group.append(i)
        return [[self.targets[i] for i in group] for group in groups]

    def to_json(self) -> dict[str, Any]:
        """The document of ``symopt matrix --json``."""
        pairs = [
            {"left": self.targets[i], "right": self.targets[j], **_short(verdict)}
            for (i, j), verdict in sorted(self.verdicts.items())
        ]
        return {
            "schema": SCHEMA, "targets": list(self.targets), "pairs": pairs, "equal": self.classes(),
            "not_lifted": {self.targets[i]: why for i, why in self.errors.items()}, "seconds": round(self.seconds, 4),
        }  # fmt: skip


def _short(verdict: Verdict) -> dict[str, Any]:
    document = verdict.to_json()
    kept = ("verdict", "scope", "hyper_map", "conditions", "first_step", "cause", "witness", "reason", "seconds")
    return {name: document[name] for name in kept}


def matrix(
    targets: Sequence[Any], *, time_limit: float = 5.0, processes: int | None = None,
    progress: Progress = lambda *_: None,
) -> Matrix:  # fmt: skip
    """The verdicts on all pairs of some targets.

    A target that is not lifted has an empty row; the rest of the table is filled.

    Parameters
    ----------
    targets: as for ``compare``.
    time_limit: seconds for each pair.
    processes: how many work at a time; one for each core where it is None.
    progress: is told how many pairs are done, of how many, and the last one.
    """
    start = monotonic()
    subjects: dict[int, Subject] = {}
    errors: dict[int, str] = {}
    for i, target in enumerate(targets):
        try:
            subjects[i] = subject(target)
        except SymoptError as error:
            errors[i] = str(error)
    titles = tuple(subjects[i].title if i in subjects else str(target) for i, target in enumerate(targets))
    pairs = [(i, j) for i in subjects for j in subjects if i < j]
    verdicts = _settled(subjects, pairs, time_limit, processes or os.cpu_count() or 1, progress)
    return Matrix(titles, verdicts, errors, monotonic() - start)


def _settled(
    subjects: Mapping[int, Subject], pairs: Sequence[tuple[int, int]], time_limit: float, processes: int,
    progress: Progress,
) -> dict[tuple[int, int], Verdict]:  # fmt: skip
    """Each pair's verdict; the processes are copies of this one, in which everything is lifted already."""
    _subjects.clear()
    _subjects.update(subjects)
    verdicts: dict[tuple[int, int], Verdict] = {}
    with forking(), ProcessPool(max_workers=processes, context=context()) as pool:
        waiting = {pair: pool.schedule(_pair, args=[*pair, time_limit], timeout=3 * time_limit + 5) for pair in pairs}
        for done, (pair, future) in enumerate(waiting.items(), 1):
            left, right = (subjects[i].title for i in pair)
            try:
                verdicts[pair] = future.result()
            except TimeoutError:
                verdicts[pair] = Verdict(left, right, "unknown", reason=f"no answer within {time_limit:g} s")
            progress(done, len(pairs), f"{left} and {right}")
    return verdicts


# What is compared: traces do not travel between processes, and copies of this one have them here.
_subjects: dict[int, Subject] = {}


def _pair(i: int, j: int, time_limit: float) -> Verdict:
    return compare(_subjects[i], _subjects[j], time_limit=time_limit)

"""Ten rules in PyTorch, optax and Keras, all against all: ``python -m symopt.docs.frameworks FILE``."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from importlib.metadata import version
from itertools import combinations
from pathlib import Path

from symopt._paths import data_dir
from symopt.docs.coverage import plain, table
from symopt.docs.verdict_cell import map_cell, verdict_cell
from symopt.files import write_text
from symopt.targets.matrix import LEGEND, Matrix, matrix
from symopt.targets.matrix_pages import grid

COMMAND = "python -m symopt.docs.frameworks docs/frameworks.md"
# What is said must not depend on how fast a machine is.
TIME_LIMIT = 10.0
PACKAGES = {"torch": "PyTorch", "optax": "optax", "keras": "Keras"}
READING = (
    "Is Adam the same in every framework? Here the code that is installed is read, turned into formulas, and every",
    "pair is settled: a proof that both have the same parameters at every step, for every gradient and every value",
    "of the hyper-parameters, or a run in exact arithmetic on which they part. Statements are about real numbers:",
    "rounding is not looked at.",
    "",
    "How to read it: hyper-parameters are matched by their meaning (`lr` and `learning_rate`), not by their values,",
    "so that other defaults make no difference. What one side alone has, as a decay of weights, is a condition",
    "(`weight_decay = 0`) where the two are the same without it. A map says what to give the right for given values",
    "of the left. The last column is about the two with names matched and nothing else changed.",
    "",
)


def classic() -> dict[str, list[str]]:
    """What people call a rule -> the optimizer of each framework that has it, from specs/originals/classic.toml."""
    path = data_dir("specs") / "originals" / "classic.toml"
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["classic"]
    return {entry["title"]: entry["targets"] for entry in entries}


def targets() -> list[str]:
    """All of them."""
    return [target for own in classic().values() for target in own]


def page() -> str:
    """The page.

    Raises
    ------
    MissingToolError: a framework is not installed.
    """
    found = matrix(targets(), time_limit=TIME_LIMIT)
    versions = ", ".join(f"{title} {version(name).partition('+')[0]}" for name, title in PACKAGES.items())
    lines = ["# Ten rules in three frameworks", "", f"Written by `{COMMAND}` with {versions}.", "", *READING]
    for title, own in classic().items():
        lines += [f"## {title}", "", *_pairs(found, own), ""]
    lines += ["## All pairs", "", "Numbers of columns are those of the rows.", "", LEGEND, "", *grid(found)]
    return "\n".join(lines) + "\n"


def _pairs(found: Matrix, own: Sequence[str]) -> list[str]:
    rows = []
    for left, right in combinations(own, 2):
        verdict = found.verdicts[found.targets.index(left), found.targets.index(right)]
        why = plain(verdict.cause or "") if verdict.verdict in ("different", "equal-if") else ""
        rows.append((f"`{left}`", f"`{right}`", verdict_cell(verdict, is_map_given=False), map_cell(verdict), why))
    return table(("left", "right", "verdict", "map", "without it, or why"), rows)


if __name__ == "__main__":
    write_text(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/frameworks.md"), page())

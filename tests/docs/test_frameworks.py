"""The page of ten rules in three frameworks: complete, and true of the pairs that are looked at here."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import pytest

from symopt.docs import frameworks as page
from symopt.docs.verdict_cell import verdict_cell
from symopt.targets.compare import compare

DOCUMENT = (Path(__file__).parents[2] / "docs/frameworks.md").read_text(encoding="utf-8")


def cells() -> dict[tuple[str, str], str]:
    return {
        (a, b): said for a, b, said in re.findall(r"^\| `([^`]+)` \| `([^`]+)` \| ([^|]+) \|", DOCUMENT, re.MULTILINE)
    }


def test_every_pair_of_a_rule_is_on_the_page() -> None:
    expected = [pair for targets in page.classic().values() for pair in combinations(targets, 2)]
    assert [*cells()] == expected
    assert not [said for said in cells().values() if said.startswith("undecided")]


def test_the_table_of_all_pairs_is_symmetric_and_agrees_with_the_sections() -> None:
    rows = re.findall(r"^\| \d+ `([^`]+)` \| (.+) \|$", DOCUMENT, re.MULTILINE)
    assert [name for name, _ in rows] == page.targets()
    table = [cells.split(" | ") for _, cells in rows]
    assert table == [list(column) for column in zip(*table, strict=True)]
    for (a, b), said in cells().items():
        cell = table[page.targets().index(a)][page.targets().index(b)]
        assert (cell == "≠") == said.startswith("different")


@pytest.mark.parametrize(
    ("left", "right"),
    [("torch.optim.Adagrad", "optax.adagrad"), ("torch.optim.AdamW", "keras.optimizers.AdamW")],
)
def test_verdicts_are_those_that_the_page_tells(left: str, right: str) -> None:
    for target in (left, right):
        pytest.importorskip(target.partition(".")[0])
    assert verdict_cell(compare(left, right, time_limit=page.TIME_LIMIT), is_map_given=False) == cells()[left, right]

"""The demo tells its story with what the parts really say, and ends with files that are there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What the demo prints, from an empty folder, and that folder."""
    folder = tmp_path_factory.mktemp("demo")
    command = [sys.executable, "-m", "symopt.demo", "out"]
    done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout, folder


def test_it_says_what_is_known_of_the_two(told: tuple[str, Path]) -> None:
    """Loshchilov & Hutter 2019: different with decay (Proposition 2); for gradient descent the same (1)."""
    text = told[0]
    assert "adam_l2 and adamw: different" in text
    assert "the parameter is 5/8 against 5/12" in text
    assert "adam_l2[weight_decay=0] and adamw[weight_decay=0]: equal" in text
    assert "sgd[l2=True] and sgdw[mu=0]: equal" in text
    assert "IS NOT SETTLED" not in text


def test_it_ends_with_files_that_are_there(told: tuple[str, Path]) -> None:
    text, folder = told
    paths = [line.strip() for line in text.rstrip().splitlines()[-5:]]
    assert [Path(path).suffix for path in paths] == [".c", ".h", ".py", ".py", ".html"]
    for path in paths:
        assert (folder / path).stat().st_size > 1000
    assert "<math" in (folder / paths[-1]).read_text(encoding="utf-8")

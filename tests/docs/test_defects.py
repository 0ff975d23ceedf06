"""The page of defects is fresh, decides everything, and tells a defect from what is none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symopt.docs import defects as page
from symopt.errors import SpecError

DOCUMENT = Path(__file__).parents[2] / "docs/defects.md"
CASES = [(title, case) for title, of_kind in page.cases() for case in of_kind]
NO_DEFECT = "Reported, and no defect"


@pytest.fixture(scope="module")
def written() -> str:
    return page.defects()


def test_the_page_is_fresh(written: str) -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == written, f"run {page.COMMAND}"


def test_nothing_is_undecided(written: str) -> None:
    assert "**unknown**" not in written
    assert len(re.findall(r"^- \*\*", written, re.MULTILINE)) >= 60


@pytest.mark.parametrize(("title", "case"), CASES, ids=[case.left for _, case in CASES])
def test_the_page_says_what_kind_of_verdict_a_defect_has(title: str, case: page.Case, written: str) -> None:
    verdict = written.split(f"\n### {case.left}\n")[1].split("- **")[1].split("**")[0]
    assert (verdict == "equal") == (title == NO_DEFECT)
    assert all(report in written for report in case.reports)


def test_a_file_that_the_list_lacks_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "defects"
    folder.mkdir()
    (folder / "defects.toml").write_text("kind = []\nquestion = []\n", encoding="utf-8")
    (folder / "left_over.py").write_text("", encoding="utf-8")
    monkeypatch.setattr(page, "data_dir", lambda name: tmp_path)
    with pytest.raises(SpecError, match="left_over is a file or in the list, not both"):
        page.listed()

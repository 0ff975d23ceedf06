"""docs/floats.md is what its command writes."""

from __future__ import annotations

from pathlib import Path

import pytest

from symopt.docs import floats as page

DOCUMENT = Path(__file__).parents[2] / "docs/floats.md"


def test_the_page_is_up_to_date() -> None:
    pytest.importorskip("ml_dtypes")
    assert page.page() == DOCUMENT.read_text(encoding="utf-8"), f"stale: {page.COMMAND}"

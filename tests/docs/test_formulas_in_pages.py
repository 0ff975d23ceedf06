"""Formulas in generated pages stay formulas: Markdown would take their stars for italics and bold."""

from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from symopt.docs.coverage import plain

DOCS = Path(__file__).parents[2] / "docs"
RENDER = MarkdownIt("commonmark").enable("table").render
FORMULA = "p - lr*m/(1 - beta1**t) where the other has p*(1 - beta2**t)*m, 0 <a> 1"


def test_a_formula_is_shown_as_it_is() -> None:
    assert "<em>" in RENDER(FORMULA), "stars are dressed where nothing is done"
    shown = RENDER(plain(FORMULA))
    assert shown == f"<p>{FORMULA.replace('<', '&lt;').replace('>', '&gt;')}</p>\n"


@pytest.mark.parametrize("page", ["frameworks.md", "libraries.md", "defects.md"])
def test_no_formula_of_a_page_is_dressed(page: str) -> None:
    lines = [line for line in (DOCS / page).read_text(encoding="utf-8").splitlines() if line.startswith(("|", "- "))]
    assert lines
    dressed = [line for line in lines if "<em>" in RENDER(line.strip("| "))]
    assert dressed == []

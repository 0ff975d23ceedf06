"""Pages hold what was found out, as mathematics, and need nothing from elsewhere."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import symopt
from symopt.docs.page import comparison_page, rule_page
from symopt.lang import Hyper, Positive, Rule

VOID = {"meta", "br"}


class Checker(HTMLParser):
    """Keeps the tags that are open, and every attribute that could load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset", "action")]
        if tag in ("script", "link", "iframe", "img"):
            self.loads.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:  # also called for <br/>
            assert self.open.pop() == tag


def assert_is_offline(page: str) -> None:
    checked = Checker(page)
    assert checked.open == []
    assert checked.loads == []
    assert "url(" not in page
    assert "@import" not in page


@pytest.fixture(scope="module")
def page() -> str:
    left, right = symopt.resolve("adam_l2"), symopt.resolve("adamw")
    return comparison_page("Two", left, right, [symopt.compare(left, right)], symopt.prove(["l2_inside_m"]))


def test_a_comparison_needs_nothing_from_elsewhere(page: str) -> None:
    assert_is_offline(page)


def test_a_comparison_shows_both_rules_and_marks_where_they_differ(page: str) -> None:
    """Seven lines on the left, six on the right; gradient and corrections are the same on both sides."""
    boxes = "".join(re.findall(r'<ol class="steps">.*?</ol>', page, re.S))
    marked = re.findall(r"<li( class=\"differs\")?><math", boxes)
    assert len(marked) == 7 + 6
    assert sum(map(bool, marked)) == 4 + 3


def test_a_comparison_shows_the_witness_exactly(page: str) -> None:
    """On the left g + wd p = 3/2, so p' = 1 - lr (3/2)/(3/2 + eps) = 5/8; on the right 1 - 1/4 - 1/3 = 5/12."""
    result = re.findall(r'<tr class="result">.*?</tr>', page)
    assert len(result) == 1
    fractions = re.findall(r"<mfrac>(.*?)</mfrac>", result[0])
    assert [re.findall(r"<mn>(\d+)</mn>", fraction) for fraction in fractions] == [["5", "8"], ["5", "12"]]


def test_a_comparison_shows_the_theorem_with_its_proof(page: str) -> None:
    theorem = page.partition("l2_inside_m")[2]
    assert "proved" in theorem
    assert len(re.findall("<li>", theorem)) == 5


@pytest.mark.parametrize("name", symopt.rule_names())
def test_every_rule_has_a_page(name: str) -> None:
    page = rule_page(symopt.resolve(name))
    assert_is_offline(page)
    assert f"<code>{name}</code>" in page


def test_the_text_of_a_rule_cannot_become_markup(tmp_path: Path) -> None:
    class Odd(Rule):
        """<script>alert(1)</script> & more."""

        source = "<img src=x>"
        lr = Hyper(1, r"\eta", Positive)

        def update(s) -> None:
            s.p = s.p - s.lr * s.g

    page = rule_page(Odd())
    assert_is_offline(page)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more." in page

"""The pages of the catalogue, one a rule, with an index: ``python -m symopt.docs.site FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from symopt.catalogue import resolve, rule_names
from symopt.docs.page import rule_page
from symopt.docs.templates import render
from symopt.files import write_text


def write_site(folder: Path) -> list[Path]:
    """Write a page for every rule and an index that leads to them; the paths, the index first.

    Raises
    ------
    UsageError: the folder cannot be written to.
    """
    rules = [resolve(name) for name in rule_names()]
    index = folder / "index.html"
    write_text(index, render("index.html.j2", title="Update rules", rules=rules))
    pages = [folder / f"{rule.name}.html" for rule in rules]
    for page, rule in zip(pages, rules, strict=True):
        write_text(page, rule_page(rule))
    return [index, *pages]


if __name__ == "__main__":
    written = write_site(Path(sys.argv[1] if len(sys.argv) > 1 else "build/docs"))
    print(f"{len(written)} pages; the first is {written[0]}")

"""What a sceptic reads to trust a certificate: how much it is, and what it shares with the prover."""

from __future__ import annotations

import re
from pathlib import Path

import symopt

PACKAGE = Path(symopt.__file__).parent
DOCUMENT = PACKAGE.parent / "docs" / "certificates.md"
IMPORT = re.compile(r"^from symopt\.checker(?:\.(\w+))? import (.+)$", re.MULTILINE)


def core() -> dict[str, int]:
    """The modules of the checker that checking a certificate needs, with their lengths in lines."""
    found: dict[str, int] = {}
    pending = ["equality"]
    while pending:
        name = pending.pop()
        text = (PACKAGE / "checker" / f"{name}.py").read_text(encoding="utf-8")
        found[name] = len(text.splitlines())
        imported = [module or names for module, names in IMPORT.findall(text)]
        pending += [module for module in imported if module not in found]
    return found


def test_the_document_names_the_files_of_the_core_and_their_length() -> None:
    lengths = core()
    text = DOCUMENT.read_text(encoding="utf-8")
    said = re.search(r"(\d+) lines in (\w+) files below `symopt/checker/`: ([^.]+\.py[`,a-z. and\n]+?)\.\s", text)
    assert said is not None
    assert int(said[1]) == sum(lengths.values()) <= 660
    assert {*re.findall(r"`(\w+)\.py`", said[3])} == {*lengths}
    assert said[2] == {4: "four", 5: "five", 6: "six"}[len(lengths)]


def test_the_core_imports_nothing_of_the_prover() -> None:
    for name in core():
        text = (PACKAGE / "checker" / f"{name}.py").read_text(encoding="utf-8")
        assert {*re.findall(r"from symopt\.(\w+)", text)} <= {"checker", "errors", "ir", "lang"}

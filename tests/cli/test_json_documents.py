"""docs/json.md lists the keys that the documents have, in their order, and the keys of what they hold."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from symopt.cli.main import run

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "json.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## `([\w./-]+)`\n(.*?)(?=^## |\Z)", TEXT, re.M | re.S))
ARGUMENTS = {
    "symopt.compare/1": ["compare", "adam_l2", "adamw", "--json"],
    "symopt.show/1": ["show", "nag", "--format", "json"],
    "symopt.list/1": ["list", "--json"],
    "symopt.prove/1": ["prove", "l2_inside_m", "--json"],
    "symopt.theorems/1": ["prove", "--list", "--json"],
    "symopt.identify/1": ["identify", "adam[beta1=0]", "--json"],
    "symopt.matrix/1": ["matrix", "adam", "adamw", "--json"],
    "symopt.check/1": ["check", "signsgd", "--json"],
    "symopt.explain/1": ["explain", "nag", "--json"],
    "symopt.doctor/1": ["doctor", "--json"],
}


# Written to files; another page has their keys.
FILES = {"symopt.certificate/1": "certificates.md"}
# Needs a checkpoint; tests/targets/test_convert_state.py has one.
OF_CHECKPOINTS = {"symopt.convert-state/1"}


@pytest.mark.parametrize("schema", ARGUMENTS)
def test_the_documents_are_what_is_documented(schema: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(ARGUMENTS[schema])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", SECTIONS[schema], re.M))
    assert found["schema"] == schema
    assert list(found) == list(rows)
    for key, meaning in rows.items():
        inner = found[key][0] if isinstance(found[key], list) and found[key] else found[key]
        is_open = "→" in meaning.partition("`")[0] or "document of" in meaning
        if isinstance(inner, dict) and not is_open:
            assert set(inner) == set(re.findall(r"`(\w+)`", meaning)), f"{key}: {meaning}"


def test_every_schema_of_the_commands_is_documented() -> None:
    sources = (path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "symopt").rglob("*.py"))
    schemas = {schema for text in sources for schema in re.findall(r'"(symopt\.[\w-]+/\d+)"', text)}
    assert schemas == set(SECTIONS) == set(ARGUMENTS) | set(FILES) | OF_CHECKPOINTS


def test_a_certificate_has_the_keys_of_its_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(["prove", "adam_l2_without_decay_is_adam", "--certificates", str(tmp_path)])
    capsys.readouterr()
    (file,) = tmp_path.iterdir()
    page = (DOCS / FILES["symopt.certificate/1"]).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*`) \| .* \|$", page, re.M)
    documented = [key for row in rows for key in re.findall(r"`(\w+)`", row)]
    assert sorted(json.loads(file.read_text(encoding="utf-8"))) == sorted(documented)
    assert f"[certificates.md]({FILES['symopt.certificate/1']})" in SECTIONS["symopt.certificate/1"]

"""What README.md and CONTRIBUTING.md show is what happens: commands, output, excerpts, links, the table of rules."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from symopt import catalogue
from symopt.theorems import theorems

CHECKOUT = Path(__file__).resolve().parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/architecture.md", "CHANGELOG.md")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
QUOTED = re.compile(r"^<!-- from ([\w./]+) -->\n```\w+\n(.*?)^```$", re.M | re.S)


EQUATIONS = re.compile(r"^<!-- (symopt .*) -->\n```math\n(.*?)^```$", re.M | re.S)


def text_of(document: str) -> str:
    return (CHECKOUT / document).read_text(encoding="utf-8")


def consoles(document: str) -> list[tuple[str, str]]:
    """The commands of a document's console blocks, each with the output shown below it."""
    found = []
    for language, block in FENCE.findall(text_of(document)):
        if language == "console":
            for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, output = part.partition("\n")
                found.append((command, output))
    return found


def as_pattern(output: str) -> re.Pattern[str]:
    """The output shown, where a line of three dots stands for any lines."""
    lines = [r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in output.splitlines()]
    return re.compile("".join(lines))


SHOWN = [console for name in DOCUMENTS for console in consoles(name) + EQUATIONS.findall(text_of(name))]


@pytest.mark.parametrize(("command", "shown"), [pytest.param(*console, id=console[0]) for console in SHOWN])
def test_a_command_prints_what_is_shown(command: str, shown: str) -> None:
    """Commands of symopt are run; what they write would go to build/, which is compared by other tests."""
    words = shlex.split(command)
    assert words[0] == "symopt", "console blocks show commands of symopt"
    words[0] = str(Path(sys.executable).with_name("symopt"))
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONIOENCODING": "utf-8", "COLUMNS": "120"}
    done = subprocess.run(words, cwd=CHECKOUT, env=environment, capture_output=True, encoding="utf-8", check=False)
    assert done.stderr == ""
    printed = "".join(line.rstrip() + "\n" for line in done.stdout.splitlines())
    assert as_pattern(shown).fullmatch(printed), f"{command} prints\n{printed}"


def test_the_readme_shows_commands() -> None:
    shown = {command.split()[1] for command, _ in consoles("README.md")}
    assert {"show", "compare", "prove"} <= shown


@pytest.mark.parametrize("document", DOCUMENTS)
def test_excerpts_stand_in_their_files(document: str) -> None:
    for file, excerpt in QUOTED.findall(text_of(document)):
        pieces = re.split(r"^ *(?:# |// |/\* )?\.\.\.(?: \*/)?\n", excerpt, flags=re.M)
        source, at = (CHECKOUT / file).read_text(encoding="utf-8"), 0
        for piece in pieces:
            at = source.find(piece, at)
            assert at >= 0, f"{document}: not in {file}, or not in this order:\n{piece}"
            at += len(piece)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text_of(document)) if "://" not in link]
    missing = [link for link in links if not (CHECKOUT / document).parent.joinpath(link).exists()]
    assert missing == []


def test_the_table_of_rules_is_the_catalogue() -> None:
    section = text_of("README.md").partition("## The rules")[2].partition("\n## ")[0]
    named = [name for row in re.findall(r"^\|.*$", section, re.M) for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(catalogue.rule_names() + catalogue.schedule_names())


def test_the_table_of_claims_has_theorems_of_every_family() -> None:
    rows = re.findall(r"^\|.*\|$", text_of("README.md").partition("| claims about |")[2].partition("\n\n")[0], re.M)
    named = [re.findall(r"`(\w+)`", row)[0] for row in rows if "`" in row]
    found = theorems()
    assert [name for name in named if name not in found] == []
    families = {type(theorem.subject).__module__ for theorem in found.values()}
    assert {type(found[name].subject).__module__ for name in named} == families


def test_the_number_of_theorems_is_not_stale() -> None:
    (said,) = re.findall(r"more than (\d+) of the catalogue", text_of("README.md"))
    assert int(said) < len(theorems()) <= int(said) + 100


def test_versions_agree() -> None:
    from symopt import __version__

    assert f"\nversion: {__version__}\n" in text_of("CITATION.cff")
    assert f"## [{__version__}]" in text_of("CHANGELOG.md")

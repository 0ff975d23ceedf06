"""CONTRIBUTING.md is true: the files that it names are there, and its recipes lead where they say."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from symopt.backends.registry import backend_names
from symopt.catalogue import rule_names
from symopt.cli.main import run
from symopt.lang.theorem import Compare, Theorem
from symopt.passes.pipeline import PASSES
from symopt.theorems import settle

CHECKOUT = Path(__file__).resolve().parent.parent
TEXT = (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TOPS = "symopt|specs|templates|generated|tests|docs|examples|README|CONTRIBUTING|Makefile|pyproject"
Symopt = Callable[..., str]


def section(title: str) -> str:
    assert f"\n## {title}\n" in TEXT
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def files_named(text: str) -> list[str]:
    return re.findall(rf"`((?:{TOPS})[\w./<>]*)`", text)


@pytest.mark.parametrize("named", dict.fromkeys(files_named(TEXT)))
def test_a_file_that_is_named_is_there(named: str) -> None:
    """Where a name holds a placeholder, something of that form is there."""
    pattern = re.sub(r"<\w+>", "*", named)
    assert list(CHECKOUT.glob(pattern)), f"nothing is called {named}"


@pytest.fixture
def symopt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Symopt:
    """Runs a command in an empty folder outside the checkout and gives what it prints."""
    monkeypatch.chdir(tmp_path)

    def call(*words: str, status: int = 0) -> str:
        returned = run(words)
        printed = capsys.readouterr()
        assert (returned, printed.err) == (status, ""), f"symopt {' '.join(words)}: {printed}"
        return printed.out

    return call


def test_the_recipe_for_a_rule(symopt: Symopt, tmp_path: Path) -> None:
    """Followed with a file outside the catalogue, from the first line to kernels that agree."""
    steps = re.findall(r"`symopt (\w+) <name>", section("A new rule"))
    assert steps == ["new", "show", "compare", "generate", "check"]
    symopt("new", "mine")
    assert "mine" in symopt("show", "mine.py")
    assert "equal" in symopt("compare", "mine.py", "mine.py")
    symopt("generate", "mine.py", "--out", "kernels")
    written = sorted(path.relative_to(tmp_path).as_posix() for path in (tmp_path / "kernels").rglob("mine.*"))
    assert written == ["kernels/c/mine.c", "kernels/c/mine.h", "kernels/numpy/mine.py", "kernels/torch/mine.py"]
    symopt("generate", "mine.py", "--out", "kernels", "--check")
    symopt("check", "mine.py")


def test_a_rule_that_changed_makes_its_kernels_stale(symopt: Symopt, tmp_path: Path) -> None:
    symopt("new", "mine")
    symopt("generate", "mine.py", "--out", "kernels")
    text = (tmp_path / "mine.py").read_text(encoding="utf-8")
    (tmp_path / "mine.py").write_text(text.replace("- s.lr", "- 2 * s.lr"), encoding="utf-8")
    assert "mine" in symopt("generate", "mine.py", "--out", "kernels", "--check", status=1)


def test_the_recipe_for_a_schedule(symopt: Symopt) -> None:
    """Its commands take a schedule where the recipe says; the tests that it names know every one."""
    commands = re.findall(r'`symopt (\w+) "(sgd\[lr=<name>\])"', section("A new schedule"))
    assert [command for command, _ in commands] == ["show", "check"]
    for command, target in commands:
        assert "sgd[lr=linear]" in symopt(command, target.replace("<name>", "linear"))


def test_the_recipe_for_a_theorem() -> None:
    """Every file of theorems is written in their language alone, and a claim is judged, not believed."""
    for path in (CHECKOUT / "specs" / "theorems").glob("*.py"):
        imports = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom)]
        assert {node.module for node in imports} == {"symopt.lang.theorem"}
    subject = Compare("sgd", "signsgd")
    assert settle(Theorem("true", subject, claim="different")).exit_status == 0
    assert settle(Theorem("false", subject, claim="equal")).exit_status == 1


# What a recipe takes as its example: the names by which the files know it.
EXAMPLES = {
    "A new operator": ("floor",),
    "A new reduction": ("amin", "smallest"),
    "A new operation on matrices": ("orthogonal",),
}  # fmt: skip
# Files that a recipe names for what some of its kind need, and the example does not.
SOMETIMES = {"A new operation on matrices": {"symopt/ir/shape.py"}}


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_recipe_for_an_operation_of_the_graph(title: str) -> None:
    """The files that know one such operation are those that the recipe names."""
    words = EXAMPLES[title]
    know = {
        path.relative_to(CHECKOUT).as_posix()
        for path in (CHECKOUT / "symopt").rglob("*.py")
        if path.relative_to(CHECKOUT).parts[1] != "lift"  # tables of what other languages and libraries call things
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Constant) and node.value in words)
        or (isinstance(node, ast.ImportFrom) and {*words} & {alias.name for alias in node.names})
    }
    named = {name for name in files_named(section(title)) if name.endswith(".py")}
    assert know == named - SOMETIMES.get(title, set())


def test_the_recipe_for_a_wrapper_and_a_part(symopt: Symopt) -> None:
    """Their commands take what the recipes say."""
    (shown,) = re.findall(r'`symopt show "(<name>[^"]*)"', section("A new wrapper"))
    assert "lookahead[base=adamw]" in symopt("show", shown.replace("<name>", "lookahead"))
    commands = re.findall(r'`symopt (\w+) "(chain\(<name>[^"]*)"', section("A new part"))
    assert [command for command, _ in commands] == ["show", "check"]
    for command, target in commands:
        assert "chain(sign,sgd)" in symopt(command, target.replace("<name>", "sign"))


def test_the_recipe_for_a_pass() -> None:
    """Each has a file that says what it does to rounding, in the sense in which the pipeline says it."""
    for stage in PASSES:
        documentation = " ".join((import_module(stage.run.__module__).__doc__ or "").split())
        said = documentation.partition("Rounding: ")[2]
        assert said.startswith("preserved" if stage.preserves_rounding else "changed"), stage.name


@pytest.mark.parametrize("name", backend_names())
def test_the_recipe_for_a_backend(name: str) -> None:
    assert (CHECKOUT / "symopt" / "backends" / f"{name}.py").is_file()
    assert any((CHECKOUT / "templates" / name).iterdir())
    assert any((CHECKOUT / "generated" / name).iterdir())


def test_the_recipe_for_the_readme_is_kept() -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    assert [name for name in rule_names() if f"`{name}`" not in readme] == []

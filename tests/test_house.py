"""The shape of the house: imports run one way, no rule is known to the machinery, the map is complete."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from symopt import catalogue
from symopt.lang import Hyper, Option

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGE = CHECKOUT / "symopt"
SOURCES = sorted(PACKAGE.rglob("*.py"))

# What each part of the package may import; docs/architecture.md gives the reasons.
LAYERS: dict[str, frozenset[str]] = {
    "errors": frozenset(),
    "_paths": frozenset(),
    "specs": frozenset({"_paths"}),
    "lang": frozenset({"errors"}),
    "ir": frozenset({"errors", "lang"}),
    "passes": frozenset({"errors", "lang", "ir"}),
    "catalogue": frozenset({"errors", "_paths", "lang"}),
    "printers": frozenset({"errors", "lang", "ir", "passes"}),
    # Independent of what it checks: it shares the graph with the prover, and what claims look like.
    "checker": frozenset({"errors", "lang", "ir"}),
    "prove": frozenset({"errors", "checker", "_paths", "lang", "ir", "passes", "printers", "catalogue"}),
    "backends": frozenset({"errors", "_paths", "lang", "ir", "passes", "printers"}),
}
# Whatever is not listed stands above all of these and may import anything but what is at the top.
TOP = frozenset({"cli", "demo", "__main__"})

# One file each, with the reason.
EXCEPTIONS = {
    ("lang/rule.py", "docs"): "a Rule shows itself in Jupyter; the import happens when it is asked to",
    ("prove/verdict.py", "docs"): "a Verdict shows itself in Jupyter, in the same way",
}


@dataclass(frozen=True)
class Import:
    """One import of a part of symopt: in which file, from which part, of which part."""

    file: str
    source: str
    target: str


def part_of(path: Path) -> str:
    """``prove`` for symopt/prove/field.py, ``cli`` for symopt/cli.py, the empty string for __init__."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py").removesuffix("__init__")


def imports() -> Iterator[Import]:
    """Every import of symopt inside symopt, also those inside functions."""
    for path in SOURCES:
        for node in ast.walk(syntax(path)):
            for name in imported_names(node):
                parts = name.split(".")
                if parts[0] == "symopt":
                    target = parts[1] if len(parts) > 1 and is_part(parts[1]) else ""
                    yield Import(path.relative_to(PACKAGE).as_posix(), part_of(path), target)


@cache
def syntax(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported_names(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        assert node.level == 0, f"relative import of {node.module}"
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def is_part(name: str) -> bool:
    return (PACKAGE / name).is_dir() or (PACKAGE / f"{name}.py").is_file()


def test_imports_run_one_way() -> None:
    wrong = []
    for found in imports():
        allowed = LAYERS.get(found.source)
        if found.target in {found.source, ""}:  # symopt itself holds the version and lazy public names
            continue
        fits = found.target not in TOP if allowed is None else found.target in allowed
        if not fits and found.source not in TOP and (found.file, found.target) not in EXCEPTIONS:
            wrong.append(f"symopt/{found.file} imports symopt.{found.target}")
    assert wrong == []


def test_every_exception_is_used() -> None:
    used = {(found.file, found.target) for found in imports()}
    assert [exception for exception in EXCEPTIONS if exception not in used] == []


def test_the_language_and_the_graph_import_no_framework() -> None:
    frameworks = {"torch", "jax", "optax", "keras", "tensorflow"}
    for path in SOURCES:
        if part_of(path) in {"lang", "ir", "passes", "printers"}:
            for node in ast.walk(syntax(path)):
                assert not {name.split(".")[0] for name in imported_names(node)} & frameworks, path


def names_in_code(path: Path) -> Iterator[tuple[int, str]]:
    """The identifiers of a file and the strings that are one name, with their lines.

    Prose does not count: docstrings, and messages in which a name is an example.
    """
    for node in ast.walk(syntax(path)):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.alias(name=name):
                yield line, name
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield line, name
            case ast.arg(arg=name) | ast.keyword(arg=str(name)) | ast.Constant(value=str(name)):
                yield line, name
            case _:
                pass


def names_asked_about(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a file that something is compared with or looked up by, with their lines."""
    for node in ast.walk(syntax(path)):
        asked: list[ast.expr | None] = []
        match node:
            case ast.Compare():
                asked = [node.left, *node.comparators]
            case ast.MatchValue() | ast.Subscript():
                asked = [node.value if isinstance(node, ast.MatchValue) else node.slice]
            case ast.Dict():
                asked = list(node.keys)
            case ast.Call(func=ast.Attribute(attr="get" | "startswith" | "endswith")):
                asked = list(node.args)
            case _:
                pass
        for part in (inner for outer in asked if outer is not None for inner in ast.walk(outer)):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.lineno, part.value


@pytest.mark.parametrize("path", [p for p in SOURCES if part_of(p) != "demo"], ids=lambda p: p.stem)
def test_the_machinery_knows_no_rule_and_no_hyper_parameter(path: Path, declared: Declared) -> None:
    """A name in the machinery would be a special case; only the demo, which tells of one rule, has one."""
    known = [(line, name) for line, name in names_in_code(path) if name in declared.rules]
    known += [(line, name) for line, name in names_asked_about(path) if name in declared.settings]
    assert [f"{path.relative_to(CHECKOUT)}:{line}: {name}" for line, name in known] == []


@dataclass(frozen=True)
class Declared:
    """The names that the catalogue declares: rules and their classes; hyper-parameters and options."""

    rules: frozenset[str]
    settings: frozenset[str]


@pytest.fixture(scope="module")
def declared() -> Declared:
    rules = [catalogue.rule(name) for name in catalogue.rule_names()]
    settings = {name for rule in rules for name in (*rule.declared(Hyper), *rule.declared(Option))}
    assert {"lr", "beta1", "amsgrad"} <= settings
    names = {*catalogue.rule_names(), *(rule.__name__ for rule in rules)}
    return Declared(frozenset(names), frozenset(name for name in settings if not is_greek(name)))


def is_greek(name: str) -> bool:
    """Whether a name is a Greek letter's, which the printers know as letters."""
    try:
        return bool(unicodedata.lookup(f"GREEK SMALL LETTER {name}"))
    except KeyError:
        return False


def test_the_architecture_document_has_a_row_for_every_folder() -> None:
    text = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    specs = [path for path in (CHECKOUT / "specs").iterdir() if path.is_dir() and path.name != "__pycache__"]
    folders = [path for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").is_file()]
    folders += specs
    folders += [
        CHECKOUT / name for name in ("specs", "templates", "generated", "tests", "examples", "benchmarks", "docs")
    ]
    names = [path.relative_to(CHECKOUT).as_posix() for path in folders]
    assert [name for name in names if f"\n| `{name}/` |" not in text] == []


def test_the_architecture_document_names_nothing_that_is_not_there() -> None:
    text = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:symopt|specs|templates|generated|tests|docs|examples|benchmarks)/[\w/.]*)`", text)
    assert len(named) > 10
    assert [name for name in named if not (CHECKOUT / name).exists()] == []

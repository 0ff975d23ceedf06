"""A folder of Coq files with all theorems that have a form in Coq, and what Coq says of them."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from os import cpu_count
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from symopt._paths import data_dir
from symopt.catalogue import resolve
from symopt.coq.bound import bound_view
from symopt.coq.difference import difference_view
from symopt.coq.equality import equality_view
from symopt.coq.first_step import first_step_view
from symopt.coq.terms import NotExportableError
from symopt.ir.expressions import read_expression
from symopt.lang.theorem import Compare, FirstStep, Invariant, Theorem
from symopt.passes.specialise import rewrite
from symopt.passes.tracing import trace
from symopt.prove.certificate import NoCertificateError, certificate
from symopt.prove.compare import compare
from symopt.prove.deadline import OutOfTimeError
from symopt.prove.elements import NotDecidedError

TIME_LIMIT = 60  # seconds for one file
A_FILE = 20  # theorems a file: loading the real numbers, and asking for axioms, takes Coq longer than most proofs
LIBRARY, PRELUDE = "Symopt", "prelude"
MODULE = re.compile(r"^Module (\w+)\.$", re.MULTILINE)
AXIOM = re.compile(r"^([\w.]+)\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Project:
    """Coq files by name, the theorems in each, and why other theorems are in none."""

    files: Mapping[str, str]
    exported: Mapping[str, tuple[str, ...]]
    left_out: Mapping[str, str]

    def write(self, folder: Path) -> None:
        """Write the files; those of an earlier export go."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.v"):
            old.unlink()
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Compiled:
    """What Coq says of one file: nothing where it accepts it, and on which axioms its theorems rest."""

    file: str
    error: str
    axioms: tuple[str, ...]


def project(chosen: Sequence[Theorem]) -> Project:
    """The Coq files of some theorems; what Coq then accepts is true, whatever the prover and its checker say."""
    views: dict[str, tuple[str, dict[str, Any]]] = {}
    left_out: dict[str, str] = {}
    for theorem in chosen:
        try:
            views[theorem.name] = view_of(theorem)
        except (NotExportableError, NoCertificateError, NotDecidedError, OutOfTimeError) as error:
            left_out[theorem.name] = str(error)
    files = {f"{PRELUDE}.v": render("prelude.v.j2")}
    exported: dict[str, tuple[str, ...]] = {}
    names = list(views)
    for start in range(0, len(names), A_FILE):
        together = tuple(names[start : start + A_FILE])
        file = f"theorems_{start // A_FILE + 1}.v"
        files[file] = file_of([views[name] for name in together])
        exported[file] = together
    return Project(files, exported, left_out)


def file_of(views: Sequence[tuple[str, Mapping[str, Any]]]) -> str:
    """A file with some theorems, each a template and what it is filled with; at its end Coq names their axioms."""
    proved = [f"{view['module']}.{name}" for _, view in views for name in view["proved"]]
    return "".join(render(template, **view) for template, view in views) + render("axioms.v.j2", proved=proved)


def view_of(theorem: Theorem) -> tuple[str, dict[str, Any]]:
    """The template of a theorem, and what it is filled with.

    Raises
    ------
    NotExportableError, NoCertificateError, NotDecidedError, OutOfTimeError: it has no form in Coq; the message says
        why.
    """
    subject, named = theorem.subject, (theorem.name, theorem.statement)
    if theorem.claim == "fails":
        raise NotExportableError("that a property fails has no form in Coq")
    match subject:
        case Compare():
            return _comparison(subject, named)
        case FirstStep():
            return "first_step.v.j2", first_step_view(*named, trace(resolve(subject.rule)), subject)
        case Invariant():
            return "bound.v.j2", bound_view(*named, subject, trace(resolve(subject.rule)))
    raise NotExportableError(f"no theorem of the kind {type(subject).__name__} has a form in Coq")


def _comparison(subject: Compare, named: tuple[str, str]) -> tuple[str, dict[str, Any]]:
    left, right = trace(resolve(subject.left)), trace(resolve(subject.right))
    verdict = compare(left, right, hyper_map=subject.given or None, varying=subject.varying)
    if verdict.witness is not None and verdict.verdict == "different":
        names = tuple(hyper.name for hyper in left.hypers)
        mapped = rewrite(right, {name: read_expression(text, names) for name, text in subject.given.items()})
        return "difference.v.j2", difference_view(*named, left, mapped, verdict.witness)
    return "equality.v.j2", equality_view(*named, certificate(left, right, verdict, subject.varying))


def compiled(folder: Path, files: Sequence[str], time_limit: float = TIME_LIMIT) -> Iterator[Compiled]:
    """Have Coq check the files of a folder, those that all share first.

    Raises
    ------
    FileNotFoundError: there is no ``coqc``.
    """
    first = _compile(folder, f"{PRELUDE}.v", time_limit)
    yield first
    if first.error:
        return
    with ThreadPoolExecutor(cpu_count() or 1) as pool:
        yield from pool.map(lambda file: _compile(folder, file, time_limit), files)


def has_coq() -> bool:
    """Whether Coq's compiler is installed."""
    return shutil.which("coqc") is not None


def _compile(folder: Path, file: str, time_limit: float) -> Compiled:
    command = ["coqc", "-Q", ".", LIBRARY, file]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=time_limit, check=False)
    except subprocess.TimeoutExpired:
        return Compiled(file, f"no answer within {time_limit:g} s", ())
    if done.returncode != 0:
        return Compiled(file, _in_module(folder / file, done.stderr), ())
    return Compiled(file, "", tuple(dict.fromkeys(AXIOM.findall(done.stdout.replace("Axioms:", "")))))


def _in_module(path: Path, error: str) -> str:
    """Coq's message, with the module that it is about."""
    line = re.search(r"line (\d+)", error)
    if line is None:
        return error.strip()
    before = "\n".join(path.read_text(encoding="utf-8").splitlines()[: int(line[1])])
    modules = MODULE.findall(before)
    return f"{modules[-1]}: {error.strip()}" if modules else error.strip()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(data_dir("templates") / "coq"), undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,
    )  # fmt: skip


def render(template: str, **view: Any) -> str:
    """A template of the folder ``templates/coq``, filled; files that use the prelude begin by loading it."""
    return _environment().get_template(template).render(view)

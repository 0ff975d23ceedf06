"""A folder of generated files and its manifest: comparing, listing, and writing all or nothing."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from symopt.backends.base import is_intact
from symopt.errors import UsageError

MANIFEST = "MANIFEST"


@dataclass(frozen=True)
class Problem:
    """A file that is not what would be written, and the command that puts it right.

    ``kind`` is ``missing``, ``edited`` (by hand), ``stale`` (the rule, a template or a pass has
    changed) or ``orphan`` (nothing makes it).
    """

    path: str
    kind: str
    command: str


@dataclass(frozen=True)
class Report:
    """What a generation made, below ``folder``: all its files, those that it wrote or removed, what is wrong.

    ``refused`` is a table, in lines: what was not made for which class of rules, and why.
    """

    folder: str
    files: tuple[str, ...]
    changed: tuple[str, ...]
    problems: tuple[Problem, ...]
    refused: tuple[str, ...] = ()

    @property
    def exit_status(self) -> int:
        """0 where every file is fresh, else 1."""
        return 1 if self.problems else 0

    def text(self) -> str:
        """The report in lines, problems first, what is refused last."""
        lines = [f"{problem.kind}: {problem.path}: {problem.command}" for problem in self.problems]
        fresh = len(self.files) - sum(problem.path in self.files for problem in self.problems)
        done = f" ({len(self.changed)} written or removed now, with the manifest)" if self.changed else ""
        lines.append(f"{self.folder}: {fresh} of {len(self.files)} files are fresh{done}")
        return "\n".join([*lines, *(["not made, by class:", *self.refused] if self.refused else [])])


def read_manifest(folder: Path) -> dict[str, str]:
    """Path -> SHA-256 of the files that a folder's manifest lists; empty where it has none."""
    try:
        lines = (folder / MANIFEST).read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    pairs = [line.split("  ", 1) for line in lines]
    return {pair[1]: pair[0] for pair in pairs if len(pair) == 2}


def manifest_text(files: Mapping[str, str], kept: Mapping[str, str]) -> str:
    """The manifest: a line a file in the form of ``sha256sum``, sorted by path."""
    digests = {**kept, **{path: _digest(text.encode()) for path, text in files.items()}}
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests))


def compare(folder: Path, wanted: Mapping[str, str], listed: Mapping[str, str], option: str) -> list[Problem]:
    """The files of ``wanted`` that a folder lacks or holds otherwise, in order of their paths."""
    found = []
    for path in sorted(wanted):
        kind = _state(folder / path, wanted[path], listed.get(path))
        if kind:
            found.append(Problem(path, kind, f"{_command(wanted[path])}{option}"))
    return found


def orphans(folder: Path, backends: Iterable[str], files: Mapping[str, str]) -> list[str]:
    """The files below the backends' folders that are not among ``files``; what Python caches is no file."""
    found = []
    for name in backends:
        for path in sorted((folder / name).rglob("*")):
            relative = path.relative_to(folder).as_posix()
            if path.is_file() and "__pycache__" not in path.parts and relative not in files:
                found.append(relative)
    return found


def write_all(folder: Path, files: Mapping[str, str], removed: Iterable[str]) -> None:
    """Write some files and remove others; where anything fails, the folder is as it was before.

    Raises
    ------
    UsageError: the folder cannot be written.
    """
    if not files and not removed:
        return
    made = not folder.exists()
    undo: list[tuple[Path, bytes | None]] = []
    staging = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(prefix=".symopt-", dir=folder))
        for number, text in enumerate(files.values()):
            (staging / str(number)).write_bytes(text.encode())
        for number, path in enumerate(files):
            target = folder / path
            undo.append((target, target.read_bytes() if target.exists() else None))
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(staging / str(number), target)
        for path in removed:
            undo.append((folder / path, (folder / path).read_bytes()))
            (folder / path).unlink()
    except BaseException as error:  # an interruption must not leave half of the files either
        _restore(undo)
        if made:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise UsageError(f"{folder} cannot be written: {error.strerror or error}; nothing was changed") from error
        raise
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def _restore(undo: list[tuple[Path, bytes | None]]) -> None:
    for target, before in reversed(undo):
        if before is None:
            target.unlink(missing_ok=True)
        else:
            target.write_bytes(before)


def _state(path: Path, wanted: str, listed: str | None) -> str:
    """What is wrong with a file; empty where nothing is."""
    if not path.is_file():
        return "missing"
    content = path.read_bytes()
    if content == wanted.encode():
        return ""
    is_ours = listed is None or _digest(content) == listed
    return "stale" if is_ours and is_intact(content.decode(errors="replace")) else "edited"


def _command(text: str) -> str:
    """The command that a generated file gives in its header; the manifest has none and takes a full run."""
    for line in text.splitlines():
        if "Regenerate: " in line:
            return line.partition("Regenerate: ")[2].strip()
    return "symopt generate"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

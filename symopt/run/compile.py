"""Compiling C to a shared library, once for each text, compiler and processor."""

from __future__ import annotations

import hashlib
import importlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from symopt.errors import MissingToolError, SymoptError, UsageError

COMPILERS = ("cc", "gcc", "clang")
# Part of the numerical contract: vector loops need roots that set no errno and selections that set no
# exception flag; a contracted product and sum would round once where the program rounds twice.
FLAGS = ("-std=c11", "-O3", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off", "-fPIC", "-shared")
NATIVE = "-march=native"
EXTRA = "pip install 'symopt-codegen[c]'"


class CompileError(SymoptError):
    """The compiler refused a source; the message holds its first complaint."""


def compiler() -> list[str]:
    """The command of the C compiler: ``$CC`` where it is set, else the first of ``COMPILERS`` that is installed.

    Raises
    ------
    MissingToolError: there is none.
    """
    chosen = shlex.split(os.environ.get("CC", ""))
    if chosen:
        if shutil.which(chosen[0]) is None:
            raise MissingToolError(f"CC is {chosen[0]!r}, which is no program; set CC to a C compiler or unset it")
        return chosen
    for name in COMPILERS:
        if shutil.which(name) is not None:
            return [name]
    raise MissingToolError(
        f"no C compiler ({', '.join(COMPILERS)}); install one with: apt-get install gcc (Debian, Ubuntu), "
        "dnf install gcc (Fedora), xcode-select --install (macOS)"
    )


def shared_library(files: Mapping[str, str], source: str) -> Path:
    """The shared library of the file called ``source``, which may include the other files.

    It is kept in the user's cache, or below ``$SYMOPT_CACHE_DIR``, under a hash of the text, the
    flags, and the macros that tell the compiler's version and the processor's instruction set.

    Raises
    ------
    MissingToolError: no compiler, or the extra ``[c]`` is not installed.
    CompileError: the compiler refuses the source.
    UsageError: the cache cannot be written to.
    """
    command = compiler()
    flags, target = _target(tuple(command))
    key = hashlib.sha256(repr((sorted(files.items()), source, command, flags, target)).encode()).hexdigest()
    folder = _cache_folder()
    library = folder / f"{Path(source).stem}-{key[:32]}.so"
    if library.exists():
        return library
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with needed("filelock").FileLock(folder / f"{library.name}.lock"):
            if not library.exists():
                _compile(files, source, [*command, *flags], library)
    except OSError as error:
        raise UsageError(f"cannot write to {folder}: {error.strerror}; set SYMOPT_CACHE_DIR to a folder") from None
    return library


def needed(package: str) -> Any:
    """A package of the extra ``[c]``, or an error that says how to install it."""
    try:
        return importlib.import_module(package)
    except ImportError:
        raise MissingToolError(f"{package} is not installed; calling C kernels needs it: {EXTRA}") from None


def _cache_folder() -> Path:
    chosen = os.environ.get("SYMOPT_CACHE_DIR")
    return Path(chosen) if chosen else needed("platformdirs").user_cache_path("symopt-codegen")


@cache
def _target(command: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    """The flags that the compiler takes, and what it then says of itself and of the processor."""
    for flags in ((*FLAGS, NATIVE), FLAGS):
        done = _run([*command, *flags, "-E", "-dM", "-x", "c", os.devnull])
        if done.returncode == 0:
            return flags, done.stdout
    raise CompileError(f"{shlex.join(command)} is no C compiler that takes {' '.join(FLAGS)}: {_complaint(done)}")


def _compile(files: Mapping[str, str], source: str, command: list[str], library: Path) -> None:
    """Compile in a folder of its own and move the result into place, so that nobody loads half a library."""
    with tempfile.TemporaryDirectory(dir=library.parent) as scratch:
        for name, text in files.items():
            Path(scratch, name).write_text(text, encoding="utf-8", newline="\n")
        made = Path(scratch, library.name)
        done = _run([*command, str(Path(scratch, source)), "-o", str(made), "-lm"])
        if done.returncode != 0:
            raise CompileError(f"{command[0]} refuses {source}: {_complaint(done)}")
        os.replace(made, library)


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def _complaint(done: subprocess.CompletedProcess[str]) -> str:
    """The first error among the compiler's messages."""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return next((line for line in lines if "error" in line), lines[0] if lines else f"status {done.returncode}")

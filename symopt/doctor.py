"""Doctor: what is installed, and what each missing piece would enable.

Nothing is imported to find out: packages are read from their metadata, compilers are asked for
their version.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any, Literal

from symopt import __version__

DISTRIBUTION = "symopt-codegen"
Kind = Literal["core", "tool", "framework"]


@dataclass(frozen=True)
class Finding:
    """One piece: what was found (empty where it is missing), what it is for, how to install it."""

    name: str
    kind: Kind
    found: str
    enables: str
    install: str


@dataclass(frozen=True)
class Diagnosis:
    """All pieces, and what is wrong with the installation itself."""

    findings: tuple[Finding, ...]
    warnings: tuple[str, ...]

    @property
    def exit_status(self) -> int:
        """0 where everything that symopt needs is there, else 4."""
        return 4 if any(finding.kind == "core" and not finding.found for finding in self.findings) else 0

    def to_json(self) -> dict[str, Any]:
        """One JSON document."""
        return {
            "schema": "symopt.doctor/1",
            "symopt": __version__,
            "pieces": [asdict(finding) for finding in self.findings],
            "warnings": list(self.warnings),
        }


@dataclass(frozen=True)
class Piece:
    """A distribution that symopt can use."""

    name: str
    kind: Kind
    enables: str
    install: str


PIECES: Sequence[Piece] = (
    Piece("sympy", "core", "writing rules", "pip install sympy"),
    Piece("numpy", "core", "arrays of exact numbers; the NumPy kernels", "pip install numpy"),
    Piece("python-flint", "core", "proofs and certified balls", "pip install python-flint"),
    Piece("jinja2", "core", "generated files and pages", "pip install jinja2"),
    Piece("click", "core", "the command line", "pip install click"),
    Piece("rich", "core", "tables on a terminal", "pip install rich"),
    Piece("pebble", "core", "time limits that hold; theorems on every core", "pip install pebble"),
    Piece("cffi", "tool", "calling the C kernels from Python", f"pip install '{DISTRIBUTION}[c]'"),
    Piece("pycparser", "tool", "reading C; its preprocessor is the C compiler's", f"pip install '{DISTRIBUTION}[c]'"),
    Piece("platformdirs", "tool", "keeping compiled kernels between runs", f"pip install '{DISTRIBUTION}[c]'"),
    Piece("filelock", "tool", "compiling kernels in several processes at once", f"pip install '{DISTRIBUTION}[c]'"),
    Piece("z3-solver", "tool", "inequalities without a certificate", f"pip install '{DISTRIBUTION}[prove]'"),
    Piece("ml_dtypes", "tool", "what rules do in bfloat16", f"pip install '{DISTRIBUTION}[floats]'"),
    Piece("torch", "framework", "PyTorch kernels; reading its optimizers", f"pip install '{DISTRIBUTION}[torch]'"),
    Piece("jax", "framework", "reading step functions of JAX", "pip install jax"),
    Piece("optax", "framework", "reading optax", "pip install optax"),
    Piece("keras", "framework", "reading keras.optimizers", "pip install keras"),
)
COMPILERS = ("cc", "gcc", "clang")
PROGRAMS = (
    ("coqc", ["coqc", "--version"], "proofs checked by Coq: make coq", "apt install coq"),
    ("gappa", ["gappa", "--version"], "a second opinion on bounds of rounding", "apt install gappa"),
)


def doctor() -> Diagnosis:
    """Look at the Python, the packages, the C compiler and the installation."""
    python = Finding("python", "core", platform.python_version(), "everything", "")
    packages = [Finding(p.name, p.kind, _version(p.name), p.enables, p.install) for p in PIECES]
    core = [finding for finding in packages if finding.kind == "core"]
    other = [finding for finding in packages if finding.kind != "core"]
    return Diagnosis((python, *core, _compiler(), *map(_program, PROGRAMS), *other), tuple(_warnings()))


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _compiler() -> Finding:
    """The C compiler that would be called: ``$CC`` where it is set, else the first of ``COMPILERS``."""
    chosen = os.environ.get("CC", "").split()
    found = ""
    for command in [chosen] if chosen else [[name] for name in COMPILERS]:
        path = shutil.which(command[0])
        if path is not None:
            found = f"{' '.join(command)}: {_first_line([path, *command[1:], '--version'])}"
            break
    return Finding("C compiler", "tool", found, "compiling the C kernels", "apt install gcc, or set CC")


def _program(program: tuple[str, list[str], str, str]) -> Finding:
    name, command, enables, install = program
    found = _first_line(command) if shutil.which(command[0]) else ""
    return Finding(name, "tool", found, enables, install)


def _first_line(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not answer ({type(error).__name__})"
    return (done.stdout or done.stderr).strip().partition("\n")[0] or "no version given"


def _warnings() -> Iterator[str]:
    """Other distributions that install an importable ``symopt``: whichever is installed last wins."""
    owners = metadata.packages_distributions().get("symopt", [])
    for owner in sorted(set(owners) - {DISTRIBUTION}):
        yield (
            f"the distribution {owner!r} also installs the module 'symopt'; "
            f"run: pip uninstall {owner}; pip install --force-reinstall {DISTRIBUTION}"
        )
    if not _version(DISTRIBUTION):
        yield f"symopt runs from a folder and is not installed; run: pip install {DISTRIBUTION}"

"""A C file as a syntax tree: preprocessed with headers of this project, which declare only what is understood."""

from __future__ import annotations

import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

from symopt.errors import MissingToolError, UsageError
from symopt.run.compile import compiler

HEADERS = Path(__file__).parent / "include"
# What has no meaning for real numbers, or means what it says.
HIDDEN = (
    "__attribute__(x)=", "__restrict=", "__restrict__=", "restrict=", "__inline=inline", "__inline__=inline",
    "__extension__=", "__volatile__=volatile", "__builtin_expect(a,b)=(a)", "__builtin_assume_aligned(p,...)=(p)",
    "__declspec(x)=", "_Alignas(x)=", "alignas(x)=", "__forceinline=inline", "_Static_assert(...)=",
)  # fmt: skip
SECONDS = 20


def syntax_tree(path: Path) -> Any:
    """The file's syntax tree (``pycparser.c_ast.FileAST``), with places in the file.

    Raises
    ------
    MissingToolError: there is no preprocessor, or pycparser is not installed.
    UsageError: the file does not exist, includes a header that is not known, or is no C.
    """
    try:
        parser: Any = import_module("pycparser.c_parser")
    except ImportError:
        raise MissingToolError("pycparser is not installed; install it with: pip install pycparser") from None
    text = preprocessed(path)
    try:
        return parser.CParser().parse(text, str(path))
    except parser.ParseError as error:
        raise UsageError(f"{error}: this is not the C (C99) that is understood") from None


def preprocessed(path: Path) -> str:
    """The file's text after the preprocessor, with marks that say which line is from where."""
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    command = [
        *compiler(), "-E", "-nostdinc", "-undef", "-std=c99", "-D__x86_64__=1", "-D__STDC_VERSION__=199901L",
        "-D__AVX2__=1", "-D__AVX__=1", "-D__FMA__=1", "-D__SSE2__=1", "-I", str(HEADERS), "-I", str(path.parent),
        *(f"-D{definition}" for definition in HIDDEN), str(path),
    ]  # fmt: skip
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"{path}: the preprocessor took more than {SECONDS} seconds") from None
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip())
        raise UsageError(f"{path}: the preprocessor refuses it: {said}")
    return done.stdout

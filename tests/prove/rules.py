"""Small rules for tests of the prover, written as files and resolved as a user's would be."""

from __future__ import annotations

from pathlib import Path

from symopt.catalogue import resolve
from symopt.ir.trace import Trace
from symopt.passes.tracing import trace

HEAD = """from symopt.lang import *


class {name}(Rule, name="{lower}"):
    \"\"\"A rule of a test.\"\"\"

    source = "a test"
    lr = Hyper(1e-2, "a", NonNegative)
"""


def rule_of(folder: Path, name: str, body: str) -> Trace:
    """The trace of a rule whose class body, after ``lr``, is ``body``."""
    path = folder / f"{name.lower()}.py"
    lines = "".join(f"    {line}\n" for line in body.strip("\n").splitlines())
    path.write_text(HEAD.format(name=name, lower=name.lower()) + lines, encoding="utf-8")
    return trace(resolve(f"{path}:{name}"))

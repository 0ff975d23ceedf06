"""The examples run, find what they look for, and compile as they say."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from symopt import catalogue
from symopt.passes.tracing import trace

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLES = CHECKOUT / "examples"


def run(command: Sequence[str | Path], cwd: Path) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
    assert done.stderr == ""
    return done.stdout


def test_every_example_has_a_test() -> None:
    examples = sorted(path.name for path in EXAMPLES.iterdir() if path.is_file())
    assert examples == ["my_rule.py", "use_c_kernel.c", "use_numpy_kernel.py", "use_torch_optimizer.py"]


def test_numpy(tmp_path: Path) -> None:
    assert run([sys.executable, EXAMPLES / "use_numpy_kernel.py"], tmp_path).startswith(
        "found [ 1.  -2.   0.5] after 1000"
    )


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_torch(tmp_path: Path) -> None:
    printed = run([sys.executable, EXAMPLES / "use_torch_optimizer.py"], tmp_path)
    assert printed == "found [1.0, -2.0, 0.5] with loss below 1e-6: True\n"


def test_c(tmp_path: Path) -> None:
    """The compiler's command is the one in the file's head."""
    compiler = os.environ.get("CC", "cc")
    if shutil.which(shlex.split(compiler)[0]) is None:
        pytest.skip("no C compiler")
    head = (EXAMPLES / "use_c_kernel.c").read_text(encoding="utf-8").partition("*/")[0]
    (command,) = re.findall(r"^ \*   cc ((?:.*\\\n)*.*)$", head, re.M)
    words = shlex.split(re.sub(r"\\\n \* +", " ", command))
    assert words[-2:] == ["-o", "use_c_kernel"]
    run([*shlex.split(compiler), "-Wall", "-Wextra", "-Werror", *words[:-1], tmp_path / "use_c_kernel"], CHECKOUT)
    assert run([tmp_path / "use_c_kernel"], tmp_path) == "0.000\n1.000\n2.000\n3.000\n"


def test_a_rule_of_ones_own() -> None:
    """Its mask is 0 where momentum and gradient disagree, so that the parameter stays."""
    rule = catalogue.resolve(f"{EXAMPLES / 'my_rule.py'}")
    assert [let.target for let in trace(rule).lets] == ["b", "mask", "p"]

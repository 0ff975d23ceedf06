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

import numpy as np
import pytest

from symopt import catalogue
from symopt.passes.tracing import trace
from tests.specs.float_run import run as run_float

CHECKOUT = Path(__file__).resolve().parent.parent
EXAMPLES = CHECKOUT / "examples"


def run(command: Sequence[str | Path], cwd: Path) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, f"{words}:\n{done.stdout}\n{done.stderr}"
    assert done.stderr == ""
    return done.stdout


def test_every_example_has_a_test() -> None:
    # The two kernels of AdamW are compared with the rule in tests/lift/test_c.py.
    examples = sorted(path.name for path in EXAMPLES.iterdir() if path.is_file())
    assert examples == [
        "adamw_avx2.c", "adamw_plain.c", "github-action.yml", "my_matrix_rule.py", "my_optimizer.py", "my_rule.py",
        "pre-commit-config.yaml", "test_my_optimizer.py", "use_c_kernel.c", "use_c_matrix_kernel.c",
        "use_numpy_kernel.py", "use_torch_optimizer.py",
    ]  # fmt: skip


def test_numpy(tmp_path: Path) -> None:
    assert run([sys.executable, EXAMPLES / "use_numpy_kernel.py"], tmp_path).startswith(
        "found [ 1.  -2.   0.5] after 1000"
    )


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_torch(tmp_path: Path) -> None:
    printed = run([sys.executable, EXAMPLES / "use_torch_optimizer.py"], tmp_path)
    assert printed == "found [1.0, -2.0, 0.5] with loss below 1e-6: True\n"


def compiled(name: str, tmp_path: Path) -> Path:
    """The program of an example, by the command in the file's head, with warnings as errors."""
    compiler = os.environ.get("CC", "cc")
    if shutil.which(shlex.split(compiler)[0]) is None:
        pytest.skip("no C compiler")
    head = (EXAMPLES / f"{name}.c").read_text(encoding="utf-8").partition("*/")[0]
    (command,) = re.findall(r"^ \*   cc ((?:.*\\\n)*.*)$", head, re.M)
    words = shlex.split(re.sub(r"\\\n \* +", " ", command))
    assert words[-2:] == ["-o", name]
    run([*shlex.split(compiler), "-Wall", "-Wextra", "-Werror", *words[:-1], tmp_path / name], CHECKOUT)
    return tmp_path / name


def test_c(tmp_path: Path) -> None:
    assert run([compiled("use_c_kernel", tmp_path)], tmp_path) == "0.000\n1.000\n2.000\n3.000\n"


def test_c_matrices(tmp_path: Path) -> None:
    printed = run([compiled("use_c_matrix_kernel", tmp_path)], tmp_path)
    losses = [float(number) for number in re.findall(r"^loss (\S+) ", printed, re.M)]
    assert len(losses) == 6
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > 5
    assert losses[-1] < 0.001


def test_a_rule_of_ones_own() -> None:
    """Its mask is 0 where momentum and gradient disagree, so that the parameter stays."""
    rule = catalogue.resolve(f"{EXAMPLES / 'my_rule.py'}")
    assert [let.target for let in trace(rule).lets] == ["b", "mask", "p"]


def test_a_matrix_rule_of_ones_own() -> None:
    """Singular values of 1 and 1/2 stand closer together after a step, and the norm is that of the momentum."""
    rule = catalogue.resolve(f"{EXAMPLES / 'my_matrix_rule.py'}")
    g = np.diag([1.0, 0.5])
    (p,) = run_float(rule, {"lr": 1.0, "mu": 0.0}, np.zeros((2, 2)), lambda p, t: g, 1)
    np.testing.assert_allclose(np.linalg.norm(p), np.linalg.norm(g), rtol=1e-9)
    assert 0.5 < p[1, 1] / p[0, 0] < 0.8


@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")
def test_tests_of_an_optimizer_of_ones_own(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLES / "test_my_optimizer.py"]
    assert "2 passed" in run(command, tmp_path)


# A configuration -> where its command stands.
CONFIGURATIONS = {"pre-commit-config.yaml": "repos.0.hooks.0.entry", "github-action.yml": "jobs.compare.steps.3.run"}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configurations_run_the_command_line(name: str) -> None:
    """The command that a hook or a workflow runs is one that there is, on the optimizer of the other example."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    commands = re.findall(r"^ *(?:- run|entry): (symopt .*)$", text, re.M)
    assert commands == ["symopt compare my_opt.py:MyAdam adamw"]
    assert _read_yaml(text, CONFIGURATIONS[name]) == commands[0]


def _read_yaml(text: str, path: str) -> str:
    """The value at a path of the few forms of YAML that are used: nested keys, lists of keys, plain values."""
    if importlib.util.find_spec("yaml") is not None:
        import yaml

        found = yaml.safe_load(text)
        for key in path.split("."):
            found = found[int(key)] if key.isdigit() else found[key]
        return str(found)
    levels: list[tuple[int, str]] = []
    counts: dict[tuple[str, ...], int] = {}
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        indent, rest = len(line) - len(line.lstrip()), line.strip()
        assert "\t" not in line
        while levels and levels[-1][0] >= indent:
            levels.pop()
        if rest.startswith("- "):
            parent = tuple(key for _, key in levels)
            levels.append((indent, str(counts.setdefault(parent, 0))))
            counts[parent] += 1
            indent, rest = indent + 2, rest[2:]
        key, colon, value = rest.partition(":")
        assert colon
        assert not value or value.startswith(" "), line
        levels.append((indent, key))
        if ".".join(key for _, key in levels) == path:
            return value.strip()
    raise AssertionError(f"nothing at {path}")

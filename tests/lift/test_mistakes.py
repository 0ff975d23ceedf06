"""What users get wrong: one clear line each, with file and line where there is one, and an exit status."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

from symopt.cli.main import run
from symopt.lift import guard
from symopt.lift.c import machine

Capture = pytest.CaptureFixture[str]
needs_torch = pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="PyTorch is not installed")

CLASS = """
import torch

class Mine(torch.optim.Optimizer):
    def __init__(self, params, {argument}lr=0.1):
        super().__init__(params, {{"lr": lr}})
        {constructed}

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                {stepped}
                p.sub_(group["lr"] * p.grad)
"""
FUNCTION = """
import sys

def step(p, g, lr=0.1):
    {stepped}
    return p - lr * g
"""


def _torch(constructed: str = "pass", stepped: str = "pass", argument: str = "") -> str:
    return CLASS.format(constructed=constructed, stepped=stepped, argument=argument)


def _numpy(stepped: str) -> str:
    return FUNCTION.format(stepped=stepped)


def _c(body: str, before: str = "") -> str:
    return f"{before}\nvoid step(float *p, const float *g, int n, float lr) {{\n{body}\n}}\n"


LOOP = "for (int i = 0; i < n; i++)"
C_FILES = {
    "no_c": (_c(f"{LOOP} p[i] -= lr * g[i]"), r"mine\.c:4:\d+: "),
    "no_header": (_c("", '#include "nothing_here.h"'), r"mine\.c:1:\d+: .*nothing_here\.h"),
    "recursion": (
        _c(f"{LOOP} p[i] -= lr * f(g[i]);", "static float f(float x) { return f(x) + 1; }"),
        r"mine\.c:1: a call of f inside \d+ others, as in a recursion without end",
    ),
    "loop_on_data": (
        _c(f"{LOOP} {{ float x = g[i];\nwhile (x > 1) x = x / 2;\np[i] -= lr * x; }}"),
        r"mine\.c:4: a loop whose end depends on values that are not known",
    ),
    "loop_without_end": (_c(f"{LOOP} {{\nint k = 0; while (k < 1) k = 0;\n}}"), r"mine\.c:4: a run of more than"),
    "unknown_function": (_c(f"{LOOP} p[i] -= lr * erff(g[i]);"), r"mine\.c:3: .*erff"),
}
NUMPY_FILES = {
    "raises": ("import math\nx = 1 / 0\n", r"mine\.py:2: ZeroDivisionError: division by zero"),
    "no_python": ("def step(p, g:\n", r"mine\.py:1: SyntaxError"),
    "no_optimizer": ("x = 1\n", r"mine\.py defines no optimizer"),
    "raises_in_step": (_numpy("raise ValueError('nothing')"), r"mine\.py:5: ValueError: nothing"),
    "exits": (_numpy("sys.exit(0)"), r"mine\.py:5: the code exits, with 0"),
    "exits_on_import": ("import sys\nsys.exit(3)\n", r"mine\.py:2: SystemExit"),
    "unsupported": (_numpy("import numpy; p = numpy.sort(p)"), r"mine\.py:5: np\.sort"),
    "recursion": (_numpy("f = lambda x: f(x); f(p)"), r"mine\.py:5: RecursionError"),
    "one_argument": ("def step(p):\n    return p\n", r"mine\.py defines no optimizer"),
}
TORCH_FILES = {
    "constructor": (_torch("raise ValueError('no such thing')"), r"mine\.py:7: ValueError: no such thing"),
    "closure": (_torch(stepped="closure()"), r"mine\.py:13: the step needs a closure"),
    "required": (_torch(argument="horizon, "), r"requires horizon; give it in brackets"),
    "unsupported": (_torch(stepped="torch.linalg.svd(p.grad[None])"), r"mine\.py:13: svd|mine\.py:13: .*svd"),
    "giant": (_torch("self.kept = torch.zeros(10**13)"), r"mine\.py:7: RuntimeError: .*memory"),
    "exits": (_torch(stepped="raise SystemExit"), r"mine\.py:13: the code exits, with None"),
    "big": (_torch("self.kept = torch.zeros(5_000_000)"), r"attr\.kept is a tensor of 5000000 elements"),
}


def _complaint(capsys: Capture, folder: Path, text: str, name: str, status: int = 2) -> str:
    path = folder / name
    path.write_text(text)
    assert run(["compare", str(path), "sgd"]) == status
    out, err = capsys.readouterr()
    assert out == ""
    lines = [line for line in err.splitlines() if line.startswith("symopt: ")]
    assert len(lines) == 1
    return lines[0]


@pytest.mark.parametrize("case", C_FILES)
def test_a_file_in_c(case: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "MOST_STATEMENTS", 10_000)
    text, message = C_FILES[case]
    assert re.search(message, _complaint(capsys, tmp_path, text, "mine.c"))


@pytest.mark.parametrize("case", NUMPY_FILES)
def test_a_file_in_python(case: str, tmp_path: Path, capsys: Capture) -> None:
    text, message = NUMPY_FILES[case]
    assert re.search(message, _complaint(capsys, tmp_path, text, "mine.py"))


@needs_torch
@pytest.mark.parametrize("case", TORCH_FILES)
def test_a_class_of_pytorch(case: str, tmp_path: Path, capsys: Capture) -> None:
    text, message = TORCH_FILES[case]
    assert re.search(message, _complaint(capsys, tmp_path, text, "mine.py"))


@pytest.mark.parametrize("inside", ["pass", "\n        try: p = p + 1\n        except Exception: pass"])
def test_a_loop_without_end_meets_a_limit(
    inside: str, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SECONDS", 0.3)
    said = _complaint(capsys, tmp_path, _numpy(f"while True: {inside}"), "mine.py")
    assert re.search(r"mine\.py:\d+: it takes more than 0\.3 s to lift; a loop without end\?", said)


def test_what_code_prints_goes_to_standard_error(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "mine.py"
    path.write_text(_numpy("print('stepping')"))
    assert run(["compare", str(path), "sgd", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "stepping" in err
    assert "stepping" not in out


def test_a_framework_that_is_missing_is_named(tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optax", None)
    said = _complaint(capsys, tmp_path, "import optax\n", "mine.py", status=4)
    assert said.endswith("needs optax: pip install optax")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nothing.py", "no file nothing.py"),
        ("nothing.c", "no file nothing.c"),
        ("math.nothing", "math has no 'nothing'"),
        ("collections.OrderedDict", "is a class and no optimizer"),
    ],
)
def test_a_target_that_is_none(target: str, message: str, capsys: Capture) -> None:
    assert run(["compare", target, "sgd"]) == 2
    assert message in capsys.readouterr().err

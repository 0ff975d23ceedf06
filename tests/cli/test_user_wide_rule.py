"""A user's rule with a norm and a matrix product, in a file outside the repository, goes through every command."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import numpy as np
import pytest

from symopt.catalogue import resolve
from symopt.cli.main import run
from symopt.run.kernel import load

Capture = pytest.CaptureFixture[str]

RULE = dedent("""
    from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval
    from symopt.lang import ema, matmul, maximum, norm, transpose

    class Steep(Rule):
        '''Momentum seen through the products of the rows, no longer than the parameter is.'''

        source = "mine"
        lr = Hyper(0.05, r"\\\\gamma", NonNegative)
        beta = Hyper(0.8, r"\\\\beta", UnitInterval)
        floor_of_size = Hyper(0.1, "c", Positive)
        m, rows_seen = State(), State()

        def update(s) -> None:
            s.m = ema(s.m, s.g, s.beta)
            s.rows_seen = ema(s.rows_seen, matmul(s.g, transpose(s.g)), s.beta)
            s.u = s.m + matmul(s.rows_seen, s.m)
            s.reach = maximum(norm(s.p), s.floor_of_size) / maximum(norm(s.u), s.floor_of_size)
            s.p = s.p - s.lr * s.reach * s.u
""")


@pytest.fixture
def rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "steep.py").write_text(RULE.replace("\\\\", "\\"))
    monkeypatch.chdir(tmp_path)
    return "steep.py"


def answer(capsys: Capture, *arguments: str, status: int = 0) -> str:
    """Standard output of a command that says nothing else."""
    assert run(arguments) == status
    out, err = capsys.readouterr()
    assert err == ""
    return out


@pytest.mark.parametrize("form", ["text", "latex", "markdown", "json"])
def test_show(capsys: Capture, rule: str, form: str) -> None:
    shown = answer(capsys, "show", rule, "--format", form)
    assert "steep" in shown or form == "latex"
    assert "rows_seen" in shown or r"rows\_seen" in shown or "rows-seen" in shown


def test_compare_with_itself_and_with_another(capsys: Capture, rule: str) -> None:
    assert json.loads(answer(capsys, "compare", rule, rule, "--json"))["verdict"] == "equal"
    other = json.loads(answer(capsys, "compare", rule, "sgd", "--json", status=1))
    assert other["verdict"] == "different"
    assert other["witness"] is not None


def test_explain_names_the_sweeps_and_products(capsys: Capture, rule: str) -> None:
    for backend in ("c", "numpy", "torch"):
        assert "matmul" in answer(capsys, "explain", rule, "--backend", backend)


def test_generate_and_check(capsys: Capture, rule: str, tmp_path: Path) -> None:
    answer(capsys, "generate", rule, "--out", "kernels")
    folder = tmp_path / "kernels"
    written = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("steep.*"))
    assert {"numpy/steep.py", "torch/steep.py", "c/steep.c", "c/steep.h"} <= set(written)
    assert "fresh" in answer(capsys, "generate", rule, "--out", "kernels", "--check")
    assert "all comparisons came out as they must" in answer(capsys, "check", rule)


def by_hand(p, g, m, seen):
    m = 0.8 * m + 0.2 * g
    seen = 0.8 * seen + 0.2 * g @ g.T
    u = m + seen @ m
    reach = max(np.linalg.norm(p), 0.1) / max(np.linalg.norm(u), 0.1)
    return p - 0.05 * reach * u, m, seen


def test_its_c_kernel_computes_the_formula(rule: str) -> None:
    pytest.importorskip("cffi")
    kernel = load(resolve(rule))
    rng = np.random.default_rng(1)
    p = rng.standard_normal((5, 3))
    expected, m, seen = p.copy(), np.zeros((5, 3)), np.zeros((5, 5))
    states = kernel.init(p)
    for t in range(1, 13):
        g = rng.standard_normal((5, 3))
        kernel.step(p, g, states, t)
        expected, m, seen = by_hand(expected, g, m, seen)
    np.testing.assert_allclose(p, expected, rtol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("matmul(s.rows_seen, s.m)", "matmul(s.m, s.rows_seen)"), "shapes do not fit: a product of"),
        (("norm(s.p)", "norm(s.lr)"), "sum is taken over elements, and what it is given is one number"),
        (("s.m + matmul(s.rows_seen, s.m)", "s.m + s.rows_seen"), "shapes do not fit element by element"),
    ],
)
def test_shapes_that_do_not_fit_are_one_line(
    capsys: Capture, rule: str, change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    text = (tmp_path / rule).read_text(encoding="utf-8")
    assert change[0] in text
    (tmp_path / rule).write_text(text.replace(*change), encoding="utf-8")
    assert run(["show", rule]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert err.count("\n") == 1
    assert "steep.py:" in err

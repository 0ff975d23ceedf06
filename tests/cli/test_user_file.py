"""A rule in a user's file, far from the repository, works in every command."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from textwrap import dedent

import pytest

import symopt
from symopt.cli.main import run

Capture = pytest.CaptureFixture[str]

# Heavy-ball momentum in other words, with a helper beside it and something to say while it is read.
HELPER = "def push(kept, old, new):\n    return kept * old + new\n"
RULE = dedent("""
    from helper_of_mine import push
    from symopt import Hyper, Option, Rule, State

    print("reading the file")

    class Rolling(Rule, name="rolling_ball"):
        '''A ball that rolls.'''
        source = "mine"
        rate = Hyper(0.1)
        kept = Hyper(0.9)
        mirrored = Option(False)
        speed = State()

        def update(s) -> None:
            print("recording")
            s.speed = push(s.kept, s.speed, s.g)
            s.p = s.p + s.rate * s.speed if s.mirrored else s.p - s.rate * s.speed
""")


@pytest.fixture
def rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    folder = tmp_path / "some where"
    folder.mkdir()
    (folder / "helper_of_mine.py").write_text(HELPER)
    (folder / "mine.py").write_text(RULE)
    monkeypatch.chdir(tmp_path)
    return "some where/mine.py"


def answer(capsys: Capture, *arguments: str, status: int = 0) -> str:
    """Standard output; what the file prints is not on it."""
    assert run(arguments) == status
    out, err = capsys.readouterr()
    assert "recording" in err
    assert "symopt: " not in err
    assert "recording" not in out
    assert "reading the file" not in out
    return out


def test_show(capsys: Capture, rule: str) -> None:
    assert "rolling_ball: A ball that rolls.\nsource: mine\n" in answer(capsys, "show", rule)
    assert "p ← p + rate·speed" in answer(capsys, "show", f"{rule}:Rolling[mirrored=True]")
    assert json.loads(answer(capsys, "show", rule, "--format", "json"))["target"] == "rolling_ball"


def test_compare_with_a_rule_of_the_catalogue(capsys: Capture, rule: str) -> None:
    found = json.loads(answer(capsys, "compare", rule, "momentum", "--json"))
    assert found["verdict"] == "equal"
    assert {found["hyper_map"]["lr"], found["hyper_map"]["mu"]} == {"rate", "kept"}
    other = json.loads(answer(capsys, "compare", f"{rule}[mirrored=True]", "momentum", "--map", "lr=rate,mu=kept",
                              "--json", status=1))  # fmt: skip
    assert other["verdict"] == "different"


def test_explain(capsys: Capture, rule: str) -> None:
    assert answer(capsys, "explain", rule, "--backend", "numpy").startswith("rolling_ball\n")
    assert symopt.explain(rule).phases[-1].writes == ("p", "speed")


def test_generate_and_its_check(capsys: Capture, rule: str) -> None:
    def files() -> dict[str, bytes]:
        return {
            str(path.relative_to("out")): path.read_bytes() for path in sorted(Path("out").rglob("*")) if path.is_file()
        }

    options = (rule, "--out", "out")
    assert "missing: c/rolling_ball.c: symopt generate" in answer(capsys, "generate", *options, "--check", status=1)
    assert not Path("out").exists(), "--check writes nothing"
    answer(capsys, "generate", *options)
    made = files()
    assert set(made) == {
        "MANIFEST", "numpy/rolling_ball.py", "torch/rolling_ball.py", "c/rolling_ball.c", "c/rolling_ball.h",
    }  # fmt: skip
    assert answer(capsys, "generate", *options, "--check") == "out: 4 of 4 files are fresh\n"

    target = Path("out/c/rolling_ball.c")
    target.write_bytes(target.read_bytes() + b"/* mine */\n")
    said = answer(capsys, "generate", *options, "--check", status=1).splitlines()
    assert said[0].startswith("edited: c/rolling_ball.c: symopt generate ")
    assert said[0].endswith("--backend c --out out")
    assert target.read_bytes().endswith(b"/* mine */\n"), "--check writes nothing"

    answer(capsys, "generate", *options)
    assert files() == made


def test_an_edited_rule_makes_its_kernels_stale(capsys: Capture, rule: str) -> None:
    options = (rule, "--out", "out", "--backend", "numpy")
    answer(capsys, "generate", *options)
    Path(rule).write_text(RULE.replace("s.p - s.rate", "s.p - 2 * s.rate"))
    assert "stale: numpy/rolling_ball.py: symopt generate " in answer(capsys, "generate", *options, "--check", status=1)


def test_one_backend_and_one_type(capsys: Capture, rule: str) -> None:
    answer(capsys, "generate", rule, "--out", "out", "--backend", "c", "--dtype", "f32")
    assert sorted(path.name for path in Path("out").rglob("*.*")) == ["rolling_ball.c", "rolling_ball.h"]
    text = Path("out/c/rolling_ball.h").read_text()
    assert "_step_f32(" in text
    assert "_f64" not in text


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_check(capsys: Capture, rule: str) -> None:
    out = answer(capsys, "check", rule)
    rows = [line for line in out.splitlines() if line.startswith("rolling_ball")]
    assert len(rows) == 4, "two choices of the option, two types"
    assert all(" bits " in row for row in rows)
    assert out.endswith("functions proved equal to their rule\n")

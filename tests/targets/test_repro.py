"""Scripts that show a difference run by themselves, and see what was predicted."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from symopt.cli.main import run
from symopt.errors import UsageError
from symopt.targets.compare import answer
from symopt.targets.repro import floats, repro_script, write_repro

HEAVY = """
def heavy_step(w, dw, v, *, lr=0.1, mu=0.9):
    v = mu * v + dw
    return w - 2 * lr * v, v


def inplace_step(w, dw, *, lr=0.1):
    w -= 3 * lr * dw
"""


def script(path: Path) -> subprocess.CompletedProcess[str]:
    """The script in a folder and an environment in which symopt is not looked for."""
    return subprocess.run(
        [sys.executable, "-I", str(path)], check=False, capture_output=True, text=True, timeout=120, cwd=path.parent
    )


def shown(left: str, right: str, folder: Path, **options: object) -> str:
    """What the script for two targets prints; it must succeed."""
    path = folder / "repro.py"
    write_repro(answer(left, right, **{"time_limit": 4.0, **options}), path)  # type: ignore[arg-type]  # options of the comparison
    done = script(path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "They differ, as predicted." in done.stdout
    return done.stdout


@pytest.mark.parametrize(
    ("left", "right"),
    [("adam", "adam_tf"), ("sgd", "nag"), ("muon", "muon_flax"), ("sgld", "sgd"), ("polyak_sgd", "sgd"),
     ("adafactor", "adafactor_torch"), ("sophia", "adam")],
)  # fmt: skip
def test_rules_are_written_out_in_numpy(left: str, right: str, tmp_path: Path) -> None:
    shown(left, right, tmp_path)
    text = (tmp_path / "repro.py").read_text()
    assert "symopt" not in re.sub(r"^#.*$", "", text, flags=re.MULTILINE)
    assert set(re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE)) == {"sys", "numpy"}


def test_the_numbers_are_those_of_the_witness(tmp_path: Path) -> None:
    found = answer("adam", "adam_tf")
    assert found.verdict.witness is not None
    printed = shown("adam", "adam_tf", tmp_path)
    left, right = (float(value) for value in re.findall(r"^  adam(?:_tf)?: (\S+)$", printed, re.MULTILINE))
    assert left == pytest.approx(float(found.verdict.witness.left))
    assert right == pytest.approx(float(found.verdict.witness.right))


def test_a_hyper_parameter_that_varies_is_given_for_every_step(tmp_path: Path) -> None:
    shown("momentum", "momentum_ema", tmp_path, varying=("lr",))


def test_under_a_given_map_the_right_has_other_numbers(tmp_path: Path) -> None:
    shown("adam", "adam", tmp_path, hyper_map={"eps": "2*eps"})


@pytest.mark.parametrize(
    ("framework", "left", "right"),
    [("torch", "torch.optim.Adam", "adam_tf"), ("torch", "torch.optim.SGD[momentum=0.9,nesterov=True]", "momentum"),
     ("optax", "optax.adam", "adamw"), ("keras", "rmsprop", "keras.optimizers.RMSprop")],
)  # fmt: skip
def test_code_of_a_framework_runs_as_it_is(framework: str, left: str, right: str, tmp_path: Path) -> None:
    if find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    shown(left, right, tmp_path)
    assert re.search(rf"^\s+import {framework}$", (tmp_path / "repro.py").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("name", "rule"), [("heavy_step", "momentum"), ("inplace_step", "sgd")])
def test_a_file_is_loaded_whatever_its_folder_is_called(name: str, rule: str, tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s "quoted"\\ # and { } odd'
    folder.mkdir()
    (folder / "opt.py").write_text(HEAVY)
    shown(f"{folder}/opt.py:{name}", rule, tmp_path)


def test_c_is_run_as_what_was_lifted_from_it(tmp_path: Path) -> None:
    pytest.importorskip("pycparser")
    source = tmp_path / "sgd.c"
    source.write_text(
        "void sgd_step(double *p, const double *g, int n, double lr) {\n"
        "    for (int i = 0; i < n; i++) p[i] -= 2 * lr * g[i];\n}\n"
    )
    shown(str(source), "sgd", tmp_path)
    assert "without a compiler" in (tmp_path / "repro.py").read_text()


def test_a_script_says_when_the_difference_is_not_there(tmp_path: Path) -> None:
    text = repro_script(answer("adam", "adam_tf"))
    broken = re.sub(r"PREDICTED = .*", "PREDICTED = (np.array(1.0), np.array(2.0))", text)
    path = tmp_path / "broken.py"
    path.write_text(broken)
    done = script(path)
    assert done.returncode == 1
    assert "They do not differ as predicted" in done.stdout


def test_what_has_no_script_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="adam and adam are equal"):
        write_repro(answer("adam", "adam"), tmp_path / "none.py")
    with pytest.raises(UsageError, match="inverse_root"):
        write_repro(answer("shampoo", "sgd"), tmp_path / "none.py")
    assert list(tmp_path.iterdir()) == []


def test_numbers_of_a_witness() -> None:
    assert floats("-10/19") == -10 / 19
    assert floats("0.5") == 0.5
    assert np.isnan(floats("undefined"))
    assert floats([["1", "2"], ["3", "1/4"]]).tolist() == [[1, 2], [3, 0.25]]


def test_the_command_writes_the_script_or_says_in_a_line_why_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "folder" / "repro.py"
    assert run(["compare", "adam", "adam_tf", "--repro", str(path)]) == 1
    assert script(path).returncode == 0
    capsys.readouterr()
    for targets, file in ((["adam", "adam"], path), (["adam", "adam_tf"], Path("/proc/none/repro.py"))):
        assert run(["compare", *targets, "--repro", str(file)]) == 2
        complaints = [line for line in capsys.readouterr().err.splitlines() if line.startswith("symopt: ")]
        assert len(complaints) == 1

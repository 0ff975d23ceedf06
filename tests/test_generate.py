"""Generation: fresh, deterministic, whole or not at all; and what a changed byte leads to."""

from __future__ import annotations

import hashlib
import os
import shlex
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from symopt import catalogue
from symopt.backends.base import SEAL, is_intact
from symopt.backends.registry import backend
from symopt.errors import UnsupportedError, UsageError
from symopt.generate import generate

CHECKOUT = Path(__file__).resolve().parent.parent

NASTY = '''
from symopt.lang import Hyper, NonNegative, Rule, State


class Nasty(Rule):
    """Ends a comment: */ and a docstring: \\"\\"\\" or \\'\\'\\' and a line: \\\\n {{ braces }} {% raw %} ??/ \\\\"""

    source = "a */ b /* c \\"\\"\\" d\\nimport os \\\\"

    np = Hyper(0.5, domain=NonNegative)
    state = State()
    torch, math, real = State(), State(init="np"), State(init="p")
    tmp1 = State(init=2)

    def update(s) -> None:
        s.max = s.np * s.g + s.tmp1
        s.state = s.state + s.max
        s.torch = s.torch - s.max
        s.math = s.real
        s.real = s.p
        s.tmp1 = s.tmp1 + s.g
        s.p = s.p - s.np * (s.state + s.torch + s.math)
'''


@pytest.fixture
def nasty(tmp_path: Path) -> str:
    (tmp_path / "nasty.py").write_text(NASTY, encoding="utf-8")
    return f"{tmp_path / 'nasty.py'}:Nasty"


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_is_committed_is_fresh() -> None:
    start = time.perf_counter()
    report = generate(check=True)
    assert report.problems == (), report.text()
    assert report.exit_status == 0
    assert len(report.files) == 4 * len(catalogue.rule_names())
    assert time.perf_counter() - start < 60


def test_the_manifest_is_what_sha256sum_writes() -> None:
    generated = CHECKOUT / "generated"
    lines = (generated / "MANIFEST").read_text(encoding="utf-8").splitlines()
    assert lines == sorted(lines, key=lambda line: line.split("  ")[1])
    for line in lines:
        digest, path = line.split("  ")
        assert hashlib.sha256((generated / path).read_bytes()).hexdigest() == digest


def test_the_same_bytes_in_every_hash_seed(tmp_path: Path) -> None:
    found = []
    for seed in ("0", "1", "4242"):
        folder = tmp_path / seed
        script = f"from symopt.generate import generate; generate(['sgd', 'adamw', 'nag'], out={str(folder)!r})"
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", script], check=True, env=environment, timeout=60)
        found.append(tree(folder))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3 * 4 + 1


def test_an_edited_byte_is_reported_with_its_file_and_the_command(tmp_path: Path) -> None:
    generate(["adam", "lion"], out=tmp_path)
    path = tmp_path / "numpy" / "adam.py"
    path.write_text(path.read_text(encoding="utf-8").replace("np.sqrt", "np.cbrt"), encoding="utf-8")
    report = generate(["adam", "lion"], out=tmp_path, check=True)
    assert [(p.path, p.kind) for p in report.problems] == [("numpy/adam.py", "edited")]
    assert report.problems[0].command == f"symopt generate adam --backend numpy --out {tmp_path}"
    assert report.exit_status == 1
    assert generate(["adam"], ["numpy"], out=tmp_path).changed == ("numpy/adam.py",)
    assert generate(["adam", "lion"], out=tmp_path, check=True).exit_status == 0


def test_an_edited_header_is_reported(tmp_path: Path) -> None:
    generate(["lion"], ["c"], out=tmp_path)
    path = tmp_path / "c" / "lion.h"
    path.write_text(path.read_text(encoding="utf-8").replace("Chen", "Chan"), encoding="utf-8")
    assert [p.kind for p in generate(["lion"], ["c"], out=tmp_path, check=True).problems] == ["edited"]


def test_a_changed_rule_makes_its_files_stale(tmp_path: Path) -> None:
    spec = tmp_path / "mine.py"
    text = (CHECKOUT / "specs" / "lion.py").read_text(encoding="utf-8")
    spec.write_text(text, encoding="utf-8")
    out = tmp_path / "out"
    generate([f"{spec}:Lion"], ["numpy"], out=out)
    spec.write_text(text.replace("s.lr * (s.u", "2 * s.lr * (s.u"), encoding="utf-8")
    report = generate([f"{spec}:Lion"], ["numpy"], out=out, check=True)
    # The manifest holds the digests, so it is stale with the file.
    assert [(p.path, p.kind) for p in report.problems] == [("MANIFEST", "stale"), ("numpy/lion.py", "stale")]
    assert report.problems[1].command.startswith("symopt generate mine.py:Lion --backend numpy")


def test_missing_and_orphan_files_are_reported_by_a_whole_check(tmp_path: Path) -> None:
    generate(out=tmp_path, backends=["numpy"])
    (tmp_path / "numpy" / "adam.py").unlink()
    (tmp_path / "numpy" / "extra.py").write_text("", encoding="utf-8")
    report = generate(out=tmp_path, backends=["numpy"], check=True)
    assert [(p.path, p.kind) for p in report.problems] == [("numpy/adam.py", "missing"), ("numpy/extra.py", "orphan")]
    again = generate(out=tmp_path, backends=["numpy"])
    # What nobody generated is left for its owner to remove.
    assert [(p.path, p.kind) for p in again.problems] == [("numpy/extra.py", "orphan")]
    assert (tmp_path / "numpy" / "extra.py").exists()


def test_a_file_of_a_rule_that_is_gone_is_removed(tmp_path: Path) -> None:
    generate(out=tmp_path, backends=["numpy"])
    old = tmp_path / "numpy" / "gone.py"
    old.write_text("x = 1\n", encoding="utf-8")
    digest = hashlib.sha256(old.read_bytes()).hexdigest()
    with (tmp_path / "MANIFEST").open("a", encoding="utf-8") as manifest:
        manifest.write(f"{digest}  numpy/gone.py\n")
    report = generate(out=tmp_path, backends=["numpy"])
    assert set(report.changed) == {"MANIFEST", "numpy/gone.py"}
    assert not old.exists()


def test_a_folder_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    blocker = tmp_path / "file"
    blocker.write_text("not a folder", encoding="utf-8")
    with pytest.raises(UsageError, match=r"file/out cannot be written: Not a directory; nothing was changed"):
        generate(["lion"], out=blocker / "out")


@pytest.mark.parametrize(
    ("failure", "raised", "message"),
    [
        (OSError(28, "No space left on device"), UsageError, "No space left on device; nothing was changed"),
        (KeyboardInterrupt(), KeyboardInterrupt, ""),
    ],
)
def test_a_failure_on_the_way_leaves_the_folder_as_it_was(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    failure: BaseException,
    raised: type[BaseException],
    message: str,
) -> None:
    generate(["lion"], out=tmp_path)
    path = tmp_path / "numpy" / "lion.py"
    path.write_text("edited\n", encoding="utf-8")
    before = tree(tmp_path)
    replace, calls = os.replace, []

    def failing(source: str, target: str) -> None:
        calls.append(target)
        if len(calls) == 3:
            raise failure
        replace(source, target)

    monkeypatch.setattr(os, "replace", failing)
    with pytest.raises(raised, match=message or None):
        generate(["lion", "adam"], out=tmp_path)
    monkeypatch.undo()
    assert len(calls) == 3
    assert tree(tmp_path) == before


def test_text_of_a_rule_cannot_leave_its_comment(nasty: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    generate([nasty], out=out)
    for name in ("numpy", "torch"):
        text = (out / name / "nasty.py").read_text(encoding="utf-8")
        compile(text, "nasty.py", "exec")
        assert "\nimport os" not in text
    header = (out / "c" / "nasty.h").read_text(encoding="utf-8")
    assert "a * / b / * c" in header


def test_names_of_a_rule_hide_nothing_that_its_kernel_uses(nasty: str) -> None:
    np = pytest.importorskip("numpy")
    from symopt.backends.base import variants_of
    from symopt.run.modules import NumPyKernel, load_module

    variants = variants_of(type(catalogue.resolve(nasty)))
    kernel = NumPyKernel(load_module("numpy", variants), variants[0])
    p = np.array([1.0, -2.0])
    states = kernel.init(p, np=0.5)
    assert {name: list(array) for name, array in states.items()} == {
        "state": [0, 0], "torch": [0, 0], "math": [0.5, 0.5], "real": [1, -2], "tmp1": [2, 2],
    }  # fmt: skip
    kernel.step(p, np.array([4.0, 2.0]), states, 1, np=0.5)
    # max = g/2 + 2; state and torch cancel; math is the old real, which is p.
    assert list(p) == [1 - 0.5 * 1, -2 + 0.5 * 2]
    assert list(states["state"]) == [4, 3]


def test_a_seal_covers_everything_below_it(tmp_path: Path) -> None:
    generate(["adam"], ["numpy"], out=tmp_path)
    text = (tmp_path / "numpy" / "adam.py").read_text(encoding="utf-8")
    assert SEAL in text
    assert is_intact(text)
    assert not is_intact(text + "\n")
    assert not is_intact(text.replace("beta1 * m", "beta2 * m", 1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((["adam"], ["fortran"]), "no backend is called 'fortran'; known: numpy, torch, c"),
        ((["adam"], None, ["f16"]), "no element type is called 'f16'"),
        ((["adamm"],), "no rule is called 'adamm'; did you mean adam"),
        ((["adam[l2=True]"],), "kernels are made for every option"),
    ],
)
def test_wrong_requests_say_what_would_be_right(arguments: tuple[list[str]], message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("[", r"\[")):
        generate(*arguments, check=True)


COMPOSED = [
    ("lookahead[base=adamw]", "lookahead_adamw"),
    ("lookahead[base=sgd(momentum=True)]", "lookahead_sgd_momentum"),
    ("chain(adam_direction,trust_ratio)", "chain_adam_direction_trust_ratio"),
    ("chain(clip_norm(limit=2),adamw)", "chain_clip_norm_limit_2_adamw"),
]


@pytest.mark.parametrize(("target", "name"), COMPOSED)
def test_what_is_composed_has_kernels_and_a_command_that_makes_them_again(
    target: str, name: str, tmp_path: Path
) -> None:
    report = generate([target], out=tmp_path)
    assert set(report.files) == {f"numpy/{name}.py", f"torch/{name}.py", f"c/{name}.h", f"c/{name}.c"}
    command = f"symopt generate {shlex.quote(target)} --backend numpy"
    text = (tmp_path / "numpy" / f"{name}.py").read_text(encoding="utf-8")
    assert f"# Regenerate: {command}" in text
    # A shell takes the command apart, and it names the same rule.
    before = tree(tmp_path)
    (tmp_path / "numpy" / f"{name}.py").write_text("edited\n", encoding="utf-8")
    (again,) = shlex.split(command)[2:3]
    assert generate([again], ["numpy"], out=tmp_path).changed == (f"numpy/{name}.py",)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("target", [target for target, _ in COMPOSED])
def test_what_is_composed_is_no_rule_of_the_catalogue(target: str) -> None:
    with pytest.raises(UsageError, match="is no rule of the catalogue; say with --out DIR"):
        generate([target])


def test_options_of_what_is_composed_are_all_generated(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="kernels are made for every option"):
        generate(["lookahead[base=adamw,alpha=0.3]"], out=tmp_path)


def refusing(variants: object) -> dict[str, object]:
    raise UnsupportedError("lion: this backend is closed")


def test_what_is_refused_stands_in_a_table_at_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = replace(backend("c"), view=refusing)
    monkeypatch.setattr("symopt.classes.backend", lambda name: closed if name == "c" else backend(name))
    report = generate(["lion", "adam"], out=tmp_path)
    assert report.exit_status == 0
    assert set(report.files) == {"numpy/adam.py", "numpy/lion.py", "torch/adam.py", "torch/lion.py"}
    fresh, title, columns, line = report.text().splitlines()
    assert fresh.startswith(f"{tmp_path}: 4 of 4 files are fresh")
    assert title == "not made, by class:"
    assert columns.split() == ["class", "backend", "not", "made", "rules", "why"]
    assert line.split() == ["element-wise", "c", "kernels", "2", "this", "backend", "is", "closed"]
    with pytest.raises(UnsupportedError, match="lion: this backend is closed"):
        generate(["lion"], ["c"], out=tmp_path)


def test_a_part_that_is_not_made_is_in_the_table_too(tmp_path: Path) -> None:
    """A rule that reads an estimate of the second derivative has functions in PyTorch, and no optimizer."""
    report = generate(["sophia", "adam"], ["torch"], out=tmp_path)
    assert report.text().splitlines()[-1].split()[:3] == ["element-wise,", "extra", "inputs"]
    assert "a step of PyTorch is given no estimate of the second derivative" in report.text()
    assert "Optimizer)" not in (tmp_path / "torch" / "sophia.py").read_text(encoding="utf-8")


def test_a_rule_outside_the_catalogue_needs_a_folder(nasty: str) -> None:
    with pytest.raises(UsageError, match="nasty is no rule of the catalogue; say with --out DIR"):
        generate([nasty])


def test_one_element_type_alone(tmp_path: Path) -> None:
    generate(["adam"], dtypes=["f32"], out=tmp_path)
    source = (tmp_path / "c" / "adam.c").read_text(encoding="utf-8")
    assert "_f32(" in source
    assert "_f64(" not in source
    assert 'DTYPES = [np.dtype("float32")]' in (tmp_path / "numpy" / "adam.py").read_text(encoding="utf-8")


def test_progress_is_told(tmp_path: Path) -> None:
    told: list[tuple[int, int, str]] = []
    generate(["adam", "lion"], ["numpy"], out=tmp_path, progress=lambda *now: told.append(now))
    assert told == [(0, 2, "adam"), (1, 2, "lion")]

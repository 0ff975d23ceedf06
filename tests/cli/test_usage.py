"""Wrong usage and unreadable input: status 2, nothing on standard output, one line that says what would be right."""

from __future__ import annotations

from pathlib import Path

import pytest

from symopt.cli.main import COMMANDS, run

Capture = pytest.CaptureFixture[str]

EMPTY_RULE = "import symopt\nclass {0}(symopt.Rule):\n    def update(s):\n        s.p = s.p - {1}\n"
FILES = {
    "broken.py": "def (",
    "imports.py": "import nothere",
    "empty.py": "x = 1",
    "exits.py": "import sys\nsys.exit(0)",
    "two.py": EMPTY_RULE.format("A", "s.g") + EMPTY_RULE.format("B", "2*s.g"),
    "misspelt.py": "import symopt\nclass A(symopt.Rule):\n    beta = symopt.Hyper(0.5)\n"
    "    def update(s):\n        s.p = s.p - s.betta*s.g\n",
    "exits_later.py": "import sys\n" + EMPTY_RULE.format("A", "sys.exit(0)"),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "folder.py").mkdir()
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)


def complaint(capsys: Capture, *arguments: str, status: int = 2) -> str:
    """What a command complains of, when it complains as it must."""
    assert run(arguments) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("symopt: ")
    assert err.count("\n") == 1
    assert err.endswith("\n")
    assert "Traceback" not in err
    assert "internal error" not in err
    return err


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("adamv", "no rule is called 'adamv'; did you mean adam or adamw or adamp"),
        ("adamw[", "write a name, name[key=value,...] or file.py:Class"),
        ("", "write a name"),
        ("adamw[lr=-1]", "lr = -1 is outside its domain: 0 <= lr"),
        ("adamw[amsgrd=True]", "did you mean amsgrad?"),
        ("adamw[lr=cosin]", "did you mean cosine"),
        ("adamw[lr=1,lr=2]", "lr is set twice"),
        ("nowhere.py", "no file nowhere.py"),
        ("folder.py", "folder.py is a folder"),
        ("broken.py", "SyntaxError"),
        ("binary.py", "binary.py:1: "),
        ("imports.py", "No module named 'nothere'"),
        ("exits.py", "exit"),
        ("exits_later.py", "exit"),
        ("misspelt.py", "misspelt.py:5: "),
    ],
)
@pytest.mark.parametrize("command", ["show", "explain", "check", "generate", "compare"])
def test_a_target_that_names_nothing(capsys: Capture, command: str, target: str, says: str) -> None:
    rest = {"compare": ["adam"], "generate": ["--out", "out"]}.get(command, [])
    assert says in complaint(capsys, command, target, *rest)
    assert not Path("out").exists(), "nothing is written"


@pytest.mark.parametrize(
    ("command", "nothing", "several", "unknown"),
    [
        (command, "no optimizer: no rule, no subclass of torch.optim.Optimizer", "several candidates", "'C'")
        for command in ("show", "compare")
    ]
    + [
        (command, "no subclass of symopt.Rule", "several rules", "rule 'C'")
        for command in ("explain", "check", "generate")
    ],
)
def test_a_file_that_defines_nothing_or_too_much(
    capsys: Capture, command: str, nothing: str, several: str, unknown: str
) -> None:
    rest = {"compare": ["adam"], "generate": ["--out", "out"]}.get(command, [])
    assert f"empty.py defines {nothing}" in complaint(capsys, command, "empty.py", *rest)
    said = complaint(capsys, command, "two.py", *rest)
    assert f"two.py defines {several}; add one after a colon; known: A, B" in said
    assert f"two.py defines no {unknown}; known: A, B" in complaint(capsys, command, "two.py:C", *rest)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "no command is given; known: list, show"),
        (["compair"], "no command is called 'compair'; did you mean compare?"),
        (["--nope"], "--nope"),
        (["show"], "Missing argument 'TARGET'; see symopt show --help"),
        (["list", "more"], "unexpected extra argument"),
        (["show", "adam", "--format", "xml"], "is not one of 'text', 'latex', 'markdown', 'json'"),
        (["explain", "adam", "--backend", "cuda"], "no backend is called 'cuda'; known: numpy, torch, c"),
        (["generate", "adam", "--backend", "cuda", "--out", "out"], "no backend is called 'cuda'"),
        (["generate", "adam", "--dtype", "f16", "--out", "out"], "no element type is called 'f16'"),
        (["generate", "adam[beta1=0]", "--out", "out"], "write adam"),
        (["generate", "two.py:A"], "say with --out DIR"),
        (["generate", "adam", "--out", "file"], "'file' is a file"),
        (["generate", "adam", "--out", "file/below"], "file/below cannot be written"),
        (["prove", "l2_inside"], "no theorem is called 'l2_inside'; did you mean l2_inside_v or l2_inside_m"),
        (["new", "class"], "keyword of Python"),
        (["new", "a-b"], "letters and digits joined by single underscores"),
        (["new", "double"], "keyword of C"),
        (["new", "two"], "two.py exists and is left as it is"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)  # fmt: skip
def test_wrong_usage(capsys: Capture, arguments: list[str], says: str) -> None:
    def files() -> list[Path]:
        return sorted(path for path in Path().rglob("*") if "__pycache__" not in path.parts)

    before = files()
    assert says in complaint(capsys, *arguments)
    assert files() == before, "nothing is written"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--map", ""], "is no name=expression; write --map eps=2*eps"),
        (["--map", "eps"], "is no name=expression"),
        (["--map", "eps=eps,eps=lr"], "gives 'eps' twice"),
        (["--map", "epss=eps"], "adam has no hyper-parameter 'epss'; did you mean eps?"),
        (["--map", "eps=2*epss"], "did you mean eps?"),
        (["--map", "eps=eps)("], "is no expression"),
        (["--map", "eps=__import__('os')"], "is no arithmetic on lr"),
        (["--map", "eps=sqrt()"], "sqrt with 0 operands"),
        (["--varying", "lrr"], "did you mean lr?"),
        (["--time-limit", "0"], "positive number of seconds"),
        (["--time-limit", "nan"], "positive number of seconds"),
        (["--time-limit", "soon"], "'soon' is not a valid float"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_options_of_compare(capsys: Capture, options: list[str], says: str) -> None:
    assert says in complaint(capsys, "compare", "adam_tf", "adam", *options)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(capsys: Capture, command: str) -> None:
    assert run([command, "--help"]) == 0
    assert capsys.readouterr().out.startswith(f"Usage: symopt {command} ")


def test_an_unforeseen_error_is_one_line_too(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise ZeroDivisionError("by nobody")

    monkeypatch.setattr("symopt.docs.show.show", fails)
    assert run(["show", "adam"]) == 70
    assert capsys.readouterr().err == (
        "symopt: internal error: ZeroDivisionError: by nobody; SYMOPT_TRACEBACK=1 shows where\n"
    )

"""The command as a process: exit status, streams, signals, what is imported."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

SYMOPT = (sys.executable, "-c", "from symopt.cli import main; main()")
# What only a command that needs it may import.
HEAVY = ("sympy", "torch", "jax", "numpy", "flint", "jinja2", "rich")


def symopt(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command with an environment of its own."""
    return subprocess.run(
        [*SYMOPT, *arguments], env={**os.environ, **environment}, capture_output=True, encoding="utf-8", check=False,
        timeout=120,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["compare", "adam", "adam"], 0),
        (["compare", "adam_l2", "adamw"], 1),
        (["compare", "adam", "adma"], 2),
        (["compare", "adam_tf", "adam", "--time-limit", "1e-9"], 3),
    ],
)
def test_exit_status_and_streams(arguments: list[str], status: int) -> None:
    done = symopt(*arguments)
    assert done.returncode == status, done.stderr
    assert bool(done.stdout) == (status != 2)
    assert done.stderr.count("\n") == (status == 2)


def test_a_missing_package_is_status_4_with_the_command_that_installs_it() -> None:
    program = (
        "import sys; sys.argv[0] = 'symopt'; from symopt.errors import MissingToolError\n"
        "import symopt.docs.show as s\n"
        "def missing(*_): raise MissingToolError('this needs x; install it with: pip install x')\n"
        "s.show = missing\nfrom symopt.cli import main; main(['show', 'adam'])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == "symopt: this needs x; install it with: pip install x\n"


@pytest.mark.skipif(os.name != "posix", reason="needs the signals of POSIX")
def test_an_interrupt_is_one_line_and_130(tmp_path: Path) -> None:
    rule = tmp_path / "waits.py"
    # A shell that runs tests in the background has interrupts ignored, which programs inherit.
    listens = "import signal\nsignal.signal(signal.SIGINT, signal.default_int_handler)\n"
    waits = "import sys, time\nprint('ready', file=sys.stderr, flush=True)\ntime.sleep(60)\n"
    rule.write_text(listens + waits)
    with subprocess.Popen(
        [*SYMOPT, "show", str(rule)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, "", "symopt: interrupted\n")


@pytest.mark.skipif(os.name != "posix", reason="needs a POSIX shell")
@pytest.mark.parametrize(
    ("redirected", "status", "says"),
    [
        ("list | true", 0, ""),
        ("--help | true", 0, ""),
        ("list | head -n 1", 0, ""),
        ("list >&-", 0, ""),
        ("show adma >&- 2>&-", 2, ""),
        ("show adma 2>&-", 2, ""),
    ],
)
def test_closed_streams(redirected: str, status: int, says: str, tmp_path: Path) -> None:
    """The status is that of symopt, not of the reader; nobody complains about the pipe."""
    left, _, right = redirected.partition("|")
    code = f'{{ "$PYTHON" -c "from symopt.cli import main; main()" {left}; echo $? > "$STATUS"; }}'
    shell = f"{code} | {right}" if right else code
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    environment |= {"PYTHON": sys.executable, "STATUS": str(tmp_path / "status")}
    done = subprocess.run(["sh", "-c", shell], env=environment, capture_output=True, encoding="utf-8", check=False)
    assert (tmp_path / "status").read_text() == f"{status}\n"
    assert done.stderr == says
    assert done.stdout == "" or status == 0, "a complaint is no answer"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_is_said(unbuffered: str) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": unbuffered}
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [*SYMOPT, "list"], env=environment, stdout=full, stderr=subprocess.PIPE, encoding="utf-8", check=False
        )
    assert done.returncode == 2
    assert done.stderr == "symopt: No space left on device\n"


def imported(program: str, **environment: str) -> set[str]:
    """The heavy packages that a program has imported when it ends."""
    tail = (
        f"import sys, atexit; atexit.register(lambda: print('HEAVY', *(set({HEAVY!r}) & set(sys.modules)), flush=True))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{tail}\n{program}"], env={**os.environ, **environment}, capture_output=True,
        encoding="utf-8", check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return set(done.stdout.rpartition("HEAVY")[2].split())


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["compare", "--help"], ["frob"], []])
def test_help_and_version_import_nothing_heavy(arguments: list[str]) -> None:
    assert imported(f"from symopt.cli import main; main({arguments})") == set()


def test_completion_imports_nothing_heavy() -> None:
    completing = {"_SYMOPT_COMPLETE": "bash_complete", "COMP_WORDS": "symopt comp", "COMP_CWORD": "1"}
    assert imported("from symopt.cli import main; main()", **completing) == set()
    done = symopt(**completing)
    assert done.stdout == "plain,compare\n"
    options = {**completing, "COMP_WORDS": "symopt compare --acc", "COMP_CWORD": "2"}
    assert symopt(**options).stdout == "plain,--accept-if\n"
    assert imported("from symopt.cli import main; main()", **options) == set()


def test_importing_symopt_imports_nothing_heavy() -> None:
    assert imported("import symopt; symopt.__version__; dir(symopt)") == set()


def test_comparing_rules_imports_no_framework() -> None:
    assert not imported("import symopt; symopt.compare('sgd', 'sgd')") & {"torch", "jax"}


def test_the_test_of_imports_sees_them() -> None:
    assert "numpy" in imported("import numpy")


def test_without_a_compiler_the_c_parts_say_so_and_the_rest_is_checked(tmp_path: Path) -> None:
    done = symopt("check", "sgd", PATH=str(tmp_path), CC="")
    assert done.returncode == 0, done.stderr
    assert "not compared: no C compiler" in done.stdout
    assert "gcc" in done.stdout
    rows = [line for line in done.stdout.splitlines() if line.startswith("sgd ")]
    assert len(rows) == 2
    assert all("not available" in row and " ulp" in row for row in rows)


def test_nothing_is_coloured_where_nobody_looks() -> None:
    """Progress and colours are for terminals; a pipe gets neither, with or without NO_COLOR."""
    done = symopt("compare", "adam_l2", "adamw")
    assert "\x1b" not in done.stdout + done.stderr
    assert done.stderr == ""


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a command shows on a pseudo-terminal of 100 columns."""
    import pty

    kept = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    main, child = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [*SYMOPT, *arguments], stdout=child, stderr=child,
        env={**kept, "TERM": "xterm-256color", "COLUMNS": "100", **environment},
    ) as process:  # fmt: skip
        os.close(child)
        # Linux answers with an error when the last writer is gone.
        with contextlib.suppress(OSError):
            while part := os.read(main, 65536):
                shown += part
    os.close(main)
    assert process.returncode == 0
    return shown.decode()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_table() -> None:
    shown = on_a_terminal("doctor")
    assert "\t" not in shown, "columns are aligned, not divided by tabs"
    assert "─────" in shown


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_progress_is_coloured_unless_no_color_is_set() -> None:
    coloured, plain = (on_a_terminal("prove", "l2_inside_m", **env) for env in ({}, {"NO_COLOR": "1"}))
    colour = re.compile(r"\x1b\[[0-9;]*3[0-9]m")
    assert colour.search(coloured)
    assert not colour.search(plain)
    assert "proving" in plain

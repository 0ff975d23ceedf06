"""The Makefile, with a stand-in for Python that writes down what it is asked to do."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")

# Makes an environment that holds a copy of itself; everything else is only written down.
STAND_IN = """\
#!/bin/sh
echo "$*" >> "$LOG"
case "$*" in
    *version_info*) exit ${OLD:-0} ;;
    *ensurepip*) exit ${BARE:-0} ;;
    "-m venv --clear "*) mkdir -p "$4/bin" && : > "$4/pyvenv.cfg" && cp "$0" "$4/bin/python" ;;
    *"pip install"*) exit ${OFFLINE:-0} ;;
esac
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A checkout that has only what make reads."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(CHECKOUT / name, tmp_path)
    python = tmp_path / "python"
    python.write_text(STAND_IN)
    python.chmod(0o755)
    return tmp_path


def make(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    log = folder / "log"
    log.write_text("")
    environment = {"PATH": "/usr/bin:/bin", "LOG": str(log), **variables}
    command = [str(shutil.which("make")), f"PYTHON={folder / 'python'}", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def asked(folder: Path) -> list[str]:
    """What the stand-in was asked to do in the last run."""
    return (folder / "log").read_text().splitlines()


def test_alone_it_lists_every_target(folder: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (folder / "Makefile").read_text(), re.M)
    written = {"docs", "generate", "coverage", "frameworks", "libraries", "defects", "floats"}
    assert set(targets) == {"help", "demo", "test", "lint", *written, "coq", "never-wrong", "bench", "clean"}
    done = make(folder)
    assert done.returncode == 0
    assert [line.split()[1] for line in done.stdout.splitlines()] == targets
    assert asked(folder) == []


def test_the_second_run_installs_nothing(folder: Path) -> None:
    install = "-m pip install --quiet --disable-pip-version-check --editable .[c]"
    assert make(folder, "demo").returncode == 0
    assert asked(folder)[-3:] == ["-m venv --clear .venv", install, "-m symopt.demo build/demo"]
    assert make(folder, "demo").returncode == 0
    assert asked(folder) == ["-m symopt.demo build/demo"]
    (folder / "pyproject.toml").touch()
    assert make(folder, "demo").returncode == 0
    assert asked(folder) == [install, "-m symopt.demo build/demo"]


def test_the_tests_have_an_installation_of_their_own(folder: Path) -> None:
    make(folder, "demo")
    done = make(folder, "test")
    assert [line.split()[-1] for line in asked(folder) if "install" in line] == [".[test]"]
    assert asked(folder)[-1].startswith("-m pytest")
    assert "all tests passed" in done.stdout


def test_an_installation_that_failed_is_tried_again(folder: Path) -> None:
    assert make(folder, "demo", OFFLINE="1").returncode != 0
    assert make(folder, "demo").returncode == 0
    assert any("pip install" in line for line in asked(folder))


def test_another_python_makes_another_environment(folder: Path) -> None:
    make(folder, "demo")
    (folder / "other").symlink_to("python")
    make(folder, "demo", f"PYTHON={folder / 'other'}")
    assert "-m venv --clear .venv" in asked(folder)


def test_what_make_runs_is_there(folder: Path) -> None:
    """Every module and every file that a recipe gives to Python."""
    recipes = (folder / "Makefile").read_text()
    modules = [name.replace(".", "/") for name in re.findall(r"\$\(RUN\) -m (\w+\.[\w.]+)", recipes)]
    files = re.findall(r"\$\(RUN\) ([\w/]+\.py)", recipes)
    assert len(modules) >= 6
    assert len(files) >= 3
    assert [name for name in modules if not (is_file(f"{name}.py") or is_file(f"{name}/__main__.py"))] == []
    assert [name for name in files if not is_file(name)] == []


def is_file(name: str) -> bool:
    return (CHECKOUT / name).is_file()


def test_an_old_python_is_refused(folder: Path) -> None:
    done = make(folder, "demo", OLD="1")
    assert done.returncode != 0
    assert "symopt needs Python 3.11 or newer" in done.stderr
    assert not (folder / ".venv").exists()


def test_a_python_without_venv_is_answered_with_the_package(folder: Path) -> None:
    done = make(folder, "test", BARE="1")
    assert done.returncode != 0
    assert "apt install python3-venv" in done.stderr
    assert not (folder / ".venv").exists()


def test_a_folder_that_is_no_environment_is_left_alone(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "file").write_text("")
    done = make(folder, "test", "VENV=mine")
    assert done.returncode != 0
    assert "mine exists and is no Python environment" in done.stderr
    make(folder, "clean", "VENV=mine")
    assert (folder / "mine" / "file").exists()


def test_clean_removes_what_make_made(folder: Path) -> None:
    make(folder, "demo")
    (folder / "build").mkdir()
    assert make(folder, "clean").returncode == 0
    left = sorted(path.name for path in folder.iterdir())
    assert left == ["Makefile", "log", "pyproject.toml", "python"]


def test_continuous_integration_runs_the_tests() -> None:
    script = CHECKOUT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert script.read_text().splitlines()[-1] == "make test"

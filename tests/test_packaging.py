"""The four ways to install symopt: each finds rules, templates and kernels from outside the checkout."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
JUNK = re.compile(r"__pycache__|\.py[cod]$|\.so$|\.o$|\.egg-info|\.DS_Store|_cache/|^(build|dist)/|\.venv")

# Run by each installation's own Python: what it imports, and from where.
PROBE = """
import inspect, json
import symopt
from symopt import catalogue
from symopt._paths import data_dir
from symopt.specs.adamw import AdamW

folders = ("specs", "templates", "generated")
print(json.dumps({
    "package": symopt.__file__,
    "version": symopt.__version__,
    "same class": catalogue.rule("adamw") is AdamW,
    "source": inspect.getsource(AdamW),
    "folders": {name: str(data_dir(name)) for name in folders},
    "files": {name: sorted(path.relative_to(data_dir(name)).as_posix() for path in data_dir(name).rglob("*")
              if path.is_file() and "__pycache__" not in path.parts) for name in folders},
}))
"""


@dataclass(frozen=True)
class Built:
    """One sdist, the wheel of the checkout, and the wheel of the unpacked sdist."""

    sdist: Path
    wheel: Path
    wheel_of_sdist: Path


def run(command: Sequence[str | Path], cwd: Path) -> str:
    """What a command prints, away from the variables that would show it the checkout; it must succeed."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "COVERAGE"))}
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} in {cwd}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(source: Path, target: str, out: Path) -> Path:
    """The one file that the build backend makes of a source tree."""
    run([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", out], cwd=source)
    (file,) = out.iterdir()
    return file


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = tmp_path_factory.mktemp("built")
    sdist = build(CHECKOUT, "sdist", folder / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", filter="data")
    (unpacked,) = (folder / "unpacked").iterdir()
    return Built(sdist, build(CHECKOUT, "wheel", folder / "wheel"), build(unpacked, "wheel", folder / "wheel_of_sdist"))


@pytest.fixture(scope="module")
def dependencies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with this environment's packages but for symopt, so that nothing is downloaded."""
    folder = tmp_path_factory.mktemp("dependencies")
    for place in dict.fromkeys((sysconfig.get_path("purelib"), sysconfig.get_path("platlib"))):
        for entry in Path(place).iterdir():
            link = folder / entry.name
            if not entry.name.startswith(("symopt", "_symopt", "__editable__", "pip")) and not link.exists():
                link.symlink_to(entry)
    return folder


def sdist_names(built: Built) -> list[str]:
    with tarfile.open(built.sdist) as archive:
        return sorted(name.partition("/")[2] for name in archive.getnames())


def wheel_files(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in sorted(archive.namelist())}


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_checkout(built: Built) -> None:
    assert wheel_files(built.wheel_of_sdist) == wheel_files(built.wheel)


def test_neither_holds_junk(built: Built) -> None:
    names = [*sdist_names(built), *wheel_files(built.wheel)]
    assert [name for name in names if JUNK.search(name)] == []


def test_the_sdist_holds_the_sources(built: Built) -> None:
    """All that git knows or would take, so that the sdist's tests and its Makefile run."""
    if shutil.which("git") is None or not (CHECKOUT / ".git").exists():
        pytest.skip("no git checkout to compare with")
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], cwd=CHECKOUT)
    sources = sorted(name for name in listed.split("\0") if name and (CHECKOUT / name).exists())
    assert [name for name in sdist_names(built) if name != "PKG-INFO"] == sources


def test_the_wheel_holds_the_package_and_its_folders_only(built: Built) -> None:
    tops = {name.split("/")[0] for name in wheel_files(built.wheel)}
    assert tops == {"symopt", built.wheel.name.removesuffix("-py3-none-any.whl") + ".dist-info"}


@pytest.mark.parametrize("mode", ["checkout", "editable", "wheel", "wheel of the sdist"])
def test_an_installation_finds_its_files(mode: str, built: Built, dependencies: Path, tmp_path: Path) -> None:
    venv, outside = tmp_path / "venv", tmp_path / "outside"
    outside.mkdir()
    run([sys.executable, "-m", "venv", "--without-pip", venv], cwd=tmp_path)
    python = venv / "bin" / "python"
    library = Path(run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=outside).strip())
    (library / "dependencies.pth").write_text(f"{dependencies}\n")
    what: dict[str, list[str | Path]] = {
        "checkout": [CHECKOUT],
        "editable": ["--editable", CHECKOUT],
        "wheel": [built.wheel],
        "wheel of the sdist": [built.wheel_of_sdist],
    }
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", python, "install", "--quiet"]
    run([*pip, "--no-index", "--no-deps", "--no-build-isolation", *what[mode]], cwd=outside)

    found = json.loads(run([python, "-c", PROBE], cwd=outside))
    home = CHECKOUT if mode == "editable" else library
    assert Path(found["package"]) == home / "symopt" / "__init__.py"
    assert found["same class"]
    assert found["source"].startswith("class AdamW(Rule):")
    data = CHECKOUT if mode == "editable" else library / "symopt" / "_data"
    for name, folder in found["folders"].items():
        assert Path(folder) == data / name
        expected = [path for path in (CHECKOUT / name).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
        assert found["files"][name] == sorted(path.relative_to(CHECKOUT / name).as_posix() for path in expected)

    # The command reads a rule, renders templates, and compares with the kernels that came along.
    command = venv / "bin" / "symopt"
    assert "adamw" in run([command, "list"], cwd=outside)
    assert found["version"] in run([command, "--version"], cwd=outside)
    run([command, "generate", "adamw", "--check"], cwd=outside)

"""Real bugs of optimizers, before and after: each file gets the verdict of its report, from the initial state."""

import tomllib
from pathlib import Path

import pytest

from symopt.targets.compare import compare

HERE = Path(__file__).parent
CASES = tomllib.loads((HERE / "cases.toml").read_text(encoding="utf-8"))["case"]
FRAMEWORKS = {"import torch": "torch", "import jax": "jax"}
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def file_of(case: dict) -> Path:
    return HERE / case["target"].partition("[")[0].partition(":")[0]


def needs(path: Path) -> None:
    """Skip a case whose framework is not installed."""
    text = path.read_text(encoding="utf-8")
    for line, package in FRAMEWORKS.items():
        if line in text:
            pytest.importorskip(package)


@pytest.mark.parametrize("case", CASES, ids=lambda case: file_of(case).stem)
def test_the_verdict_is_that_of_the_report(case: dict) -> None:
    needs(file_of(case))
    rule = str(HERE / case["rule"]) if case["rule"].startswith("rules/") else case["rule"]
    verdict = compare(str(HERE / case["target"]), rule, time_limit=8)
    if case["verdict"] == "equal":
        assert verdict.verdict in ("equal", *case.get("or", [])), verdict.text()
    else:
        assert verdict.verdict in ("different", *case.get("or", [])), verdict.text()
        assert verdict.witness is not None
        assert verdict.first_step == case["first_step"]
        assert verdict.cause


def test_every_file_is_a_case_and_names_its_report() -> None:
    files = {path for path in HERE.iterdir() if path.suffix in (".py", ".c") and not path.name.startswith("test_")}
    assert {file_of(case) for case in CASES} == files
    for path in files:
        first, second = path.read_text(encoding="utf-8").splitlines()[:2]
        assert "claims:" in first
        assert "history: https://" in second

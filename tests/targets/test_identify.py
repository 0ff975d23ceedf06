"""Which rule is it? Exactly, under a map, or none, with the nearest ones."""

from pathlib import Path

import pytest

from symopt.targets.identify import identify

HEAVY_BALL = """
def init(x):
    return x * 0

def step(x, grad, v, *, eta=0.1, gamma=0.9):
    v = gamma * v + grad
    return x - eta * v, v
"""
NOBODY = """
def step(x, grad, *, lr=0.1):
    return x - lr * grad / (1 + abs(grad)) ** 3
"""


def target(folder: Path, text: str) -> str:
    path = folder / "opt.py"
    path.write_text("import numpy as np\n" + text, encoding="utf-8")
    return str(path)


def test_a_rule_under_other_names(tmp_path: Path) -> None:
    found = identify(target(tmp_path, HEAVY_BALL))
    assert found.verdict == "equal"
    assert found.exit_status == 0
    assert found.comparison is not None
    assert found.comparison.hyper_map == {"lr": "eta", "mu": "gamma"}
    assert found.to_json()["rule"] == found.rule


def test_a_rule_of_the_catalogue_is_itself() -> None:
    found = identify("nadam")
    assert (found.verdict, found.rule) == ("equal", "nadam")


def test_what_is_no_rule_has_nearest_ones(tmp_path: Path) -> None:
    found = identify(target(tmp_path, NOBODY), time_limit=4)
    assert found.verdict == "different"
    assert found.exit_status == 1
    assert found.rule is None
    assert found.nearest
    assert all(verdict.cause for verdict in found.nearest if verdict.verdict == "different")


def test_an_optimizer_of_pytorch() -> None:
    pytest.importorskip("torch")
    found = identify("torch.optim.NAdam[weight_decay=0]")
    assert (found.verdict, found.rule) == ("equal", "nadam")

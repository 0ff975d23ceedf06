"""The page of what is covered is fresh, complete over the frameworks that are installed, and says why where not."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from symopt.docs import coverage as page
from symopt.errors import MissingToolError

DOCUMENT = Path(__file__).parents[2] / "docs/coverage.md"


@pytest.fixture(autouse=True)
def frameworks(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("torch", "optax", "keras"):
        if name == "keras":
            monkeypatch.setenv("KERAS_BACKEND", os.environ.get("KERAS_BACKEND", "jax"))
        pytest.importorskip(name)


@pytest.mark.parametrize(
    ("names", "stated", "left_out"),
    [
        (page.torch_optimizers, 13, ["torch.optim.LBFGS", "torch.optim.SparseAdam"]),
        (page.optax_aliases, 30, ["optax.lbfgs"]),
        (page.keras_optimizers, 14, []),
    ],
)
def test_every_optimizer_of_a_framework_is_stated_or_left_out_with_a_reason(
    names: Callable[[], list[str]], stated: int, left_out: list[str]
) -> None:
    """The lists are those of the frameworks, so that a new version with a new optimizer fails here."""
    found = page.covered(names())
    assert len(found) == stated + len(left_out)
    assert [one.implementation for one in found if not one.rules] == left_out
    assert all(one.reason for one in found if not one.rules)
    assert [one.implementation for one in found if one.rules and one.reason] == []


def test_what_names_nothing_is_not_stated() -> None:
    (one,) = page.covered(["torch.optim.NoSuch"])
    assert (one.rules, one.forms, one.reason) == ((), 0, "")
    # A longer name is another one.
    assert page.covered(["optax.noisy"])[0].rules == ()


def test_the_document_is_fresh() -> None:
    assert page.coverage() == DOCUMENT.read_text(encoding="utf-8"), f"stale: {page.COMMAND}"


def test_a_missing_framework_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optax", None)
    with pytest.raises(MissingToolError, match="optax is not installed: pip install optax"):
        page.optax_aliases()

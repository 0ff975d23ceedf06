"""The page of what is covered is fresh, complete over the frameworks that are installed, and says why where not."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from symopt.docs import coverage as page
from symopt.docs.verdict_cell import stated_cell
from symopt.errors import MissingToolError
from symopt.run.originals import originals
from symopt.targets.stated import stated, target_of

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


def said() -> dict[tuple[str, str], str]:
    """Optimizer and rule -> what the document says."""
    rows = re.findall(r"^\| `([^|]+)` \| `([^|]+)` \| (.+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {(optimizer, rule): verdict.replace(r"\|", "|") for optimizer, rule, verdict in rows}


def test_the_document_is_fresh() -> None:
    """All but the verdicts, which take minutes to find."""
    verdicts = said()
    fresh = page.coverage(lambda entry: verdicts[target_of(entry), entry.rule])
    assert fresh == DOCUMENT.read_text(encoding="utf-8"), f"stale: {page.COMMAND}"


@pytest.mark.parametrize(
    ("implementation", "rule", "verdict"),
    [
        ("torch.optim.SGD", "sgd[momentum=True,dampening=True]", "equal if `tau >= 0`"),
        ("torch.optim.AdamW", "adamw[amsgrad=True]", "equal"),
        ("optax.adagrad", "adagrad_eps_in", "equal"),
        ("keras.optimizers.Ftrl", "ftrl", "equal, wherever both are defined"),
        ("keras.optimizers.ScheduleFreeAdamW", "schedule_free_adamw_keras", "equal if `beta1 != 0`"),
    ],
)
def test_verdicts_are_those_that_the_document_tells(implementation: str, rule: str, verdict: str) -> None:
    (entry,) = (one for one in originals() if (one.implementation, one.rule) == (implementation, rule))
    assert said()[target_of(entry), rule] == verdict
    assert stated_cell(stated(entry)) == verdict


def test_a_framework_that_does_something_else_is_different() -> None:
    """The entry of another rule with the same arguments."""
    (entry,) = (one for one in originals() if (one.implementation, one.rule) == ("optax.adagrad", "adagrad_eps_in"))
    assert stated_cell(stated(replace(entry, rule="adagrad"))) == "different from step 1 on"


def test_what_nothing_states_at_these_values_is_not_lifted() -> None:
    (entry,) = (one for one in originals() if one.implementation == "pytorch_optimizer.QHM")
    pytest.importorskip("pytorch_optimizer")
    changed = replace(entry, arguments={**entry.arguments, "weight_decay": "mu", "nu": -1})
    assert stated_cell(stated(changed)).startswith("not lifted: ")


def test_a_missing_framework_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optax", None)
    with pytest.raises(MissingToolError, match="optax is not installed: pip install optax"):
        page.optax_aliases()

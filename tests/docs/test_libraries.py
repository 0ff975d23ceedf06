"""The page of what libraries install: verdicts, and what is said about differences."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from symopt.docs import libraries as page
from symopt.docs.coverage import plain
from symopt.prove.verdict import Verdict
from symopt.targets.libraries import Claim, Library, bearing, claim

DOCUMENT = Path(__file__).parents[2] / "docs/libraries.md"
NUMPY = Library("numpy", "numpy", lambda: ["numpy.Lion", "numpy.Adagrad", "numpy.Other", "numpy.Adam"])
CAUSE = "eps stands elsewhere."


def canned(optimizer: str, rule: str) -> Claim:
    match rule:
        case "lion":
            return Claim(optimizer, rule, Verdict(optimizer, rule, "equal", hyper_map={"lr": "lr"}))
        case "adam":
            return Claim(optimizer, rule, None, reason="/home/me/site-packages/x/adam.py:3: no such operation")
    other = Verdict(optimizer, "adagrad_eps_in", "equal-if", conditions=("weight_decay = 0",))
    return Claim(optimizer, rule, Verdict(optimizer, rule, "different", first_step=1, cause=CAUSE), other)


def written(monkeypatch: pytest.MonkeyPatch, *said: page.Judgement) -> str:
    monkeypatch.setattr(page, "judgements", lambda: {one.optimizer: one for one in said})
    return page.libraries(canned, [NUMPY, Library("no-such-package", "no_such", list)])


def test_rows_say_what_the_verdicts_say(monkeypatch: pytest.MonkeyPatch) -> None:
    text = written(monkeypatch)
    assert "| `numpy.Lion` | `lion` | equal |  |  |" in text
    assert "| `numpy.Adam` | `adam` | not lifted: x/adam.py:3: no such operation |  |  |" in text
    assert (
        "| `numpy.Adagrad` | `adagrad` | different from step 1 on; it is `adagrad_eps_in` with `weight_decay = 0` |  "
        f"| {CAUSE} |" in text
    )
    assert "3 of 4 optimizers bear the name of a rule; 1 are that rule, 1 are another one." in text
    assert "numpy.Other" not in text
    assert "## no_such\n\nNot installed, and left out." in text


def test_a_difference_that_nobody_looked_at_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "### Not looked at\n\n- `numpy.Adagrad`: different\n" in written(monkeypatch)


@pytest.mark.parametrize(
    ("version", "verdict", "is_stale"),
    [(NUMPY.version, "different", False), ("0.1", "different", True), (NUMPY.version, "equal", True)],
)
def test_a_judgement_on_another_version_or_verdict_is_stale(
    version: str, verdict: str, is_stale: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = written(monkeypatch, page.Judgement("numpy.Adagrad", version, verdict, "choice", "As it says."))
    assert ("**Stale**" in text) == is_stale
    assert f"### Choices\n\n- `numpy.Adagrad` {version}, {verdict}: As it says." in text
    assert "Not looked at" not in text


def test_names_are_matched_without_case_and_underscores() -> None:
    found = dict(bearing(["x.AdaBelief", "x.SGDW", "x.sign_sgd", "x.Best", "x.Legacy"], {"x.Legacy": "radam"}))
    assert found == {"x.AdaBelief": "adabelief", "x.SGDW": "sgdw", "x.sign_sgd": "signsgd", "x.Legacy": "radam"}


def test_a_claim_is_settled_and_what_it_is_instead_is_found() -> None:
    pytest.importorskip("optax")
    found = claim("optax.adagrad", "adagrad")
    assert found.verdict is not None
    assert found.verdict.verdict == "different"
    assert found.other is not None
    assert (found.other.verdict, found.other.right) == ("equal", "adagrad_eps_in")


def test_what_is_0_by_default_and_unknown_to_the_rule_is_off() -> None:
    pytest.importorskip("pytorch_optimizer")
    found = claim("pytorch_optimizer.Adan", "adan")
    assert found.verdict is not None
    assert (found.verdict.left, found.verdict.verdict) == ("pytorch_optimizer.Adan[max_grad_norm=0.0]", "equal")


def test_judgements_are_on_the_page_and_none_is_stale() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    assert "**Stale**" not in document
    assert "Not looked at" not in document
    versions = dict(re.findall(r"^## (\S+) (\S+)$", document, re.MULTILINE))
    said = page.judgements()
    assert len(said) == len(page.judged()["judgement"])  # none twice
    for one in said.values():
        assert one.kind in page.KINDS
        assert f"- `{one.optimizer}` {one.version}, {one.verdict}: {plain(one.reason)}" in document
        library = next(name for name in versions if one.optimizer.startswith(f"{name}."))
        assert versions[library] == one.version

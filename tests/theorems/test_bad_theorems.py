"""Theorems that name what does not exist, or state what the prover cannot hold: one message that says where."""

from __future__ import annotations

from pathlib import Path

import pytest

from symopt.errors import UsageError
from symopt.lang.theorem import Compare, FirstStep, Invariant, Theorem
from symopt.prove.compare import compare
from symopt.theorems import prove, settle

HUGE = """from symopt.lang import *


class Huge(Rule):
    \"\"\"A power too large to multiply out.\"\"\"

    source = "a test"
    lr = Hyper(1e-2, "a", NonNegative)

    def update(s) -> None:
        s.half = {half}
        s.p = s.p - s.lr * {value}
"""


@pytest.mark.parametrize(
    ("theorem", "said"),
    [
        (Theorem("lost", Compare("adan_x", "adam"), claim="equal"), r"theorem lost: no rule is called 'adan_x'.*adan"),
        (Theorem("lost", FirstStep("nothing", value="p")), r"theorem lost: no rule is called 'nothing'"),
        (Theorem("lost", FirstStep("sgd", value="p - rate*g")), r"theorem lost: .*no hyper-parameter .* 'rate'"),
        (
            Theorem("lost", Compare("adam", "adam_tf", given={"epsilon": "eps"}), claim="equal"),
            r"theorem lost: adam_tf has no hyper-parameter 'epsilon'.*eps",
        ),
        (Theorem("lost", Invariant("adam", of="v >= 0", given=("beta2 > 1",))), r"theorem lost: .*beta2"),
    ],
)
def test_what_does_not_exist_is_named_with_its_theorem(theorem: Theorem, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settle(theorem)


def test_an_unknown_name_offers_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no theorem is called 'muon_scale'; .*muon_scales"):
        prove(["muon_scale"])


def test_what_the_normal_form_cannot_hold_is_unknown_and_named(tmp_path: Path) -> None:
    files = []
    for name, half, value in (("one", "s.g", "(s.g + s.p)**3000"), ("two", "(s.p + s.g)**1500", "s.half**2")):
        path = tmp_path / f"{name}.py"
        path.write_text(HUGE.format(half=half, value=value), encoding="utf-8")
        files.append(str(path))
    verdict = compare(*files)
    assert verdict.verdict == "unknown"
    assert "in the parameter: a power of 3000" in str(verdict.reason)


def test_a_map_outside_a_domain_is_refused() -> None:
    with pytest.raises(UsageError, match=r"mu = lr \+ 1 is outside the domain of momentum_ema: 0 <= mu < 1"):
        compare("sgd", "momentum_ema", hyper_map={"mu": "1 + lr"})

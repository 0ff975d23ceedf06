"""Relations read off from runs, where a factor stands inside a maximum, and the screen for them by growth."""

from __future__ import annotations

from pathlib import Path

import pytest
from rules import rule_of

from symopt.catalogue import resolve
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.prove.pair import make_pair
from symopt.prove.ratios import Ratios
from symopt.prove.render import node_text
from symopt.prove.scales import ANY, may_be_multiples, scales

LARGEST = "beta = Hyper(0.9, 'b', UnitInterval)\nu = State()\ndef update(s):\n"
PLAIN = LARGEST + "    s.u = maximum(s.beta * s.u, absolute(s.g))\n    s.p = s.p - s.lr * s.g / (1 + s.u)"
STORED = {
    "2": "    s.u = maximum(s.beta * s.u, 2 * absolute(s.g))\n    s.p = s.p - s.lr * s.g / (1 + s.u / 2)",
    "1/(1 - beta**t)": (
        "    s.u = maximum(s.beta * s.u * (1 - s.beta**(s.t - 1)), absolute(s.g)) / (1 - s.beta**s.t)\n"
        "    s.p = s.p - s.lr * s.g / (1 + s.u * (1 - s.beta**s.t))"
    ),
}


@pytest.mark.parametrize("factor", STORED)
def test_a_factor_inside_a_maximum_is_found(tmp_path: Path, factor: str) -> None:
    plain, stored = rule_of(tmp_path, "Plain", PLAIN), rule_of(tmp_path, "Stored", LARGEST + STORED[factor])
    verdict = compare(plain, stored)
    assert verdict.verdict == "equal", verdict.text()
    assert next(Ratios(make_pair(plain, stored)).guesses("right.u", "left.u")) is not None


def test_no_factor_is_seen_where_the_quotient_depends_on_gradients() -> None:
    pair = make_pair(trace(resolve("adam")), trace(resolve("adam")))
    assert list(Ratios(pair).guesses("right.v", "left.m")) == []
    assert node_text(next(Ratios(pair).guesses("right.v", "left.v"))) == "1"


def test_growth_tells_first_from_second_moments() -> None:
    adam = scales(trace(resolve("adam")))
    assert set(adam["m"]) | {ANY} == {1, ANY}
    assert set(adam["v"]) == {2}
    assert not may_be_multiples(adam["m"], adam["v"])
    assert set(scales(trace(resolve("sgd")))["p"]) | {ANY} == {1, ANY}
    assert set(scales(trace(resolve("lion[weight_decay=0]")))["p"]) | {ANY} == {0, ANY}

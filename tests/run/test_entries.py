"""The entries of ``specs/originals/``, and kernels against the implementations that they name."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from symopt import catalogue
from symopt.backends.base import variants_of
from symopt.run.modules import NumPyKernel, load_module
from symopt.run.originals import Original, against_originals, originals


@pytest.mark.parametrize("original", originals(), ids=lambda o: f"{o.rule}-{o.implementation}")
def test_originals_are_rules_with_such_hyper_parameters(original: Original) -> None:
    hypers = original.hypers({})
    assert set(original.values) <= set(hypers)
    built = original.built(hypers)  # a text that is no hyper-parameter raises
    assert list(built) == list(original.arguments)
    assert original.states(original.resolved)


def test_arguments_of_originals() -> None:
    given = {"a": "lr", "b": ["mu", 2], "c": {"literal": "lr"}, "d": True, "e": {"inner": "mu"}}
    built = Original("momentum", "torch.optim.SGD", given).built({"lr": 0.5, "mu": 0.25})
    assert built == {"a": 0.5, "b": (0.25, 2), "c": "lr", "d": True, "e": {"inner": 0.25}}
    assert Original("momentum", "", {}, values={"lr": 2}).hypers({"lr": 3, "mu": 0.5, "x": 1}) == {"lr": 2, "mu": 0.5}


def test_a_wrong_original_is_far_away_and_a_missing_one_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    variants = variants_of(catalogue.rule("momentum"))
    variant, kernel = variants[0], NumPyKernel(load_module("numpy", variants), variants[0])
    right = Original("momentum", "torch.optim.SGD", {"lr": "lr", "momentum": "mu"})
    wrong = replace(right, arguments={"lr": "lr", "momentum": 0.5})
    missing = replace(right, implementation="torch.optim.NoSuch")
    absent = replace(right, implementation="optax.sgd", arguments={"learning_rate": "lr", "momentum": "mu"})
    monkeypatch.setattr("symopt.run.originals.originals", lambda: (right, wrong, missing, absent))
    monkeypatch.setitem(sys.modules, "optax", None)
    found = against_originals(variant, kernel, "float64")
    assert [name for name, _ in found] == ["torch.optim.SGD"] * 2
    assert found[0][1] < 8
    assert found[1][1] > 1e6

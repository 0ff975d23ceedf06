"""That nothing contracts faster, against eigenvalues by NumPy on a fine grid."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from symopt.catalogue import resolve
from symopt.checker.linear import check_faster, check_fastest
from symopt.lang.theorem import Fastest
from symopt.passes.tracing import trace
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.optimum import settle_fastest
from symopt.prove.settlement import Settlement

POLYAK = {"lr": "4/(sqrt(L) + sqrt(m))**2", "mu": "((sqrt(L) - sqrt(m))/(sqrt(L) + sqrt(m)))**2"}
POLYAKS_RATE = "(sqrt(L) - sqrt(m))/(sqrt(L) + sqrt(m))"


def settled(rule: str, rate: str, **given: str) -> Settlement:
    return settle_fastest(Fastest(rule, rate, given), trace(resolve(rule)), 10)


def radius(lr: float, mu: float, h: float) -> float:
    return float(max(abs(np.linalg.eigvals(np.array([[1 + mu - lr * h, -mu], [1.0, 0.0]])))))


def test_polyaks_parameters_are_the_best_of_a_fine_grid() -> None:
    low, high = 1.0, 9.0
    grid = itertools.product(np.linspace(0.01, 0.6, 60), np.linspace(0, 0.9, 46))
    best = min(max(radius(lr, mu, low), radius(lr, mu, high)) for lr, mu in grid)
    assert 0.5 <= best < 0.56  # (sqrt(9) - sqrt(1))/(sqrt(9) + sqrt(1))
    found = settled("heavy_ball", POLYAKS_RATE, **POLYAK)
    assert found.verdict == "holds"
    assert found.check.passed


@pytest.mark.parametrize(
    ("rule", "rate", "given"),
    [
        ("sgd", "1 - m/L", {"lr": "1/L"}),
        ("heavy_ball", "(L - m)/(L + m)", {"lr": "2/(L + m)", "mu": "0"}),
        ("heavy_ball", "(L - m)/(L + m)", POLYAK),
        ("sgd", "(L - m)/(L + m)", {"lr": "1/L"}),
        ("sgd", "1", {"lr": "0"}),  # factors of the wrong sign would show that nothing is faster than standing still
    ],
)
def test_what_is_not_the_best_is_refuted(rule: str, rate: str, given: dict[str, str]) -> None:
    found = settled(rule, rate, **given)
    assert found.verdict == "fails"
    assert found.check.passed


def test_the_checker_notices_what_is_faster() -> None:
    rule = trace(resolve("sgd"))
    safe = Fastest("sgd", "1 - m/L", {"lr": "1/L"})
    assert not check_fastest(rule, safe).passed
    between = Fraction(1), Fraction(4)
    assert check_faster(rule, safe, {"lr": Fraction(2, 5)}, *between)[0].passed
    assert not check_faster(rule, safe, {"lr": Fraction(1, 5)}, *between)[0].passed


def test_a_rate_that_is_not_positive_is_not_decided() -> None:
    with pytest.raises(NotDecidedError, match="positive"):
        settled("sgd", "m/L - 1", lr="1/L")

"""Regions of stability and rates of convergence, against eigenvalues by NumPy of matrices written by hand."""

from __future__ import annotations

import random
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest

from symopt.catalogue import resolve
from symopt.errors import UsageError
from symopt.lang.domain import Positive
from symopt.lang.theorem import Contracts, Stable
from symopt.passes.tracing import trace
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.contraction import settle_contracts
from symopt.prove.linear.implied import value_at
from symopt.prove.linear.rational import Ring
from symopt.prove.linear.regions import settle_stable
from symopt.prove.linear.rule import Rule
from symopt.prove.linear.stability import region, schur_cohn
from symopt.prove.settlement import Settlement


def stable(rule: str, text: str, *given: str) -> Settlement:
    return settle_stable(Stable(rule, text, given), trace(resolve(rule)), 10)


MATRICES: dict[str, Callable[[float, float, float], list[list[float]]]] = {
    "heavy_ball": lambda lr, mu, h: [[1 + mu - lr * h, -mu], [1, 0]],
    "nag": lambda lr, mu, h: [[(1 + mu) * (1 - lr * h), -mu * (1 - lr * h)], [1, 0]],
    "momentum_ema": lambda lr, mu, h: [[1 - lr * (1 - mu) * h, -lr * mu], [(1 - mu) * h, mu]],
}


@pytest.mark.parametrize("name", MATRICES)
def test_the_region_is_where_eigenvalues_lie_inside_the_unit_circle(name: str) -> None:
    rule = Rule.of(trace(resolve(name)), 10, {"h": Positive})
    found = region(rule.system, rule.ring.name("h"), rule.reader)
    chosen, counts = random.Random(0), [0, 0]
    for _ in range(400):
        values = {
            "lr": chosen.uniform(0, 3),
            "mu": chosen.uniform(0, 0.99 if "ema" in name else 1.4),
            "h": chosen.uniform(0.1, 3),
        }
        largest = max(abs(np.linalg.eigvals(np.array(MATRICES[name](values["lr"], values["mu"], values["h"])))))
        point = {n: Fraction(values.get(n, 0.0)) for n in rule.ring.names}
        inside = all(value_at(rule.ring, poly, point) > 0 for poly in found.conditions)
        assert inside is bool(largest < 1), values
        counts[inside] += 1
    assert min(counts) > 40


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_schur_cohn_against_roots(degree: int) -> None:
    ring = Ring([f"a{k}" for k in range(degree)])
    conditions = schur_cohn([*(ring.gen(name) for name in ring.names), ring.one])
    chosen, counts = random.Random(degree), [0, 0]
    for _ in range(300):
        roots: list[complex] = []
        while len(roots) < degree:
            size, turn = chosen.uniform(0, 1.15), chosen.uniform(0, 3.14)
            pair = [size * np.exp(1j * turn), size * np.exp(-1j * turn)]
            roots += pair if degree - len(roots) > 1 else [complex(size * chosen.choice((1, -1)))]
        coefficients = np.real(np.poly(roots))[:0:-1]
        point = {name: Fraction(float(c)) for name, c in zip(ring.names, coefficients, strict=True)}
        inside = all(value_at(ring, poly, point) > 0 for poly in conditions)
        assert inside is bool(max(map(abs, roots)) < 1)
        counts[inside] += 1
    assert min(counts) > 20


@pytest.mark.parametrize(
    ("rule", "text", "given"),
    [
        ("sgd", "0 < lr*h and lr*h < 2", ()),
        ("heavy_ball", "0 < lr*h < 2*(1 + mu)", ("mu < 1",)),
        ("heavy_ball", "0 < h*lr and mu < 1 and lr < 2*(1 + mu)/h", ()),
        ("nag", "0 < lr*h < 2*(1 + mu)/(1 + 2*mu)", ("mu < 1",)),
        ("momentum_ema", "0 < lr*h < 2*(1 + mu)/(1 - mu)", ()),
    ],
)
def test_a_region_in_any_form_is_recognised(rule: str, text: str, given: tuple[str, ...]) -> None:
    settled = stable(rule, text, *given)
    assert settled.verdict == "holds"
    assert settled.check.passed


@pytest.mark.parametrize(
    ("rule", "text", "given"),
    [
        ("sgd", "0 < lr*h and lr*h <= 2", ()),
        ("sgd", "lr*h < 2", ()),
        ("heavy_ball", "0 < lr*h < 2*(1 + mu)", ()),
        ("heavy_ball", "0 < lr*h < 2 + mu", ("mu < 1",)),
        ("nag", "0 < lr*h < 2*(1 + mu)", ("mu < 1",)),
        ("nag", "0 < lr*h < 4/3", ("mu < 1",)),
        ("momentum_ema", "0 < lr*h < 2*(1 + mu)", ()),
    ],
)
def test_a_region_that_is_a_little_off_is_never_proved(rule: str, text: str, given: tuple[str, ...]) -> None:
    settled = stable(rule, text, *given)
    assert settled.verdict != "holds"
    if settled.verdict == "fails":
        assert settled.check.passed


def test_a_refutation_is_a_point_with_its_eigenvalue() -> None:
    settled = stable("nag", "0 < lr*h < 2*(1 + mu)", "mu < 1")
    assert settled.counterexample is not None
    lr, mu, h = (float(Fraction(settled.counterexample[name])) for name in ("lr", "mu", "h"))
    largest = max(abs(np.linalg.eigvals(np.array(MATRICES["nag"](lr, mu, h)))))
    assert largest > 1
    assert float(settled.counterexample["largest modulus of an eigenvalue"]) == pytest.approx(largest)


@pytest.mark.parametrize(("low", "high"), [(1.0, 4.0), (0.3, 7.0)])
def test_polyaks_rate_is_that_of_numpy(low: float, high: float) -> None:
    root_low, root_high = low**0.5, high**0.5
    lr, rate = 4 / (root_low + root_high) ** 2, (root_high - root_low) / (root_high + root_low)
    for h in np.linspace(low, high, 50):
        assert max(abs(np.linalg.eigvals(np.array(MATRICES["heavy_ball"](lr, rate**2, float(h)))))) < rate + 1e-6


def test_rates_that_are_off_are_refuted() -> None:
    for rate, lr in (("(L - m)/(L + m)", "1/L"), ("1 - m/L", "2/(L + m)"), ("(L - m)/L/2", "2/(L + m)")):
        settled = settle_contracts(Contracts("sgd", rate, {"lr": lr}), trace(resolve("sgd")), 10)
        assert settled.verdict == "fails", rate
        assert settled.check.passed


def test_a_rate_below_the_root_of_the_product_is_refuted() -> None:
    """Both roots are complex and have the modulus sqrt(9/10); nothing but their product shows it."""
    claim = Contracts("heavy_ball", "1/2 + 0*m", {"lr": "1/L", "mu": "9/10"})
    settled = settle_contracts(claim, trace(resolve("heavy_ball")), 10)
    assert settled.verdict == "fails"
    assert settled.check.passed


def test_bad_claims_are_refused_by_name() -> None:
    with pytest.raises(UsageError, match="momentum"):
        stable("sgd", "0 < lr*momentum")
    with pytest.raises(UsageError, match="comparison"):
        Stable("sgd", "lr*h")
    with pytest.raises(UsageError, match="contradicts"):
        stable("heavy_ball", "0 < lr*h", "mu < -1")
    with pytest.raises(UsageError, match="no hyper-parameter 'mu'"):
        settle_contracts(Contracts("sgd", "1 - m/L", {"mu": "0"}), trace(resolve("sgd")), 10)
    with pytest.raises(NotDecidedError, match="not linear"):
        stable("adam", "0 < lr")

"""Claims that fail: the runs that are found, compared with closed forms and with the published algorithm in NumPy."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from math import sqrt
from typing import Any

import pytest

from symopt.catalogue import resolve
from symopt.lang.theorem.bounds import Invariant, Ordered
from symopt.passes.tracing import trace
from symopt.prove.deadline import OutOfTimeError
from symopt.prove.inequality.settle import Search, settle_bound
from symopt.prove.settlement import Settlement


def settled(claim: Invariant | Ordered, seconds: float = 30.0) -> Settlement:
    return settle_bound(claim, trace(resolve(claim.rule)), seconds)


def counterexample(claim: Invariant | Ordered) -> dict[str, Any]:
    found = settled(claim)
    assert found.verdict == "fails", found.reason
    assert found.check.passed, found.check.how
    assert found.counterexample is not None
    return dict(found.counterexample)


BETAS = ("beta1 = 9/10", "beta2 = 999/1000")


def largest_ratio(t: int, b1: float = 0.9, b2: float = 0.999) -> float:
    """The largest |m_hat|/sqrt(v_hat) after t steps, by Cauchy and Schwarz, over the ratio of the published bound."""
    weights = [((1 - b1) * b1**k, (1 - b2) * b2**k) for k in range(t)]
    s = sum(a * a / c for a, c in weights)
    return sqrt(s) * sqrt(1 - b2**t) / (1 - b1**t) / ((1 - b1) / sqrt(1 - b2))


def test_the_published_bound_of_adam_fails_where_the_closed_form_says() -> None:
    found = counterexample(Invariant("adam", "abs(p_new - p) <= lr*(1 - beta1)/sqrt(1 - beta2)", given=BETAS))
    first = next(t for t in range(1, 1000) if largest_ratio(t) > 1)
    assert int(found["steps"]) == first == len(found["g"])
    g = [float(Fraction(text)) for text in found["g"]]
    m = v = 0.0
    for x in g:
        m, v = 0.9 * m + 0.1 * x, 0.999 * v + 0.001 * x * x
    step = m / (1 - 0.9**first) / (sqrt(v / (1 - 0.999**first)) + 1e-8)
    assert step > 0.1 / sqrt(0.001)


def test_the_published_bound_of_adamax_fails_in_two_steps() -> None:
    found = counterexample(Invariant("adamax_paper", "abs(p_new - p) <= lr", given=BETAS))
    m = u = 0.0
    for t, text in enumerate(found["g"], 1):
        x = float(Fraction(text))
        m, u = 0.9 * m + 0.1 * x, max(0.999 * u, abs(x))
        last = m / (1 - 0.9**t) / u
    assert last > 1


def test_two_decays_give_a_negative_variance() -> None:
    found = counterexample(Invariant("adam", "v - m**2 >= 0", given=("beta1 = 1/2", "beta2 = 7/8")))
    m = v = Fraction(0)
    for text in found["g"]:
        m, v = m / 2 + Fraction(text) / 2, v * 7 / 8 + Fraction(text) ** 2 / 8
    assert v - m**2 < 0


def test_an_order_of_two_rules_may_fail() -> None:
    found = counterexample(Ordered("amsgrad_optax", "amsgrad", "left.x_new <= right.v_hat"))
    b2 = Fraction(found["beta2"])
    left = v = x = Fraction(0)
    for t, text in enumerate(found["g"], 1):
        v = b2 * v + (1 - b2) * Fraction(text) ** 2
        left, x = max(left, v / (1 - b2**t)), max(x, v)
    assert left > x / (1 - b2 ** len(found["g"]))


def test_what_is_given_by_an_equation_is_written_down() -> None:
    found = counterexample(Invariant("sgd", "p <= 3", given=("p_0 = 2", "lr = 1/4")))
    p = Fraction(found["p_0"])
    assert (p, found["lr"]) == (2, "1/4")
    for text in found["g"]:
        p -= Fraction(text) / 4
    assert p > 3


def test_values_of_z3_lead_to_a_run() -> None:
    pytest.importorskip("z3")
    found = counterexample(Invariant("adam", "abs(m) <= 1000000", given=("beta1 = 1/2",)))
    m = Fraction(0)
    for text in found["g"]:
        m = m / 2 + Fraction(text) / 2
    assert abs(m) > 1000000


FALSE = [
    Invariant("adam", "abs(p_new - p) <= 999/1000*lr", given=("beta2 = beta1",)),
    Invariant("adam", "abs(p_new - p) <= lr"),
    Invariant("adam", "m**2 <= (1 - beta1**t)*v", given=("beta1 = 0",)),
    Invariant("adam", "99/100*m**2 >= v"),
    Invariant("adam", "abs(m) <= 9/10", given=("abs(g) <= 1",)),
    Invariant("rmsprop[centered=True]", "v - 101/100*a**2 >= 0"),
    Invariant("rmsprop", "abs(p_new - p) <= lr"),
    Invariant("lion", "abs(p) <= max(abs(p_0), 1/weight_decay)", given=("weight_decay > 0",)),
    Invariant("lion", "abs(p_new - p) < lr", given=("weight_decay = 0", "lr > 0")),
    Invariant("amsgrad", "x_new > x"),
    Invariant("nadam", "mu_product <= 1/2"),  # inductive, and false at the start
    Invariant("adam", "v <= g**2 + 1"),
    Invariant("adam", "(1 - beta2**t)*v <= v_new"),
    Invariant("adam", "v <= (1 - beta2**t)/2", given=("abs(g) <= 1",)),
    Invariant("adagrad", "h_new >= h + 1/100*g**2 + 1/1000"),
    Ordered("adamax", "adamax_paper", "left.u - right.u <= eps/2"),
    Ordered("adamax", "adamax_paper", "0 < left.u - right.u"),
    Ordered("adam_tf", "adam", "abs(left.p_new - left.p) < abs(right.p_new - right.p)"),
    Ordered("adam", "adam_tf", "abs(left.p_new - left.p) <= abs(right.p_new - right.p)"),
    Ordered("adam", "amsgrad", "left.v_hat >= right.v_hat"),
]


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_a_false_claim_never_holds(claim: Invariant | Ordered) -> None:
    found = settled(claim)
    assert found.verdict == "fails", found.reason
    assert found.check.passed


def test_time_is_honoured() -> None:
    found = settled(Invariant("dadapt_adamw", "d >= d0"), 0.2)
    assert found.verdict == "unknown"
    assert "no answer within 0.2 s" in found.reason


@pytest.mark.parametrize("claim", FALSE, ids=str)
def test_the_search_for_proofs_alone_never_proves_a_false_claim(claim: Invariant | Ordered) -> None:
    search = Search(claim, [trace(resolve(rule)) for rule in claim.rules], 5.0)
    with suppress(OutOfTimeError):
        assert search.proved() is None
        search.induction.find_signs()
        search.induction.find_pairs()
        assert search.proved() is None
        assert search.proved(by_solver=True) is None

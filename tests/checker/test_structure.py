"""The checker refuses what is false, whatever the prover says."""

import pytest

from symopt.catalogue import resolve
from symopt.checker.given_gradients import check_expectation, check_response
from symopt.checker.identities import check_identity
from symopt.checker.limits import check_limit
from symopt.checker.outcome import Check
from symopt.checker.structure import check_equivariance, check_scaling, check_shift
from symopt.checker.tends import check_tends
from symopt.ir.trace import Trace
from symopt.lang.theorem import (
    ConstantGradient,
    Equivariance,
    Expectation,
    Identity,
    Impulse,
    Limit,
    Property,
    Scaling,
    Shift,
    TendsTo,
)
from symopt.passes.tracing import trace


def check(claim: Property) -> Check:
    rule: Trace = trace(resolve(claim.rule))
    match claim:
        case Scaling():
            return check_scaling(rule, claim)
        case Shift():
            return check_shift(rule, claim)
        case Equivariance():
            return check_equivariance(rule, claim)
        case ConstantGradient() | Impulse():
            return check_response(rule, claim)
        case Expectation():
            return check_expectation(rule, claim)
        case Limit():
            return check_limit(rule, claim, None)
        case TendsTo():
            return check_tends(rule, trace(resolve(claim.other)), claim)
        case Identity():
            return check_identity(rule, claim)
    raise AssertionError(claim)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (Scaling("adam", {"g": "c", "eps": "c"}), Scaling("adam", {"g": "c"})),
        (Scaling("lion", {"g": "c"}, each=True), Scaling("adam", {"g": "c"}, each=True)),
        (Shift("adam"), Shift("adamw")),
        (Equivariance("muon", "rotations"), Equivariance("adam", "rotations")),
        (Equivariance("adafactor", "permutations of rows"), Equivariance("adafactor", "permutations")),
        (Equivariance("adam", "signs"), Equivariance("shampoo", "signs")),
        (ConstantGradient("adam", "m_hat", "g"), ConstantGradient("adam", "m", "g")),
        (Impulse("momentum", "b", "mu**(t - 1)*g"), Impulse("momentum", "b", "mu**t*g")),
        (Expectation("adam", "v_hat", "E(g**2)"), Expectation("adam", "v_hat", "E(g)**2")),
        (Limit("adam", "m_hat", "t -> oo", "m"), Limit("adam", "m_hat", "t -> oo", "g")),
        (TendsTo("adamw", "adam", "weight_decay -> 0"), TendsTo("adamw", "sgd", "weight_decay -> 0")),
        (Identity("adafactor", "mean(v)", "mean(c)"), Identity("adafactor", "mean(v)", "2*mean(c)")),
    ],
)
def test_what_is_true_passes_and_what_is_false_does_not(right: Property, wrong: Property) -> None:
    assert check(right).passed, check(right)
    assert not check(wrong).passed, check(wrong)


def test_a_counterexample_that_shows_nothing_does_not_pass() -> None:
    said = {"c": "4", "hyper": {"lr": "1/2", "beta1": "1/2", "beta2": "1/2", "eps": "1/2"}, "theta": "1",
            "grads": [["1"]], "step": "1"}  # fmt: skip
    adam = trace(resolve("adam"))
    assert check_scaling(adam, Scaling("adam", {"g": "c"}), said).passed
    assert not check_scaling(adam, Scaling("adam", {"g": "c", "eps": "c"}), said).passed
    given = {"hyper": said["hyper"], "theta": "1", "g": "1", "step": "2"}
    assert check_response(adam, ConstantGradient("adam", "m", "g"), given).passed
    assert not check_response(adam, ConstantGradient("adam", "m_hat", "g"), given).passed
    point = {"point": {"m": "1", "beta1": "1/2", "g": "3"}, "limit": "2", "claimed": "3"}
    assert check_limit(adam, Limit("adam", "m_hat", "t -> oo", "g"), None, point).passed
    assert not check_limit(adam, Limit("adam", "m_hat", "t -> oo", "g"), None, {**point, "limit": "3/2"}).passed


def test_runs_whose_values_are_undefined_show_nothing() -> None:
    """Of a rule that divides by zero in its first step no run counts, so nothing passes."""
    said = {"c": "4", "hyper": {"lr": "1/2", "beta1": "1/2", "beta2": "1/2"}, "theta": "1", "grads": [["0"]],
            "step": "1"}  # fmt: skip
    rule = trace(resolve("adamax_paper"))
    outcome = check_scaling(rule, Scaling("adamax_paper", {"g": "c"}), said)
    assert not outcome.passed
    assert "undefined" in outcome.how

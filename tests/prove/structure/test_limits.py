import numpy as np
import pytest
from float_runs import run

from symopt.catalogue import resolve
from symopt.errors import UsageError
from symopt.lang.theorem import Limit, TendsTo
from symopt.passes.tracing import trace
from symopt.prove.settlement import Settlement
from symopt.prove.structure.limits import settle_limit
from symopt.prove.structure.tends import settle_tends


def limit(rule: str, of: str, when: str, value: str, beside: str = "") -> Settlement:
    return settle_limit(Limit(rule, of, when, value, beside), trace(resolve(rule)), 10)


@pytest.mark.parametrize(
    ("rule", "of", "when", "value", "verdict"),
    [
        ("adam[beta1=0,beta2=0]", "p", "eps -> 0", "old(p) - lr*sign(g)", "holds"),
        ("adam[beta1=0,beta2=0]", "p", "eps -> 0", "old(p) - lr*g", "fails"),
        ("adam", "m_hat", "beta1 -> 0", "g", "holds"),
        ("adam", "m_hat", "t -> oo", "m", "holds"),
        ("adam", "v_hat/v", "t -> oo", "1", "holds"),
        ("adam", "t*(m_hat - m)", "t -> oo", "0", "holds"),
        ("adam", "m_hat", "t -> oo", "g", "fails"),
        ("adam", "eps*(p - old(p))", "eps -> oo", "-lr*m_hat", "holds"),
        ("adabound", "upper", "t -> oo", "final_lr", "holds"),
        ("adabound", "t*(upper - final_lr)", "t -> oo", "final_lr/gamma", "holds"),
        ("adabound", "t*(upper - final_lr)", "t -> oo", "0", "fails"),
        ("nadam", "mu", "psi -> oo", "beta1", "holds"),
    ],
)  # fmt: skip
def test_limits(rule: str, of: str, when: str, value: str, verdict: str) -> None:
    settled = limit(rule, of, when, value)
    assert settled.verdict == verdict, settled
    assert settled.check.passed


@pytest.mark.parametrize(
    ("rule", "of", "when", "value", "reason"),
    [
        ("adam", "p", "beta1 -> 1", "old(p)", "at the limit a division by zero"),
        # psi may be 0, and then the schedule does not move.
        ("nadam", "mu", "t -> oo", "beta1", "not known to grow without bound"),
        ("adabound", "p", "t -> oo", "old(p)", "a sign depends on t"),
        ("rmsprop", "sign(eps)*g", "eps -> 0", "0", ""),
    ],
)
def test_what_continuity_does_not_show_is_not_called_proved(
    rule: str, of: str, when: str, value: str, reason: str
) -> None:
    settled = limit(rule, of, when, value)
    assert settled.verdict != "holds"
    assert reason in settled.reason


def test_the_ratio_of_two_steps() -> None:
    ratio = "(p - old(p))/(beside(p) - old(p))"
    settled = limit("adam_tf", ratio, "t -> oo", "1", beside="adam")
    assert settled.verdict == "holds"
    assert any("lr != 0" in condition for condition in settled.proof.conditions)


def test_a_limit_at_the_start_counts_too() -> None:
    """1 - beta1**(t - 1) is zero in the first step alone."""
    settled = limit("adam", "m/(1 - beta1**(t - 1) + eps)", "eps -> 0", "m/(1 - beta1**(t - 1))")
    assert settled.verdict != "holds" or settled.proof.conditions


@pytest.mark.parametrize(
    ("rule", "other", "when", "verdict"),
    [
        ("nadam", "nadam_optax[eps_root=0]", "psi -> oo", "holds"),
        ("nadam", "nadam_keras", "psi -> oo", "fails"),
        ("adamw", "adam", "weight_decay -> 0", "holds"),
        ("lookahead", "sgd", "alpha -> 1", "holds"),
        ("lookahead", "sgd", "alpha -> 1/2", "fails"),
        ("qhm", "momentum", "nu -> 1", "fails"),
        ("signum", "signsgd", "mu -> 0", "unknown"),
        ("adabound", "sgd", "gamma -> oo", "unknown"),
    ],
)
def test_rules_that_tend_to_others(rule: str, other: str, when: str, verdict: str) -> None:
    settled = settle_tends(TendsTo(rule, other, when), trace(resolve(rule)), 10)
    assert settled.verdict == verdict, settled
    assert settled.check.passed is (verdict != "unknown")


def test_nadam_nears_the_form_of_optax_in_floats() -> None:
    nadam, optax = trace(resolve("nadam")), trace(resolve("nadam_optax"))
    hypers = {"lr": 0.1, "beta1": 0.9, "beta2": 0.99, "eps": 0.01, "eps_root": 0.0}
    grads = [np.float64(x) for x in (0.5, -1.0, 2.0, 0.1)]
    wanted = run(optax, hypers, np.float64(1), grads)["p"]
    gaps = [abs(run(nadam, {**hypers, "psi": psi}, np.float64(1), grads)["p"] - wanted) for psi in (1, 100, 1000)]
    assert gaps[0] > 1e-3
    assert gaps[1] < 1e-2
    assert gaps[2] < 1e-12


@pytest.mark.parametrize(
    ("when", "value", "message"),
    [
        ("eps = 0", "0", "is no approach; write one as in eps -> 0 or t -> oo"),
        ("epsilon -> 0", "0", "'epsilon' is no hyper-parameter and not t"),
        ("t -> 5", "0", "t counts steps and grows without bound"),
        ("beta1 -> oo", "0", "beta1 cannot grow without bound: 0 <= beta1 < 1"),
        ("eps -> 0", "eps", "the limit depends on eps, which moves"),
        ("eps -> 0", "old(u)", "has no state 'u'"),
        ("eps -> 0", "beside(p)", "the claim names no rule beside"),
    ],
)
def test_bad_input_is_refused(when: str, value: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        limit("adam", "p", when, value)

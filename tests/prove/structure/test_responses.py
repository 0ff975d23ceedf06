from fractions import Fraction as F

import numpy as np
import pytest
from float_runs import run, value

from symopt.catalogue import resolve
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.lang.theorem import ConstantGradient, Expectation, Impulse
from symopt.passes.tracing import trace
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError
from symopt.prove.settlement import Settlement
from symopt.prove.structure.expectation import settle_expectation
from symopt.prove.structure.moments import expected
from symopt.prove.structure.response import settle_response


def settled_response(claim: ConstantGradient | Impulse) -> Settlement:
    return settle_response(claim, trace(resolve(claim.rule)), 10)


def mean(rule: str, of: str, value: str) -> Settlement:
    return settle_expectation(Expectation(rule, of, value), trace(resolve(rule)), 10)


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        (ConstantGradient("adam", "p", "p - t*lr*g/(abs(g) + eps)"), "holds"),
        (ConstantGradient("adam", "p", "p - t*lr*g/(g + eps)"), "fails"),
        (ConstantGradient("adam", "m", "(1 - beta1**t)*g"), "holds"),
        (ConstantGradient("adam", "m", "(1 - beta1**(t + 1))*g"), "fails"),
        (ConstantGradient("momentum", "p", "p - lr*g/(1 - mu)*(t - mu*(1 - mu**t)/(1 - mu))"), "holds"),
        (Impulse("momentum", "p", "p - lr*g*(1 - mu**t)/(1 - mu)"), "holds"),
        (Impulse("momentum", "p", "p - lr*g/(1 - mu)"), "fails"),
        # A maximum is no linear recurrence; its closed form has to be given.
        (ConstantGradient("amsgrad", "p", "p - t*lr*g/(abs(g) + eps)"), "unknown"),
        (ConstantGradient("amsgrad", "p", "p - t*lr*g/(abs(g) + eps)", {"x": "(1 - beta2**t)*g**2"}), "holds"),
        (ConstantGradient("amsgrad", "p", "p - t*lr*g/(abs(g) + eps)", {"x": "g**2"}), "unknown"),
    ],
)
def test_responses(claim: ConstantGradient | Impulse, verdict: str) -> None:
    settled = settled_response(claim)
    assert settled.verdict == verdict, settled
    assert settled.check.passed is (verdict != "unknown")


def test_the_answer_of_momentum_by_hand() -> None:
    """The closed form beside the recurrence in fractions."""
    lr, mu, g, p, b = F(1, 10), F(3, 4), F(2), F(1), F(0)
    for t in range(1, 7):
        b = mu * b + g
        p -= lr * b
        assert p == 1 - lr * g / (1 - mu) * (t - mu * (1 - mu**t) / (1 - mu))


@pytest.mark.parametrize(
    ("rule", "of", "value", "verdict"),
    [
        ("adam", "m_hat", "E(g)", "holds"),
        ("adam", "v_hat", "E(g**2)", "holds"),
        ("adam", "v_hat", "E(g)**2", "fails"),
        ("adam", "m", "E(g)", "fails"),
        ("adam", "v", "(1 - beta2**t)*E(g**2)", "holds"),
        ("momentum", "b", "(1 - mu**t)/(1 - mu)*E(g)", "holds"),
        ("adam", "p", "p - t*lr*E(g)", "fails"),
        ("sgdw[mu=0]", "p", "(1 - lr*weight_decay)**t*(p + E(g)/weight_decay) - E(g)/weight_decay", "holds"),
    ],
)
def test_means(rule: str, of: str, value: str, verdict: str) -> None:
    settled = mean(rule, of, value)
    assert settled.verdict == verdict, settled
    assert settled.check.passed


def test_a_mean_of_what_is_not_linear_is_not_called_proved() -> None:
    """The means of quotients and of products of gradients at two points are not in the moments of one gradient."""
    assert mean("adam", "p", "p - t*lr*E(g)/(E(g) + eps)").verdict == "fails"
    assert mean("rmsprop", "p", "p").verdict != "holds"


@pytest.mark.parametrize(
    ("text", "mean_of"),
    [
        ("a*m + g", "a*m + moment_1"),
        ("a*g**2 - 3*m", "a*moment_2 - 3*m"),
        ("(g + a)**2", "moment_2 + 2*a*moment_1 + a**2"),
    ],
)
def test_the_mean_of_an_expression(text: str, mean_of: str) -> None:
    names = ("a", "m", "g", "moment_1", "moment_2")
    found = expected(read_expression(text, names), ["g"], {"m"}, ("a", "m"), {}, Deadline.after(5))
    point = {"a": 1.5, "m": -0.5, "moment_1": 2.0, "moment_2": 7.0}
    assert value(found, point) == pytest.approx(value(read_expression(mean_of, names), point))


@pytest.mark.parametrize(
    "text", ["m*g", "m**2", "sqrt(g**2 + 1)", "g/(1 + g**2)", "2**m", "g*h", "abs(g)", "a/(a + m)"]
)
def test_a_mean_that_is_not_in_the_moments_is_refused(text: str) -> None:
    with pytest.raises(NotDecidedError):
        expected(read_expression(text, ("a", "m", "g", "h")), ["g", "h"], {"m"}, ("a", "m"), {}, Deadline.after(5))


def test_means_by_many_runs() -> None:
    adam = trace(resolve("adam"))
    hypers = {"lr": 0.1, "beta1": 0.8, "beta2": 0.9, "eps": 0.01}
    grads = np.random.default_rng(0).normal(0.5, 1.0, size=(3, 200_000))
    last = run(adam, hypers, np.zeros(200_000), list(grads))
    assert abs(last["m_hat"].mean() - 0.5) < 0.01
    assert abs(last["v_hat"].mean() - 1.25) < 0.02
    assert abs(last["m"].mean() - 0.5) > 0.1


def test_bad_input_is_refused() -> None:
    with pytest.raises(UsageError, match="has no statement or state 'u'"):
        settled_response(ConstantGradient("adam", "u", "0"))
    with pytest.raises(UsageError, match="is given more than gradients: loss"):
        settled_response(ConstantGradient("polyak_sgd", "p", "0"))
    with pytest.raises(UsageError, match=r"E\(h\) is no arithmetic on lr, beta1"):
        mean("adam", "m", "E(h)")

import os
import subprocess
import sys
from fractions import Fraction as F
from math import isqrt

import pytest

from symopt.errors import UsageError
from symopt.lang import Hyper, NonNegative, Positive, Rule, State, UnitInterval, ema, maximum, sqrt
from symopt.passes.tracing import trace
from symopt.prove.compare import compare


def root(x: F) -> F:
    r = F(isqrt(x.numerator), isqrt(x.denominator))
    assert r * r == x
    return r


def adam_step(h: dict[str, F], theta: F, g: F, l2: bool) -> F:
    """The first step of Adam with L2 (or of AdamW), by hand in fractions."""
    g_used = g + h["weight_decay"] * theta if l2 else g
    m_hat, v_hat = g_used, g_used**2
    new = theta - h["lr"] * m_hat / (root(v_hat) + h["eps"])
    return new if l2 else new - h["lr"] * h["weight_decay"] * theta


def test_adam_with_l2_is_not_adamw_and_the_witness_is_confirmed_by_hand() -> None:
    verdict = compare("adam_l2", "adamw")
    said = verdict.to_json()
    assert verdict.verdict == "different"
    assert verdict.first_step == 1
    assert said["conditions"] == ["equal when weight_decay = 0"]
    witness = said["witness"]
    h = {name: F(value) for name, value in witness["hyper"].items()}
    theta, (g,) = F(witness["theta"]), map(F, witness["grads"])
    assert adam_step(h, theta, g, l2=True) == F(witness["left"])
    assert adam_step(h, theta, g, l2=False) == F(witness["right"])
    assert F(witness["left"]) != F(witness["right"])
    assert "the parameter enters the gradient" in said["cause"]


@pytest.mark.parametrize(
    ("left", "right", "hyper_map"),
    [
        ("adam_tf", "adam", {"eps": "eps/sqrt(1 - beta2**t)"}),
        ("adam", "adam_tf", {"eps": "eps*sqrt(1 - beta2**t)"}),
        ("momentum_ema", "heavy_ball", {"lr": "lr*(1 - mu)"}),
        ("heavy_ball", "momentum_ema", {"lr": "lr/(1 - mu)"}),
        ("adamw", "adamw_paper", {"eta": "1", "weight_decay": "lr*weight_decay"}),
        ("rmsprop", "adam[beta1=0]", {"lr": "lr/sqrt(1 - rho**t)", "beta2": "rho", "eps": "eps/sqrt(1 - rho**t)"}),
    ],
)
def test_equal_under_a_map_and_not_without(left: str, right: str, hyper_map: dict[str, str]) -> None:
    verdict = compare(left, right)
    assert verdict.verdict == "equal-if"
    assert {name: text for name, text in verdict.hyper_map.items() if name != text} == hyper_map
    assert verdict.witness is not None
    assert verdict.exit_status == 1
    assert verdict.proof is not None


def test_a_relation_between_states_is_found_and_proved_by_induction() -> None:
    verdict = compare("momentum_ema", "heavy_ball")
    assert verdict.state_map == {"p_prev": "lr*m + p"}
    assert "lr is the same at every step" in verdict.conditions
    assert "for every t >= 2" in verdict.proof.text()


@pytest.mark.parametrize(
    ("left", "right", "verdict"),
    [
        ("heavy_ball", "polyak", "equal"),
        ("momentum_velocity", "heavy_ball", "equal"),
        ("sgd[momentum=True]", "momentum_velocity", "equal"),
        ("sgd[l2=True]", "sgdw[mu=0]", "equal"),
        ("sgd[momentum=True,l2=True]", "sgdw", "different"),
        ("adam_l2[weight_decay=0]", "adamw[weight_decay=0]", "equal"),
        ("rmsprop", "rmsprop_tf[v0=0]", "different"),
        ("nag", "heavy_ball", "different"),
        ("amsgrad", "amsgrad_optax", "different"),
        ("amsgrad", "adamw[amsgrad=True,weight_decay=0]", "equal"),
        ("adamw_bert", "adamw", "equal-if"),
        ("adamw_transformers", "adamw", "equal-if"),
    ],
)
def test_the_answer_is_the_same_in_both_directions(left: str, right: str, verdict: str) -> None:
    assert [compare(left, right).verdict, compare(right, left).verdict] == [verdict, verdict]


def test_a_hyper_parameter_that_one_side_lacks_may_be_fixed() -> None:
    verdict = compare("adamw", "adam")
    assert verdict.verdict == "equal-if"
    assert verdict.conditions == ("weight_decay = 0",)
    assert compare("adam", "adamw").hyper_map["weight_decay"] == "0"


def test_a_schedule_undoes_what_constancy_allows() -> None:
    assert compare("sgd[momentum=True]", "momentum_velocity").conditions == ("lr is the same at every step",)
    verdict = compare("sgd[momentum=True]", "momentum_velocity", varying=["lr"])
    assert verdict.verdict == "different"
    assert verdict.first_step == 2
    lr, mu, (g1, g2) = [F(x) for x in verdict.to_json()["witness"]["hyper"]["lr"]], F(1, 2), (F(1), F(1))
    assert verdict.to_json()["witness"]["hyper"]["mu"] == "1/2"
    left = 1 - lr[0] * g1 - lr[1] * (mu * g1 + g2)
    right = 1 - lr[0] * g1 + (mu * -lr[0] * g1 - lr[1] * g2)
    assert (verdict.witness.left, verdict.witness.right) == (left, right)
    assert any("lr*mu/lr_prev" in condition for condition in verdict.conditions)


def test_a_map_that_is_given_is_a_premise() -> None:
    assert compare("adam_tf", "adam", hyper_map={"eps": "eps/sqrt(1 - beta2**t)"}).verdict == "equal-if"
    assert compare("adam_tf", "adam", hyper_map={"eps": "eps"}).verdict == "different"
    with pytest.raises(UsageError, match="no hyper-parameter 'epsilon'; did you mean eps"):
        compare("adam_tf", "adam", hyper_map={"epsilon": "eps"})


def test_a_time_limit_that_is_reached_gives_unknown() -> None:
    verdict = compare("adamw", "adam_l2", time_limit=1e-9)
    assert verdict.verdict == "unknown"
    assert verdict.exit_status == 3
    assert "no answer within" in verdict.reason


def test_the_document_has_every_key_of_the_contract() -> None:
    keys = [
        *("schema", "left", "right", "verdict", "scope", "level", "hyper_map", "state_map", "conditions"),
        *("assumptions", "method", "first_step", "differs_in", "difference", "cause", "witness", "nearest"),
        *("reason", "seconds"),
    ]
    for pair in (("adam", "adamw"), ("adam", "adam_l2"), ("adam", "adam")):
        assert list(compare(*pair).to_json()) == keys


class MHat(Rule, name="stored_corrected"):
    """Adam's first moment, stored corrected: the state is m over 1 - beta**t."""

    lr = Hyper(0.1, domain=NonNegative)
    beta = Hyper(0.9, domain=UnitInterval)
    m = State()

    def update(s) -> None:
        before = s.beta - s.beta**s.t
        s.m = (before * s.m + (1 - s.beta) * s.g) / (1 - s.beta**s.t)
        s.p = s.p - s.lr * s.m


class Plain(Rule, name="corrected_when_used"):
    """The same with the plain average as state."""

    lr = Hyper(0.1, domain=NonNegative)
    beta = Hyper(0.9, domain=UnitInterval)
    m = State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.p = s.p - s.lr * s.m / (1 - s.beta**s.t)


def test_a_factor_between_states_may_depend_on_the_step() -> None:
    for left, right in ((MHat, Plain), (Plain, MHat)):
        verdict = compare(left, right)
        assert verdict.verdict == "equal"
    assert verdict.state_map == {"m": "m/(1 - beta**t)"}


class Gap(Rule, name="gap"):
    """Divides by a value that may be zero."""

    eps = Hyper(0.1, domain=Positive)

    def update(s) -> None:
        s.p = s.p - s.g * (s.p / s.p) * maximum(s.g, s.eps) / sqrt(s.g**2 + s.eps)


class NoGap(Rule, name="no_gap"):
    """The same without the quotient."""

    eps = Hyper(0.1, domain=Positive)

    def update(s) -> None:
        s.p = s.p - s.g * maximum(s.eps, s.g) / sqrt(s.eps + s.g**2)


def test_what_may_be_zero_under_a_fraction_is_listed() -> None:
    text = compare(trace(Gap), trace(NoGap))
    assert text.verdict == "equal"


def test_a_state_that_never_reaches_the_parameter_does_not_matter() -> None:
    class Idle(Rule, name="idle"):
        """Gradient descent beside an average that nobody reads."""

        lr = Hyper(0.1, domain=NonNegative)
        m = State()

        def update(s) -> None:
            s.m = s.m + s.g
            s.p = s.p - s.lr * s.g

    verdict = compare(Idle, "sgd")
    assert verdict.verdict == "equal"
    assert verdict.state_map == {}


def test_the_same_words_in_every_hash_seed() -> None:
    """Conditions, maps and causes come in one order whatever the order of Python's sets."""
    program = (
        "from symopt.prove.compare import compare\n"
        "for pair in (('adamw', 'adamw_transformers'), ('nag', 'qhm'), ('adam_l2', 'adamw'), ('adam', 'adamw_bert')):\n"
        "    print(compare(*pair).text())"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert len(said) == 1
    assert "adam_l2 and adamw: different" in said.pop()


class OtherNames(Rule, name="other_names"):
    """Adam with eps beside the uncorrected root, with names of its own."""

    step_size = Hyper(1e-3, domain=NonNegative)
    b1, b2 = Hyper(0.9, domain=UnitInterval), Hyper(0.999, domain=UnitInterval)
    e = Hyper(1e-8, domain=Positive)
    a, c = State(), State()

    def update(s) -> None:
        s.a = s.a + (1 - s.b1) * (s.g - s.a)
        s.c = s.b2 * s.c + (1 - s.b2) * s.g * s.g
        s.p = s.p - s.step_size * sqrt(1 - s.b2**s.t) / (1 - s.b1**s.t) * s.a / (sqrt(s.c) + s.e)


def test_names_do_not_matter() -> None:
    verdict = compare(OtherNames, "adam_tf")
    assert verdict.verdict == "equal"
    assert verdict.hyper_map == {"lr": "step_size", "beta1": "b1", "beta2": "b2", "eps": "e"}
    assert verdict.state_map == {"m": "a", "v": "c"}


def test_a_witness_against_a_map_gives_related_names_one_value() -> None:
    verdict = compare(OtherNames, "adam")
    assert verdict.verdict == "equal-if"
    assert verdict.hyper_map["eps"] == "e/sqrt(1 - b2**t)"
    hyper = verdict.witness.hyper
    assert all(hyper[a] == hyper[b] for a, b in [("lr", "step_size"), ("beta1", "b1"), ("beta2", "b2"), ("eps", "e")])

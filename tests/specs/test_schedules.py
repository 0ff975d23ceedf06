"""Schedules: what they are at their ends, inside each other, as any hyper-parameter, and set wrongly."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from float_run import FloatArithmetic

from symopt import catalogue
from symopt.errors import DomainError, SpecError, SymoptError, UsageError
from symopt.ir.evaluate import evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.nodes import refs
from symopt.lang import Expr, Hyper, Inner, NonNegative, Option, Positive, PositiveInteger, Rule, Schedule, UnitInterval
from symopt.passes.tracing import trace

BASE = 0.4
# These start below the base value.
RISING = {
    "cosine_onecycle", "inverse_sqrt", "linear_onecycle", "noam", "one_cycle", "sgdr", "warmup", "warmup_cosine",
    "warmup_exponential", "wsd",
}  # fmt: skip


def values(schedule: str, steps: int) -> list[float]:
    """The learning rate at steps 1, 2, ... of gradient descent with the schedule, from its trace."""
    frozen = trace(catalogue.resolve(f"sgd[lr={schedule}]"))
    inputs: dict[str, Any] = {hyper.name: np.float64(hyper.default) for hyper in frozen.hypers}
    inputs |= {"lr": np.float64(BASE), "p": np.float64(0), "g": np.float64(1)}
    name = frozen.scheduled["lr"]
    with np.errstate(all="ignore"):
        return [
            float(evaluate_step(frozen, inputs | {"t": np.float64(t)}, FloatArithmetic())[name])
            for t in range(1, steps + 1)
        ]


def hypers(target: str) -> dict[str, Fraction]:
    return {hyper.name: hyper.default for hyper in trace(catalogue.resolve(target)).hypers}


@pytest.mark.parametrize("name", catalogue.schedule_names())
def test_first_value_is_the_base_value_or_below(name: str) -> None:
    (first,) = values(name, 1)
    assert first < BASE / 2 if name in RISING else first == BASE


@pytest.mark.parametrize(
    ("schedule", "end"),
    [
        ("polynomial(steps=3)", 0),
        ("polynomial(steps=3,end=0.25)", 0.25),
        ("linear(steps=3,end=0.25)", 0.25 * BASE),
        ("cosine(steps=3)", 0),
        ("cosine_decay(steps=3,fraction=0.25)", 0.25 * BASE),
        ("warmup(steps=3)", BASE),
        ("warmup_cosine(steps=3,warmup=1,least=0.25)", 0.25),
        ("one_cycle(steps=4,start_divisor=5,end_divisor=2)", BASE / 10),
        ("one_cycle(steps=4,start_divisor=5,end_divisor=2,linear=True)", BASE / 10),
        ("one_cycle(steps=4,start_divisor=5,end_divisor=2,three_phases=True)", BASE / 10),
        ("cosine_onecycle(steps=3,peak=1,start_divisor=5,end_divisor=2)", BASE / 10),
        ("linear_onecycle(steps=3,peak=1,foot=2,start_divisor=5,end_divisor=2)", BASE / 10),
        ("rex(steps=3)", 0),
        ("wsd(warmup=1,stable=1,decay=1)", 0),
    ],
)
def test_schedule_that_has_ended_stays_where_it_is(schedule: str, end: float) -> None:
    np.testing.assert_allclose(values(schedule, 40)[3:], end, rtol=1e-15, atol=1e-15)


def test_schedule_enters_the_rule() -> None:
    """p - (lr / 2) g at step 2, where the factor is 1/2."""
    frozen = trace(catalogue.resolve("sgd[lr=exponential(factor=0.5)]"))
    inputs = {"lr": 1, "lr_factor": Fraction(1, 2), "p": 5, "g": 2, "t": 2}
    exact = {name: Fraction(value) for name, value in inputs.items()}
    assert evaluate_step(frozen, exact, ScalarArithmetic())["p_new"] == 4


def test_any_hyper_parameter_follows_a_schedule() -> None:
    """The schedule multiplier of the AdamW paper, and the learning rate beside it."""
    frozen = trace(catalogue.resolve("adamw_paper[eta=cosine(steps=10),lr=warmup]"))
    assert frozen.scheduled == {"eta": "eta_t", "lr": "lr_t"}
    assert [hyper.name for hyper in frozen.hypers][-4:] == ["eta_steps", "eta_least", "lr_steps", "lr_start"]


def test_the_base_value_is_set_as_any_other() -> None:
    assert hypers("sgd[lr=cosine(base=0.3,steps=7)]")["lr"] == Fraction(3, 10)
    assert hypers("sgd[lr=cosine(steps=7)]")["lr"] == Fraction(1, 1000)
    assert catalogue.resolve("sgd[lr=cosine(base=0.3,steps=7)]").title == "sgd[lr=cosine(base=0.3,steps=7)]"


def test_an_option_of_a_schedule_decides_which_hyper_parameters_exist() -> None:
    assert list(hypers("sgd[lr=exponential_decay]")) == ["lr", "lr_steps", "lr_factor"]
    assert list(hypers("sgd[lr=exponential_decay(bounded=True)]")) == ["lr", "lr_steps", "lr_factor", "lr_end"]


def test_schedules_inside_a_schedule_bring_their_hyper_parameters() -> None:
    target = "sgd[lr=sequence(first=warmup(steps=3),second=cosine(base=0.2,steps=9),at=5)]"
    assert hypers(target) == {
        "lr": Fraction(1, 1000), "lr_at": 5, "lr_first_steps": 3, "lr_first_start": Fraction(1, 10),
        "lr_second_base": Fraction(1, 5), "lr_second_steps": 9, "lr_second_least": 0,
    }  # fmt: skip
    assert catalogue.resolve(target).title == target


def test_each_part_of_a_sequence_has_its_own_steps() -> None:
    """0.4, 0.2, 0.1, and then 0.4 from its own first step on."""
    schedule = "sequence(first=exponential(factor=0.5),second=exponential(factor=0.25),at=3)"
    assert values(schedule, 5) == [0.4, 0.2, 0.1, 0.4, 0.1]
    assert values("sequence(at=3)", 5) == [BASE] * 5


def test_a_product_multiplies_factors() -> None:
    schedule = "product(first=exponential(factor=0.5),second=exponential(factor=0.25))"
    assert values(schedule, 3) == [0.4, 0.05, 0.00625]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("sequence(first=0.1)", "sequence: first = 0.1; it takes a schedule"),
        ("sequence(third=cosine)", "sequence has no option or hyper-parameter 'third'"),
        ("cosine(base=cosine)", "base = Cosine(); the base value is a number"),
        ("cosine(base=True)", "base = True; the base value is a number"),
        ("cosine(base=-1)", "sgd: lr = -1 is outside its domain: 0 <= lr"),
        ("sequence(first=cosine(base=-1))", "-1 is outside its domain: 0 <= lr"),
        ("product(second=cosine(base=1))", "cosine: it starts from the value of the schedule around it"),
        ("cyclic(halving=True,decaying=True)", "cyclic: decaying and halving exclude each other"),
        ("cyclic(factor=0.5)", "cyclic: factor exists only with decaying=True"),
        ("cosine_restarts(growing=True,growth=1)", "growth = 1 is outside its domain: 2 <= growth, an integer"),
    ],
)  # fmt: skip
def test_what_is_set_wrongly_is_refused_in_one_line(schedule: str, expected: str) -> None:
    with pytest.raises(SymoptError) as caught:
        trace(catalogue.resolve(f"sgd[lr={schedule}]"))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


class Twice(Schedule):
    """A schedule of today and the one of tomorrow."""

    inner = Inner(catalogue.schedule("exponential"))
    far = Option(False)
    steps = Hyper(1, when="far")

    def value(s) -> Expr:
        return s.inner(s.t) + s.inner(s.t + 1) + (0 if s.far else s.steps)


def test_a_name_that_does_not_exist_now_is_said_to() -> None:
    with pytest.raises(SpecError, match=r"test_schedules\.py:\d+: twice: s\.steps exists only with far=True"):
        trace(catalogue.rule("sgd")(lr=Twice()))


def test_an_inner_schedule_may_be_called_at_several_steps() -> None:
    frozen = trace(catalogue.rule("sgd")(lr=Twice(far=True, inner=catalogue.schedule("exponential")(factor=0.5))))
    (value,) = [let.value for let in frozen.lets if let.name == "lr_t"]
    assert [hyper.name for hyper in frozen.hypers] == ["lr", "lr_steps", "lr_inner_factor"]
    assert set(refs(value)) == {"lr", "lr_inner_factor", "t"}


class Domains(Rule):
    """A rule whose hyper-parameters are everything that one can leave."""

    rate = Hyper(Fraction(1, 2), r"\gamma", NonNegative)
    eps = Hyper(Fraction(1, 2), r"\epsilon", Positive)
    beta = Hyper(Fraction(1, 2), r"\beta", UnitInterval)
    every = Hyper(8, "k", PositiveInteger)

    def update(s) -> None:
        s.p = s.p - s.rate * s.g / (s.eps + s.beta) * s.every


def checked(**schedules: str) -> None:
    made = {name: catalogue.resolve(f"sgd[lr={text}]").settings["lr"] for name, text in schedules.items()}
    trace(Domains(**made))


@pytest.mark.parametrize(
    ("name", "schedule", "expected"),
    [
        ("rate", "linear(steps=10,end=-1)", "rate = -0.1 at step 7 is outside its domain: 0 <= rate"),
        ("rate", "sequence(second=linear(end=-1,steps=4),at=5000)", "rate = -0.25 at step 5004 is outside"),
        ("eps", "cosine(steps=1234)", "eps = 0 at step 1235 is outside its domain: 0 < eps"),
        ("eps", "cosine(steps=1234,swings=True)", "eps = 0 at step 1235 is outside its domain: 0 < eps"),
        ("eps", "warmup(start=0)", "eps = 0 at step 1 is outside its domain: 0 < eps"),
        ("beta", "cyclic(peak=1,up=777,down=5)", "beta = 1 at step 778 is outside its domain: 0 <= beta < 1"),
        ("beta", "exponential(factor=1.0001)", "beta = 1.00002 at step 6933 is outside its domain: 0 <= beta < 1"),
        ("every", "step(factor=0.5,period=30)", "every = 0.5 at step 121 is outside its domain: 1 <= every, an"),
        ("every", "cosine(steps=10)", "every = 7.80423 at step 2 is outside its domain: 1 <= every, an integer"),
        ("rate", "warmup_cosine(steps=9,warmup=9)", "rate has no value at step 10, where its schedule divides by zero"),
        ("rate", "one_cycle(steps=10,rising=0.1)", "rate has no value at step 1, where its schedule divides by zero"),
        ("rate", "cosine(base=0.5,steps=4,least=0.25)", ""),
        ("eps", "exponential(factor=0.5)", ""),
        ("eps", "cosine_restarts(period=7)", ""),
        ("beta", "warmup(base=0.99)", ""),
        ("beta", "cyclic(peak=0.999,up=777,down=5)", ""),
        ("every", "step(factor=2,period=30)", ""),
    ],
)
def test_a_schedule_that_leaves_the_domain_is_refused(name: str, schedule: str, expected: str) -> None:
    if not expected:
        checked(**{name: schedule})
        return
    with pytest.raises(DomainError) as caught:
        checked(**{name: schedule})
    assert f"domains[{name}={schedule}]: {expected}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_first_step_outside_is_named() -> None:
    """The step before is inside: 0.5 * 1.0001^k reaches 1 at k = 6931.8."""
    assert 0.5 * 1.0001**6931 < 1 < 0.5 * 1.0001**6932
    with pytest.raises(DomainError, match=r"at step 6933 is outside"):
        checked(beta="exponential(factor=1.0001)")


def test_a_schedule_takes_a_number_as_base_value_only() -> None:
    with pytest.raises(UsageError, match=r"base = '1'; the base value is a number"):
        catalogue.schedule("cosine")(base="1")

"""Specialising: what is fixed is gone, what it makes dead goes, what is not allowed is named."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symopt.catalogue import resolve
from symopt.errors import DomainError, UsageError
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, differ
from symopt.ir.nodes import num, op, ref
from symopt.ir.text import node_text
from symopt.ir.trace import Trace
from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval
from symopt.passes.specialise import rewrite, specialise
from symopt.passes.tracing import trace

TENTH = Fraction(1, 10)


class Averaged(Rule):
    """Momentum as an average, from a state that starts at a hyper-parameter, with a gradient ahead."""

    lr, beta, start = Hyper(TENTH, domain=NonNegative), Hyper(0.9, domain=UnitInterval), Hyper(2)
    m = State("start")

    def update(s) -> None:
        s.g = s.gradient(at=s.p + s.lr * s.m)
        s.m = s.beta * s.m + (1 - s.beta) * s.g
        s.p = s.p - s.lr * s.m


@pytest.fixture(scope="module")
def averaged() -> Trace:
    return trace(Averaged)


def lets(found: Trace) -> dict[str, str]:
    return {let.name: node_text(let.value) for let in found.lets}


def test_an_unknown_name(averaged: Trace) -> None:
    with pytest.raises(UsageError, match=r"averaged has no hyper-parameter 'bta'; did you mean beta\?"):
        specialise(averaged, {"bta": TENTH})
    with pytest.raises(UsageError, match="averaged has no hyper-parameter 'm'; known: lr, beta, start"):
        specialise(averaged, {"m": TENTH})


def test_a_value_outside_the_domain(averaged: Trace) -> None:
    with pytest.raises(DomainError, match="beta = 1 is outside its domain: 0 <= beta < 1"):
        specialise(averaged, {"beta": Fraction(1)})
    with pytest.raises(DomainError, match="lr = -1/10 is outside its domain: 0 <= lr"):
        specialise(averaged, {"lr": -TENTH})


def test_nothing_fixed_changes_nothing(averaged: Trace) -> None:
    assert specialise(averaged, {}) == averaged


def test_numbers_take_the_place_of_names_everywhere(averaged: Trace) -> None:
    found = specialise(averaged, {"lr": TENTH, "start": Fraction(5)})
    assert [hyper.name for hyper in found.hypers] == ["beta"]
    assert [state.init for state in found.states] == [num(5)]
    assert lets(found) == {
        "m_new": "(add (mul beta m) (mul (sub 1 beta) g))",
        "p_new": "(sub p (mul 1/10 m_new))",
    }
    assert [node_text(query.point) for query in found.queries] == ["(add p (mul 1/10 m))"]


def test_a_rate_of_zero_folds_the_point_ahead_away(averaged: Trace) -> None:
    found = specialise(averaged, {"lr": Fraction(0)})
    assert lets(found) == {
        "m_new": "(add (mul beta m) (mul (sub 1 beta) g))",
        "p_new": "p",
    }
    assert (averaged.looks_ahead, found.looks_ahead) == (True, False)


def test_beta1_of_zero_folds_the_average_of_adam_away() -> None:
    found = trace(resolve("adamw[beta1=0]"))
    assert [hyper.name for hyper in found.hypers] == ["lr", "beta2", "eps", "weight_decay"]
    step = {name: node_text(value) for name, value in found.step().items()}
    v = "(add (mul beta2 v) (mul (sub 1 beta2) (pow g 2)))"
    assert step["m"] == "g"
    assert step["v"] == v
    # m_hat = m / (1 - 0 ** t) = g, as the step counts from 1.
    assert step["p"] == (
        f"(sub (sub p (mul (mul lr weight_decay) p)) (div (mul lr g) (add (sqrt (div {v} (sub 1 (pow beta2 t)))) eps)))"
    )
    assert node_text(next(let.value for let in found.lets if let.name == "m_hat")) == "m_new"


def test_dead_statements_go() -> None:
    class Extra(Rule):
        lr, mix = Hyper(1), Hyper(1)

        def update(s) -> None:
            s.costly = s.g**3
            s.p = s.p - s.lr * s.g - s.mix * s.costly

    assert list(lets(trace(Extra))) == ["costly", "p_new"]
    assert lets(trace(Extra(mix=0))) == {"p_new": "(sub p (mul lr g))"}


@pytest.mark.parametrize("target", ["adamw", "amsgrad", "nag", "rmsprop", "qhm", "adadelta"])
def test_the_step_has_the_value_it_has_with_the_number_inserted(target: str) -> None:
    general = trace(resolve(target))
    inputs = {name: Fraction(k + 2, k + 7) for k, name in enumerate(general.inputs)} | {"t": Fraction(3)}
    for hyper in general.hypers:
        number = Fraction(1, 7)
        fixed = specialise(general, {hyper.name: number})
        assert hyper.name not in fixed.inputs
        values = inputs | {hyper.name: number}
        rest = {name: value for name, value in values.items() if name != hyper.name}
        before, after = general.step(), fixed.step()
        assert list(before) == list(after)
        expected = evaluate(before.values(), values, ScalarArithmetic())
        found = evaluate(after.values(), rest, ScalarArithmetic())
        assert not any(differ(one, other) for one, other in zip(expected, found, strict=True))


def test_rewriting_to_expressions_replaces_all_at_once(averaged: Trace) -> None:
    found = rewrite(averaged, {"lr": ref("beta"), "beta": op("mul", ref("lr"), num(1))})
    assert [hyper.name for hyper in found.hypers] == ["start"]
    assert lets(found)["m_new"] == "(add (mul lr m) (mul (sub 1 lr) g))"
    assert [node_text(query.point) for query in found.queries] == ["(add p (mul beta m))"]

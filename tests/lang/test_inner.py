"""Rules inside rules: one step of the inner rule, its names, its gradient, its conditions."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symopt.errors import SpecError
from symopt.ir.evaluate import evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.nodes import ref
from symopt.ir.text import node_text
from symopt.ir.trace import Trace
from symopt.lang import Expr, Hyper, Inner, Option, PositiveInteger, Rule, Schedule, State, every, where
from symopt.passes.tracing import trace


class Heavy(Rule):
    """Momentum."""

    lr, mu = Hyper(0.1), Hyper(0.9)
    m = State()

    def update(s) -> None:
        s.m = s.mu * s.m + s.g
        s.p = s.p - s.lr * s.m


class Plain(Rule):
    """Gradient descent, with an option."""

    lr = Hyper(0.5)
    twice = Option(False)

    def update(s) -> None:
        s.p = s.p - (2 if s.twice else 1) * s.lr * s.g


def values_of(found: Trace, **given: int | Fraction) -> dict[str, Fraction]:
    """New values of everything from numbers for what a step reads; hyper-parameters have their defaults."""
    inputs = {hyper.name: hyper.default for hyper in found.hypers} | {k: Fraction(v) for k, v in given.items()}
    after = evaluate_step(found, inputs, ScalarArithmetic())
    return {name: after[value] for name, value in found.results.items()}


def points(found: Trace) -> list[tuple[str, str]]:
    return [(query.name, node_text(query.point)) for query in found.queries]


class Around(Rule):
    """One step of a rule, then a decay."""

    base = Inner(Heavy)
    decay = Hyper(0.25)

    def update(s) -> None:
        s.p = s.base()
        s.p = s.p - s.decay * s.p


def test_a_step_of_the_inner_rule_gives_its_new_parameter() -> None:
    # m = 9/10 * 4 + 3 = 33/5; p = 10 - 33/50 = 467/50, of which three quarters stay.
    after = values_of(trace(Around), p=10, g=3, m=4, t=1)
    assert after == {"p": Fraction(467, 50) * Fraction(3, 4), "m": Fraction(33, 5)}


def test_what_the_inner_rule_declares_belongs_to_the_outer_one() -> None:
    found = trace(Around)
    assert [hyper.name for hyper in found.hypers] == ["decay", "lr", "mu"]
    assert [state.name for state in found.states] == ["m"]
    assert points(found) == [("g", "p")]


class Crowded(Rule):
    """Uses every name of its inner rule for something else."""

    base = Inner(Heavy)
    lr = Hyper(2)
    m = State()

    def update(s) -> None:
        s.mu = s.lr + 1
        s.m = s.m + s.mu
        s.p = s.base() + s.m


def test_names_that_are_taken_get_the_name_of_the_inner_rule_before_them() -> None:
    found = trace(Crowded)
    assert {hyper.name for hyper in found.hypers} == {"lr", "base_lr", "base_mu"}
    assert {state.name for state in found.states} == {"m", "base_m"}
    # m = 5 + 3, base_m = 9/10 * 2 + 1, p = 10 - base_m / 10 + m.
    after = values_of(found, p=10, g=1, m=5, base_m=2, t=1)
    assert after == {"p": 18 - Fraction(28, 100), "m": 8, "base_m": Fraction(28, 10)}


def test_the_same_class_around_another_rule() -> None:
    over = Around.over(base=Plain(twice=True))
    assert over.__mro__[1] is Around
    assert over().title == "around[base=plain(twice=True)]"
    assert values_of(trace(over), p=10, g=4, t=1) == {"p": Fraction(9, 2)}
    assert Around.over(base=Plain)().title == "around[base=plain]"
    # The class that it was made from is as it was.
    assert [state.name for state in trace(Around).states] == ["m"]


def test_settings_of_the_inner_rule_are_fixed() -> None:
    found = trace(Around.over(base=Heavy(lr=3)))
    assert [hyper.name for hyper in found.hypers] == ["decay", "mu"]
    assert values_of(found, p=10, g=1, m=0, t=1)["p"] == Fraction(21, 4)


def test_a_state_of_the_inner_rule_may_start_at_one_of_its_hyper_parameters_or_the_parameter() -> None:
    class Started(Rule):
        lr = Hyper(3)
        a, b = State("lr"), State("p")

        def update(s) -> None:
            s.a, s.b = s.a + s.g, s.b + s.g
            s.p = s.p - s.a - s.b

    class Outer(Rule):
        base = Inner(Started)
        lr = Hyper(7)

        def update(s) -> None:
            s.p = s.base() - s.lr

    found = trace(Outer)
    assert {state.name: state.init for state in found.states} == {"a": ref("base_lr"), "b": ref("p")}


class Handed(Rule):
    """Hands its inner rule everything that it may get."""

    base = Inner(Heavy)
    k = Hyper(4, domain=PositiveInteger)

    def update(s) -> None:
        s.q = 2 * s.p
        s.p = s.base(p=s.q, g=s.g + 1, t=s.t / s.k)


def test_an_inner_rule_takes_the_parameter_the_gradient_and_the_step_that_it_is_given() -> None:
    class Stepwise(Rule):
        def update(s) -> None:
            s.p = s.p - s.t * s.g

    assert values_of(trace(Handed.over(base=Stepwise)), p=10, g=2, t=8) == {"p": 20 - 2 * 3}
    assert points(trace(Handed)) == [("g", "p")]


def test_an_inner_rule_at_another_point_asks_for_the_gradient_there() -> None:
    class Elsewhere(Rule):
        base = Inner(Plain)

        def update(s) -> None:
            s.q = s.p + 1
            s.p = s.base(p=s.q)

    found = trace(Elsewhere)
    assert points(found) == [("g", "q")]
    assert values_of(found, p=10, g=4, t=1) == {"p": 9}


def test_an_inner_rule_at_the_point_of_the_outer_one_shares_its_gradient() -> None:
    class Shares(Rule):
        base = Inner(Plain)

        def update(s) -> None:
            s.g = s.gradient(at=s.p + 1)
            s.p = s.base() - s.g

    found = trace(Shares)
    assert points(found) == [("g", "(add p 1)")]
    assert values_of(found, p=10, g=4, t=1) == {"p": 4}


def test_the_outer_rule_may_move_before_its_inner_rule_does() -> None:
    class Moves(Rule):
        base = Inner(Plain)

        def update(s) -> None:
            s.p = s.p * 2
            s.p = s.base(g=s.g)

    assert values_of(trace(Moves), p=10, g=4, t=1) == {"p": 18}


class Sometimes(Rule):
    """Makes a step every other time."""

    base = Inner(Heavy)

    def update(s) -> None:
        s.p = s.base(when=every(s.t, 2))


def test_a_step_under_a_condition_leaves_everything_as_it_was_where_the_condition_fails() -> None:
    found = trace(Sometimes)
    assert values_of(found, p=10, g=3, m=4, t=3) == {"p": 10, "m": 4}
    assert values_of(found, p=10, g=3, m=4, t=2) == {"p": Fraction(467, 50), "m": Fraction(33, 5)}


class Nested(Rule):
    """A rule in a rule in a rule."""

    base = Inner(Sometimes)
    lr, m = Hyper(1), State()

    def update(s) -> None:
        s.m = s.m + s.g
        s.p = s.base(when=s.t > 2) - s.lr * s.m


def test_conditions_and_names_reach_the_innermost_rule() -> None:
    found = trace(Nested)
    assert {state.name for state in found.states} == {"m", "base_base_m"}
    assert {hyper.name for hyper in found.hypers} == {"lr", "base_base_lr", "mu"}
    for t, moved in ((2, False), (3, False), (4, True)):
        after = values_of(found, p=10, g=3, m=1, base_base_m=4, t=t)
        assert after["base_base_m"] == (Fraction(33, 5) if moved else 4)
        assert after["p"] == (Fraction(467, 50) if moved else 10) - 4


def test_hyper_parameters_of_the_inner_rule_are_read_after_its_step() -> None:
    class Half(Schedule):
        def value(s) -> Expr:
            return s.base / (1 + s.t)

    class Reads(Rule):
        base = Inner(Plain)

        def update(s) -> None:
            q = s.base()
            s.p = q - s.base.lr

    assert values_of(trace(Reads), p=10, g=4, t=1) == {"p": 10 - 2 - Fraction(1, 2)}
    scheduled = trace(Reads.over(base=Plain(lr=Half())))
    assert values_of(scheduled, p=10, g=4, t=3) == {"p": 10 - Fraction(4, 8) - Fraction(1, 8)}
    assert list(scheduled.scheduled) == ["lr"]


def test_schedules_of_the_inner_rule_follow_the_step_that_it_is_given() -> None:
    class Count(Schedule):
        def value(s) -> Expr:
            return s.base * s.t

    found = trace(Handed.over(base=Plain(lr=Count())))
    assert values_of(found, p=0, g=0, t=8) == {"p": -1}


class Two(Rule):
    """Two inner rules with the same names."""

    first, second = Inner(Heavy), Inner(Heavy(mu=0))

    def update(s) -> None:
        s.half = s.first()
        s.p = s.second(p=s.half, g=s.g)


def test_two_inner_rules_keep_their_names_apart() -> None:
    found = trace(Two)
    assert {state.name for state in found.states} == {"m", "second_m"}
    assert values_of(found, p=10, g=3, m=4, second_m=9, t=1) == {
        "p": 10 - Fraction(66, 100) - Fraction(3, 10), "m": Fraction(33, 5), "second_m": 3,
    }  # fmt: skip


def test_a_rule_that_is_given_its_gradient_cannot_ask_for_another() -> None:
    class Ahead(Rule):
        def update(s) -> None:
            s.g = s.gradient(at=s.p + 1)
            s.p = s.p - s.g

    with pytest.raises(SpecError, match="ahead asks for its gradient at a point of its own"):
        trace(Handed.over(base=Ahead))
    # Where it asks for itself it may.
    assert points(trace(Around.over(base=Ahead))) == [("g", "(add p 1)")]


def test_variants_of_the_outer_rule_leave_the_inner_one_alone() -> None:
    class Optional(Around):
        sign = Option(False)

        def update(s) -> None:
            s.p = -s.base() if s.sign else s.base()

    assert [rule.title for rule in Optional.variants()] == ["optional", "optional[sign=True]"]
    assert values_of(trace(Optional(sign=True)), p=10, g=3, m=4, t=1)["p"] == -Fraction(467, 50)


def test_a_wrapped_step_equals_the_same_step_written_by_hand() -> None:
    class ByHand(Rule):
        lr, mu, alpha, k = Hyper(0.1), Hyper(0.9), Hyper(0.5), Hyper(3, domain=PositiveInteger)
        m, slow = State(), State("p")

        def update(s) -> None:
            s.m = s.mu * s.m + s.g
            s.fast = s.p - s.lr * s.m
            s.slow = where(every(s.t, s.k), s.slow + s.alpha * (s.fast - s.slow), s.slow)
            s.p = where(every(s.t, s.k), s.slow, s.fast)

    class Wrapped(Rule):
        base = Inner(Heavy)
        alpha, k = Hyper(0.5), Hyper(3, domain=PositiveInteger)
        slow = State("p")

        def update(s) -> None:
            s.fast = s.base()
            s.slow = where(every(s.t, s.k), s.slow + s.alpha * (s.fast - s.slow), s.slow)
            s.p = where(every(s.t, s.k), s.slow, s.fast)

    for t in (2, 3):
        inputs = {"p": 10, "g": 3, "m": 4, "slow": 7, "t": t}
        assert values_of(trace(Wrapped), **inputs) == values_of(trace(ByHand), **inputs)

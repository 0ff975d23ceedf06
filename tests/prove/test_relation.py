"""The proof by itself, without the witness that would refute a false relation before it is tried."""

from __future__ import annotations

import pytest

from symopt.catalogue import resolve
from symopt.ir.nodes import Node, num, op, ref
from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, absolute, ema, equal, total, where
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline
from symopt.prove.invariants import nonnegative_states
from symopt.prove.pair import make_pair
from symopt.prove.relation import Prover, Relation, by_name


def proved(left: object, right: object, states: dict[str, Node] | None = None) -> bool:
    """Whether the relation by name, with some states given otherwise, is proved."""
    a, b = (trace(resolve(side)) if isinstance(side, str) else trace(side) for side in (left, right))
    pair = make_pair(a, b)
    relation = by_name(pair)
    relation = Relation({**relation.states, **(states or {})}, relation.hypers)
    return Prover(pair, Deadline.after(5)).prove(relation).proof is not None


class Slow(Rule, name="slow"):
    """An average that is read one step later."""

    beta = Hyper(0.9, domain=UnitInterval)
    m, m_old = State(), State()

    def update(s) -> None:
        s.p = s.p - s.m_old
        s.m_old = s.m
        s.m = ema(s.m, s.g, s.beta)


class SlowOther(Slow, name="slow_other"):
    """The same with another average, which shows in the parameter at step 4 alone."""

    def update(s) -> None:
        s.p = s.p - s.m_old
        s.m_old = s.m
        s.m = where(equal(s.t, 1), (1 - s.beta) * s.g, ema(s.m, s.g, s.beta**2))


def test_the_relation_by_name_of_a_rule_with_itself_is_proved() -> None:
    assert proved("adam", "adam")
    assert proved(Slow, Slow)


@pytest.mark.parametrize(
    ("left", "right"),
    [("adam", "adam_tf"), ("adam_l2[weight_decay=0.1]", "adamw[weight_decay=0.1]"), ("rmsprop", "rmsprop_tf[v0=0]")],
)
def test_a_relation_by_name_of_different_rules_is_not(left: str, right: str) -> None:
    assert not proved(left, right)


def test_a_difference_of_states_alone_is_seen() -> None:
    """Parameters agree after the first step and after a general one from equal states; the states do not."""
    assert not proved(Slow, SlowOther)
    verdict = compare(Slow, SlowOther)
    assert verdict.verdict == "different"
    assert verdict.first_step == 4


@pytest.mark.parametrize("factor", [2, -1, 0])
def test_a_wrong_factor_is_refused(factor: int) -> None:
    assert not proved("adam", "adam", {"right.m": op("mul", num(factor), ref("left.m"))})


def test_a_relation_must_hold_after_the_first_step_too() -> None:
    class Late(Rule, name="late"):
        """A momentum whose state starts at the parameter."""

        mu = Hyper(0.9, domain=UnitInterval)
        m = State(init="p")

        def update(s) -> None:
            s.m = s.mu * s.m + s.g
            s.p = s.p - s.m

    class Early(Late, name="early"):
        """The same from zero."""

        m = State()

    assert proved(Late, Late)
    assert not proved(Late, Early)


def test_what_holds_for_one_element_is_not_used_inside_a_reduction() -> None:
    """|g| is g where g > 0, and the sum of |g| is not the sum of g for all that."""

    class Absolute(Rule, name="absolute_total"):
        """Multiplied by the sum of absolute values."""

        lr = Hyper(0.1, domain=NonNegative)

        def update(s) -> None:
            s.p = s.p - s.lr * absolute(s.g) * total(absolute(s.g))

    class Signed(Rule, name="signed_total"):
        """Multiplied by the sum, both with the sign of the element."""

        lr = Hyper(0.1, domain=NonNegative)

        def update(s) -> None:
            s.p = s.p - s.lr * where(s.g >= 0, s.g * total(s.g), -s.g * total(-s.g))

    assert not proved(Absolute, Signed)
    assert compare(Absolute, Signed).verdict == "different"


@pytest.mark.parametrize(
    ("target", "states"),
    [("adam", ("v",)), ("amsgrad", ("v", "x")), ("adamax", ("u",)), ("heavy_ball", ()), ("adadelta", ("v", "a"))],
)
def test_states_that_are_never_negative_are_found_by_induction(target: str, states: tuple[str, ...]) -> None:
    rule = trace(resolve(target))
    initial = {state.name: state.init for state in rule.states}
    names = tuple(name for name in rule.inputs if name != "t")
    assert nonnegative_states(rule.step(), initial, names, rule.domains, Deadline.after(5)) == states

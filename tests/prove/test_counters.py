"""States that only count: a running power of beta, a step counter, an average of ones."""

import pytest

from symopt.checker.check import check_equality
from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval, ema
from symopt.passes.tracing import trace
from symopt.prove.compare import compare


class Corrected(Rule):
    """The average of the gradients, corrected by the step number."""

    lr, beta = Hyper(0.1, domain=NonNegative), Hyper(0.9, domain=UnitInterval)
    m = State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.p = s.p - s.lr * s.m / (1 - s.beta**s.t)


class ByProduct(Corrected):
    """The same with a running product."""

    u = State(init=1)

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.u = s.u * s.beta
        s.p = s.p - s.lr * s.m / (1 - s.u)


class ByProductBefore(ByProduct):
    """The same, the product being taken after it is read."""

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.p = s.p - s.lr * s.m / (1 - s.u * s.beta)
        s.u = s.u * s.beta


class ByCounter(Corrected):
    """The same with a step counter of its own."""

    k = State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.k = s.k + 1
        s.p = s.p - s.lr * s.m / (1 - s.beta**s.k)


class ByWeight(Corrected):
    """The same, divided by the average of ones."""

    w = State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.w = ema(s.w, 1, s.beta)
        s.p = s.p - s.lr * s.m / s.w


class OneBehind(ByProduct):
    """The product is read a step too late."""

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.p = s.p - s.lr * s.m / (2 - s.u)
        s.u = s.u * s.beta


class Squared(ByProduct):
    """Not a linear counter: no closed form is claimed."""

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.u = s.u**2 * s.beta
        s.p = s.p - s.lr * s.m / (1 - s.u)


SAME = [Corrected, ByProduct, ByProductBefore, ByCounter, ByWeight]


@pytest.mark.parametrize("left", SAME)
@pytest.mark.parametrize("right", SAME)
def test_they_are_one_rule_and_the_checker_agrees(left: type[Rule], right: type[Rule]) -> None:
    verdict = compare(left, right)
    assert verdict.verdict == "equal"
    checked = check_equality(
        trace(left), trace(right), verdict.hyper_map or {}, verdict.state_map or {}, verdict.conditions
    )
    assert checked.passed


def test_the_proof_says_what_the_counter_is() -> None:
    verdict = compare(Corrected, ByProduct)
    assert "u of byproduct is beta**t after step t" in verdict.proof.text()
    assert verdict.conditions == ("beta is the same at every step",)


def test_a_product_is_no_power_where_its_factor_varies() -> None:
    verdict = compare(Corrected, ByProduct, varying=("beta",))
    assert (verdict.verdict, verdict.first_step) == ("different", 2)


@pytest.mark.parametrize("wrong", [OneBehind, Squared])
def test_another_counter_is_never_equal(wrong: type[Rule]) -> None:
    assert compare(Corrected, wrong).verdict in {"different", "equal-if"}

"""Maps that are given: what they read is the left's, whatever the right calls its own."""

import pytest

from symopt.lang import Hyper, NonNegative, Rule, State, UnitInterval
from symopt.prove.compare import compare


class Buffered(Rule, name="buffered"):
    """Momentum with states and statements called m and d."""

    lr = Hyper(1e-2, domain=NonNegative)
    mu = Hyper(0.9, domain=UnitInterval)
    m = State()

    def update(s) -> None:
        s.m = s.mu * s.m + s.g
        s.d = s.lr * s.m
        s.p = s.p - s.d


class Coefficients(Rule, name="coefficients"):
    """Momentum whose rate and decay are called m and d."""

    m = Hyper(1e-2, domain=NonNegative)
    d = Hyper(0.9, domain=UnitInterval)
    b = State()

    def update(s) -> None:
        s.b = s.d * s.b + s.g
        s.p = s.p - s.m * s.b


def test_a_map_may_read_names_that_the_right_has_for_states_and_statements() -> None:
    verdict = compare(Coefficients, Buffered, hyper_map={"lr": "m", "mu": "d"})
    assert (verdict.verdict, verdict.hyper_map) == ("equal", {"lr": "m", "mu": "d"})
    assert verdict.state_map == {"m": "b"}


@pytest.mark.parametrize("wrong", [{"lr": "2*m", "mu": "d"}, {"lr": "d", "mu": "m"}])
def test_such_a_map_that_is_wrong_is_refuted(wrong: dict[str, str]) -> None:
    assert compare(Coefficients, Buffered, hyper_map=wrong).verdict == "different"


def test_such_a_map_is_found_too() -> None:
    verdict = compare(Coefficients, Buffered)
    assert (verdict.verdict, verdict.hyper_map) == ("equal", {"lr": "m", "mu": "d"})
    assert compare(Buffered, Coefficients).verdict == "equal"

"""Parts and chains: every part gets the direction of the one before, and keeps its own states."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symopt.catalogue import resolve
from symopt.errors import SpecError
from symopt.ir.evaluate import evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.trace import Trace
from symopt.lang import Chain, Expr, Hyper, Option, Part, Rule, State
from symopt.lang.compose import chain
from symopt.passes.tracing import trace


class Scale(Part):
    """The direction times a number."""

    factor = Hyper(2)
    squared = Option(False)

    def direction(s, u: Expr) -> Expr:
        return u * s.factor ** (2 if s.squared else 1)


class Heavy(Part):
    """Momentum of the directions."""

    mu = Hyper(0.5)
    m = State()

    def direction(s, u: Expr) -> Expr:
        s.m = s.mu * s.m + u
        return s.m


class Decay(Part):
    """The parameter and the plain gradient are at hand, and the step too."""

    rate = Hyper(0.25)

    def direction(s, u: Expr) -> Expr:
        return u + s.rate * s.p + s.t * s.g


class Descend(Rule):
    """A rule that ends a chain."""

    lr = Hyper(0.5)
    n = State()

    def update(s) -> None:
        s.n = s.n + s.g
        s.p = s.p - s.lr * s.n


def values_of(found: Trace, **given: int | Fraction) -> dict[str, Fraction]:
    inputs = {hyper.name: hyper.default for hyper in found.hypers} | {k: Fraction(v) for k, v in given.items()}
    after = evaluate_step(found, inputs, ScalarArithmetic())
    return {name: after[value] for name, value in found.results.items()}


LR = Fraction(1, 1000)


def test_the_parameter_moves_against_the_last_direction() -> None:
    found = trace(chain(Scale, Heavy))
    # u = 2 * 3, m = 4 / 2 + 6 = 8.
    assert values_of(found, p=10, g=3, m=4, t=1) == {"p": 10 - 8 * LR, "m": 8}
    assert [hyper.name for hyper in found.hypers] == ["lr", "factor", "mu"]
    assert [(query.name, query.point) for query in found.queries] == [("g", trace(Descend).queries[0].point)]


def test_the_order_of_parts_is_the_order_of_the_chain() -> None:
    # m = 4 / 2 + 3 = 5, u = 2 * 5.
    assert values_of(trace(chain(Heavy, Scale)), p=10, g=3, m=4, t=1) == {"p": 10 - 10 * LR, "m": 5}


def test_a_part_reads_the_parameter_the_gradient_and_the_step_of_the_rule() -> None:
    # u = 2 * 3 + 10 / 4 + 5 * 3, whatever the part before it did to the gradient.
    assert values_of(trace(chain(Scale, Decay)), p=10, g=3, t=5) == {"p": 10 - Fraction(47, 2) * LR}


def test_a_rule_at_the_end_gets_the_direction_as_its_gradient() -> None:
    found = trace(chain(Scale(factor=3), Descend))
    assert values_of(found, p=10, g=2, n=1, t=1) == {"p": 10 - Fraction(7, 2), "n": 7}
    assert [hyper.name for hyper in found.hypers] == ["lr"]


def test_the_same_part_twice_has_two_states() -> None:
    found = trace(chain(Heavy, Heavy(mu=2), Heavy))
    states = [state.name for state in found.states]
    assert states[0] == "m"
    assert len({*states}) == 3
    # 1, then 1 + 3 * 0 ... each adds what it kept, times its mu.
    kept = dict(zip(states, (2, 4, 8), strict=True))
    after = values_of(found, p=0, g=3, t=1, **kept)
    assert [after[name] for name in states] == [4, 12, 16]
    assert after["p"] == -16 * LR


def test_a_chain_says_what_it_is() -> None:
    made = chain(Scale(squared=True), Heavy)
    assert made().title == "chain(scale(squared=True),heavy)"
    assert made(lr=1).title == "chain(scale(squared=True),heavy)[lr=1]"
    assert made.name == "chain_scale_squared_heavy"
    assert made.__doc__ == "The gradient through scale(squared=True), then heavy."
    assert values_of(trace(made(lr=1)), p=0, g=1, m=0, t=1)["p"] == -4


def test_a_chain_may_be_written_as_a_class() -> None:
    class Mine(Chain):
        """Scaled momentum."""

        lr = Hyper(1)
        parts = (Scale, Heavy(mu=0))

    assert values_of(trace(Mine), p=10, g=3, m=4, t=1) == {"p": 4, "m": 6}
    assert (Mine.name, Mine().title) == ("mine", "mine")


def test_a_part_may_state_names_that_others_have() -> None:
    class Named(Part):
        def direction(s, u: Expr) -> Expr:
            s.u = u + 1
            s.lr = 2 * s.u
            return s.lr

    found = trace(chain(Named, Named))
    # 3 -> 8 -> 18.
    assert values_of(found, p=0, g=3, t=1) == {"p": -18 * LR}
    names = [*found.inputs, *(let.name for let in found.lets)]
    assert len({*names}) == len(names)


def test_a_part_without_statements_may_leave_a_state_as_it_is() -> None:
    """A state that an option does not touch is no error in a part, as it has no parameter to assign either."""

    class Quiet(Part):
        def direction(s, u: Expr) -> Expr:
            return u

    assert values_of(trace(chain(Quiet)), p=1, g=1, t=1) == {"p": 1 - LR}


def test_a_part_outside_a_chain() -> None:
    for call in (Scale().uniform, Scale().normal):
        with pytest.raises(SpecError, match=r"is for use inside direction\(s, u\)"):
            call()
    with pytest.raises(SpecError, match=r"Part has no method direction\(s, u\)"):
        Part().direction(1)


def test_a_target_names_a_chain_of_the_catalogue() -> None:
    found = resolve("chain(sign,sgd)")
    assert found.title == "chain(sign,sgd)"
    assert values_of(trace(found), p=10, g=-3, t=1)["p"] > 10

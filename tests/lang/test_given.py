"""What a step is given besides gradients: the loss, an estimate of the Hessian's diagonal, sizes, random numbers."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from symopt.errors import SpecError
from symopt.ir.evaluate import evaluate, evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.nodes import refs
from symopt.lang import Hyper, Inner, Part, Rule
from symopt.lang.compose import chain
from symopt.lang.declare import GIVEN
from symopt.lang.domain import OpenUnitInterval
from symopt.lang.recorder import record
from symopt.passes.tracing import trace
from tests.specs.float_run import FloatArithmetic


class Everything(Rule):
    """Reads all that a step is given, in another order than it is declared in."""

    lr = Hyper(0.1)

    def update(s) -> None:
        s.x = s.size + s.cols * s.rows
        s.p = s.p - s.lr * s.g * s.x / s.hessian - s.loss * s.rows


def test_what_is_read_is_an_input_in_the_order_of_the_language() -> None:
    found = trace(Everything)
    assert found.given == GIVEN == ("loss", "hessian", "rows", "cols", "size")
    assert found.inputs == ("lr", "t", *GIVEN, "p", "g")
    assert found.arrays == ("p", "g", "hessian")
    inputs = dict.fromkeys(found.inputs, Fraction(1)) | {"size": Fraction(6), "rows": Fraction(2), "cols": Fraction(3)}
    assert evaluate_step(found, inputs, ScalarArithmetic())["p_new"] == 1 - 12 - 2


def test_what_is_not_read_is_no_input() -> None:
    class Plain(Rule):
        def update(s) -> None:
            s.p = s.p - s.g

    assert (trace(Plain).given, trace(Plain).draws) == ((), ())


@pytest.mark.parametrize("name", GIVEN)
def test_what_is_given_cannot_be_assigned_or_declared(name: str) -> None:
    class Assigns(Rule):
        def update(s) -> None:
            setattr(s, name, s.g)
            s.p = s.p - s.g

    with pytest.raises(SpecError, match=f"s.{name} is fixed during a step and cannot be assigned"):
        trace(Assigns)
    with pytest.raises(SpecError, match="have a meaning of their own; choose another name"):
        type("Declares", (Rule,), {name: Hyper(1), "__module__": __name__})


def test_a_size_is_a_whole_number_from_1_and_a_draw_lies_between_0_and_1() -> None:
    class Random(Rule):
        def update(s) -> None:
            s.p = s.p - s.g / s.size + s.uniform()

    domains = trace(Random).domains
    assert domains["size"].describe("n") == "1 <= n, an integer"
    assert domains["draw1"] is OpenUnitInterval
    assert [value in OpenUnitInterval for value in (0, Fraction(1, 2**24), 1)] == [False, True, False]


class Noisy(Rule):
    """Draws three arrays, one of them for the inner rule."""

    base = Inner(Everything)

    def update(s) -> None:
        s.a = s.uniform()
        s.b = s.normal()
        s.p = s.base(g=s.g + s.a * s.b)


def test_every_draw_is_an_array_of_its_own() -> None:
    found = trace(Noisy)
    assert found.draws == ("draw1", "draw2", "draw3")
    lets = {let.name: let.value for let in found.lets}
    assert refs(lets["a"]) == ["draw1"]
    assert sorted(refs(lets["b"])) == ["draw2", "draw3"]


def test_draws_of_parts_and_rules_inside_are_draws_of_the_whole() -> None:
    class Shake(Part):
        def direction(s, u: object) -> object:
            return u + s.uniform()

    class Jump(Rule):
        def update(s) -> None:
            s.p = s.p - s.g * s.uniform()

    assert trace(chain(Shake, Shake, Jump)).draws == ("draw1", "draw2", "draw3")


def test_the_name_of_a_draw_avoids_those_of_the_rule() -> None:
    class Crowded(Rule):
        draw1 = Hyper(1)

        def update(s) -> None:
            s.draw2 = s.draw1 * s.uniform()
            s.p = s.p - s.draw2 * s.uniform()

    draws = record(Crowded()).draws
    assert len({*draws, "draw1", "draw2"}) == 4


def test_normal_numbers_have_the_moments_and_the_tails_of_the_normal_distribution() -> None:
    found = trace(Noisy)
    value = next(let.value for let in found.lets if let.name == "b")
    rng = np.random.default_rng(0)
    draws = {name: rng.uniform(size=200_000) for name in found.draws}
    (normal,) = evaluate([value], draws, FloatArithmetic())
    for power, expected in ((1, 0), (2, 1), (3, 0), (4, 3)):
        assert abs(float(np.mean(normal**power)) - expected) < 0.05
    for bound in (0.5, 1.0, 2.0, 3.0):
        share = float(np.mean(normal > bound))
        assert abs(share - math.erfc(bound / math.sqrt(2)) / 2) < 0.003


def test_random_numbers_outside_update() -> None:
    for call in (Noisy().uniform, Noisy().normal):
        with pytest.raises(SpecError, match=r"is for use inside update\(s\)"):
            call()

"""Rates: a lattice, and where the values of real rules vary."""

from __future__ import annotations

from itertools import product

import pytest

from symopt.catalogue import resolve
from symopt.ir.nodes import matop, num, op, reduce, ref
from symopt.ir.rate import Rate, let_rates, rate_of
from symopt.lang import Hyper, Rule, State, matmul, mean, model_norm, sqrt, transpose
from symopt.passes.tracing import trace

# Iterating over the flags themselves would leave out those of several bits.
ALL = list(Rate.__members__.values())
RATES = {"s": Rate.STEP, "r": Rate.ROW, "c": Rate.COL, "e": Rate.ELEMENT}
s, r, c, e = ref("s"), ref("r"), ref("c"), ref("e")


def test_the_order_is_a_chain_but_for_rows_and_columns() -> None:
    order = [[one.within(other) for other in ALL] for one in ALL]
    assert order == [
        # STEP  MODEL  TENSOR  ROW    COL   ELEMENT MATRIX
        [True, True, True, True, True, True, True],
        [False, True, True, True, True, True, True],
        [False, False, True, True, True, True, True],
        [False, False, False, True, False, True, True],
        [False, False, False, False, True, True, True],
        [False, False, False, False, False, True, True],
        [False, False, False, False, False, False, True],
    ]


@pytest.mark.parametrize(("one", "other"), list(product(ALL, repeat=2)))
def test_the_join_is_the_least_rate_above_both(one: Rate, other: Rate) -> None:
    above = [rate for rate in ALL if one.within(rate) and other.within(rate)]
    assert one | other == other | one == next(rate for rate in above if all(rate.within(up) for up in above))


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (num(2), Rate.STEP),
        (op("sub", num(1), op("pow", s, s)), Rate.STEP),
        (op("mul", s, e), Rate.ELEMENT),
        (op("add", r, c), Rate.ELEMENT),
        (op("add", r, s), Rate.ROW),
        (op("where", op("lt", s, r), s, s), Rate.ROW),
        (reduce("sum", e), Rate.TENSOR),
        (reduce("mean", e, 0), Rate.COL),
        (reduce("mean", e, 1), Rate.ROW),
        (reduce("mean", r, 0), Rate.TENSOR),
        (reduce("mean", c, 1), Rate.TENSOR),
        (reduce("model_sum", e), Rate.MODEL),
        (op("mul", reduce("model_sum", e), s), Rate.MODEL),
        (op("mul", reduce("model_sum", e), reduce("sum", r)), Rate.TENSOR),
        (matop("transpose", e), Rate.MATRIX),
        (matop("unwide", matop("wide", e), e), Rate.ELEMENT),
        (reduce("mean", matop("matmul", e, matop("transpose", e)), 1), Rate.ROW),
        (reduce("sum", matop("matmul", matop("transpose", e), e)), Rate.TENSOR),
    ],
)
def test_the_rate_of_an_expression(node: object, expected: Rate) -> None:
    assert rate_of(node, RATES) == expected


def test_what_is_hoisted_out_of_the_loop_of_adamw() -> None:
    adamw = trace(resolve("adamw"))
    rates = let_rates(adamw)
    assert {name: rates[name] for name in ("lr", "t", "p", "g", "m")} == {
        "lr": Rate.STEP, "t": Rate.STEP, "p": Rate.ELEMENT, "g": Rate.ELEMENT, "m": Rate.ELEMENT,
    }  # fmt: skip
    bias = op("sub", num(1), op("pow", ref("beta1"), ref("t")))
    assert rate_of(bias, rates) == Rate.STEP
    assert {rates[let.name] for let in adamw.lets} == {Rate.ELEMENT}


def test_a_schedule_varies_by_step() -> None:
    scheduled = trace(resolve("adamw[lr=cosine]"))
    assert let_rates(scheduled)[scheduled.scheduled["lr"]] == Rate.STEP


class Slow(Rule):
    """States of every rate; ``late`` and ``later`` vary by tensor only through ``extent``."""

    beta = Hyper(0.9)
    product, everywhere, extent, late, later = State(1), State(), State(), State(), State()
    row, col, outer, square = State(), State(), State(), State()

    def update(s) -> None:
        s.later = s.later + s.late
        s.late = s.late + s.extent
        s.product = s.beta * s.product
        s.everywhere = s.everywhere + model_norm(s.g)
        s.extent = s.extent + mean(s.g)
        s.row = s.beta * s.row + mean(s.g, axis=1)
        s.col = s.beta * s.col + mean(s.g, axis=0)
        s.outer = s.row * s.col
        s.square = s.square + matmul(s.g, transpose(s.g))
        s.p = s.p - s.extent * s.product * s.everywhere * s.outer


def test_a_state_varies_as_little_as_the_update_keeps() -> None:
    rates = let_rates(trace(Slow))
    assert {name: rates[name].name for name in Slow.declared(State)} == {
        "product": "STEP", "everywhere": "MODEL", "extent": "TENSOR", "late": "TENSOR", "later": "TENSOR",
        "row": "ROW", "col": "COL", "outer": "ELEMENT", "square": "MATRIX",
    }  # fmt: skip


class Sized(Rule):
    """Reads what it is given."""

    a, b, c, d, e = State(), State(), State(), State(), State()

    def update(s) -> None:
        s.a = s.loss / 2
        s.b = s.rows + s.t
        s.c = sqrt(s.cols * s.size)
        s.d = abs(s.hessian)
        s.e = s.uniform()
        s.p = s.p - s.g


def test_what_a_step_is_given_varies_as_its_meaning_says() -> None:
    """The loss is that of the model; the sizes are a tensor's; a number is drawn for every element."""
    rates = let_rates(trace(Sized))
    assert [rates[name].name for name in "abcde"] == ["STEP", "TENSOR", "TENSOR", "ELEMENT", "ELEMENT"]


def test_a_state_that_starts_at_the_parameter_varies_by_element() -> None:
    class Anchored(Rule):
        anchor = State("p")

        def update(s) -> None:
            s.anchor = s.anchor
            s.p = s.p - s.g

    assert let_rates(trace(Anchored))["anchor"] == Rate.ELEMENT

"""Operations on matrices that a step does not choose are guarded, and only those."""

from __future__ import annotations

import pytest

from symopt.ir.program import Product
from symopt.lang import Hyper, PositiveInteger, Rule, State, eigenbasis, equal, every, matmul, norm, transpose, where
from symopt.passes.pipeline import lower
from symopt.passes.tracing import trace


class Now(Rule):
    """A basis that is made in the first step, and followed every few steps."""

    period = Hyper(3, domain=PositiveInteger)
    q = State()

    def update(s) -> None:
        first, due = equal(s.t, 1), every(s.t, s.period)
        s.square = matmul(s.g, transpose(s.g))
        s.q = where(first, eigenbasis(s.square), where(due, matmul(s.square, s.q), s.q))
        s.p = s.p - matmul(s.q, s.g)


class OfTheData(Rule):
    """A choice that depends on the gradient guards nothing: it is not known before the step."""

    def update(s) -> None:
        s.square = matmul(matmul(s.g, transpose(s.g)), s.g)
        s.p = s.p - where(norm(s.g) > 1, s.square, s.g)


class Both(Rule):
    """A value that both branches read is always needed."""

    def update(s) -> None:
        s.square = matmul(matmul(s.g, transpose(s.g)), s.g)
        s.p = where(equal(s.t, 1), s.p - s.square, s.p + s.square)


def products(rule: type[Rule]) -> list[Product]:
    return list(lower(trace(rule)).step.products)


def guards_of(found: list[Product], op: str) -> list[set[tuple[str, bool]]]:
    return [{(g.condition, g.holds) for g in product.guards} for product in found if product.value.op == op]


def test_what_a_branch_alone_reads_is_done_in_that_branch() -> None:
    found = products(Now)
    assert guards_of(found, "eigenbasis") == [{("t_is_one", True)}]
    always, inner, last = guards_of(found, "matmul")
    assert always == last == set()
    assert ("t_is_one", False) in inner
    assert len(inner) == 2


@pytest.mark.parametrize("rule", [OfTheData, Both])
def test_what_is_always_needed_or_chosen_by_the_data_is_always_done(rule: type[Rule]) -> None:
    assert all(product.guards == () for product in products(rule))

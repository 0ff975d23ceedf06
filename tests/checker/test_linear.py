"""The checker of linear rules must notice what is wrong: regions, rates, limits and branches that are a little off."""

from __future__ import annotations

from fractions import Fraction

import flint
import numpy as np
import pytest

from symopt.catalogue import resolve
from symopt.checker.linear import (
    check_rate,
    check_rate_refuted,
    check_region,
    check_region_refuted,
    radius,
    step_matrix,
)
from symopt.checker.linear_pairs import check_branch, check_no_others, replay_difference
from symopt.checker.linear_runs import check_limit, check_rest
from symopt.checker.runs import real
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, num, ref
from symopt.lang.theorem import Contracts, Displacement, RestsWhere, Stable
from symopt.passes.tracing import trace


def node(text: str) -> Node:
    return read_expression(text, ("lr", "mu", "nu", "sigma"))


def test_the_matrix_of_a_step_is_the_one_written_by_hand() -> None:
    values = {"lr": real(Fraction(1, 2)), "mu": real(Fraction(3, 4))}
    found = step_matrix(trace(resolve("heavy_ball")), values, flint.arb(2))
    expected = {(0.75, -0.75), (1.0, 0.0)}  # 1 + mu - lr*h, -mu; the states in either order
    rows = [[float(x.mid()) for x in row] for row in found]
    assert {tuple(row) for row in rows} in (expected, {row[::-1] for row in expected})
    largest = max(abs(np.linalg.eigvals(np.array(rows))))
    assert float(radius(found).mid()) == pytest.approx(largest)


@pytest.mark.parametrize(
    ("rule", "region", "passes"),
    [
        ("sgd", "0 < lr*h < 2", True),
        ("sgd", "0 < lr*h < 2.2", False),
        ("nag", "mu < 1 and 0 < lr*h < 2*(1 + mu)/(1 + 2*mu)", False),  # a little momentum above 1 may be stable
        ("heavy_ball", "mu < 1 and 0 < lr*h < 2*(1 + mu)", True),
        ("heavy_ball", "0 < lr*h < 2*(1 + mu)", False),
    ],
)
def test_regions(rule: str, region: str, passes: bool) -> None:
    assert check_region(trace(resolve(rule)), Stable(rule, region)).passed is passes


def test_a_point_must_show_what_it_is_said_to() -> None:
    rule = trace(resolve("sgd"))
    inside = {"lr": Fraction(1), "h": Fraction(1)}
    assert not check_region_refuted(rule, inside, "0 < lr*h < 2")[0].passed
    assert check_region_refuted(rule, {"lr": Fraction(1), "h": Fraction(5, 2)}, "0 < lr*h < 3")[0].passed
    # An eigenvalue on the circle is neither.
    assert not check_region_refuted(rule, {"lr": Fraction(1), "h": Fraction(2)}, "0 < lr*h < 3")[0].passed


def test_rates() -> None:
    rule = trace(resolve("sgd"))
    best = Contracts("sgd", "(L - m)/(L + m)", {"lr": "2/(L + m)"})
    assert check_rate(rule, best).passed
    assert not check_rate(rule, Contracts("sgd", "(L - m)/(L + m)/2", {"lr": "2/(L + m)"})).passed
    assert not check_rate(rule, Contracts("sgd", "1 - m/L/2", {"lr": "1/L"})).passed
    bounds = Fraction(1), Fraction(4)
    assert not check_rate_refuted(rule, best, *bounds, Fraction(2))[0].passed
    assert not check_rate_refuted(rule, best, *bounds, None)[0].passed


def test_limits_and_rests() -> None:
    ball, decayed = trace(resolve("heavy_ball")), trace(resolve("sgdw"))
    assert check_limit(ball, Displacement("heavy_ball", "-lr/(1 - mu)", ("mu < 1",))).passed
    assert not check_limit(ball, Displacement("heavy_ball", "-lr/(1 - mu**2)", ("mu < 1",))).passed
    # Right only where momentum is below one.
    assert not check_limit(ball, Displacement("heavy_ball", "-lr/(1 - mu)")).passed
    assert check_rest(decayed, RestsWhere("sgdw", "-weight_decay*(1 - mu)*p")).passed
    assert not check_rest(decayed, RestsWhere("sgdw", "-weight_decay*p")).passed


def test_branches() -> None:
    left, right = trace(resolve("sum_momentum")), trace(resolve("sgd"))
    fixed = {"sigma": node("1/(1 - mu)")}
    assert check_branch(left, right, {"lr": node("lr/(1 - mu)")}, fixed, {}, ("mu < 1",), True).passed
    assert not check_branch(left, right, {"lr": node("lr")}, fixed, {}, ("mu < 1",), True).passed
    assert not check_branch(left, right, {"lr": node("lr/(1 - mu)")}, {}, {}, ("mu < 1",), True).passed
    assert replay_difference(left, right, {"lr": ref("lr")}, {}, True)[0].passed
    assert not replay_difference(left, right, {"lr": ref("lr")}, {"mu": num(0)}, True)[0].passed


def test_a_branch_that_is_missing_is_noticed() -> None:
    left, right = trace(resolve("sum_momentum")), trace(resolve("sgd"))
    every: list[dict[str, Node]] = [{"mu": num(0)}, {"sigma": node("1/(1 - mu)")}]
    assert check_no_others(left, right, every).passed
    assert not check_no_others(left, right, every[:1]).passed
    assert not check_no_others(left, right, []).passed


def test_a_state_map_that_is_off_is_noticed() -> None:
    left, right = trace(resolve("momentum_ema")), trace(resolve("heavy_ball"))
    maps = {"lr": node("lr*(1 - mu)"), "mu": ref("mu")}
    good = {"p_prev": read_expression("p + lr*m", ("p", "lr", "m"))}
    bad = {"p_prev": read_expression("p - lr*m", ("p", "lr", "m"))}
    assert check_branch(left, right, maps, {}, good, (), True).passed
    assert not check_branch(left, right, maps, {}, bad, (), True).passed

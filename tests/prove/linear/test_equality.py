"""All branches of pairs of linear rules, against runs in fractions that know nothing of transfer functions."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction

import pytest

from symopt.catalogue import resolve
from symopt.checker.linear_pairs import check_branch
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, is_defined
from symopt.passes.tracing import trace
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.linear.branch import BOTH, POINTS, Branch, LinearRelation
from symopt.prove.linear.equality import linear_branches, linear_relation

NESTEROV = "sgd[momentum=True,nesterov=True]"
RULES = (
    "sgd", "heavy_ball", "nag", "qhm", "triple_momentum", "sum_momentum", "ogd", "sgdw",
    "sgd[momentum=True,dampening=True]",
)  # fmt: skip


def relation(left: str, right: str) -> LinearRelation:
    found = linear_relation(trace(resolve(left)), trace(resolve(right)), Deadline.after(20))
    assert found is not None
    return found


def texts(left: str, right: str, where: str = BOTH) -> set[str]:
    return {branch.text() for branch in relation(left, right).branches if branch.where == where}


def test_what_others_miss_is_found() -> None:
    """The branches of PROOFS of linear rules that a solver of the generic coefficients does not see."""
    assert "nu = mu: lr = lr*(1 - mu)" in texts("qhm", "nag", POINTS)
    assert "nu = 1: lr = lr*(1 - mu)" in texts("qhm", "heavy_ball")
    assert texts("qhm", "sgd") == {"nu = 0", "mu = 0"}
    assert texts("sum_momentum", "sgd") == {"mu = 0", "sigma = 1/(1 - mu): lr = lr/(1 - mu)"}
    assert "sigma = 1" in texts("sum_momentum", "nag", POINTS)
    cancelled = "gamma = beta/(1 - beta), delta = beta/(1 - beta): lr = lr/(1 - beta)"
    assert texts("triple_momentum", "sgd") == {cancelled}


@pytest.mark.parametrize(("left", "right"), list(itertools.product(RULES, RULES)))
def test_every_branch_survives_random_runs(left: str, right: str) -> None:
    found = relation(left, right)
    a, b = trace(resolve(left)), trace(resolve(right))
    assert found.complete
    for branch in found.branches:
        maps = (branch.hyper_map, branch.fixed, branch.state_map, branch.conditions)
        assert check_branch(a, b, *maps, branch.where == BOTH).passed, branch.text()


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_itself(rule: str) -> None:
    assert "always" in texts(rule, rule)


# Steps written by hand: (parameter, memory, gradient, hyper-parameters) -> (parameter, memory).
Step = Callable[[Fraction, Fraction, Fraction, Mapping[str, Fraction]], tuple[Fraction, Fraction]]


def qhm(p: Fraction, b: Fraction, g: Fraction, h: Mapping[str, Fraction]) -> tuple[Fraction, Fraction]:
    b = h["mu"] * b + (1 - h["mu"]) * g
    return p - h["lr"] * ((1 - h["nu"]) * g + h["nu"] * b), b


def unified(p: Fraction, q: Fraction, g: Fraction, h: Mapping[str, Fraction]) -> tuple[Fraction, Fraction]:
    new = p - h["sigma"] * h["lr"] * g
    return p - h["lr"] * g + h["mu"] * (new - q), new


def ball(p: Fraction, v: Fraction, g: Fraction, h: Mapping[str, Fraction]) -> tuple[Fraction, Fraction]:
    v = h["mu"] * v - h["lr"] * g
    return p + v, v


def plain(p: Fraction, _: Fraction, g: Fraction, h: Mapping[str, Fraction]) -> tuple[Fraction, Fraction]:
    return p - h["lr"] * g, Fraction(0)


BY_HAND: Mapping[str, tuple[Step, tuple[str, ...], bool]] = {
    "qhm": (qhm, ("lr", "mu", "nu"), False),
    "sum_momentum": (unified, ("lr", "mu", "sigma"), True),
    "heavy_ball": (ball, ("lr", "mu"), False),
    "sgd": (plain, ("lr",), False),
}
NUMBERS = tuple(map(Fraction, ("1/2", "0", "1/4", "1", "2", "3/4", "4/3")))


def path(rule: str, values: tuple[Fraction, ...]) -> tuple[Fraction, ...]:
    step, names, at_parameter = BY_HAND[rule]
    p = Fraction(1)
    memory, found = p if at_parameter else Fraction(0), []
    for g in map(Fraction, (2, -1, 3, 0, 1, -2)):
        p, memory = step(p, memory, g, dict(zip(names, values, strict=True)))
        found.append(p)
    return tuple(found)


@pytest.mark.parametrize(("left", "right"), list(itertools.permutations(BY_HAND, 2)))
def test_no_point_at_which_two_rules_agree_lies_outside_the_branches(left: str, right: str) -> None:
    """Runs of steps that are written by hand, at all combinations of some numbers."""
    own, theirs = (
        {name: h.domain for name, h in ((h.name, h) for h in trace(resolve(r)).hypers)} for r in (left, right)
    )
    runs: dict[tuple[Fraction, ...], list[tuple[Fraction, ...]]] = {}
    for values in itertools.product(*([n for n in NUMBERS if n in domain] for domain in theirs.values())):
        runs.setdefault(path(right, values), []).append(values)
    branches = [branch for branch in relation(left, right).branches if branch.where == BOTH]
    agreed = 0
    for values in itertools.product(*([n for n in NUMBERS if n in domain] for domain in own.values())):
        followed = path(left, values)
        if len(set(followed)) == 1 or followed not in runs:
            continue
        agreed += 1
        assert any(holds_at(branch, dict(zip(own, values, strict=True))) for branch in branches), values
    assert agreed > 0


def holds_at(branch: Branch, values: Mapping[str, Fraction]) -> bool:
    for name, node in branch.fixed.items():
        (value,) = evaluate([node], values, ScalarArithmetic())
        if not is_defined(value) or value != values[name]:
            return False
    return True


def test_no_map_is_proved_where_there_is_none() -> None:
    proof = relation("nag", "heavy_ball").none_exists
    assert proof is not None
    assert "mu = 0" in proof.text()
    assert relation("nag", NESTEROV).none_exists is not None  # only the query points are the same
    assert relation("momentum_ema", "heavy_ball").none_exists is None


def test_a_state_map_says_whether_induction_needs_more() -> None:
    (ema,) = linear_branches(trace(resolve("momentum_ema")), trace(resolve("heavy_ball")), Deadline.after(20))
    assert ema.inductive
    assert not ema.hidden
    cancelled = next(b for b in relation("sum_momentum", "sgd").branches if "sigma" in b.fixed)
    assert not cancelled.inductive  # that q is the parameter is needed
    no_average = next(b for b in relation("sgd", "qhm").branches if "nu = 0" in b.text())
    assert no_average.hidden == ("b",)


def test_rules_that_are_not_linear_have_no_branches() -> None:
    assert linear_branches(trace(resolve("adam")), trace(resolve("sgd")), Deadline.after(20)) == []


def test_the_time_limit_is_kept() -> None:
    with pytest.raises(OutOfTimeError):
        linear_relation(trace(resolve("triple_momentum")), trace(resolve("qhm")), Deadline.after(0))

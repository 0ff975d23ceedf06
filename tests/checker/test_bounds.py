"""The independent checker of bounds rejects what was tampered with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from symopt.catalogue import resolve
from symopt.checker.bounds import check_bound, check_counterexample
from symopt.checker.certificate import Certificate, Identity, Interval, Known, Term
from symopt.checker.polynomials import WrongIdentityError, check_certificates
from symopt.lang.theorem.bounds import Invariant, Ordered
from symopt.passes.tracing import trace

# (1 - b)*(v + g**2 - 2*a*g + ...) by completing the square; see the variance of centered rules.
SQUARE = "v + g**2 - 2*a*g + 2*a*g*b - g**2*b - a**2*b"
GOOD = Certificate(
    names=(("v", "v"), ("a", "a"), ("g", "g"), ("b", "rho")),
    intervals=(Interval("b", Fraction(0), Fraction(1), False, True),),
    relations=(),
    zeros=(),
    knowns=(Known("v - a**2", False, "v - a**2 >= 0"),),
    identities=(
        Identity("(1 - b)*(v - a**2)", False, (Term(Fraction(1), ("1 - b", "v - a**2")),)),
        Identity(
            SQUARE, False,
            (Term(Fraction(1), (), ("g - a + a*b - g*b",)), Term(Fraction(1), ("(1 - b)*(v - a**2)",))),
            ("1 - b",),
        ),
    ),
)  # fmt: skip


def with_last(**changes: Any) -> Certificate:
    return replace(GOOD, identities=(GOOD.identities[0], replace(GOOD.identities[1], **changes)))


def test_a_right_certificate_is_accepted() -> None:
    assert check_certificates([GOOD]) == 2


WRONG: dict[str, tuple[Certificate, str]] = {
    "another goal": (with_last(goal=SQUARE + " + 1"), "is no identity"),
    "another square": (
        with_last(terms=(Term(Fraction(1), (), ("g - a + a*b",)), GOOD.identities[1].terms[1])), "is no identity",
    ),
    "no multiplier": (with_last(multipliers=()), "is no identity"),
    "a multiplier that may be zero": (
        replace(GOOD, intervals=(Interval("b", Fraction(0), Fraction(1), False, False),)), "known to be positive",
    ),
    "a known that is not given": (replace(GOOD, knowns=()), "not known to be at least 0"),
    "a lemma that is not shown": (replace(GOOD, identities=GOOD.identities[1:]), "not known to be at least 0"),
    "a negative weight": (
        with_last(terms=(replace(GOOD.identities[1].terms[0], coefficient=Fraction(-1)), GOOD.identities[1].terms[1])),
        "not known to be at least 0",
    ),
    "a strict claim": (with_last(strict=True), "does not exclude zero"),
    "a name without an interval": (replace(GOOD, intervals=()), "not known to be at least 0"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_certificate_is_rejected(what: str) -> None:
    certificate, message = WRONG[what]
    with pytest.raises(WrongIdentityError, match=message):
        check_certificates([certificate])


def test_roots_and_zeros_are_reduced() -> None:
    root = Certificate(
        (("r", "sqrt(v)"), ("v", "v")), (Interval("r", Fraction(0), None, False, False),), (("r", "v"),), (), (),
        (Identity("v", False, (Term(Fraction(1), (), ("r",)),)),),
    )  # fmt: skip
    assert check_certificates([root]) == 1
    with pytest.raises(WrongIdentityError, match="is no identity"):
        check_certificates([replace(root, relations=())])
    zero = Certificate(
        (("x", "x"), ("y", "y")), (), (), ("x - y",), (), (Identity("x*y", False, (Term(Fraction(1), (), ("x",)),)),)
    )
    assert check_certificates([zero]) == 1
    with pytest.raises(WrongIdentityError, match="is no identity"):
        check_certificates([replace(zero, zeros=())])


def test_what_is_no_polynomial_is_rejected() -> None:
    odd = replace(GOOD, identities=(Identity("1/b", False, (Term(Fraction(1), ("1/b",)),)),))
    with pytest.raises(WrongIdentityError, match="is no polynomial"):
        check_certificates([odd])


TRUE = Invariant("adam", "v >= 0")


def test_a_false_claim_fails_on_random_runs_whatever_the_certificates_say() -> None:
    for claim, rules in (
        (Invariant("adam", "v_new >= v"), ("adam",)),
        (Invariant("adam", "m >= 0"), ("adam",)),
        (Invariant("adam", "abs(p_new - p) <= lr/2", given=("beta2 = beta1",)), ("adam",)),
        (Ordered("adamax", "adamax_paper", "left.u - right.u <= eps/4"), ("adamax", "adamax_paper")),
    ):
        check = check_bound(claim, [trace(resolve(rule)) for rule in rules], [])
        assert not check.passed
        assert "a random run violates it" in check.how
    assert check_bound(TRUE, [trace(resolve("adam"))], []).passed


RUN = {"lr": "1/10", "beta1": "1/2", "beta2": "1/2", "eps": "1", "p_0": "0", "g": ["1", "0"], "steps": "2"}
FALLS = Invariant("adam", "v_new >= v")


def test_a_run_that_violates_the_claim_is_accepted() -> None:
    assert check_counterexample(FALLS, [trace(resolve("adam"))], RUN).passed


CHANGES: dict[str, tuple[Callable[[dict[str, Any]], dict[str, Any]], Invariant, str]] = {
    "a run that satisfies the claim": (lambda run: {**run, "g": ["1", "2"]}, FALLS, "does not violate it"),
    "a value outside its domain": (lambda run: {**run, "beta2": "1"}, FALLS, "beta2 lies outside its domain"),
    "one step less": (lambda run: {**run, "steps": "1"}, FALLS, "does not violate it"),
    "an assumption that fails": (
        lambda run: run, Invariant("adam", "v_new >= v", given=("beta1 <= 1/4",)), "an assumption does not hold",
    ),
    "a gradient that is too large": (
        lambda run: run, Invariant("adam", "v_new >= v", given=("abs(g) <= 1/2",)), "an assumption does not hold",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_a_run_that_shows_nothing_is_rejected(what: str) -> None:
    change, claim, message = CHANGES[what]
    check = check_counterexample(claim, [trace(resolve("adam"))], change(dict(RUN)))
    assert not check.passed
    assert message in check.how

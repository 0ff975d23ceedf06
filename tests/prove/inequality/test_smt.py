"""z3 is asked in a process of its own: killed when it hangs, named when it is missing, its values replayed."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fractions import Fraction
from time import monotonic

import pytest

from symopt.ir.expressions import read_expression
from symopt.lang.domain import Domain, NonNegative, Positive
from symopt.prove.deadline import Deadline
from symopt.prove.inequality import smt
from symopt.prove.inequality.claims import Bound
from symopt.prove.inequality.obligation import Obligation, OpenCase
from symopt.prove.inequality.smt import INSTALL, NOT_REPLAYED, REPLAYED, ask, replayed

NAMES = ("x", "y", "z", "v", "eps")


def open_case(goal: str, *known: str, domains: Mapping[str, Domain] | None = None, strict: bool = False) -> OpenCase:
    """A case that the search for certificates leaves open."""
    seen: list[OpenCase] = []

    def note(case: OpenCase) -> str:
        seen.append(case)
        return "open"

    bounds = [Bound(read_expression(text, NAMES), False, text) for text in known]
    given = domains if domains is not None else {"v": NonNegative, "eps": Positive}
    goal_bound = Bound(read_expression(goal, NAMES), strict, goal)
    Obligation("test", goal_bound, bounds, NAMES, (), given).settle(Deadline.after(20), note)
    (case,) = seen
    return case


# Motzkin's polynomial is not negative and no sum of squares.
MOTZKIN = "x**4*y**2 + x**2*y**4 + z**6 - 3*x**2*y**2*z**2"


def test_what_has_no_certificate_is_decided_by_z3() -> None:
    pytest.importorskip("z3")
    assert ask(open_case(MOTZKIN), 20.0).status == "unsat"


def test_values_are_replayed_exactly() -> None:
    pytest.importorskip("z3")
    answer = ask(open_case("x**2 - 2*x*y + y**2/2 + v - 1"), 20.0)
    assert answer.status == "sat"
    assert answer.reason == REPLAYED


def test_values_that_are_not_rational_are_not_taken_for_confirmed() -> None:
    pytest.importorskip("z3")
    answer = ask(open_case("1 - x", "x**2 - 2", "2 - x**2", "x"), 20.0)
    assert answer.status == "sat"
    assert answer.reason == NOT_REPLAYED


def test_wrong_values_are_not_confirmed() -> None:
    case = open_case("x - y", "x")
    assert replayed(case, {"x": Fraction(0), "y": Fraction(1)})
    assert not replayed(case, {"x": Fraction(1), "y": Fraction(1)})
    assert not replayed(case, {"x": Fraction(-1), "y": Fraction(1)})
    assert not replayed(case, {"y": Fraction(1)})


def test_a_solver_that_hangs_is_killed() -> None:
    start = monotonic()
    answer = ask(open_case("x - y"), 0.3, (sys.executable, "-c", "import time; time.sleep(60)"))
    assert answer.status == "unknown"
    assert "stopped after 0.3 s" in answer.reason
    assert monotonic() - start < 1.3


def test_a_solver_that_fails_is_no_answer() -> None:
    answer = ask(open_case("x - y"), 20.0, (sys.executable, "-c", "raise SystemExit(1)"))
    assert (answer.status, answer.reason) == ("unknown", "z3 gave no answer")


def test_a_missing_solver_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smt, "find_spec", lambda name: None)
    answer = ask(open_case("x - y"), 5.0)
    assert answer == ("unknown", {}, INSTALL)
    assert "pip install 'symopt-codegen[prove]'" in INSTALL

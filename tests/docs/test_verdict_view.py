"""Verdicts as documents show them, from documents of ``symopt compare --json`` written by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from symopt.docs.notebook import verdict_html
from symopt.docs.prose import tex_typesetter, verdict_symbols
from symopt.docs.verdict_view import VerdictView, names_in, verdict_view
from symopt.prove.proof import Proof, Step

EMPTY = {
    "left": "one", "right": "two", "verdict": "equal", "scope": "all shapes", "level": "real", "hyper_map": None,
    "state_map": None, "conditions": [], "assumptions": [], "method": [], "first_step": None, "differs_in": None,
    "difference": None, "cause": None, "witness": None, "nearest": None, "reason": None,
}  # fmt: skip


def said(proof: Proof | None = None, **values: Any) -> SimpleNamespace:
    return SimpleNamespace(to_json=lambda: EMPTY | values, proof=proof)


def view(verdict: SimpleNamespace) -> VerdictView:
    return verdict_view(verdict, tex_typesetter(verdict_symbols(others=names_in(verdict))))


@pytest.mark.parametrize(
    ("verdict", "tone", "says"),
    [
        ("equal", "yes", "the same optimizer, at every step"),
        ("equal-if", "if", "under the map or condition below, and not without it"),
        ("different", "no", "different optimizers"),
        ("unknown", "open", "Neither a proof nor a counterexample"),
    ],
)
def test_every_verdict_has_its_tone_and_its_sentence(verdict: str, tone: str, says: str) -> None:
    shown = view(said(verdict=verdict))
    assert shown.tone == tone
    assert says in shown.headline


def test_an_unknown_verdict_gives_its_reason() -> None:
    assert "time limit" in view(said(verdict="unknown", reason="the time limit was reached")).cause


def test_maps_leave_out_what_stays_itself() -> None:
    shown = view(said(verdict="equal-if", hyper_map={"eps": "eps/2", "lr": "lr"}, state_map={"b": "b"}))
    assert [(fact.label, fact.values) for fact in shown.facts if "of two" in fact.label] == [
        ("hyper-parameters of two", (r"$\mathrm{eps}$ ↦ $\frac{\mathrm{eps}}{2}$",))
    ]


def test_steps_carry_their_conditions() -> None:
    proof = Proof((Step("m = 2*lr", "induction", ("lr != 0", "lr < 1")), Step("done", "arithmetic")))
    shown = view(said(proof, hyper_map={"lr": "lr"}, state_map={"m": "m"}))
    assert shown.steps[0].statement == r"$m = 2 \, \mathrm{lr}$"
    assert shown.steps[0].conditions == (r"$\mathrm{lr} \ne 0$", r"$\mathrm{lr} < 1$")
    assert shown.steps[1].conditions == ()


def witness(**values: Any) -> dict[str, Any]:
    run = {"hyper": {"lr": "1/2"}, "theta": "-3", "grads": ["1", "2"], "left": "1/8", "right": "-1/3"}
    return {"verdict": "different", "first_step": 2, "differs_in": "theta", "witness": run | values}


def test_a_witness_is_exact_and_dated() -> None:
    rows = view(said(**witness())).witness
    assert [(row.symbol, *row.values) for row in rows] == [
        (r"$\mathrm{lr}$", r"$\frac{1}{2}$"),
        (r"$\theta_0$", "$-3$"),
        ("$g_1$", "$1$"),
        ("$g_2$", "$2$"),
        (r"$\theta_2$", r"$\frac{1}{8}$ = 0.125", r"$-\frac{1}{3}$ ≈ -0.3333333333"),
    ]
    assert [row.is_result for row in rows] == [False] * 4 + [True]


def test_several_gradients_in_a_step_are_told_apart() -> None:
    rows = view(said(**witness(grads=["1", "2", "3", "4"]))).witness
    assert [row.symbol for row in rows[2:6]] == ["$g_1$", "$g_1'$", "$g_2$", "$g_2'$"]


def test_long_and_irrational_numbers_are_shown_as_decimals() -> None:
    long = "0.3333333333333333333333333333333333333333"
    left, right = view(said(**witness(left="123456789/987654321", right=long))).witness[-1].values
    assert left == "≈ 0.1249999989"
    assert right == "≈ 0.3333333333"


def test_arrays_are_shown_by_their_elements() -> None:
    rows = view(said(**witness(theta=["1", ["1/2", "3"]]))).witness
    assert rows[1].values == (r"($1$, ($\frac{1}{2}$, $3$))",)


def test_names_of_files_cannot_become_markup() -> None:
    html = verdict_html(said(left="<script>", right="a&b", cause="<img src=x>", conditions=["<i>"]))
    assert "<script>" not in html
    assert "<img" not in html
    assert "<i>" not in html
    assert "&lt;script&gt;" in html


def test_a_witness_shows_what_its_steps_were_given() -> None:
    witness = {
        "hyper": {}, "theta": ["1", "2"], "grads": [["1", "0"], ["0", "1"]], "left": ["1/2", "1"], "right": ["0", "1"],
        "given": {"loss": ["1", "3/2"], "size": ["2", "2"], "draw1": [["1/4", "1/2"], ["1/8", "1/16"]]},
    }  # fmt: skip
    shown = view(said(verdict="different", first_step=2, differs_in="theta", witness=witness))
    rows = {row.symbol: row.values[0] for row in shown.witness if not row.is_result}
    assert rows[r"$\ell_1$"] == "$1$"
    assert rows[r"$\ell_2$"] == r"$\frac{3}{2}$"
    assert rows[r"$\mathrm{size}$"] == "$2$"
    assert rows[r"$\mathrm{draw}_{1,2}$"] == r"($\frac{1}{8}$, $\frac{1}{16}$)"
    assert rows[r"$\theta_0$"] == "($1$, $2$)"

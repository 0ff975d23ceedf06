"""Theorems as Coq files: what can be exported compiles, what is wrong does not, and the bytes are always the same."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from symopt.coq.equality import equality_view
from symopt.coq.project import PRELUDE, Project, compiled, has_coq, project, render
from symopt.ir.nodes import num, op
from symopt.lang.theorem import Compare
from symopt.prove.certificate import Certificate
from symopt.prove.relation import Relation
from symopt.theorems import prove
from symopt.theorems.catalogue import theorems
from symopt.theorems.certificates import certificate_of

needs_coq = pytest.mark.skipif(not has_coq(), reason="coqc is not installed (apt install coq)")
# Coq's own axioms of the real numbers; extensionality is one of them, by way of Cauchy sequences.
AXIOMS = {
    "ClassicalDedekindReals.sig_not_dec", "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}  # fmt: skip
SOME = ("ema_is_the_velocity_rescaled", "eps_hat_is_a_schedule_of_eps")


def found(name: str) -> Certificate:
    return certificate_of(prove([name], jobs=1)[0])


@needs_coq
def test_all_theorems_that_have_a_form_in_coq_compile(tmp_path: Path) -> None:
    made = project(prove([name for name, theorem in theorems().items() if isinstance(theorem.subject, Compare)]))
    made.write(tmp_path)
    results = list(compiled(tmp_path, list(made.exported), time_limit=300))
    assert [(result.file, result.error) for result in results if result.error] == []
    assert {axiom for result in results for axiom in result.axioms} == AXIOMS
    assert sum(map(len, made.exported.values())) >= 60
    assert {*SOME} <= {name for names in made.exported.values() for name in names}
    assert all(made.left_out.values())


View = dict[str, Any]


def coq_says(folder: Path, view: View) -> str:
    """Coq's message about one theorem, nothing where it accepts it."""
    files = {f"{PRELUDE}.v": render("prelude.v.j2"), "one.v": render("equality.v.j2", **view)}
    Project(files, {}, {}).write(folder)
    return [result.error for result in compiled(folder, ["one.v"])][-1]


def another_map_of_hypers(view: View) -> None:
    view["hypers"] = [(name, f"(2 * {text})") for name, text in view["hypers"]]


def another_map_of_states(view: View) -> None:
    view["related"] = [f"(2 * {text})" for text in view["related"]]


def another_rule(view: View) -> None:
    side = view["sides"][1]
    side["lets"] = [(name, f"(2 * {text})") for name, text in side["lets"]]


def another_start(view: View) -> None:
    view["sides"][1]["start"] = ["1" for _ in view["sides"][1]["start"]]


def a_false_lemma(view: View) -> None:
    lemma = view["later"][1]
    view["later"][1] = replace(lemma, left=f"({lemma.left} + 1)")


def a_domain_left_out(view: View) -> None:
    view["domains"] = []


@needs_coq
@pytest.mark.parametrize("name", SOME)
def test_coq_refuses_what_is_changed(tmp_path: Path, name: str) -> None:
    right = equality_view(name, "a statement", found(name))
    assert coq_says(tmp_path / "right", right) == ""
    changes = [another_map_of_hypers, another_map_of_states, another_rule, another_start, a_false_lemma]
    if "eps" in name:
        changes.append(a_domain_left_out)
    for change in changes:
        wrong = copy.deepcopy(right)
        change(wrong)
        assert coq_says(tmp_path / change.__name__, wrong) != "", change.__name__


@needs_coq
def test_coq_refuses_what_a_wrong_relation_gives(tmp_path: Path) -> None:
    right = found("ema_is_the_velocity_rescaled")
    doubled = {state: op("mul", num(2), node) for state, node in right.relation.states.items()}
    wrong = replace(right, relation=Relation(doubled, right.relation.hypers))
    assert coq_says(tmp_path, equality_view("wrong", "a statement", wrong)).startswith("T_wrong: ")


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "from symopt.coq.project import project; from symopt.theorems import prove\n"
        f"print(*project(prove({list(SOME)!r}, jobs=1)).files.values())"
    )
    texts = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("0", "1")
    }  # fmt: skip
    assert len(texts) == 1
    assert "Theorem parameters_agree" in texts.pop()


def test_what_is_left_out_has_a_reason() -> None:
    left_out = project(prove(["adam_l2_is_not_adamw", "lamb_without_decay_is_that_of_keras"], jobs=1)).left_out
    assert left_out["adam_l2_is_not_adamw"] == "it is no proved equality"
    assert "no operation on one element" in left_out["lamb_without_decay_is_that_of_keras"]

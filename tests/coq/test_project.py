"""Theorems as Coq files: what can be exported compiles, what is wrong does not, and the bytes are always the same."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from symopt.catalogue import resolve
from symopt.coq.equality import equality_view
from symopt.coq.project import PRELUDE, Project, compiled, file_of, has_coq, render, view_of
from symopt.ir.nodes import num, op
from symopt.lang.theorem import Compare
from symopt.passes.tracing import trace
from symopt.prove.certificate import certificate
from symopt.prove.compare import compare
from symopt.prove.relation import Relation
from symopt.theorems.catalogue import theorems

needs_coq = pytest.mark.skipif(not has_coq(), reason="coqc is not installed (apt install coq)")
# Coq's own axioms of the real numbers; extensionality is one of them, by way of Cauchy sequences.
AXIOMS = {
    "ClassicalDedekindReals.sig_not_dec", "ClassicalDedekindReals.sig_forall_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
}  # fmt: skip
EQUAL = ("ema_is_the_velocity_rescaled", "eps_hat_is_a_schedule_of_eps")
DIFFERENT = "adam_l2_is_not_adamw"
FIRST = "first_step_of_adam"
BOUND = "variance_of_centered_rmsprop_is_not_negative"


@needs_coq
def test_all_theorems_that_have_a_form_in_coq_compile(exported: Project, tmp_path: Path) -> None:
    exported.write(tmp_path)
    results = list(compiled(tmp_path, list(exported.exported), time_limit=300))
    assert [(result.file, result.error) for result in results if result.error] == []
    assert {axiom for result in results for axiom in result.axioms} == AXIOMS


def test_what_is_exported_and_what_is_not(exported: Project) -> None:
    names = {name for chosen in exported.exported.values() for name in chosen}
    assert len(names) >= 120
    assert {*EQUAL, DIFFERENT, FIRST, BOUND} <= names
    assert not names & {*exported.left_out}
    assert all(exported.left_out.values())
    assert "no operation on one element" in exported.left_out["lamb_without_decay_is_that_of_keras"]
    assert exported.left_out["lars_by_one_norm_or_two"] == "its witness is an array"
    assert "Units" in exported.left_out["units_of_adam"]
    assert "fails" in exported.left_out["second_moment_of_adam_may_fall"]


def test_no_proof_is_given_up(exported: Project) -> None:
    """What is left out is left out whole: no lemma is admitted, no axiom added."""
    for text in exported.files.values():
        assert not re.search(r"\b(Admitted|admit|give_up|Axiom|Parameter|Conjecture)\b", text)


View = dict[str, Any]
Change = Callable[[View], None]


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


def the_same_rule_twice(view: View) -> None:
    left, right = view["sides"]
    for part in ("lets", "new", "started", "evaluated"):
        right[part] = left[part]


def another_gradient(view: View) -> None:
    view["grads"] = [(name, "_ => 3") for name, _ in view["grads"]]


def a_number_outside_its_domain(view: View) -> None:
    view["hypers"] = [(name, "(- 1)") for name, _ in view["hypers"]]


def another_end(view: View) -> None:
    last = view["sides"][0]["evaluated"][-1]
    last["end"] = re.sub(r"^(\([^)]*\)|\S+)", "7", last["end"])


def another_value(view: View) -> None:
    view["stated"] = f"({view['stated']} + 1)"


def another_step(view: View) -> None:
    view["side"]["lets"] = [(name, f"(2 * {text})") for name, text in view["side"]["lets"]]


def another_bound(view: View) -> None:
    view["invariant"] = view["invariant"].replace("0 <=", "1 <=", 1)


def another_claim(view: View) -> None:
    view["claimed"] = view["claimed"].replace("0 <=", "1 <=", 1)


def another_first_state(view: View) -> None:
    view["side"]["start"] = ["(- 1)" for _ in view["side"]["start"]]


CHANGES: Mapping[str, list[Change]] = {
    EQUAL[0]: [another_map_of_hypers, another_map_of_states, another_rule, another_start, a_false_lemma],
    EQUAL[1]: [another_map_of_hypers, another_rule, another_start, a_domain_left_out],
    DIFFERENT: [the_same_rule_twice, another_gradient, a_number_outside_its_domain, another_end, another_rule],
    FIRST: [another_value, another_step, a_domain_left_out],
    BOUND: [another_bound, another_claim, another_step, another_first_state, a_domain_left_out],
}


def what_coq_says(folder: Path, views: Mapping[str, tuple[str, View]]) -> dict[str, str]:
    """Coq's message about each of some theorems, nothing where it accepts one."""
    files = {f"{PRELUDE}.v": render("prelude.v.j2")} | {f"{name}.v": file_of([view]) for name, view in views.items()}
    Project(files, {}, {}).write(folder)
    results = list(compiled(folder, [f"{name}.v" for name in views]))
    return dict(zip(views, (result.error for result in results[1:]), strict=True))


@needs_coq
@pytest.mark.parametrize("name", CHANGES)
def test_coq_refuses_what_is_changed(tmp_path: Path, name: str) -> None:
    template, right = view_of(theorems()[name])
    views: dict[str, tuple[str, View]] = {"right": (template, right)}
    for change in CHANGES[name]:
        wrong = copy.deepcopy(right)
        change(wrong)
        assert wrong != right, change.__name__
        views[change.__name__] = template, wrong
    said = what_coq_says(tmp_path, views)
    assert said.pop("right") == ""
    # What is refused must be the proof: a text that cannot be read says nothing of it.
    unread = ("Syntax error", "was not found", "Lexer")
    assert [name for name, error in said.items() if not error or any(word in error for word in unread)] == []


@needs_coq
def test_coq_refuses_what_a_wrong_relation_gives(tmp_path: Path) -> None:
    subject = theorems()[EQUAL[0]].subject
    assert isinstance(subject, Compare)
    left, image = trace(resolve(subject.left)), trace(resolve(subject.right))
    right = certificate(left, image, compare(left, image))
    doubled = {state: op("mul", num(2), node) for state, node in right.relation.states.items()}
    wrong = replace(right, relation=Relation(doubled, right.relation.hypers))
    view = "equality.v.j2", equality_view("wrong", "a statement", wrong)
    assert what_coq_says(tmp_path, {"one": view})["one"].startswith("T_wrong: ")


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    script = (
        "from symopt.coq.project import project; from symopt.theorems.catalogue import chosen\n"
        f"print(*project(chosen({[*EQUAL, DIFFERENT, FIRST, BOUND]!r})).files.values())"
    )

    def text(seed: str) -> str:
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", script]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    with ThreadPoolExecutor(2) as pool:
        texts = {*pool.map(text, "01")}
    assert len(texts) == 1
    assert "Theorem parameters_agree" in texts.pop()

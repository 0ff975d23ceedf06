"""The canonical text: readable, the same in every run, different for different rules."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import pytest

from symopt.catalogue import resolve, rule_names
from symopt.ir.nodes import matop, num, op, reduce, ref
from symopt.ir.text import node_text, trace_hash, trace_text
from symopt.ir.trace import Let
from symopt.lang import Rule
from symopt.passes.tracing import trace

PRINT_ALL = """
from symopt.catalogue import rule_names, resolve
from symopt.ir.text import trace_hash, trace_text
from symopt.passes.tracing import trace
for name in rule_names():
    for variant in type(resolve(name)).variants():
        traced = trace(variant)
        print(trace_hash(traced))
        print(trace_text(traced))
"""


def test_expressions_are_s_expressions() -> None:
    root = op("sub", ref("p"), op("mul", num(Fraction(1, 3)), reduce("mean", ref("g"), 0)))
    assert node_text(root) == "(sub p (mul 1/3 (mean0 g)))"
    assert node_text(matop("matmul", ref("a"), reduce("sum", ref("b")))) == "(matmul a (sum b))"


def test_the_text_of_a_rule_in_full() -> None:
    assert trace_text(trace(resolve("heavy_ball[lr=0.5]"))) == (
        "rule heavy_ball[lr=0.5]\n"
        "hyper mu = 9/10 : 0 <= mu\n"
        "state p_prev = p\n"
        "gradient g at p\n"
        "let d = (sub (mul mu (sub p p_prev)) (mul 1/2 g))\n"
        "let p_prev_new = p\n"
        "let p_new = (add p d)\n"
        "new p = p_new\n"
        "new p_prev = p_prev_new\n"
    )


def test_the_text_says_what_a_step_is_given() -> None:
    class Given(Rule):
        def update(s) -> None:
            s.p = s.p - s.loss * s.g * s.uniform()

    assert trace_text(trace(Given)) == (
        "rule given\ngiven loss\ndraw draw1\ngradient g at p\n"
        "let p_new = (sub p (mul (mul loss g) draw1))\nnew p = p_new\n"
    )


def test_the_hash_is_that_of_the_text() -> None:
    adamw = trace(resolve("adamw"))
    assert trace_hash(adamw) == hashlib.sha256(trace_text(adamw).encode("utf-8")).hexdigest()[:16]


def test_places_do_not_change_the_text() -> None:
    adamw = trace(resolve("adamw"))
    moved = tuple(Let(let.name, let.value, let.target, "elsewhere.py:1") for let in adamw.lets)
    assert trace_hash(adamw.with_lets(moved)) == trace_hash(adamw)


def test_whatever_changes_the_step_changes_the_hash() -> None:
    sgd = trace(resolve("heavy_ball"))
    lets = sgd.lets
    others = [
        sgd.with_lets((*lets[:-1], replace(lets[-1], value=op("neg", lets[-1].value)))),
        replace(sgd, results={**sgd.results, "p": lets[0].name}),
        replace(sgd, hypers=sgd.hypers[1:]),
        replace(sgd, hypers=(replace(sgd.hypers[0], default=Fraction(7)), *sgd.hypers[1:])),
        replace(sgd, states=tuple(replace(state, init=num(7)) for state in sgd.states)),
        replace(sgd, queries=tuple(replace(query, point=num(7)) for query in sgd.queries)),
    ]
    assert len({trace_hash(sgd), *map(trace_hash, others)}) == 7


def test_no_two_rules_have_one_hash() -> None:
    hashes = [trace_hash(trace(resolve(name))) for name in rule_names()]
    assert len(set(hashes)) == len(hashes) > 20


@pytest.fixture(scope="module")
def texts() -> list[str]:
    """The text and hash of every rule, from processes with different seeds of hashing."""
    return [
        subprocess.run(
            [sys.executable, "-c", PRINT_ALL],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    ]  # fmt: skip


def test_the_text_is_the_same_in_every_hash_seed(texts: list[str]) -> None:
    assert texts[0].count("rule ") > 20
    assert texts[1] == texts[0]
    assert texts[2] == texts[0]

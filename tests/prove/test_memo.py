"""What is kept of a trace is computed once, dies with it, and is no part of it."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

from symopt.catalogue import resolve
from symopt.passes.tracing import trace
from symopt.prove.memo import remembered


def test_an_answer_is_computed_once_and_belongs_to_one_trace() -> None:
    one = trace(resolve("sgd"))
    other = replace(one)
    made: list[str] = []

    def compute() -> list[str]:
        made.append("again")
        return made

    assert remembered(one, "question", compute) is remembered(one, "question", compute)
    assert made == ["again"]
    assert one == other
    remembered(other, "question", compute)
    assert made == ["again", "again"]


def test_a_trace_whose_answer_holds_it_is_let_go() -> None:
    rule = replace(trace(resolve("sgd")))
    remembered(rule, "itself", lambda rule=rule: rule)
    seen = weakref.ref(rule)
    del rule
    gc.collect()
    assert seen() is None

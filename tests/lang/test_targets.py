"""Targets of the command line: what is read, and what is said of text that is none."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symopt.catalogue import resolve, rule, rule_names, schedule
from symopt.errors import SymoptError, UsageError
from symopt.ir.nodes import num
from symopt.passes.tracing import trace


def test_a_name_is_the_rule_as_it_stands() -> None:
    assert resolve("adamw").settings == {}
    assert type(resolve(" adamw ")) is rule("adamw")
    assert resolve("adamw[]").settings == {}


def test_settings_are_read_as_literals() -> None:
    found = resolve("adamw[amsgrad=True, lr=1e-2, beta1=0]")
    assert found.settings == {"amsgrad": True, "lr": 0.01, "beta1": 0}
    assert found.title == "adamw[amsgrad=True,lr=0.01,beta1=0]"
    assert resolve(found.title).settings == found.settings


def test_a_schedule_by_name_and_with_settings() -> None:
    plain = resolve("adamw[lr=cosine]").settings["lr"]
    assert type(plain) is schedule("cosine")
    assert plain.settings == {}
    configured = resolve("adamw[lr=cosine(steps=7,least=0.5)]")
    assert configured.settings["lr"].settings == {"steps": 7, "least": 0.5}
    assert configured.title == "adamw[lr=cosine(steps=7,least=0.5)]"
    defaults = {hyper.name: hyper.default for hyper in trace(configured).hypers}
    assert (defaults["lr_steps"], defaults["lr_least"]) == (7, Fraction(1, 2))


def test_a_fixed_number_is_in_the_trace_as_it_was_written() -> None:
    fixed = trace(resolve("sgd[lr=0.1]"))
    assert "lr" not in fixed.inputs
    text = [node for let in fixed.lets for node in let.value.args]
    assert any(num(Fraction(1, 10)) in (node, *node.args) for node in text)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("", "is no target; write a name, name[key=value,...] or file.py:Class"),
        ("adamw[", "is no target"),
        ("adamw]", "is no target"),
        ("[lr=1]", "is no target"),
        ("adamw[lr=1]x", "is no target"),
        ("adanw", "no rule is called 'adanw'; did you mean adan or adamw"),
        ("kernel.c:step", "no rule is called 'kernel.c:step'"),
        ("Adamw", "did you mean adamw"),
        ("../adamw", "no rule is called '../adamw'"),
        ("adamw[lr]", "in brackets stand settings as in [lr=0.1,amsgrad=True]"),
        ("adamw[lr=]", "in brackets stand settings"),
        ("adamw[lr==1]", "in brackets stand settings"),
        ("adamw[lr=1)(beta1=0]", "in brackets stand settings"),
        ("adamw[lr=1) or f(beta1=0]", "in brackets stand settings"),
        ("adamw[**{'lr': 1}]", "in brackets stand settings"),
        ("adamw[*[1]]", "in brackets stand settings"),
        ("adamw[lr=\0]", "in brackets stand settings"),
        ("adamw[lr=1,lr=2]", "lr is set twice"),
        ("adamw[lr=cosine(steps=1,steps=2)]", "steps is set twice"),
        ("adamw[lr=cosine(**{'steps': 2})]", "in brackets stand settings"),
        ("adamw[learning=1]", "adamw has no option or hyper-parameter 'learning'"),
        ("adamw[lr=cosin]", "no schedule is called 'cosin'; did you mean cosine"),
        ("adamw[lr=cosine(stps=1)]", "did you mean steps?"),
        ("adamw[lr=cosine(steps=0)]", "steps = 0 is outside its domain: 1 <= steps, an integer"),
        ("adamw[lr=cosine(steps=cosine)]", "a hyper-parameter takes a number"),
        ("adamw[lr=cosine(1)]", "cosine(1) is neither a number nor True, False or a schedule"),
        ("adamw[lr=cosine()()]", "is neither a number nor True, False or a schedule"),
        ("adamw[lr=2*3]", "2 * 3 is neither a number nor True, False or a schedule"),
        ("adamw[lr={[]: 1}]", "is neither a number nor True, False or a schedule"),
        ("adamw[lr=-1]", "lr = -1 is outside its domain: 0 <= lr"),
        ("adamw[lr=0x" + "f" * 400 + "]", "a hyper-parameter takes"),
        ("adamw[lr=" + "9" * 5000 + "]", "settings have at most 1000 characters"),
        ("adamw[lr=" + "(" * 220 + "1" + ")" * 220 + "]", "in brackets stand settings"),
        ("adamw[lr=" + "[" * 150 + "]" * 150 + "]", "a hyper-parameter takes a number"),
        ("adamw[lr=" + "-" * 20_000 + "1]", "settings have at most 1000 characters"),
        ("adamw[lr=" + "-" * 900 + "1]", "is neither a number nor True, False or a schedule"),
        ("adamw[lr=" + "1+" * 490 + "1]", "is neither a number nor True, False or a schedule"),
        ("adamw[lr=" + "a." * 490 + "b]", "is neither a number nor True, False or a schedule"),
    ],
)  # fmt: skip
def test_text_that_is_no_target(target: str, expected: str) -> None:
    with pytest.raises(SymoptError) as caught:
        resolve(target)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 3000


PIECES = [
    *"[](){}=,:*#'\\ \n\0é", "adamw", "lr", "amsgrad", "beta1", "cosine", "steps", "True", "0.1", "1e309", "-", "0x1f",
    "lambda", "if", "None", "...", "f'{1}'", "b''", "yield", "await", ":=", ".py",
]  # fmt: skip


@settings(max_examples=1000)
@given(
    start=st.sampled_from(["", "adamw[", "adamw[lr=", "adamw[lr=cosine(", "adamw[lr=cosine(steps="]),
    pieces=st.lists(st.sampled_from(PIECES), max_size=7),
    end=st.sampled_from(["", "]", ")]"]),
)
def test_any_text_is_a_target_or_answered_by_our_own_error(start: str, pieces: list[str], end: str) -> None:
    try:
        found = resolve(start + "".join(pieces) + end)
    except SymoptError:
        return
    assert found.name in rule_names()


def test_nothing_in_a_target_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    monkeypatch.setattr("os.system", ran.append)
    for text in ("__import__('os').system('x')", "__import__('os')", "cosine(steps=__import__('os').system('x'))"):
        with pytest.raises(UsageError, match=r"neither a number nor True, False or a schedule|no schedule is called"):
            resolve(f"adamw[lr={text}]")
    assert ran == []


def test_every_name_of_the_catalogue_resolves() -> None:
    for name in rule_names():
        assert resolve(name).name == name

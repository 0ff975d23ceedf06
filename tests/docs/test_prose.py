"""Expressions in sentences: what is mathematics is typeset, what is not is left, and nothing becomes markup."""

from __future__ import annotations

import re

import pytest

import symopt
from symopt.docs.prose import html_typesetter, tex_typesetter, verdict_symbols
from symopt.docs.reading import read
from symopt.ir.text import node_text
from symopt.printers.symbols import Symbol

ADAM = verdict_symbols(symopt.trace(symopt.resolve("adam")))


@pytest.mark.parametrize(
    ("written", "graph"),
    [
        ("eps/sqrt(1 - beta2**t)", "(div eps (sqrt (sub 1 (pow beta2 t))))"),
        ("a - b - c", "(sub (sub a b) c)"),
        ("-a**2", "(neg (pow a 2))"),
        ("a = b", "(eq a b)"),
        ("a >= b", "(not (lt a b))"),
        ("a > b", "(not (le a b))"),
        ("a < b", "(lt a b)"),
        ("0 <= a < 1", "(and (le 0 a) (lt a 1))"),
        ("a <= b", "(le a b)"),
        ("a != 0", "(not (eq a 0))"),
        ("a == b", "(eq a b)"),
        ("Max(a, b, c)", "(max (max a b) c)"),
        ("Abs(a)", "(abs a)"),
        ("0.1*a", "(mul 1/10 a)"),
        ("mean(a)", "(mean a)"),
        ("mean(a, axis=1)", "(mean1 a)"),
        ("largest(a, axis=0) = b", "(eq (amax0 a) b)"),
        ("model_total(a)", "(model_sum a)"),
        ("norm(a)**2", "(pow (sqrt (sum (pow a 2))) 2)"),
        ("model_norm(a)", "(sqrt (model_sum (pow a 2)))"),
        ("a @ transpose(b)", "(matmul a (transpose b))"),
        ("inverse_root(a, 4, b)", "(inverse_root a b 4)"),
        ("inverse_root(a, 2)", "(inverse_root a 0 2)"),
        ("unwide(wide(a))", "(unwide (wide a) p)"),
        ("a % 3 == 0", "(eq (sub a (mul 3 (floor (div a 3)))) 0)"),
        ("0 < a and a < b", "(and (lt 0 a) (lt a b))"),
        ("not a < b", "(not (lt a b))"),
    ],
)
def test_expressions_are_read_by_pythons_grammar(written: str, graph: str) -> None:
    node = read(written)
    assert node is not None
    assert node_text(node) == graph


@pytest.mark.parametrize(
    "written",
    ["the state m", "a and b", "a in b", "f(a)", "sqrt(a, b)", "a.b", "a[0]", "'a'", "lambda: 0", "True",
     "__import__('os')", "", "a if b else c", "(" * 3000, "max(a)"],
)  # fmt: skip
def test_everything_else_is_text(written: str) -> None:
    assert read(written) is None


def test_a_sentence_has_its_mathematics_in_place() -> None:
    sentence = "where v >= 0 holds after step t-1, eps = eps/sqrt(1 - beta2**t) for every t >= 2."
    assert tex_typesetter(ADAM).sentence(sentence) == (
        r"where $v \ge 0$ holds after step $t - 1$, $\epsilon = \frac{\epsilon}{\sqrt{1 - \beta_2^t}}$ "
        r"for every $t \ge 2$."
    )


def test_statements_of_a_rule_have_symbols_too() -> None:
    assert tex_typesetter(ADAM).sentence("m_hat of adam") == r"$\hat{m}$ of adam"


def test_words_are_not_symbols() -> None:
    """An article, a hyphen, a name that no rule has, a number by itself."""
    for text in ("a state", "re-check it", "2 cases of signs", "A step", "I see", "x + y"):
        assert tex_typesetter({**ADAM, "a": Symbol(("a",))}).sentence(text) == text


def test_the_value_before_is_at_the_step_before() -> None:
    assert tex_typesetter(ADAM).expression("lr/lr_prev") == r"$\frac{\gamma}{\gamma_{t-1}}$"


def test_a_name_of_a_rule_is_itself_also_where_it_looks_like_a_value_before() -> None:
    """heavy_ball has a state called p_prev."""
    trace = symopt.trace(symopt.resolve("heavy_ball"))
    assert tex_typesetter(verdict_symbols(trace)).expression("p_prev") == r"$\theta^{\mathrm{prev}}$"
    other = {"p_prev": Symbol(("q",))}
    assert tex_typesetter(verdict_symbols(others=other)).expression("p_prev") == "$q$"
    assert tex_typesetter(verdict_symbols(trace, others=other)).expression("p_prev") == r"$\theta^{\mathrm{prev}}$"


def test_markup_in_a_sentence_is_escaped() -> None:
    html = html_typesetter(ADAM).sentence('<b onclick="x">lr</b> & lr <= 1')
    assert "<b" not in html
    assert "&lt;b onclick=&#34;x&#34;&gt;" in html
    assert html.endswith("<mo>≤</mo><mn>1</mn></math>")
    assert re.findall(r"<(\w+)", html) == ["math", "mi", "mo", "mn"]

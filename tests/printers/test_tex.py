"""TeX of rules, against the equations of their papers, and of every operation, against what is usual."""

from __future__ import annotations

import re

import pytest

import symopt
from symopt.ir.nodes import Node, matop, num, op, reduce, ref
from symopt.printers import tex
from symopt.printers.symbols import Symbol

G, M, T = ref("g"), ref("m"), ref("t")
SYMBOLS = {"g": Symbol(("g",), index="t"), "m": Symbol(("m",), sup=("max",), index="t"), "t": Symbol(("t",))}


def norm(node: Node) -> Node:
    return op("sqrt", reduce("sum", op("pow", node, num(2))))


@pytest.mark.parametrize(
    ("node", "written"),
    [
        (op("pow", G, num(2)), "g_t^2"),
        (op("pow", G, num(12)), "g_t^{12}"),
        (op("pow", M, num(2)), r"(m_t^{\mathrm{max}})^2"),
        (op("pow", op("div", G, M), num(2)), r"\left(\frac{g_t}{m_t^{\mathrm{max}}}\right)^2"),
        (op("mul", G, num(2)), r"g_t \cdot 2"),
        (op("mul", num(2), G), r"2 \, g_t"),
        (op("abs", G), r"\lvert g_t \rvert"),
        (op("abs", op("div", G, num(2))), r"\left\lvert \frac{g_t}{2}\right\rvert"),
        (op("floor", T), r"\lfloor t \rfloor"),
        (op("sign", G), r"\operatorname{sign}(g_t)"),
        (op("pow", op("sign", G), num(2)), r"(\operatorname{sign}(g_t))^2"),
        (op("max", op("max", G, T), num(1)), r"\max(g_t, t, 1)"),
        (op("log", G), r"\ln(g_t)"),
        (norm(G), r"\lVert g_t \rVert_2"),
        (reduce("sum", op("mul", G, G)), r"\lVert g_t \rVert_2^2"),
        (op("sqrt", reduce("mean", op("pow", G, num(2)))), r"\operatorname{RMS}(g_t)"),
        (op("sqrt", reduce("mean", op("pow", G, num(2)), 0)), r"\sqrt{\operatorname{mean}_{\mathrm{rows}}(g_t^2)}"),
        (reduce("mean", G), r"\operatorname{mean}(g_t)"),
        (reduce("amax", op("abs", G)), r"\operatorname{max}(\lvert g_t \rvert)"),
        (reduce("sum", G, 1), r"\operatorname{sum}_{\mathrm{columns}}(g_t)"),
        (matop("matmul", matop("transpose", G), G), r"g_t^\top \, g_t"),
        (op("not", op("lt", G, T)), r"g_t \ge t"),
        (op("and", op("le", G, T), op("eq", T, num(1))), r"g_t \le t \wedge t = 1"),
        (
            op("where", op("eq", T, num(1)), G, op("mul", num(2), G)),
            r"\begin{cases} g_t & \text{if } t = 1 \\ 2 \, g_t & \text{otherwise} \end{cases}",
        ),
        (
            op("mul", G, op("where", op("eq", T, num(1)), num(0), num(1))),
            r"g_t \, \left(\begin{cases} 0 & \text{if } t = 1 \\ 1 & \text{otherwise} \end{cases}\right)",
        ),
        (ref("unknown_name"), r"\mathrm{unknown\_name}"),
    ],
)
def test_operations(node: Node, written: str) -> None:
    assert tex.expression(node, SYMBOLS) == written


def test_adam_is_algorithm_1_of_its_paper() -> None:
    """Kingma & Ba 2015, Algorithm 1, line by line; alpha is called gamma here."""
    assert tex.equations(symopt.trace(symopt.resolve("adam"))) == [
        r"g_t = \nabla f_t(\theta_{t-1})",
        r"m_t = \beta_1 \, m_{t-1} + (1 - \beta_1) \, g_t",
        r"v_t = \beta_2 \, v_{t-1} + (1 - \beta_2) \, g_t^2",
        r"\hat{m}_t = \frac{m_t}{1 - \beta_1^t}",
        r"\hat{v}_t = \frac{v_t}{1 - \beta_2^t}",
        r"\theta_t = \theta_{t-1} - \frac{\gamma \, \hat{m}_t}{\sqrt{\hat{v}_t} + \epsilon}",
    ]


def test_a_gradient_at_another_point_stands_after_that_point() -> None:
    """Nesterov's gradient is asked for at y."""
    lines = tex.equations(symopt.trace(symopt.resolve("nag")))
    gradient = next(i for i, line in enumerate(lines) if line.startswith("g_t"))
    assert lines[gradient] == r"g_t = \nabla f_t(y_t)"
    assert any(line.startswith("y_t = ") for line in lines[:gradient])
    assert all("g_t" not in line for line in lines[:gradient])


def test_a_parameter_that_is_written_twice_is_primed_in_between() -> None:
    """The decay of Transformers' AdamW is taken of the parameter after the step."""
    lines = tex.equations(symopt.trace(symopt.resolve("adamw_transformers")))
    assert lines[-2].startswith(r"\theta_t' = \theta_{t-1} - ")
    assert lines[-1] == r"\theta_t = \theta_t' - \gamma \, \lambda \, \theta_t'"


def test_initial_values() -> None:
    assert tex.initial_values(symopt.trace(symopt.resolve("heavy_ball"))) == [r"\theta_0^{\mathrm{prev}} = \theta_0"]


def test_matrix_rules_tell_the_two_products_apart() -> None:
    """Between arrays a product is of matrices or element by element; with a scalar there is one product only."""

    class Product(symopt.Rule):
        lr = symopt.Hyper(0.1, r"\gamma")

        def update(s) -> None:
            from symopt.lang import matmul

            s.q = matmul(s.g, s.g)
            s.p = s.p - s.lr * s.q * s.g

    lines = tex.equations(symopt.trace(Product))
    assert lines[1] == r"q_t = g_t \, g_t"
    assert re.fullmatch(r"\\theta_t = \\theta_{t-1} - \\gamma \\, (g_t \\odot q_t|q_t \\odot g_t)", lines[2])


@pytest.mark.parametrize("name", symopt.rule_names())
def test_every_rule_is_balanced_tex_on_single_lines(name: str) -> None:
    """Every variant: no newline, braces and \\left-\\right in pairs, no name set as plain letters."""
    for rule in type(symopt.resolve(name)).variants():
        for line in tex.equations(symopt.trace(rule)):
            assert "\n" not in line
            bare = line.replace(r"\{", "").replace(r"\}", "")
            depth = 0
            for character in bare:
                depth += {"{": 1, "}": -1}.get(character, 0)
                assert depth >= 0
            assert depth == 0
            assert line.count(r"\left") - line.count(r"\leftarrow") == line.count(r"\right")
            assert line.count(r"\begin") == line.count(r"\end")
            words = re.sub(r"\\(mathrm|text|operatorname|begin|end)\{[^}]*\}|\\[A-Za-z]+", " ", line)
            assert not re.search(r"[A-Za-z]{2}", words), words


def test_text_is_escaped() -> None:
    assert tex.escape_text("50% of $x_1 & {y}^2 \\ #~<>") == (
        r"50\% of \$x\_1 \& \{y\}\textasciicircum{}2 \textbackslash{} \#\textasciitilde{}\textless{}\textgreater{}"
    )

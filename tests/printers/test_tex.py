"""TeX of rules, against the equations of their papers, and of every operation, against what is usual."""

from __future__ import annotations

import re

import pytest

import symopt
from symopt.ir.nodes import Node, matop, num, op, reduce, ref
from symopt.lang import Inner, PositiveInteger, every, matmul, mean, model_norm, sqrt, transpose, where
from symopt.lang import norm as length
from symopt.passes.freeze import PI
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
        (reduce("amin", G), r"\operatorname{min}(g_t)"),
        (reduce("sum", G, 1), r"\operatorname{sum}_{\mathrm{columns}}(g_t)"),
        (reduce("amax", G, 0), r"\operatorname{max}_{\mathrm{rows}}(g_t)"),
        (reduce("model_sum", G), r"\operatorname{sum}_{\mathrm{model}}(g_t)"),
        (reduce("model_sum", op("mul", G, G)), r"\lVert g_t \rVert_{\mathrm{model}}^2"),
        (op("sqrt", reduce("model_sum", op("pow", G, num(2)))), r"\lVert g_t \rVert_{\mathrm{model}}"),
        (op("pow", norm(G), num(2)), r"\lVert g_t \rVert_2^2"),
        (matop("matmul", matop("transpose", G), G), r"g_t^\top \, g_t"),
        (matop("matmul", G, matop("transpose", op("add", G, M))), r"g_t \, (g_t + m_t^{\mathrm{max}})^\top"),
        (matop("transpose", M), r"(m_t^{\mathrm{max}})^\top"),
        (op("mul", num(2), matop("matmul", G, G)), r"2 \, g_t \, g_t"),
        (matop("inverse_root", G, num(0), num(4)), r"g_t^{-1/4}"),
        (matop("inverse_root", G, num(0), num(1)), r"g_t^{-1}"),
        (matop("inverse_root", G, op("mul", num(2), T), num(2)), r"(g_t + 2 \, t \, I)^{-1/2}"),
        (matop("inverse_root", op("sub", G, M), num(1), num(2)), r"(g_t - m_t^{\mathrm{max}} + I)^{-1/2}"),
        (matop("eigenbasis", op("neg", G)), r"\operatorname{eigenbasis}(-g_t)"),
        (matop("orthogonal", G), r"\operatorname{orthogonal}(g_t)"),
        (matop("unwide", matop("wide", G), G), r"\operatorname{unwide}(\operatorname{wide}(g_t))"),
        (op("sub", T, op("mul", num(5), op("floor", op("div", T, num(5))))), r"t \bmod 5"),
        (op("cos", op("mul", PI, T)), r"\cos(\pi \, t)"),
        (op("mul", num(-2 * PI.value), T), r"(-2 \, \pi) \, t"),
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


class Product(symopt.Rule):
    """Products of matrices, of elements, with numbers and with values of a row."""

    lr = symopt.Hyper(0.1, r"\gamma")

    def update(s) -> None:
        s.q = matmul(s.g, transpose(s.g))
        s.r = matmul(s.q, s.g) * s.g
        s.w = mean(s.g, axis=1) * s.g**2
        s.n = s.lr * s.t / length(s.w)
        s.p = s.p - s.n * matmul(s.q, s.r) - s.n * s.w


def test_matrix_rules_tell_the_two_products_apart() -> None:
    """Between arrays a product is of matrices or element by element; with a number there is one product only."""
    assert tex.equations(symopt.trace(Product))[1:] == [
        r"q_t = g_t \, g_t^\top",
        r"r_t = g_t \odot (q_t \, g_t)",
        r"w_t = \operatorname{mean}_{\mathrm{columns}}(g_t) \odot g_t^{\odot 2}",
        r"n_t = \frac{\gamma \, t}{\lVert w_t \rVert_F}",
        r"\theta_t = \theta_{t-1} - n_t \, q_t \, r_t - n_t \, w_t",
    ]


def test_rules_without_matrices_have_one_product() -> None:
    class Outer(symopt.Rule):
        def update(s) -> None:
            s.p = s.p - mean(s.g, axis=1) * s.g**2 / length(s.g)

    (_, line) = tex.equations(symopt.trace(Outer))
    assert "odot" not in line
    assert r"\lVert g_t \rVert_2" in line


class Given(symopt.Rule):
    """Reads everything that a step is given."""

    def update(s) -> None:
        s.a = s.loss + model_norm(s.hessian) ** 2
        s.b = s.normal() * s.a + s.normal()
        s.p = s.p - s.b * s.uniform() * sqrt(s.rows / s.size)


def test_what_a_step_is_given_has_symbols_and_meanings_of_its_own() -> None:
    found = tex.equations(symopt.trace(Given))
    assert found[:2] == [
        r"\hat{h}_t \approx \operatorname{diag}(\nabla^2 f_t(\theta_{t-1}))",
        r"\ell_t = f_t(\theta_{t-1})",
    ]
    assert found[3:5] == [r"z_{1,t} \sim \mathcal{N}(0, 1)", r"z_{2,t} \sim \mathcal{N}(0, 1)"]
    assert r"u_t \sim \mathcal{U}(0, 1)" in found
    assert found[-1] == (r"\theta_t = \theta_{t-1} - \sqrt{\frac{\mathrm{rows}}{\mathrm{size}}} \, u_t \, b_t")


def test_a_condition_under_a_name_is_held_together() -> None:
    class Named(symopt.Rule):
        k = symopt.Hyper(3, domain=PositiveInteger)

        def update(s) -> None:
            s.due = every(s.t, s.k)
            s.p = where(s.due, s.p - s.g, s.p)

    assert tex.equations(symopt.trace(Named))[0] == r"\mathrm{due}_t = (t \bmod k = 0)"


def test_several_gradients_stand_after_their_points() -> None:
    found = tex.equations(symopt.trace(symopt.resolve("sam")))
    assert [line.partition(" ")[0] for line in found if r"\nabla" in line] == ["g_t", r"g_{\mathrm{worst},t}"]
    assert found[0].startswith("g_t")


def test_what_an_inner_rule_makes_is_named_after_it() -> None:
    found = tex.equations(symopt.trace(symopt.resolve("lookahead[base=adamw]")))
    assert r"\theta_t^{\mathrm{base}} = " in found[-3]


def test_the_inner_rule_of_a_rule_with_the_same_symbols() -> None:
    class Around(symopt.Rule):
        lr = symopt.Hyper(0.1, r"\gamma")
        base = Inner(type(symopt.resolve("sgd")))

        def update(s) -> None:
            s.p = s.base() - s.lr * s.g

    assert tex.equations(symopt.trace(Around))[1:] == [
        r"\theta_t^{\mathrm{base}} = \theta_{t-1} - \gamma^{\mathrm{base}} \, g_t",
        r"\theta_t = \theta_t^{\mathrm{base}} - \gamma \, g_t",
    ]


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

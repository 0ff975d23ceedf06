"""Rules as notebooks and Markdown show them."""

import symopt


def test_a_rule_shows_its_equations_in_a_notebook() -> None:
    latex = symopt.resolve("signsgd")._repr_latex_()
    assert latex.startswith("$$\n\\begin{aligned}\ng_t &= ")
    assert latex.endswith("\n\\end{aligned}\n$$")


def test_markdown_has_the_equations_and_every_hyper_parameter() -> None:
    """AMSGrad's extra state appears under the option alone."""
    page = symopt.show("adamw[amsgrad=True]", "markdown")
    assert page.startswith("# `adamw[amsgrad=True]`\n\nAdam with the decay")
    assert "Before the first step $m_0 = 0$, $v_0 = 0$, $v_0^{\\mathrm{max}} = 0$." in page
    assert "$$\n\\begin{aligned}" in page
    assert "| `beta1` | $\\beta_1$ | 0.9 | [0, 1) |\n" in page
    assert "max" not in symopt.show("adamw", "markdown")


def test_markdown_of_a_rule_without_states_and_hyper_parameters_that_are_fixed() -> None:
    page = symopt.show("signsgd[lr=1]", "markdown")
    assert "For $t = 1, 2, \\dots$:" in page
    assert "hyper-parameter" not in page

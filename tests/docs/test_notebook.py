"""Rules as notebooks and Markdown show them."""

import re
from xml.etree import ElementTree

import symopt


def test_a_rule_shows_its_equations_in_a_notebook() -> None:
    latex = symopt.resolve("signsgd")._repr_latex_()
    assert latex.startswith("$$\n\\begin{aligned}\ng_t &= ")
    assert latex.endswith("\n\\end{aligned}\n$$")


def test_markdown_has_the_equations_and_every_hyper_parameter() -> None:
    """AMSGrad's extra state appears under the option alone."""
    page = symopt.show("adamw[amsgrad=True]", "markdown")
    assert page.startswith("# `adamw[amsgrad=True]`\n\nAdam with the decay")
    assert "\n\nSource: torch.optim.AdamW" in page
    assert "\n\nBefore the first step $m_0 = 0$, $v_0 = 0$, $v_0^{\\mathrm{max}} = 0$." in page
    assert "$$\n\\begin{aligned}" in page
    assert "| `beta1` | $\\beta_1$ | 0.9 | [0, 1) |\n" in page
    assert "max" not in symopt.show("adamw", "markdown")


def test_markdown_of_a_rule_without_states_and_hyper_parameters_that_are_fixed() -> None:
    page = symopt.show("signsgd[lr=1]", "markdown")
    assert "For $t = 1, 2, \\dots$:" in page
    assert "hyper-parameter" not in page


def test_the_text_of_a_rule_is_text_in_markdown() -> None:
    class Odd(symopt.Rule):
        """<script> & *stars*, $x_1$ and `code`."""

        def update(s) -> None:
            s.p = s.p - s.g

    page = symopt.show(Odd, "markdown")
    assert r"\<script\> &amp; \*stars\*, \$x\_1\$ and \`code\`." in page
    assert "Source" not in page


def test_a_rule_shows_its_algorithm_as_one_well_formed_piece_of_html() -> None:
    """Every statement is a line of the list; the parser of XML takes it, so tags are closed and text is escaped."""
    html = symopt.resolve("adamw")._repr_html_()
    root = ElementTree.fromstring(html.replace("&nbsp;", " "))
    assert len(root.findall(".//ol/li")) == len(symopt.trace(symopt.resolve("adamw")).lets) + 1
    names = ["lr", "beta1", "beta2", "eps", "weight_decay", "m", "v"]
    assert [cell.text for cell in root.findall("./table//td[1]/code")] == names


def test_a_verdict_shows_its_map_as_mathematics() -> None:
    latex = symopt.compare("adam_tf", "adam")._repr_latex_()
    assert latex.startswith("$$\n\\begin{array}{l}\n\\text{adam}\\_\\text{tf and adam: equal if} \\\\\n")
    assert r"\mapsto \frac{\mathrm{eps}}{\sqrt{1 - \beta_2^t}}" in latex
    assert latex.count("{") == latex.count("}")
    assert not re.search(r"(?<!\\)_(?![0-9t{])", latex), "an underscore that is no index"
    assert latex.count("$") == 4


def test_a_verdict_shows_its_witness() -> None:
    """5/8 and 5/12 are what the README works out."""
    verdict = symopt.compare("adam_l2", "adamw")
    assert r"\theta_1 = \frac{5}{8}\text{ = 0.625}\text{ against }\frac{5}{12}" in verdict._repr_latex_()
    root = ElementTree.fromstring(verdict._repr_html_())
    result = root.findall(".//tr[@class='result']//mfrac")
    assert [[number.text for number in fraction.iter("mn")] for fraction in result] == [["5", "8"], ["5", "12"]]
    assert [code.text for code in root.findall("./h3/code")] == ["adam_l2", "adamw"]


def test_a_proof_is_shown_in_steps() -> None:
    verdict = symopt.compare("adam_tf", "adam")
    root = ElementTree.fromstring(verdict._repr_html_())
    assert verdict.proof is not None
    assert len(root.findall("./ol/li")) == len(verdict.proof.steps) > 1


def test_a_witness_at_a_query_point_names_the_gradient() -> None:
    """NAG asks for its second gradient elsewhere than the heavy ball: no parameter stands in the last line."""
    verdict = symopt.compare("nag", "heavy_ball")
    assert (verdict.differs_in, verdict.first_step) == ("g", 2)
    assert r"\text{point of }g_2 = " in verdict._repr_latex_()
    assert r"\theta_2" not in verdict._repr_latex_()

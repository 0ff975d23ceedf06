"""MathML of operations: each is one well-formed run of elements that says what the graph says."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

import symopt
from symopt.docs.algorithm import algorithm
from symopt.ir.nodes import MATRIX_OPS, MODEL_REDUCTIONS, REDUCTIONS, Node, matop, num, op, reduce, ref
from symopt.printers import mathml
from symopt.printers.symbols import Symbol

G, T = ref("g"), ref("t")
SYMBOLS = {"g": Symbol(("g",), index="t"), "t": Symbol(("t",))}


def shown(node: Node) -> str:
    """The text of the elements, scripts marked by ^ and _."""
    return plain(ElementTree.fromstring(f"<math>{mathml.expression(node, SYMBOLS)}</math>"))


def plain(element: ElementTree.Element) -> str:
    inner = [plain(child) for child in element]
    match element.tag:
        case "msub":
            return f"{inner[0]}_{inner[1]}"
        case "msup":
            return f"{inner[0]}^{{{inner[1]}}}"
        case "msubsup":
            return f"{inner[0]}_{inner[1]}^{{{inner[2]}}}"
        case "mfrac":
            return f"({inner[0]})/({inner[1]})"
        case "msqrt":
            return f"√({''.join(inner)})"
    text = {"⁢": " ", "⁡": ""}.get(element.text or "", element.text or "")
    return text + "".join(inner)


def norm(name: str) -> Node:
    return op("sqrt", reduce(name, op("pow", G, num(2))))


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (norm("sum"), "‖g_t‖_2"),
        (norm("model_sum"), "‖g_t‖_model"),
        (norm("mean"), "RMS(g_t)"),
        (reduce("model_sum", op("mul", G, G)), "‖g_t‖_model^{2}"),
        (reduce("model_sum", G), "sum_model(g_t)"),
        (reduce("amin", G, 1), "min_columns(g_t)"),
        (reduce("mean", G, 0), "mean_rows(g_t)"),
        (matop("matmul", G, matop("transpose", G)), "g_t g_t^{⊤}"),
        (matop("inverse_root", G, num(0), num(4)), "g_t^{−1/4}"),
        (matop("inverse_root", G, T, num(1)), "(g_t+t I)^{−1}"),
        (matop("eigenbasis", op("neg", G)), "eigenbasis(−g_t)"),
        (op("sub", T, op("mul", num(5), op("floor", op("div", T, num(5))))), "tmod5"),
        (op("mul", num(2), matop("matmul", G, G)), "2 g_t g_t"),
    ],
)
def test_operations(node: Node, text: str) -> None:
    assert shown(node) == text


def test_every_reduction_and_matrix_operation_is_well_formed_and_none_shows_its_name_in_the_graph() -> None:
    nodes: list[Node] = [reduce(name, G) for name in (*REDUCTIONS, *MODEL_REDUCTIONS)]
    nodes += [reduce(name, G, axis) for name in REDUCTIONS for axis in (0, 1)]
    nodes += [matop(name, *[G, T, num(2)][:count]) for name, count in MATRIX_OPS.items()]
    for node in nodes:
        text = shown(node)
        assert "g" in text
        assert not any(word in text for word in ("amax", "amin", "model_sum", "matmul", "inverse_root", "transpose"))


def test_a_rule_with_matrices_marks_what_is_done_by_element() -> None:
    soap = symopt.trace(symopt.resolve("soap"))
    lines = [plain(ElementTree.fromstring(line.math)) for line in algorithm(soap).lines]
    (v,) = (line for line in lines if line.startswith("v_t="))
    assert v.endswith("(Q_L,t−1^{⊤} g_t Q_R,t−1)^{⊙2}")
    assert any("eigenbasis(−L_t)" in line for line in lines)


def test_what_a_step_is_given_is_a_line_of_the_algorithm() -> None:
    def lines(target: str) -> list[str]:
        found = algorithm(symopt.trace(symopt.resolve(target))).lines
        return [plain(ElementTree.fromstring(line.math)) for line in found]

    assert "z_t∼𝒩(0,1)" in lines("sgld")
    assert "ℓ_t=f_t(θ_t−1)" in lines("polyak_sgd")
    assert "h^_t≈diag(∇^{2}f_t(θ_t−1))" in lines("sophia")

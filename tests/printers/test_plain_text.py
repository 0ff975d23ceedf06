"""Plain text of rules: assignments that a reader can run in the head, and that Python can run."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import symopt
from symopt.docs.reading import read
from symopt.errors import SymoptError
from symopt.ir.evaluate import Arithmetic, evaluate, evaluate_step
from symopt.ir.exact import ArrayArithmetic, ScalarArithmetic, is_defined
from symopt.ir.nodes import Node, matop, num, op, reduce, ref
from symopt.ir.shape import ELEMENT, SCALAR, Axis, Shape, let_shapes
from symopt.ir.trace import Trace
from symopt.lang import model_norm
from symopt.passes.freeze import PI
from symopt.printers import text

G, P = ref("g"), ref("p")


def test_statements_read_as_the_author_wrote_them() -> None:
    assert text.statements(symopt.trace(symopt.resolve("adamw"))) == [
        "g ← ∇f(p)",
        "m ← beta1·m + (1 − beta1)·g",
        "v ← beta2·v + (1 − beta2)·g²",
        "m_hat ← m/(1 − beta1^t)",
        "v_hat ← v/(1 − beta2^t)",
        "p ← p − lr·weight_decay·p − lr·m_hat/(sqrt(v_hat) + eps)",
    ]


def test_a_value_that_is_read_after_it_was_replaced_keeps_its_name() -> None:
    class Late(symopt.Rule):
        m = symopt.State()

        def update(s) -> None:
            old = s.m
            s.m = s.m + s.g
            s.p = s.p - old - s.m

    assert text.statements(symopt.trace(Late), ascii=True) == [
        "g = gradient(p)",
        "m_new = m + g",
        "p = p - m - m_new",
    ]


def test_an_intermediate_value_that_is_read_late_keeps_its_name_too() -> None:
    class Late(symopt.Rule):
        def update(s) -> None:
            s.u = s.g + 1
            first = s.u
            s.u = s.u * 2
            s.p = s.p - first - s.u

    assert text.statements(symopt.trace(Late), ascii=True)[1:] == ["u_1 = g + 1", "u = 2*u_1", "p = p - u_1 - u"]


def run(statements: list[str], values: dict[str, Any], arithmetic: Arithmetic[Any]) -> dict[str, Any]:
    """Run assignments from top to bottom, as a reader does; gradients, and what else is given, are there."""
    values = dict(values)
    for line in statements:
        name, _, right = line.partition(" = ")
        if right.partition("(")[0] in ("gradient", "loss", "hessian", "normal", "uniform"):
            continue
        node = read(right)
        assert node is not None, right
        values[name] = evaluate([node], values, arithmetic)[0]
    return values


MATRIX = (2, 3)


def inputs(trace: Trace) -> dict[str, Any]:
    """Numbers for a rule of elements, small matrices where a rule has axes."""
    shapes = let_shapes(trace)
    if all(shape in (SCALAR, ELEMENT) for shape in shapes.values()):
        values: dict[str, Any] = {name: Fraction(i + 2, 7 * len(trace.inputs)) for i, name in enumerate(trace.inputs)}
    else:
        values = {name: matrix(shapes[name], i) for i, name in enumerate(trace.inputs)}
    numbers = {"t": Fraction(3), "rows": Fraction(2), "cols": Fraction(3), "size": Fraction(6), "loss": Fraction(1)}
    return values | numbers | {hyper.name: hyper.default for hyper in trace.hypers}


def matrix(shape: Shape, seed: int) -> Any:
    """Small fractions; a square of them is symmetric and positive definite, as those that rules keep are."""
    lengths = dict(zip(Axis, (1, *MATRIX, min(MATRIX), max(MATRIX)), strict=True))
    rows, cols = lengths[shape.down], lengths[shape.along]
    flat = [Fraction((5 * i + 3 * seed) % 11 + 1, 8) for i in range(rows * cols)]
    made = np.array(flat, dtype=object).reshape(rows, cols)
    return flat[0] if shape.is_scalar else made @ made.T + np.eye(rows, dtype=int) if rows == cols else made


@pytest.mark.parametrize("name", symopt.rule_names())
def test_the_text_of_every_rule_computes_its_step(name: str) -> None:
    """Read back and run with its reassignments, it leaves the values that the trace's statements have."""
    for rule in type(symopt.resolve(name)).variants():
        trace = symopt.trace(rule)
        names = text.assigned_names(trace)
        given = inputs(trace)
        is_number = all(np.ndim(value) == 0 for value in given.values())
        arithmetic = ScalarArithmetic() if is_number else ArrayArithmetic()
        shown = given | {"pi": PI.value} | normals(trace, given, arithmetic)
        after = run(text.statements(trace, ascii=True), shown, arithmetic)
        expected = evaluate_step(trace, given, arithmetic)
        for result in trace.results.values():
            pairs = zip(np.ravel(after[names.get(result, result)]), np.ravel(expected[result]), strict=True)
            assert all(a == b if isinstance(b, Fraction) else a.overlaps(b) for a, b in pairs), (rule.title, result)
            assert is_number or any(is_defined(b) for b in np.ravel(expected[result])), (rule.title, result)


def normals(trace: Trace, given: dict[str, Any], arithmetic: Arithmetic[Any]) -> dict[str, Any]:
    """The normal numbers that the text draws, from the uniform ones that they stand for."""
    pairs = zip(trace.draws[::2], trace.draws[1::2], strict=False)
    value = read("sqrt(-2*log(a))*cos(2*pi*b)")
    assert value is not None
    made = [evaluate([value], {"a": given[a], "b": given[b], "pi": PI.value}, arithmetic)[0] for a, b in pairs]
    return {f"normal{i + 1}" if i else "normal": z for i, z in enumerate(made)}


def test_what_a_step_is_given_stands_before_it_is_read() -> None:
    class Given(symopt.Rule):
        def update(s) -> None:
            s.a = s.loss + model_norm(s.hessian) ** 2
            s.b = s.normal() / s.a
            s.c = s.uniform() * s.normal()
            s.p = s.p - s.a * s.b * s.c * s.rows

    found = text.statements(symopt.trace(Given))
    assert found[:4] == ["hessian ≈ diag ∇²f(p)", "loss ← f(p)", "a ← model_norm(hessian)² + loss", "normal ~ N(0, 1)"]
    assert found[4:-1] == ["b ← normal/a", "draw3 ~ U(0, 1)", "normal2 ~ N(0, 1)", "c ← draw3·normal2"]
    assert all("rows" not in line for line in found[:-1])


@pytest.mark.parametrize(
    ("node", "unicode", "ascii"),
    [
        (matop("matmul", G, matop("transpose", G)), "g @ gᵀ", "g @ transpose(g)"),
        (matop("transpose", op("add", G, P)), "(g + p)ᵀ", "transpose(g + p)"),
        (op("div", matop("matmul", G, P), op("sqrt", G)), "(g @ p)/sqrt(g)", "(g @ p)/sqrt(g)"),
        (op("mul", num(2), matop("matmul", G, P)), "2·(g @ p)", "2*(g @ p)"),
        (matop("inverse_root", G, num(0), num(2)), "g^(−1/2)", "inverse_root(g, 2, 0)"),
        (matop("inverse_root", G, ref("e"), num(4)), "(g + e·I)^(−1/4)", "inverse_root(g, 4, e)"),
        (matop("inverse_root", G, num(1), num(1)), "(g + I)^(−1)", "inverse_root(g, 1, 1)"),
        (matop("unwide", matop("wide", P), P), "unwide(wide(p))", "unwide(wide(p))"),
        (reduce("amin", G, 1), "smallest(g, axis=1)", "smallest(g, axis=1)"),
        (reduce("model_sum", G), "model_total(g)", "model_total(g)"),
        (op("sqrt", reduce("model_sum", op("mul", G, G))), "model_norm(g)", "model_norm(g)"),
        (reduce("sum", op("pow", G, num(2))), "norm(g)²", "norm(g)**2"),
        (op("cos", op("mul", PI, P)), "cos(π·p)", "cos(pi*p)"),
        (num(PI.value * Fraction(3, 4)), "0.75·π", "0.75*pi"),
    ],
)
def test_operations(node: Node, unicode: str, ascii: str) -> None:
    assert (text.expression(node), text.expression(node, ascii=True)) == (unicode, ascii)


def test_show_refuses_a_format_that_it_has_not() -> None:
    with pytest.raises(SymoptError, match=r"no format is called 'latx'; did you mean latex\?"):
        symopt.show("adamw", "latx")

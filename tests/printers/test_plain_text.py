"""Plain text of rules: assignments that a reader can run in the head, and that Python can run."""

from __future__ import annotations

from fractions import Fraction

import pytest

import symopt
from symopt.docs.reading import read
from symopt.errors import SymoptError
from symopt.ir.evaluate import evaluate, evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.trace import Trace
from symopt.printers import text


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


def run(statements: list[str], values: dict[str, Fraction]) -> dict[str, Fraction]:
    """Run assignments from top to bottom, as a reader does; gradients are given."""
    values = dict(values)
    for line in statements:
        name, _, right = line.partition(" = ")
        if right.startswith("gradient("):
            continue
        node = read(right)
        assert node is not None, right
        values[name] = evaluate([node], values, ScalarArithmetic())[0]
    return values


def inputs(trace: Trace) -> dict[str, Fraction]:
    values = {name: Fraction(i + 2, 7) for i, name in enumerate(trace.inputs)}
    return values | {"t": Fraction(3), **{hyper.name: hyper.default for hyper in trace.hypers}}


@pytest.mark.parametrize("name", symopt.rule_names())
def test_the_text_of_every_rule_computes_its_step(name: str) -> None:
    """Read back and run with its reassignments, it leaves the values that the trace's statements have."""
    for rule in type(symopt.resolve(name)).variants():
        trace = symopt.trace(rule)
        names = text.assigned_names(trace)
        after = run(text.statements(trace, ascii=True), inputs(trace))
        expected = evaluate_step(trace, inputs(trace), ScalarArithmetic())
        for result in trace.results.values():
            got, want = after[names.get(result, result)], expected[result]
            assert got == want if isinstance(want, Fraction) else got.overlaps(want), (rule.title, result)


def test_show_refuses_a_format_that_it_has_not() -> None:
    with pytest.raises(SymoptError, match=r"no format is called 'latx'; did you mean latex\?"):
        symopt.show("adamw", "latx")

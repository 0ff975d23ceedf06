"""The oracle itself: known numbers, and that it tells apart what is different and nothing else."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from symopt.ir.expressions import read_expression
from symopt.ir.nodes import matop, num, op, ref
from symopt.prove.runs import Witness
from tests.never_wrong.campaign import changed, targets, traced
from tests.never_wrong.graphs import statement, with_value
from tests.never_wrong.judge import on_random_runs, replayed
from tests.never_wrong.matrices import matrix
from tests.never_wrong.mp import MP, apply, real
from tests.never_wrong.oracle import Run, value
from tests.never_wrong.tally import REWRITE, Case


def test_operations_have_the_values_of_python_floats() -> None:
    a, b = 1.75, 0.375
    sums = {"add": a + b, "sub": a - b, "mul": a * b, "div": a / b, "pow": a**b}
    for name, expected in {**sums, "max": a, "min": b, "lt": False, "le": False, "eq": False}.items():
        assert float(apply(name, MP.mpf(a), MP.mpf(b))) == pytest.approx(float(expected))
    for name in ("sqrt", "exp", "log", "cos", "floor"):
        assert float(apply(name, MP.mpf(a))) == pytest.approx(getattr(math, name)(a))


def test_what_is_undefined_spreads_but_through_where() -> None:
    zero, one = MP.mpf(0), MP.mpf(1)
    for undefined in (apply("div", one, zero), apply("sqrt", -one), apply("log", zero), apply("pow", zero, -one)):
        assert undefined is None
        assert apply("add", undefined, one) is None
        assert apply("where", False, undefined, one) == one


def test_what_cancels_is_zero() -> None:
    root = apply("sqrt", MP.mpf(2))
    two = apply("mul", root, root)
    assert apply("sub", two, MP.mpf(2)) == 0
    assert apply("sign", apply("sub", two, MP.mpf(2))) == 0
    assert apply("floor", apply("sub", MP.mpf(11) / 5, MP.mpf(1) / 5)) == 2
    assert apply("floor", MP.mpf(-1) / 5) == -1


def test_a_step_of_adam_is_that_of_a_calculator() -> None:
    hypers = {"lr": Fraction(1, 10), "beta1": Fraction(1, 2), "beta2": Fraction(3, 4), "eps": Fraction(1)}
    run = Run(traced("adam"), {name: real(exact) for name, exact in hypers.items()}, real(Fraction(2)))
    first = run.step({name: real(exact) for name, exact in hypers.items()}, [real(Fraction(3))], {})[0]
    assert float(first) == pytest.approx(2 - 0.1 * 3 / (3 + 1))
    second = run.step({name: real(exact) for name, exact in hypers.items()}, [real(Fraction(-1))], {})[0]
    m_hat = (0.5 * 1.5 - 0.5) / 0.75
    v_hat = (0.75 * 2.25 + 0.25) / (1 - 0.75**2)
    assert float(second) == pytest.approx(float(first) - 0.1 * m_hat / (math.sqrt(v_hat) + 1))


def test_operations_on_matrices_have_the_values_of_numpy() -> None:
    floats = np.array([[2.0, 0.5, 0.25], [0.5, 1.0, -0.5], [0.25, -0.5, 3.0]])
    exact = np.vectorize(MP.mpf, otypes=[object])(floats)
    values, vectors = np.linalg.eigh(floats)
    root = vectors * (values + 0.5) ** -0.25 @ vectors.T
    found = {
        "matmul": (matrix("matmul", exact, exact), floats @ floats),
        "inverse_root": (matrix("inverse_root", exact, MP.mpf(0.5), MP.mpf(4)), root),
        "eigenbasis": (abs(matrix("eigenbasis", exact)), abs(vectors)),
        "orthogonal": (abs(matrix("orthogonal", exact)), abs(np.linalg.qr(floats)[0])),
    }
    for name, (ours, expected) in found.items():
        assert np.allclose(ours.astype(float), expected), name


def test_a_sum_counts_every_element_of_a_state_that_starts_as_one_number() -> None:
    ones = [np.array([[MP.mpf(1)] * 3] * 2, dtype=object)]
    node = matop("matmul", ref("x"), matop("transpose", ref("x")))
    assert value(node, {"x": ones}, 1)[0][0, 0] == 3


@pytest.mark.parametrize(
    ("target", "name", "text", "expected"),
    [
        ("adam", "v_new", "beta2*v + (1 - beta2)*g*g", "agrees"),
        ("adam", "v_new", "beta2*v + (1 - beta2)*g**3", "differs"),
        ("adam", "v_new", "beta1*v + (1 - beta1)*g**2", "differs"),
        ("adam", "m_hat", "m_new/(1 - beta1**(t - 1))", "domain"),
        ("sgd", "p_new", "p - lr*g + (t - 14)*(t - 15)*0", "agrees"),
        ("sgd", "p_new", "p - lr*g + floor(t/14)", "differs"),
    ],
)
def test_known_edits(target: str, name: str, text: str, expected: str) -> None:
    original = traced(target)
    names = (*original.inputs, *(let.name for let in original.lets))
    edited = with_value(original, statement(original, name), read_expression(text, names))
    assert on_random_runs(edited, original, 1).word == expected


def test_a_witness_must_differ_first_at_its_step() -> None:
    original = traced("sgd")
    edited = with_value(original, 0, op("sub", ref("p"), op("mul", ref("g"), num(2))))
    one, lr = Fraction(1), {"lr": Fraction(1)}
    assert not replayed(edited, original, Witness(lr, one, (one,), 1, one, one))
    assert "agrees" in replayed(edited, original, Witness(lr, one, (0 * one,), 1, one, one))
    assert "differs at step 1" in replayed(edited, original, Witness(lr, one, (one, one), 2, one, one))


@pytest.mark.parametrize("seed", [0, 1])
def test_what_is_rewritten_agrees(seed: int) -> None:
    """A sixth of the targets a seed; the campaign checks every one of its rewritings in the same way."""
    for target in targets()[seed::6]:
        original = traced(target)
        change = changed(Case(target, REWRITE, seed))
        seen = on_random_runs(replace(change.trace, title="rewritten"), original, seed)
        assert seen.word in ("agrees", "undefined"), f"{target}: {change.kind}, {change.what}: {seen}"

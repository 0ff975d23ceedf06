"""Freezing: the order of sums, products and quotients, SymPy's own functions, the names of versions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from itertools import permutations
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from symopt.errors import SpecError
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, is_defined
from symopt.ir.text import node_text
from symopt.ir.trace import Trace
from symopt.lang import Hyper, Rule, State, equal, exp, mean, norm, pi, sqrt, where
from symopt.passes.tracing import trace

Expression = Callable[[Any], Any]


def rule_of(expression: Expression) -> type[Rule]:
    """A rule with a statement x that holds ``expression``."""

    class Holder(Rule):
        lr, eps = Hyper(1), Hyper(1)
        m, v = State(), State()

        def update(s) -> None:
            s.x = expression(s)
            s.m, s.v = s.g, s.g
            s.p = s.p - s.x

    return Holder


def frozen(expression: Expression) -> str:
    lets = {let.name: let.value for let in trace(rule_of(expression)).lets}
    return node_text(lets["x"])


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # What varies most first, then what is declared first (lr, eps, t, p, states, gradients).
        (lambda s: s.eps + s.lr + s.m + s.g + s.p + 2, "(add (add (add (add (add p m) g) 2) lr) eps)"),
        # Positive terms before negative ones.
        (lambda s: s.eps - s.p + s.v - s.m, "(sub (sub (add v eps) p) m)"),
        (lambda s: -s.g - s.p, "(neg (add p g))"),
        (lambda s: s.lr - s.g * s.eps, "(sub lr (mul eps g))"),
        (lambda s: -(s.g - s.lr), "(sub lr g)"),
        # What varies most, not what is written first.
        (lambda s: s.lr + 2 * s.eps * s.g, "(add (mul (mul 2 eps) g) lr)"),
        (lambda s: s.t + norm(s.g) + s.g, "(add (add g (sqrt (sum (pow g 2)))) t)"),
    ],
)
def test_sums(expression: Expression, expected: str) -> None:
    assert frozen(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        # What varies least first, numbers before everything.
        (lambda s: s.g * s.m * s.p * s.t * s.eps * s.lr * 3, "(mul (mul (mul (mul (mul (mul 3 lr) eps) t) p) m) g)"),
        (lambda s: s.g * mean(s.g**2) * s.lr, "(mul (mul lr (mean (pow g 2))) g)"),
        # A quotient is one division of the product above by the product below.
        (lambda s: s.g / s.lr / s.v * s.m, "(div (mul m g) (mul lr v))"),
        (lambda s: s.lr * s.m / (sqrt(s.v) + s.eps), "(div (mul lr m) (add (sqrt v) eps))"),
        (lambda s: 2 * s.g / 3, "(div (mul 2 g) 3)"),
        (lambda s: -s.g / 3, "(neg (div g 3))"),
        (lambda s: 1 / s.v, "(div 1 v)"),
        (lambda s: s.v**-2, "(div 1 (pow v 2))"),
        (lambda s: 1 / sqrt(s.v), "(div 1 (sqrt v))"),
        (lambda s: s.lr**-s.t, "(div 1 (pow lr t))"),
        (lambda s: s.g * exp(-s.t), "(div g (exp t))"),
        (lambda s: s.m / (1 - s.lr**s.t), "(div m (sub 1 (pow lr t)))"),
        (lambda s: s.v ** sp.Rational(3, 2), "(pow v 3/2)"),
    ],
)
def test_products_and_quotients(expression: Expression, expected: str) -> None:
    assert frozen(expression) == expected


def test_the_order_in_which_terms_are_written_does_not_matter() -> None:
    names = ("p", "g", "m", "lr", "t")
    sums = {frozen(lambda s, o=order: sum(getattr(s, name) for name in o)) for order in permutations(names)}
    products = {frozen(lambda s, o=order: sp.prod([getattr(s, name) for name in o])) for order in permutations(names)}
    assert sums == {"(add (add (add (add p m) g) lr) t)"}
    assert products == {"(mul (mul (mul (mul lr t) p) m) g)"}


def test_what_was_declared_first_decides() -> None:
    class Other(Rule):
        b, a = Hyper(1), Hyper(1)

        def update(s) -> None:
            s.p = s.a * s.b * s.g

    assert node_text(trace(Other).lets[0].value) == "(mul (mul b a) g)"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (lambda s: abs(s.g), "(abs g)"),
        (lambda s: sp.Abs(s.g) * sp.sign(s.m), "(mul (sign m) (abs g))"),
        (lambda s: sp.Max(s.g, s.lr, s.v), "(max (max lr v) g)"),
        (lambda s: sp.Min(s.g, 1), "(min 1 g)"),
        (lambda s: sp.floor(s.g) + s.g // 2, "(add (floor (div g 2)) (floor g))"),
        (lambda s: sp.exp(s.g) + sp.E**s.m, "(add (exp m) (exp g))"),
        (lambda s: sp.log(sp.cos(s.g)), "(log (cos g))"),
        (lambda s: where(sp.Ne(s.g, 0), 1, 2), "(where (not (eq g 0)) 1 2)"),
        (lambda s: where((s.g > s.m) & (s.g >= 0), 1, 2), "(where (and (le 0 g) (lt m g)) 1 2)"),
        (lambda s: where((s.g < s.m) | ~equal(s.g, 0), 1, 2), "(where (or (lt g m) (not (eq g 0))) 1 2)"),
    ],
)
def test_functions_of_sympy(expression: Expression, expected: str) -> None:
    assert frozen(expression) == expected


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0.1, "1/10"), (1e-3, "1/1000"), (0.30000000000000004, "7500000000000001/25000000000000000"),
        (0.7853981633974483, "7853981633974483/10000000000000000"), (Fraction(2, 7), "2/7"), (4, "4"),
        (pi, "3141592653589793/1000000000000000"),
    ],
)  # fmt: skip
def test_numbers_are_what_is_written(number: Any, expected: str) -> None:
    assert frozen(lambda s: where(s.g > 0, number, s.g)) == f"(where (lt 0 g) {expected} g)"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (lambda s: sp.Piecewise((s.g, s.g > 0), (0, True)), "Piecewise is no operation of an update rule: Piecewise(("),
        (lambda s: sp.tanh(s.g), "tanh is no operation of an update rule: tanh(g)"),
        (lambda s: s.g % 2, "Mod is no operation of an update rule: Mod(g, 2)"),
        (lambda s: sp.GoldenRatio * s.g, "GoldenRatio is no operation of an update rule: GoldenRatio"),
        (lambda s: where(sp.Xor(s.g > 0, s.m > 0), 1, 2), "Xor is no operation of an update rule"),
        (lambda s: s.m * (s.g + sp.erf(s.g)), "erf is no operation of an update rule: erf(g)"),
    ],
)
def test_what_the_graph_lacks_is_refused_with_its_place(expression: Expression, said: str) -> None:
    line = rule_of.__code__.co_firstlineno + 8
    with pytest.raises(SpecError) as caught:
        frozen(expression)
    assert str(caught.value).startswith(f"{__file__}:{line}: {said}")


def names_of(found: Trace) -> list[tuple[str, str]]:
    return [(let.name, let.target) for let in found.lets]


class Versions(Rule):
    """Assigns everything more than once."""

    m = State()

    def update(s) -> None:
        s.m = 2 * s.m
        s.u = s.m + s.g
        s.u = s.u * s.u
        s.p = s.p - s.u
        s.m = s.m + s.p
        s.p = s.p - s.m


def test_earlier_versions_are_numbered_and_the_last_is_new() -> None:
    found = trace(Versions)
    assert names_of(found) == [
        ("m_1", "m"), ("u_1", "u"), ("u", "u"), ("p_1", "p"), ("m_new", "m"), ("p_new", "p"),
    ]  # fmt: skip
    assert dict(found.results) == {"p": "p_new", "m": "m_new"}
    assert [node_text(let.value) for let in found.lets] == [
        "(mul 2 m)", "(add g m_1)", "(pow u_1 2)", "(sub p u)", "(add m_1 p_1)", "(sub p_1 m_new)",
    ]  # fmt: skip


class Crowded(Rule):
    """Has already taken the names that versions would get."""

    m_1 = Hyper(1)
    m, m_new = State(), State()

    def update(s) -> None:
        s.m = s.m * s.m_1
        s.p_new = s.g
        s.m_new = s.m_new + s.m
        s.m = s.m + s.m_new
        s.p = s.p - s.p_new


def test_names_that_are_taken_are_avoided() -> None:
    found = trace(Crowded)
    assert [(let.name, node_text(let.value)) for let in found.lets] == [
        ("m_1x", "(mul m_1 m)"), ("p_new", "g"), ("m_new_new", "(add m_new m_1x)"),
        ("m_newx", "(add m_1x m_new_new)"), ("p_newx", "(sub p p_new)"),
    ]  # fmt: skip
    assert dict(found.results) == {"p": "p_newx", "m": "m_newx", "m_new": "m_new_new"}
    names = [*found.inputs, *(let.name for let in found.lets)]
    assert len(set(names)) == len(names)


def test_declarations_keep_their_order_and_symbols() -> None:
    found = trace(rule_of(lambda s: s.g))
    assert [hyper.name for hyper in found.hypers] == ["lr", "eps"]
    assert [state.name for state in found.states] == ["m", "v"]
    assert [hyper.tex for hyper in found.hypers] == [r"\mathrm{lr}", r"\mathrm{eps}"]
    assert [state.tex for state in found.states] == ["m", "v"]


# Expressions of SymPy over the names of the rule, compared with SymPy's own arithmetic.
SYMBOLS = {name: sp.Symbol(name) for name in ("p", "g", "m", "lr", "eps")}
leaves = st.sampled_from(list(SYMBOLS.values())) | st.integers(-3, 3).map(sp.Integer) | st.just(sp.Rational(-2, 3))
expressions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda two: two[0] + two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] - two[1]),
        st.tuples(inner, inner).map(lambda two: two[0] * two[1]),
        st.tuples(inner, st.integers(-2, 3)).map(lambda two: two[0] ** two[1]),
    ),
    max_leaves=8,
)
POINT = {"p": 3, "g": Fraction(-5, 7), "m": Fraction(2, 3), "lr": Fraction(1, 11), "eps": -13}


@given(expression=expressions)
def test_freezing_keeps_the_value(expression: sp.Expr) -> None:
    if expression.has(sp.zoo, sp.nan):
        return
    expected = expression.subs({SYMBOLS[name]: sp.Rational(value) for name, value in POINT.items()})
    values = {name: Fraction(value) for name, value in POINT.items()}
    lets = {let.name: let.value for let in trace(rule_of(lambda s: expression.subs("g", s.g))).lets}
    (found,) = evaluate([lets["x"]], values, ScalarArithmetic())
    if expected.is_finite:
        assert found == Fraction(int(expected.p), int(expected.q))
    else:
        assert not is_defined(found)


SHOW = """
import sympy as sp
from symopt.ir.text import trace_text
from symopt.lang import Rule, State, mean, where
from symopt.passes.tracing import trace
class Bags(Rule):
    a, b = State(), State()
    def update(s):
        s.a = sp.Max(mean(s.g, 0), mean(s.g, 1), s.a, s.b, s.p, 1)
        s.b = where(sp.And(s.a > 0, s.b > 0, s.g > s.p, s.g > 1), sp.Min(s.a + s.b, s.b + s.g, s.a), 0)
        s.p = s.p * (s.a + s.b) * (s.a - s.b) * (s.a + 2) + mean(s.g, 0) * mean(s.g, 1)
print(trace_text(trace(Bags)))
"""


def test_the_bags_of_sympy_freeze_the_same_in_every_hash_seed() -> None:
    shown = {
        subprocess.run(
            [sys.executable, "-c", SHOW], env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True, text=True, check=True,
        ).stdout
        for seed in ("0", "1", "2", "3")
    }  # fmt: skip
    assert len(shown) == 1

"""What people have one sign for is found where it means that, and nowhere else."""

from __future__ import annotations

from fractions import Fraction

import pytest

import symopt
from symopt.ir.nodes import Node, num, op, reduce, ref
from symopt.ir.text import node_text
from symopt.lang import Expr, Hyper, log, sqrt
from symopt.lang import cos as cosine
from symopt.passes.freeze import PI
from symopt.printers.patterns import multiple_of_pi, norm, remainder, squared_norm, with_normals

A, K, X = ref("a"), ref("k"), ref("x")


def folded(a: Node, k: Node, over: Node | None = None) -> Node:
    return op("mul", k, op("floor", op("div", over or a, k)))


@pytest.mark.parametrize(
    ("node", "found"),
    [
        (op("sub", A, folded(A, K)), (A, K)),
        (op("sub", op("sub", A, num(1)), folded(op("sub", A, num(1)), K)), (op("sub", A, num(1)), K)),
        (op("sub", op("sub", A, folded(op("sub", A, num(1)), K)), num(1)), (op("sub", A, num(1)), K)),
        (op("sub", op("add", A, X), folded(op("add", X, A), num(3))), (op("add", X, A), num(3))),
        # Something is left over, divided by something else, added, or no remainder at all.
        (op("sub", op("add", A, X), folded(A, K)), None),
        (op("sub", A, folded(A, K, over=X)), None),
        (op("sub", A, op("mul", K, op("floor", op("div", A, X)))), None),
        (op("add", A, folded(A, K)), None),
        (op("sub", op("add", A, A), folded(A, K)), None),
        (op("sub", A, X), None),
        (A, None),
    ],
)
def test_remainders(node: Node, found: tuple[Node, Node] | None) -> None:
    assert remainder(node) == found


def test_norms() -> None:
    square, product = op("pow", X, num(2)), op("mul", X, X)
    for name, expected in (("sum", "norm"), ("mean", "rms"), ("model_sum", "model_norm")):
        assert norm(op("sqrt", reduce(name, square))) == squared_norm(reduce(name, product)) == (expected, X)
    for other in (reduce("sum", square, 0), reduce("amax", square), reduce("sum", op("pow", X, num(3))), X):
        assert squared_norm(other) is None
    assert norm(reduce("sum", square)) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (PI.value, 1), (2 * PI.value, 2), (-PI.value / 4, Fraction(-1, 4)), (101 * PI.value, None),
        (Fraction(0), None), (Fraction("3.14159"), None), (Fraction(22, 7), None),
    ],
)  # fmt: skip
def test_multiples_of_pi(value: Fraction, expected: Fraction | None) -> None:
    assert multiple_of_pi(value) == expected


def drawn(expression: Expr) -> tuple[tuple[str, ...], str]:
    class Holder(symopt.Rule):
        lr = Hyper(0.1)

        def update(s) -> None:
            s.p = s.p - s.g * expression(s)

    shown = with_normals(symopt.trace(Holder))
    return shown.draws, node_text(shown.lets[-1].value)


@pytest.mark.parametrize(
    ("expression", "draws", "text"),
    [
        (lambda s: s.normal(), ("normal",), "(sub p (mul g normal))"),
        (lambda s: sqrt(2) * s.normal(), ("normal",), "(sub p (mul (mul 2 g) (div normal (sqrt 2))))"),
        (lambda s: s.normal() / s.lr, ("normal",), "(sub p (div (mul g normal) lr))"),
        (
            lambda s: s.normal() + s.normal(),
            ("normal", "normal2"),
            "(sub p (mul g (add normal normal2)))",
        ),
        (lambda s: s.uniform() + s.normal(), ("draw1", "normal"), "(sub p (mul g (add draw1 normal)))"),
        (lambda s: s.uniform() * s.uniform(), ("draw1", "draw2"), "(sub p (mul (mul g draw1) draw2))"),
    ],
)
def test_normal_numbers_are_drawn_as_such(expression: Expr, draws: tuple[str, ...], text: str) -> None:
    assert drawn(expression) == (draws, text)


def test_what_only_looks_like_a_normal_number_is_left_alone() -> None:
    def half(s: Expr) -> Expr:
        return sqrt(-log(s.uniform())) * cosine(3 * s.uniform())

    draws, text = drawn(half)
    assert draws == ("draw1", "draw2")
    assert "normal" not in text


def test_a_uniform_number_that_is_read_by_itself_too_stays() -> None:
    def twice(s: Expr) -> Expr:
        a, b = s.uniform(), s.uniform()
        return sqrt(-2 * log(a)) * cosine(2 * symopt.lang.pi * b) + a

    assert drawn(twice)[0] == ("draw1", "normal")


def test_a_name_that_is_taken_is_avoided() -> None:
    class Taken(symopt.Rule):
        normal2 = Hyper(1)

        def update(s) -> None:
            s.p = s.p - s.normal2 * s.normal() - s.normal() ** 1 - s.g

    first, second = with_normals(symopt.trace(Taken)).draws
    assert first == "normal"
    assert second not in ("normal", "normal2")

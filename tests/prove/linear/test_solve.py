"""Pieces of solutions, against all points of a grid at which equations vanish."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest

from symopt.lang.domain import NonNegative, Real, UnitInterval
from symopt.prove.deadline import Deadline
from symopt.prove.elements import Poly
from symopt.prove.linear.implied import value_at
from symopt.prove.linear.rational import Rational, Ring
from symopt.prove.linear.solve import Piece, Solver

RING = Ring(["x", "y", "a", "b"])
X, Y, A, B = (RING.gen(name) for name in RING.names)
GRID = tuple(map(Fraction, ("-1", "0", "1/2", "1", "2")))


def lies_in(piece: Piece, point: dict[str, Fraction]) -> bool:
    def value(of: Rational) -> Fraction | None:
        bottom = value_at(RING, of.den, point)
        return value_at(RING, of.num, point) / bottom if bottom else None

    return all(value(v) == point[name] for name, v in piece.values.items())


@pytest.mark.parametrize(
    "equations",
    [
        [X - A],
        [X * A - B, Y - X],
        [X * Y],
        [X * (1 - A) - B, Y * (X - B)],
        [A * X + B * Y, X - Y],
        [(X - A) * (X - B), (Y - 1) * (A - B)],
        [X * A * B],
        [X * Y - A, Y * (B - 1)],
    ],
)
def test_pieces_are_all_solutions_and_nothing_else(equations: list[Poly]) -> None:
    solver = Solver(RING, ("x", "y", "b", "a"), dict.fromkeys(RING.names, Real), Deadline.after(10))
    pieces = solver.pieces(equations)
    assert not any(piece.open for piece in pieces)
    for values in itertools.product(GRID, repeat=4):
        point = dict(zip(RING.names, values, strict=True))
        vanish = all(value_at(RING, e, point) == 0 for e in equations)
        assert any(lies_in(piece, point) for piece in pieces) is vanish, point


def test_what_lies_outside_a_domain_is_no_solution() -> None:
    domains = {"x": UnitInterval, "y": NonNegative, "a": NonNegative, "b": NonNegative}
    solver = Solver(RING, ("x", "y", "b", "a"), domains, Deadline.after(10))
    assert solver.pieces([X - 1]) == []
    assert solver.pieces([Y + A + 1]) == []
    (piece,) = solver.pieces([Y + A])  # only where both are zero
    assert {name: value.value for name, value in piece.values.items()} == {"y": 0, "a": 0}


def test_an_equation_that_is_linear_in_nothing_is_left_open() -> None:
    solver = Solver(RING, ("x", "a"), {"x": Real, "a": Real}, Deadline.after(10))
    (piece,) = solver.pieces([X * X - A * A * A])
    assert piece.open

"""Shapes: what every operation makes of those of its operands, and which operands it refuses."""

from __future__ import annotations

from itertools import product

import pytest

from symopt.errors import VerifyError
from symopt.ir.nodes import MATRIX_OPS, Node, matop, num, op, reduce, ref
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, SCALAR, WIDE, Axis, Shape, joined, let_shapes, shape_of
from symopt.lang import (
    Expr,
    Hyper,
    Rule,
    State,
    eigenbasis,
    inverse_root,
    matmul,
    mean,
    model_total,
    norm,
    orthogonal,
    transpose,
    unwide,
    where,
    wide,
)
from symopt.passes.tracing import trace

SHORT = Shape(Axis.SHORT, Axis.SHORT)
LEFT, RIGHT = Shape(Axis.ROWS, Axis.ROWS), Shape(Axis.COLS, Axis.COLS)
# A name of every shape: a number, a row's and a column's values, the parameter's, squares, a wide matrix.
NAMES = {"s": SCALAR, "r": PER_ROW, "c": PER_COL, "e": ELEMENT, "l": LEFT, "q": RIGHT, "w": WIDE, "h": SHORT}
s, r, c, e, left, right, w, h = map(ref, NAMES)
TWO = num(2)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (TWO, SCALAR),
        (op("add", s, e), ELEMENT),
        (op("mul", e, TWO), ELEMENT),
        (op("mul", r, c), ELEMENT),
        (op("div", e, r), ELEMENT),
        (op("add", r, s), PER_ROW),
        (op("where", op("lt", s, r), c, s), ELEMENT),
        (op("sqrt", left), LEFT),
        (reduce("sum", e), SCALAR),
        (reduce("model_sum", e), SCALAR),
        (reduce("amax", w), SCALAR),
        (reduce("mean", e, 0), PER_COL),
        (reduce("mean", e, 1), PER_ROW),
        (reduce("amin", r, 0), SCALAR),
        (reduce("amin", c, 1), SCALAR),
        (reduce("sum", w, 1), Shape(Axis.SHORT, Axis.ONE)),
        (matop("transpose", e), Shape(Axis.COLS, Axis.ROWS)),
        (matop("matmul", e, matop("transpose", e)), LEFT),
        (matop("matmul", matop("transpose", e), e), RIGHT),
        (matop("matmul", left, e), ELEMENT),
        (matop("matmul", e, right), ELEMENT),
        (matop("wide", e), WIDE),
        (matop("matmul", w, matop("transpose", w)), SHORT),
        (matop("unwide", matop("matmul", h, w), e), ELEMENT),
        (matop("inverse_root", left, s, num(4)), LEFT),
        (matop("eigenbasis", right), RIGHT),
        (matop("orthogonal", h), SHORT),
    ],
)
def test_the_shape_of_an_expression(node: Node, expected: Shape) -> None:
    assert shape_of(node, NAMES) == expected


@pytest.mark.parametrize(
    ("node", "said"),
    [
        (op("add", e, left), "shapes do not fit element by element: rows x cols and rows x rows"),
        (op("add", r, matop("transpose", r)), "transpose takes a matrix, and is given a value of shape rows x 1"),
        (op("mul", e, matop("transpose", e)), "shapes do not fit element by element: rows x cols and cols x rows"),
        (op("add", w, e), "shapes do not fit element by element: short x long and rows x cols"),
        (reduce("sum", s), "sum is taken over elements, and what it is given is one number"),
        (reduce("model_sum", TWO), "model_sum is taken over elements, and what it is given is one number"),
        (reduce("mean", s, 0), "mean is taken over elements, and what it is given is one number"),
        (reduce("mean", r, 1), "mean along axis 1 of a value of shape rows x 1, which has no such axis"),
        (reduce("mean", c, 0), "mean along axis 0 of a value of shape 1 x cols, which has no such axis"),
        (matop("matmul", e, e), "shapes do not fit: a product of rows x cols and rows x cols"),
        (matop("matmul", r, c), "matmul takes a matrix, and is given a value of shape rows x 1"),
        (matop("matmul", left, s), "matmul takes a matrix, and is given a value of shape 1 x 1"),
        (matop("matmul", matop("transpose", e), r), "matmul takes a matrix, and is given a value of shape rows x 1"),
        (matop("wide", left), "wide takes a matrix of rows x cols, and is given one of rows x rows"),
        (matop("unwide", e, e), "unwide takes a matrix of short x long, and is given one of rows x cols"),
        (matop("eigenbasis", e), "eigenbasis takes a square matrix, and is given one of rows x cols"),
        (matop("orthogonal", w), "orthogonal takes a square matrix, and is given one of short x long"),
        (matop("inverse_root", e, s, TWO), "inverse_root takes a square matrix, and is given one of rows x cols"),
        (matop("inverse_root", left, r, TWO), "inverse_root takes a number as damping, and is given a value of shape"),
    ],
)
def test_what_does_not_fit_is_refused(node: Node, said: str) -> None:
    with pytest.raises(VerifyError) as caught:
        shape_of(node, NAMES)
    assert str(caught.value).startswith(said)


def test_every_matrix_operation_refuses_numbers() -> None:
    for name, count in MATRIX_OPS.items():
        with pytest.raises(VerifyError, match=f"{name} takes a matrix, and is given a value of shape 1 x 1"):
            shape_of(matop(name, *[s] * count), NAMES)


def test_stretching_does_not_depend_on_the_order_of_operands() -> None:
    for one, other in product(NAMES.values(), repeat=2):
        try:
            assert joined(one, other) == joined(other, one)
        except VerifyError:
            with pytest.raises(VerifyError):
                joined(other, one)
    assert joined() == SCALAR


class Shaped(Rule):
    """States of every shape, each as wide as its new values."""

    number, row, col, spread = State(), State(), State(), State()
    gram, other, tall, narrow, copy = State(), State(), State(), State(), State("p")

    def update(s) -> None:
        s.number = s.number + norm(s.g)
        s.row = s.row + mean(s.g, axis=1)
        s.col = s.col + mean(s.g, axis=0)
        s.spread = s.row * s.col
        s.gram = s.gram + matmul(s.g, transpose(s.g))
        s.other = s.other + matmul(transpose(s.g), s.g)
        s.tall = transpose(s.g)
        s.narrow = matmul(wide(s.g), transpose(wide(s.g)))
        s.copy = s.copy
        s.p = s.p - s.g


def test_a_state_has_the_shape_of_its_new_values() -> None:
    shapes = let_shapes(trace(Shaped))
    assert {name: str(shapes[name]) for name in Shaped.declared(State)} == {
        "number": "1 x 1", "row": "rows x 1", "col": "1 x cols", "spread": "rows x cols", "gram": "rows x rows",
        "other": "cols x cols", "tall": "cols x rows", "narrow": "short x short", "copy": "rows x cols",
    }  # fmt: skip


class Wider(Rule):
    """``late`` is a row of values only through ``early``, whose new value is read in the next step."""

    late, early = State(), State()

    def update(s) -> None:
        s.late = s.early
        s.early = mean(s.g, axis=1)
        s.p = s.p - s.late


def test_a_shape_reaches_states_through_states() -> None:
    shapes = let_shapes(trace(Wider))
    assert (shapes["late"], shapes["early"]) == (PER_ROW, PER_ROW)


class Circular(Rule):
    """A basis that is followed: nothing but its first value says that it is square."""

    gram, basis, late = State(), State(), State()

    def update(s) -> None:
        s.late = s.late + matmul(transpose(s.basis), s.g)
        s.gram = s.gram + matmul(s.g, transpose(s.g))
        s.basis = where(s.t < 2, eigenbasis(s.gram), orthogonal(matmul(s.gram, s.basis)))
        s.p = s.p - s.late


def test_a_state_may_have_its_shape_from_itself() -> None:
    shapes = let_shapes(trace(Circular))
    assert (shapes["basis"], shapes["late"]) == (LEFT, ELEMENT)


def test_a_state_that_starts_in_one_shape_and_goes_on_in_another_is_refused() -> None:
    class Turned(Rule):
        b = State("p")

        def update(s) -> None:
            s.b = transpose(s.g)
            s.p = s.p - s.g

    with pytest.raises(VerifyError, match="turned: a state and its new value: shapes do not fit element by element"):
        trace(Turned)


class Given(Rule):
    """Reads everything that a step is given."""

    def update(s) -> None:
        s.number = s.loss + s.rows + s.cols + s.size + model_total(s.hessian)
        s.p = s.p - s.number * s.uniform()


def test_what_a_step_is_given_has_its_shape() -> None:
    shapes = let_shapes(trace(Given))
    numbers = ["loss", "rows", "cols", "size", "number"]
    assert [shapes[name] for name in numbers] == [SCALAR] * 5
    assert [shapes[name] for name in ("p", "hessian", "draw1")] == [ELEMENT] * 3


def rule_of(expression: Expr) -> type[Rule]:
    class Bad(Rule):
        lr = Hyper(0.1)

        def update(s) -> None:
            s.q = expression(s)
            s.p = s.p - s.q

    return Bad


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        (lambda s: mean(s.lr), "mean is taken over elements, and what it is given is one number"),
        (lambda s: norm(norm(s.g)), "sum is taken over elements, and what it is given is one number"),
        (lambda s: matmul(s.g, s.g), "shapes do not fit: a product of rows x cols and rows x cols"),
        (lambda s: unwide(s.g), "unwide takes a matrix of short x long, and is given one of rows x cols"),
        (lambda s: inverse_root(s.g, 4), "inverse_root takes a square matrix, and is given one of rows x cols"),
        (lambda s: wide(transpose(s.g)), "wide takes a matrix of rows x cols, and is given one of cols x rows"),
    ],
)
def test_the_message_names_place_rule_and_statement(expression: Expr, said: str) -> None:
    line = rule_of.__code__.co_firstlineno + 5
    with pytest.raises(VerifyError) as caught:
        trace(rule_of(expression))
    assert str(caught.value) == f"{__file__}:{line}: bad: q: {said}"


def test_a_parameter_of_another_shape_than_its_own_is_refused() -> None:
    class Square(Rule):
        def update(s) -> None:
            s.p = matmul(s.g, transpose(s.g))

    with pytest.raises(VerifyError, match="square: the new value of p has the shape rows x rows, and p rows x cols"):
        trace(Square)


def test_a_gradient_is_asked_for_at_a_point_of_the_shape_of_the_parameter() -> None:
    class Ahead(Rule):
        def update(s) -> None:
            s.ahead = s.gradient(at=matmul(s.p, transpose(s.p)))
            s.p = s.p - s.ahead

    with pytest.raises(
        VerifyError, match="ahead: the point of a gradient has the shape rows x rows, and p rows x cols"
    ):
        trace(Ahead)

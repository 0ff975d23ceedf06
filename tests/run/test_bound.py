"""Bounds of rounding errors hold, for every order of summation, and are no larger than they need to be."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from symopt.ir.exact import ArrayArithmetic, ball, precision
from symopt.run.bound import Bounded, Grade, RunningError, tolerance

Array = np.ndarray[Any, Any]
DTYPES = ("float32", "float64")
both = pytest.mark.parametrize("dtype", DTYPES)


def ordinary(shape: Any, dtype: str, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    return (rng.standard_normal(shape) * 10.0 ** rng.integers(-6, 6, shape)).astype(dtype)  # type: ignore[no-any-return]


def exact(array: Array) -> Array:
    found = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        found[place] = Fraction(float(array[place]))
    return found


def moved(array: Array, error: Array, seed: int) -> Array:
    """Exact values as far from computed ones as their bounds allow, to one side or the other."""
    sides = np.random.default_rng(seed).choice([-1, 1], array.shape)
    return exact(array) + exact(error) * sides


def assert_within(true: Any, computed: Any, limit: Any) -> None:
    parts = np.broadcast_arrays(np.asarray(true, dtype=object), np.asarray(computed), np.asarray(limit))
    for value, found, error in zip(*(part.ravel() for part in parts), strict=True):
        if np.isfinite(error):
            assert float(abs(ball(value) - ball(Fraction(float(found)))).upper()) <= float(error)


@both
@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "sqrt", "max", "abs", "neg", "exp", "log", "floor"])
def test_a_bound_holds_for_operands_that_are_off(name: str, dtype: str) -> None:
    """Operands are moved within their bounds; the exact result of the moved ones is within the result's bound."""
    arity = 1 if name in {"sqrt", "abs", "neg", "exp", "log", "floor"} else 2
    arithmetic, operands, true = RunningError(dtype), [], []
    for seed in range(arity):
        value = ordinary(200, dtype, seed)
        value = np.abs(value) if name in {"sqrt", "log"} else np.clip(value, -50, 50) if name == "exp" else value
        error = np.abs(value) * np.random.default_rng(seed).choice([0, 1e-6, 0.3], 200)
        operands.append(Bounded(value, error.astype(np.longdouble)))
        true.append(moved(value, error, seed + 9))
    with precision(300):
        result = arithmetic.op(name, *operands)
        assert_within(ArrayArithmetic().op(name, *true), result.value, result.error)
    # A bound that says nothing would hold as well: without moved operands it is a rounding or two.
    sharp = arithmetic.op(name, *(Bounded(o.value, np.longdouble(0)) for o in operands))
    roundings = 4 if name in {"exp", "log"} else 1
    limit = roundings * (np.spacing(np.abs(sharp.value)) * 1.01 + np.finfo(dtype).smallest_subnormal)
    assert (sharp.error <= limit).all()


@both
@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "model_sum"])
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_a_bound_of_a_reduction_holds_for_operands_that_are_off(name: str, axis: int | None, dtype: str) -> None:
    if name == "model_sum" and axis is not None:
        return
    value = ordinary((13, 7), dtype)
    error = np.abs(value) * np.random.default_rng(1).choice([0, 1e-6, 0.3], value.shape)
    result = RunningError(dtype).reduce(name, Bounded(value, error.astype(np.longdouble)), axis)
    with precision(300):
        assert_within(ArrayArithmetic().reduce(name, moved(value, error, 2), axis), result.value, result.error)
    assert np.shape(result.value) == np.shape(result.error) == {None: (), 0: (1, 7), 1: (13, 1)}[axis]


ORDERS: dict[str, Callable[[Array], Any]] = {
    "one after the other": lambda x: np.add.accumulate(x)[-1],
    "backwards": lambda x: np.add.accumulate(x[::-1])[-1],
    "smallest first": lambda x: np.add.accumulate(x[np.argsort(np.abs(x))])[-1],
    "pairwise": np.sum,
    "halves": lambda x: np.add.accumulate(np.add.reduce(x.reshape(8, -1), axis=1))[-1],
}


@both
@pytest.mark.parametrize("order", ORDERS)
def test_a_sum_is_within_its_bound_in_every_order(order: str, dtype: str) -> None:
    value = ordinary(512, dtype)
    result = RunningError(dtype).reduce("sum", Bounded(value, np.longdouble(0)), None)
    found = ORDERS[order](value)
    assert found.dtype == dtype
    assert_within(sum(exact(value)), found, result.error)
    # Cancellation: the bound is that of the terms, and no larger than one rounding of each of them.
    assert result.error <= 512 * np.finfo(dtype).eps * np.abs(value.astype(np.longdouble)).sum()


@both
def test_a_product_is_within_its_bound_with_and_without_fused_additions(dtype: str) -> None:
    a, b = ordinary((5, 31), dtype), ordinary((31, 4), dtype, 1)
    result = RunningError(dtype).matop("matmul", Bounded(a, np.longdouble(0)), Bounded(b, np.longdouble(0)))
    true = np.dot(exact(a), exact(b))
    plain = np.zeros((5, 4), dtype)
    for k in range(31):
        plain = plain + np.outer(a[:, k], b[k])
    assert plain.dtype == dtype
    # An addition that is fused rounds once; the long type stands in for the exact product.
    fused = np.zeros((5, 4), dtype)
    for k in range(31):
        fused = (fused.astype(np.longdouble) + np.outer(a[:, k].astype(np.longdouble), b[k])).astype(dtype)
    for found in (plain, fused, a @ b, (a.astype(np.float64) @ b.astype(np.float64)).astype(dtype)):
        assert_within(true, found, result.error)
    sizes = np.abs(a.astype(np.longdouble)) @ np.abs(b.astype(np.longdouble))
    assert (result.error <= 33 * np.finfo(dtype).eps * sizes).all()


@both
def test_a_product_of_operands_that_are_off_is_within_its_bound(dtype: str) -> None:
    a, b = ordinary((3, 8), dtype), ordinary((8, 3), dtype, 1)
    off = [np.abs(x) * np.random.default_rng(i).choice([0, 1e-5], x.shape) for i, x in enumerate((a, b))]
    bounded = [Bounded(x, error.astype(np.longdouble)) for x, error in zip((a, b), off, strict=True)]
    result = RunningError(dtype).matop("matmul", *bounded)
    assert_within(np.dot(moved(a, off[0], 3), moved(b, off[1], 4)), result.value, result.error)


def test_transposes_are_exact_and_carry_their_bounds() -> None:
    arithmetic = RunningError("float64")
    x = Bounded(np.arange(6.0).reshape(3, 2), np.longdouble([[1, 2], [3, 4], [5, 6]]))
    for name, others in (("transpose", ()), ("wide", ()), ("unwide", (x,))):
        found = arithmetic.matop(name, x, *others)
        assert (found.value == x.value.T).all()
        assert (found.error == x.error.T).all()
    flat = Bounded(x.value.T, x.error.T)
    assert arithmetic.matop("wide", flat).value is not None
    assert (arithmetic.matop("wide", flat).value == flat.value).all()


def test_a_bound_is_infinite_where_the_range_is_left() -> None:
    arithmetic = RunningError("float32")
    big = Bounded(np.float32([1e30, 1.0]), np.longdouble(0))
    found = arithmetic.op("mul", big, big)
    assert list(np.isinf(found.error)) == [True, False]
    assert list(found.grade) == [Grade.LOST, Grade.RIGOROUS]
    near = Bounded(np.float32([1.0]), np.longdouble([1e-6]))
    assert np.isinf(arithmetic.op("lt", near, Bounded(np.float32([1.0]), np.longdouble(0))).error).all()


def spread(eigenvalues: list[float]) -> Array:
    """A symmetric matrix with given eigenvalues."""
    q = np.linalg.qr(np.random.default_rng(5).standard_normal((len(eigenvalues),) * 2))[0]
    found = (q * eigenvalues) @ q.T
    return (found + found.T) / 2  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("name", "matrix", "others", "grade"),
    [
        ("eigenbasis", spread([1, 2, 3]), (), Grade.LOOSE),
        ("eigenbasis", spread([1, 1, 3]), (), Grade.LOST),
        ("eigenbasis", np.zeros((3, 3)), (), Grade.LOST),
        ("inverse_root", spread([1, 2, 3]), (0.1, 4.0), Grade.LOOSE),
        ("inverse_root", spread([0, 0, 3]), (0.0, 4.0), Grade.LOST),
        ("inverse_root", spread([0, 0, 3]), (0.5, 4.0), Grade.LOOSE),
        ("orthogonal", spread([1, 2, 3]), (), Grade.LOOSE),
        ("orthogonal", spread([0, 2, 3]), (), Grade.LOST),
        ("orthogonal", np.full((3, 3), np.nan), (), Grade.LOST),
    ],
)
def test_what_has_no_bound_is_compared_only_where_it_is_well_determined(
    name: str, matrix: Array, others: tuple[float, ...], grade: Grade
) -> None:
    arithmetic = RunningError("float64")
    operands = [Bounded(np.asarray(x), np.longdouble(0)) for x in (matrix, *others)]
    found = arithmetic.matop(name, *operands)
    assert np.isinf(found.error).all()
    assert (np.asarray(found.grade) == grade).all()
    # What is chosen decides, and not what could have been chosen.
    plain = Bounded(np.ones((3, 3)), np.longdouble(0))
    for condition, expected in ((True, Grade.RIGOROUS), (False, grade)):
        chosen = arithmetic.op("where", Bounded(np.asarray(condition), np.longdouble(0)), plain, found)
        assert (np.asarray(chosen.grade) == expected).all()


def test_a_chain_of_products_ends_in_a_tolerance() -> None:
    """The bound of a Newton-Schulz iteration doubles its exponent with every step, and its error does not."""
    arithmetic = RunningError("float32")
    x = Bounded((spread([1, 2, 3, 4, 5, 6]) / 9).astype(np.float32), np.longdouble(0))
    grades = []
    for _ in range(6):
        a = arithmetic.matop("matmul", x, arithmetic.matop("transpose", x))
        y = arithmetic.matop("matmul", a, x)
        x = arithmetic.op("sub", arithmetic.op("add", x, x), y)
        grades.append(int(np.max(y.grade)))
    assert grades[0] == Grade.RIGOROUS
    assert grades[-1] == Grade.LOOSE
    assert sorted(grades) == grades
    assert tolerance("float32") == pytest.approx(2**-11.5)

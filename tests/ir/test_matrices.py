"""Exact operations on matrices: balls that hold what NumPy and closed forms find."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import flint
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from symopt.ir import matrices
from symopt.ir.exact import UNDEFINED, ArrayArithmetic, ball, is_defined, precision
from symopt.ir.nodes import MATRIX_OPS

Array = np.ndarray[Any, np.dtype[Any]]


def exact(rows: Any) -> Array:
    """A matrix of fractions."""
    return np.frompyfunc(Fraction, 1, 1)(np.array(rows, dtype=object))


def floats(matrix: Array) -> Array:
    return np.array([[float(ball(x).mid()) for x in row] for row in matrix]).reshape(matrix.shape)


def radius(matrix: Array) -> float:
    return max((float(ball(x).rad()) for x in matrix.flat), default=0.0)


def holds(found: Array, expected: Array) -> bool:
    """Whether every ball holds the expected number, up to the rounding of a float."""
    pairs = zip(found.flat, np.asarray(expected, dtype=float).flat, strict=True)
    return all(abs(ball(a) - float(b)) < 1e-12 * (1 + abs(float(b))) for a, b in pairs)


entries = st.fractions(min_value=-4, max_value=4, max_denominator=8)


@st.composite
def matrices_of(draw: st.DrawFn, square: bool = False) -> Array:
    rows = draw(st.integers(1, 4))
    cols = rows if square else draw(st.integers(1, 4))
    return exact([[draw(entries) for _ in range(cols)] for _ in range(rows)])


@given(matrices_of(), matrices_of())
def test_products_of_fractions_are_exact(a: Array, b: Array) -> None:
    if a.shape[1] != b.shape[0]:
        b = b.transpose() if b.shape[1] == a.shape[1] else a.transpose()
    found = matrices.matmul(a, b)
    by_hand = [[sum(a[i, k] * b[k, j] for k in range(a.shape[1])) for j in range(b.shape[1])] for i in range(len(a))]
    assert np.array_equal(found, exact(by_hand))
    assert all(isinstance(x, Fraction) for x in found.flat)


def test_a_product_of_fractions_and_balls_holds_the_product() -> None:
    root = ball(Fraction(2)).sqrt()
    found = matrices.matmul(exact([[1, 2], [3, 4]]), np.array([[root], [Fraction(1, 2)]], dtype=object))
    assert holds(found, np.array([[1, 2], [3, 4]]) @ np.array([[np.sqrt(2)], [0.5]]))


def test_a_product_over_no_columns_is_zero() -> None:
    found = matrices.matmul(np.empty((2, 0), dtype=object), np.empty((0, 3), dtype=object))
    assert np.array_equal(found, exact([[0] * 3] * 2))


@pytest.mark.parametrize("shape", [(2, 3), (3, 2), (2, 2)])
def test_wide_is_never_tall_and_unwide_turns_back(shape: tuple[int, int]) -> None:
    a = exact(np.arange(6)[: shape[0] * shape[1]].reshape(shape))
    found = matrices.wide(a)
    assert found.shape == (min(shape), max(shape))
    assert np.array_equal(found, a if shape[0] <= shape[1] else a.T)
    assert np.array_equal(matrices.unwide(found, a), a)
    assert np.array_equal(matrices.transpose(a), a.T)


@given(matrices_of(square=True))
@settings(max_examples=60, deadline=None)
def test_the_orthogonal_factor_is_that_of_numpy_with_a_positive_diagonal(a: Array) -> None:
    q, r = np.linalg.qr(floats(a))
    found = matrices.orthogonal(a)
    if abs(np.diag(r)).min() < 1e-3:
        return  # a matrix that is nearly singular has a factor that floats do not find
    assert holds(found, q * np.where(np.diag(r) < 0, -1, 1))
    assert radius(found) < 1e-12


@given(matrices_of(square=True))
@settings(max_examples=60, deadline=None)
def test_a_basis_of_eigenvectors_is_that_of_numpy_with_the_signs_of_the_definition(a: Array) -> None:
    symmetric = a + a.T
    values, vectors = np.linalg.eigh(floats(symmetric))
    if len(values) > 1 and np.diff(values).min() < 1e-2:
        return
    found = matrices.eigenbasis(symmetric)
    assert radius(found) < 1e-15
    for j, column in enumerate(floats(found).T):
        assert np.allclose(np.abs(column), np.abs(vectors[:, j]))
        assert np.allclose(floats(symmetric) @ column, values[j] * column)
        largest = np.flatnonzero(np.abs(column) > np.abs(column).max() - 1e-12)[0]
        assert column[largest] > 0


def test_of_elements_of_equal_size_the_first_is_positive() -> None:
    half = 1 / np.sqrt(2)
    assert holds(matrices.eigenbasis(exact([[0, 1], [1, 0]])), np.array([[half, half], [-half, half]]))
    assert holds(matrices.eigenbasis(exact([[3, -1], [-1, 3]])), np.array([[half, half], [half, -half]]))


def test_eigenvalues_ascend() -> None:
    assert holds(matrices.eigenbasis(exact([[5, 0], [0, 2]])), np.array([[0.0, 1.0], [1.0, 0.0]]))


@given(matrices_of(), st.sampled_from([1, 2, 3, 4, 8]), st.fractions(min_value=Fraction(1, 100), max_value=2))
@settings(max_examples=60, deadline=None)
def test_the_power_of_an_inverse_root_is_the_inverse(a: Array, order: int, damping: Fraction) -> None:
    gram = matrices.matmul(a, a.T)
    found = matrices.inverse_root(gram, damping, Fraction(order))
    power = np.eye(len(a), dtype=int)
    for _ in range(order):
        power = np.dot(power, found)
    product = np.dot(power, matrices._balls(gram + damping * np.eye(len(a), dtype=int)))
    assert holds(product, np.eye(len(a)))
    assert radius(found) < 1e-13
    assert holds(found, found.T)


def test_roots_in_closed_form() -> None:
    """A = [[5, 4], [4, 5]] has the eigenvalues 1 and 9 on (1, -1) and (1, 1)."""
    found = matrices.inverse_root(exact([[5, 4], [4, 5]]), Fraction(0), Fraction(2))
    assert holds(found, np.array([[2, -1], [-1, 2]]) / 3)
    # A number of the matrix, for which the eigenvectors are not determined, is one of the root.
    assert holds(matrices.inverse_root(exact([[7, 0], [0, 7]]), Fraction(9), Fraction(4)), np.eye(2) / 2)


def test_more_bits_give_narrower_balls() -> None:
    a = exact([[2, 1], [1, 3]])
    coarse = radius(matrices.eigenbasis(a)), radius(matrices.inverse_root(a, Fraction(1), Fraction(4)))
    with precision(300):
        fine = radius(matrices.eigenbasis(a)), radius(matrices.inverse_root(a, Fraction(1), Fraction(4)))
    assert max(fine) < 1e-80 < min(coarse)
    assert flint.ctx.prec == 53


def test_the_error_of_what_is_given_reaches_the_result() -> None:
    """Every matrix inside the balls has its root and its eigenvectors inside the balls that come out."""
    middle, width = np.array([[2.0, 1.0], [1.0, 3.0]]), 0.01
    given = np.array([[flint.arb(x, width) for x in row] for row in middle], dtype=object)
    roots, bases = matrices.inverse_root(given, Fraction(0), Fraction(2)), matrices.eigenbasis(given)
    rng = np.random.default_rng(0)
    for _ in range(50):
        noise = rng.uniform(-width, width, 3)
        inside = middle + np.array([[noise[0], noise[1]], [noise[1], noise[2]]])
        values, vectors = np.linalg.eigh(inside)
        root = (vectors * values**-0.5) @ vectors.T
        assert all(ball(x).contains(float(y)) for x, y in zip(roots.flat, root.flat, strict=True))
        largest = np.abs(vectors).argmax(axis=0)
        vectors = vectors * np.sign(vectors[largest, [0, 1]])
        assert all(ball(x).contains(float(y)) for x, y in zip(bases.flat, vectors.flat, strict=True))
    assert 0.001 < radius(roots) < 0.1


def test_what_is_not_determined_is_any_unit_vector() -> None:
    anything = [ball(x) for x in matrices.eigenbasis(exact([[2, 0], [0, 2]])).flat]
    anything += [ball(x) for x in matrices.orthogonal(exact([[1, 2], [1, 2]]))[:, 1]]
    anything += [ball(x) for x in matrices.orthogonal(exact([[0, 1], [0, 2]])).flat]
    assert all(x.contains(1) and x.contains(-1) for x in anything)
    assert holds(matrices.orthogonal(exact([[1, 2], [1, 2]]))[:, :1], np.array([[1], [1]]) / np.sqrt(2))


@pytest.mark.parametrize("rows", [[[0, 0], [0, 0]], [[1, 1], [1, 1]], [[1, 2], [2, 1]]])
def test_a_root_of_what_is_not_positive_is_undefined(rows: list[list[int]]) -> None:
    assert not any(is_defined(x) for x in matrices.inverse_root(exact(rows), Fraction(0), Fraction(4)).flat)


def test_the_undefined_stays_undefined() -> None:
    bad = exact([[1, 2], [2, 5]])
    bad[0, 1] = bad[1, 0] = UNDEFINED
    for name in ("inverse_root", "eigenbasis", "orthogonal"):
        more = [Fraction(0), Fraction(2)] if name == "inverse_root" else []
        assert not any(is_defined(x) for x in ArrayArithmetic().matop(name, bad, *more).flat)


@pytest.mark.parametrize("name", MATRIX_OPS)
def test_a_matrix_without_elements_has_an_empty_result(name: str) -> None:
    empty = np.empty((0, 0), dtype=object)
    args = {"inverse_root": (empty, Fraction(1), Fraction(2))}.get(name, (empty,) * MATRIX_OPS[name])
    assert ArrayArithmetic().matop(name, *args).shape == (0, 0)

"""What functions of NumPy mean for arrays that carry expressions is what NumPy computes, on random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import ref
from symopt.lift.confirm import FloatArithmetic
from symopt.lift.numpy.array import SymArray, whole_of
from symopt.lift.numpy.vocabulary import replacements
from symopt.lift.scalars import patched_math
from symopt.lift.session import Session, active
from symopt.lift.whole import parameter_like

SHAPE = (4, 16)
Function = Callable[[Any, Any], Any]


def _both(function: Function, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """What a function of p and g comes to: by its meaning, and by NumPy."""
    random = np.random.default_rng(7)
    numbers = {name: random.uniform(-1.2, 1.8, shape) for name in ("p", "g")}
    session = Session(matrix=SHAPE if len(shape) == 2 else None)
    names = patched_math(__name__, conversions=True, also=replacements())
    with active(session), names:
        meant = whole_of(function(*(SymArray.of(parameter_like(ref(name), shape)) for name in numbers)))
    with np.errstate(all="ignore"):
        (value,) = evaluate([meant.node], numbers, FloatArithmetic())
        computed = np.asarray(function(*(item.copy() for item in numbers.values())))
    assert meant.shape == computed.shape
    return value, computed


def _in_place(p: Any, g: Any) -> Any:
    p *= 0.5
    p += g
    p -= 0.25 * g
    p /= np.abs(g) + 1
    p **= 2
    return p


def _out(p: Any, g: Any) -> Any:
    np.multiply(p, g, out=g)
    np.sqrt(np.abs(g), out=p)
    np.add(p, 1, p)
    return p + g


def _out_where(p: Any, g: Any) -> Any:
    np.negative(p, out=p, where=g > 0)
    np.copyto(g, p, where=p < 0.5)
    return p * g


def _masks(p: Any, g: Any) -> Any:
    p[g < 0] = 0.5
    p[(g > 1) | (p > 1)] *= 2
    p[~(g > 0.5)] += g[~(g > 0.5)]
    return p


def _views(p: Any, g: Any) -> Any:
    flat = p.reshape(-1)
    flat *= 2
    p.ravel()[...] = p.ravel() + 1
    q = p[None, ...]
    q += g
    return p[:]


def _transposed_in_place(p: Any, g: Any) -> Any:
    turned = p.T
    turned *= 3
    turned += g.transpose(1, 0)
    return p


def _numbers_are_not_changed_in_place(p: Any, g: Any) -> Any:
    total = np.sum(p)
    before = total
    total += 1
    total *= 2
    return g * before + total


def _copies(p: Any, g: Any) -> Any:
    kept, own, same = p.copy(), np.array(p), np.asarray(p)
    p += g
    return kept * own + same


def _made(p: Any, g: Any) -> Any:
    m, v = np.zeros(p.shape), np.ones(p.shape, dtype=p.dtype)
    m += g
    v[...] = v * p
    w = np.full(p.shape, 0.3)
    w[:] += m
    buffer = np.empty_like(p)
    buffer[...] = w
    return m * v + buffer + np.full_like(g, 2.5)


def _conversions(p: Any, g: Any) -> Any:
    size = float(np.sqrt((p**2).sum()))
    mean = g.mean().item()
    if not isinstance(p, np.ndarray) or not isinstance(size, float):
        raise TypeError
    return p * size + mean + float(np.max(g)) / p.size


FUNCTIONS: list[Function] = [
    lambda p, g: p + 3 * g - 2.0 / (np.abs(p) + 1),
    lambda p, g: 0.7 ** np.abs(p) + np.abs(g) ** 0.3 + p**3,
    lambda p, g: np.sqrt(np.square(p)) + np.cbrt(g) + np.reciprocal(g**2 + 1),
    lambda p, g: np.exp(p) + np.expm1(g) + np.log1p(np.abs(g)) + np.log(np.abs(p) + 0.1),
    lambda p, g: np.sign(p) * np.cos(g) + np.tanh(p) + np.floor(g) + np.fabs(g),
    lambda p, g: np.maximum(p, g) - np.minimum(p, 0.1) + np.fmax(p, 0) + np.copysign(p, g),
    lambda p, g: np.clip(p, -0.2, 0.4) + g.clip(0.1) + np.clip(g, None, 0.2),
    lambda p, g: np.where((p > 0) & ~(g > 0), p, 2 * g) + np.where(p == p, 1.0, 0.0),
    lambda p, g: np.where(np.logical_or(p > 1, g <= 0), p, np.logical_not(g >= 1) * 1.0),
    lambda p, g: p * (g > 0) + (p >= g) + (p != g),
    lambda p, g: np.power(np.abs(p), 1.5) + np.true_divide(p, 3) + np.float_power(np.abs(g), 0.5),
    lambda p, g: np.sum(p) + g.sum() * p.mean(),
    lambda p, g: np.max(p) - p.min() + np.amax(g, keepdims=True),
    lambda p, g: np.add.reduce(np.ravel(p)) + np.maximum.reduce(g.reshape(-1)),
    lambda p, g: np.var(p) + np.std(g),
    lambda p, g: np.linalg.norm(p) * g + np.linalg.norm(g.ravel(), 1) + np.linalg.norm(p.ravel(), np.inf),
    lambda p, g: np.dot(p.ravel(), g.ravel()) + np.vdot(p.ravel(), p.ravel()),
    lambda p, g: np.isfinite(p) * p + np.isnan(g) + np.nan_to_num(g),
    lambda p, g: p.astype(np.float64) + np.zeros_like(g) + np.ones_like(p),
    lambda p, g: np.sum((p > 0) * 1.0) + np.expand_dims(p, 0).squeeze(0),
    _in_place, _out, _out_where, _masks, _views, _numbers_are_not_changed_in_place, _copies, _made, _conversions,
]  # fmt: skip
ON_MATRICES: list[Function] = [
    lambda p, g: p.mean(axis=0, keepdims=True) * g,
    lambda p, g: np.sum(p, axis=1, keepdims=True) + g,
    lambda p, g: np.max(np.abs(p), axis=-1)[:, None] * np.sqrt(np.sum(g * g, axis=0))[None, :],
    lambda p, g: np.linalg.norm(p, axis=1, keepdims=True) * g,
    lambda p, g: np.sum(np.sum(p, axis=0)) + np.sum(p, axis=(0, 1)),
    lambda p, g: p @ g.T,
    lambda p, g: np.matmul(p.T, g).dot(p.T),
    lambda p, g: np.outer(p.mean(axis=1), g.sum(axis=0)),
    lambda p, g: np.transpose(p.T * 2) + g.T.transpose(),
    lambda p, g: np.broadcast_to(p.mean(axis=1, keepdims=True), p.shape) * g,
    _transposed_in_place,
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("shape", [(16,), SHAPE])
def test_a_function_means_what_it_computes(function: Function, shape: tuple[int, ...]) -> None:
    meant, computed = _both(function, shape)
    np.testing.assert_allclose(np.broadcast_to(meant, computed.shape), computed, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("function", ON_MATRICES)
def test_a_function_on_matrices_means_what_it_computes(function: Function) -> None:
    meant, computed = _both(function, SHAPE)
    if np.shape(meant) != computed.shape:
        meant = np.broadcast_to(meant, computed.shape)
    np.testing.assert_allclose(meant, computed, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda p, g: np.sort(p), "np.sort"),
        (lambda p, g: np.linalg.svd(p)[0], "np.svd"),
        (lambda p, g: np.add.accumulate(p), "np.add.accumulate"),
        (lambda p, g: np.random.standard_normal(p.shape), "np.random.standard_normal"),
        (lambda p, g: p[1:], "a part of an array"),
        (lambda p, g: list(p), "one by one"),
        (lambda p, g: p + np.arange(16.0), "different constants"),
        (lambda p, g: np.sqrt(p, where=g > 0), "without out="),
        (lambda p, g: g if p > g else p, "a branch on an array of several"),
        (lambda p, g: int(p.sum()), "int"),
        (lambda p, g: p.astype(int), "converted to int64"),
        (lambda p, g: np.array([p, g]), "concrete numbers"),
    ],
)
def test_what_is_not_lifted_is_refused_by_name(function: Function, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        _both(function, (16,))


def test_a_conversion_to_fewer_digits_is_noted() -> None:
    session = Session()
    with active(session):
        SymArray.of(parameter_like(ref("p"), (16,))).astype(np.float32)
    assert list(session.casts) == ["float64 to float32"]

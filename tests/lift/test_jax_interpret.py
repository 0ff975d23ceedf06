"""The interpreter of jaxprs against JAX itself, operation by operation, on arrays of random numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import ref
from symopt.lift.confirm import FloatArithmetic
from symopt.lift.jax.interpret import FINITE, NO_OVERFLOW, Interpreter
from symopt.lift.jax.states import settled
from symopt.lift.jax.tables import whole
from symopt.lift.session import Session
from symopt.lift.whole import Whole, filled, parameter_like

jax = pytest.importorskip("jax")
jnp, lax = jax.numpy, jax.lax

SHAPES = [(16,), (16, 4)]


def on_one(function: Callable[..., Any], shape: tuple[int, ...]) -> tuple[Whole, Any, Session, np.ndarray, np.ndarray]:
    """What a function of two arrays comes to as an expression, and in numbers."""
    generator = np.random.default_rng(7)
    p, g = generator.uniform(-2, 2, shape), generator.uniform(-2, 2, shape)
    session = Session(matrix=(shape[0], shape[1]) if len(shape) == 2 else None)
    with jax.enable_x64(True):
        jaxpr = jax.make_jaxpr(function)(p, g)
        real = np.asarray(function(jnp.asarray(p), jnp.asarray(g)))
    (value,) = Interpreter(session).run(jaxpr, [parameter_like(ref(name), shape) for name in "pg"])
    return whole(value), real, session, p, g


def check(function: Callable[..., Any], shape: tuple[int, ...]) -> Session:
    value, real, session, p, g = on_one(function, shape)
    assert value.shape == real.shape
    like = parameter_like(ref("p"), shape) if value.shape == shape else value
    (ours,) = evaluate([settled(value, like)], {"p": p, "g": g}, FloatArithmetic())
    ours = np.broadcast_to(ours, shape) if value.shape == shape else np.reshape(ours, value.shape)
    np.testing.assert_allclose(ours, real, rtol=1e-12, atol=1e-12)
    return session


ELEMENTWISE = {
    "powers": lambda p, g: p**2 + p**3 - jnp.abs(g) ** 0.5 + 2.0 ** p - lax.integer_pow(g, -2),
    "roots": lambda p, g: lax.rsqrt(jnp.abs(p)) * jnp.cbrt(g) / jnp.sqrt(p * p),
    "exponentials": lambda p, g: jnp.exp(p) - jnp.expm1(g) + jnp.log1p(p * p) + jnp.exp2(p) * jnp.log(g * g),
    "squashing": lambda p, g: jnp.tanh(p) - jax.nn.sigmoid(g),
    "signs": lambda p, g: jnp.sign(p) * jnp.abs(g) - jnp.maximum(p, g) / jnp.minimum(p, 3.0),
    "rounding": lambda p, g: jnp.floor(p) + jnp.ceil(3 * g) + (4 * p).astype(int) * 1.0,
    "remainders": lambda p, g: lax.rem(7 * p, g) + jnp.mod(5 * p, g),
    "choices": lambda p, g: jnp.where(p > g, p, -g) + jnp.where((p < 0) & ~(g >= 1) | (p != p), 1, 2.0),
    "cases": lambda p, g: lax.select_n((p > 0).astype(int) + (g > 0).astype(int), p, g, p * g),
    "clipping": lambda p, g: jnp.clip(p, -0.5, jnp.abs(g)) + lax.clamp(-1.0, g, 1.0),
    "truth values as numbers": lambda p, g: (p > g) * p + (p == p).astype(float) + ((p > 0) == (g > 0)),
    "branches": lambda p, g: lax.cond(p.sum() > 0, lambda x: x * 2, lambda x: -x, g),
    "a loop": lambda p, g: lax.fori_loop(0, 3, lambda i, x: x * g + i, p),
    "a loop that is left": lambda p, g: lax.while_loop(lambda s: s[0] < 4, lambda s: (s[0] + 1, s[1] * g), (0, p))[1],
    "coefficients": lambda p, g: sum(c * p**i for i, c in enumerate(jnp.array([0.5, -2.0, 3.25]))) + g,
    "a scan over coefficients": lambda p, g: lax.scan(lambda x, c: (x * g + c, c), p, jnp.array([0.5, 1.5]))[0],
    "a function of its own": lambda p, g: jax.jit(jax.nn.relu)(p) + jax.checkpoint(jnp.sin if False else jnp.cos)(g),
    "views": lambda p, g: jnp.squeeze(jnp.expand_dims(p, 0), 0).reshape(p.shape) + g.T.T,
}  # fmt: skip
REDUCED = {
    "a norm": lambda p, g: p / jnp.linalg.norm(p) + jnp.mean(jnp.square(g)),
    "extremes": lambda p, g: p * jnp.max(jnp.abs(g)) - jnp.min(p) * g,
    "norms of several": lambda p, g: p * jnp.stack([(p * p).sum(), abs(g).max()]).sum() + jnp.array([2.0, 3.0]).max(),
    "a product of vectors": lambda p, g: p * jnp.vdot(p, g),
    "questions": lambda p, g: jnp.where(jnp.any(p > 1.9), p, g) + jnp.where(jnp.all(g < 1.99), g, 0.0),
    "the last dimension": lambda p, g: p - p.mean(axis=-1, keepdims=True) + g.max(axis=-1, keepdims=True),
}  # fmt: skip
MATRIX = {
    "rows and columns": lambda p, g: p / jnp.sqrt(jnp.sum(g * g, 0)[None, :] * jnp.sum(g * g, 1)[:, None]),
    "an outer product": lambda p, g: jnp.outer(p.mean(axis=1), g.mean(axis=0)),
    "products": lambda p, g: p @ (p.T @ g) - (g @ g.T) @ p,
    "a product with a vector": lambda p, g: p * (g @ p.sum(axis=0))[:, None] + (p.sum(axis=1) @ g)[None, :],
    "flattened": lambda p, g: p * jnp.dot(p.reshape(-1), g.ravel()),
    "einsum": lambda p, g: jnp.einsum("ij,kj,kl->il", p, g, p),
    "a batch of one": lambda p, g: (p[None] @ jnp.swapaxes(g[None], 1, 2) @ p[None])[0],
}  # fmt: skip


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise(name: str) -> None:
    check(ELEMENTWISE[name], (4, 16))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", REDUCED)
def test_reductions(name: str, shape: tuple[int, ...]) -> None:
    check(REDUCED[name], shape)


@pytest.mark.parametrize("name", MATRIX)
def test_matrices(name: str) -> None:
    check(MATRIX[name], (4, 16))


def test_a_sum_over_its_number_of_elements_is_a_mean() -> None:
    means = {on_one(lambda p, g: jnp.mean(p * g), shape)[0].node for shape in SHAPES}
    assert len(means) == 1


REFUSED = {
    "sort": lambda p, g: jnp.sort(p),
    "eigh": lambda p, g: jnp.linalg.eigh(p @ p.T)[0],
    "random": lambda p, g: p + jax.random.normal(jax.random.key(0), p.shape),
    "data": lambda p, g: lax.while_loop(lambda x: jnp.sum(x) > 0, lambda x: x - 1, p),
    "part of an array": lambda p, g: p[0] + g[1],
    "a vector is multiplied out": lambda p, g: p.sum(axis=0)[:, None] * g.sum(axis=0)[None, :],
    "inf": lambda p, g: jnp.where(p > 0, jnp.inf, g),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_lifted_is_named(name: str) -> None:
    with pytest.raises(UnsupportedError, match=name):
        check(REFUSED[name], (4, 16))


def test_the_place_of_what_is_not_lifted_is_named() -> None:
    with pytest.raises(UnsupportedError, match=r"test_jax_interpret\.py:\d+: cumsum"):
        check(lambda p, g: jnp.cumsum(p), (16,))


def test_infinite_bounds_go_away_under_an_assumption() -> None:
    session = check(lambda p, g: jnp.clip(p, -jnp.inf, 1.0) + jnp.nan_to_num(g), (16,))
    assert list(session.assumptions) == [FINITE]


def test_a_counter_that_is_kept_from_overflow_counts() -> None:
    optax = pytest.importorskip("optax")
    session = Session()
    jaxpr = jax.make_jaxpr(optax.safe_increment)(jnp.zeros((), "int32"))
    (value,) = Interpreter(session).run(jaxpr, [filled(ref("n"), ())])
    assert evaluate([whole(value).node], {"n": 3.0}, FloatArithmetic()) == [4.0]
    assert list(session.assumptions) == [NO_OVERFLOW]


def test_casts_are_recorded() -> None:
    _, _, session, _, _ = on_one(lambda p, g: p.astype("bfloat16").astype("float32") * g, (16,))
    assert list(session.casts) == ["float64 to bfloat16", "bfloat16 to float32"]


def test_a_number_of_single_precision_is_what_is_written() -> None:
    value, _, _, _, _ = on_one(lambda p, g: p.astype("float32") * jnp.float32(0.1), (16,))
    (ours,) = evaluate([value.node], {"p": np.float64(10)}, FloatArithmetic())
    assert ours == 1.0

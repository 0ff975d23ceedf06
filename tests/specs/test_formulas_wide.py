"""Rules with norms and matrices as their papers have them, against the formula once more in NumPy.

Bases and roots are taken here by other ways than in the arithmetic of ``float_run``: signs of eigenvectors as
they come, roots by the singular values. Gradients are ordinary and of mixed sizes, but not hostile: 1e8 beside 1e-8
leaves nothing of the small eigenvalues.
"""

from collections.abc import Callable
from types import SimpleNamespace as Names
from typing import Any

import numpy as np
import pytest
from float_run import Array, run
from formulas import VALUES, Zeros, compares

from symopt import catalogue
from symopt.lang import Hyper

STEPS = 14
MORE_VALUES = VALUES | {"trust": 0.4, "period": 3, "tau": 0.7, "eps1": 0.01, "eps2": 1.3, "d": 1.2}
Step = Callable[[Array, Array, int, Names, Names], Array]


def ordinary(shape: tuple[int, int]) -> Array:
    return np.random.default_rng(5).standard_normal((STEPS, *shape))


def mixed(shape: tuple[int, int]) -> Array:
    """Gradients of sizes from 0.01 to 100, with zeros: one in the first, a column in the later ones."""
    rng = np.random.default_rng(6)
    data = rng.standard_normal((STEPS, *shape)) * 10.0 ** rng.choice([-2, 0, 0, 2], (STEPS, *shape))
    data[5:][rng.random(data[5:].shape) < 0.1] = 0.0
    data[7:, :, 0] = 0.0
    data[0, 0, 0] = 0.0
    return data


def start(shape: tuple[int, int]) -> Array:
    return np.linspace(-2.0, 2.5, shape[0] * shape[1]).reshape(shape)


def values_of(target: str) -> dict[str, float]:
    rule = catalogue.resolve(target)
    return {name: MORE_VALUES[name] for name, hyper in rule.declared(Hyper).items() if rule.exists(hyper)}


def assert_reaches(target: str, step: Step, p: Array, gradients: Array, **changed: float) -> None:
    hypers = values_of(target) | changed
    reached = run(catalogue.resolve(target), hypers, p, lambda point, t: gradients[t - 1], STEPS)
    states = Zeros()
    for t, (g, ours) in enumerate(zip(gradients, reached, strict=True), 1):
        p = step(p, g, t, states, Names(**hypers))
        np.testing.assert_allclose(ours, p, rtol=1e-10, atol=1e-12, err_msg=f"step {t}")


def lars(p: Array, g: Array, t: int, s: Names, h: Names) -> Array:
    local = h.trust * np.linalg.norm(p) / (np.linalg.norm(g) + h.weight_decay * np.linalg.norm(p))
    s.v = h.mu * s.v + h.lr * local * (g + h.weight_decay * p)
    return p - s.v


def sm3(p: Array, g: Array, t: int, s: Names, h: Names) -> Array:
    """Their Algorithm SM3-II element by element, 0/0 = 0; momentum as in the code."""
    rows, cols = p.shape
    before = s.rows if t > 1 else np.zeros(rows), s.cols if t > 1 else np.zeros(cols)
    s.rows, s.cols, step = np.zeros(rows), np.zeros(cols), np.zeros_like(p)
    for i in range(rows):
        for j in range(cols):
            nu = min(before[0][i], before[1][j]) + g[i, j] ** 2
            step[i, j] = g[i, j] / np.sqrt(nu) if nu else 0.0
            s.rows[i], s.cols[j] = max(s.rows[i], nu), max(s.cols[j], nu)
    s.m = h.mu * s.m + (1 - h.mu) * step
    return p - h.lr * s.m


def adafactor(p: Array, g: Array, t: int, s: Names, h: Names) -> Array:
    """Their Algorithm 4, with sums."""
    n, m = p.shape
    beta2, square = 1 - t**-h.tau, g**2 + h.eps1 * np.ones((n, 1)) @ np.ones((1, m))
    s.r = beta2 * s.r + (1 - beta2) * square @ np.ones((m, 1))
    s.c = beta2 * s.c + (1 - beta2) * np.ones((1, n)) @ square
    u = g / np.sqrt(s.r @ s.c / (np.ones((1, n)) @ s.r))
    alpha = max(h.eps2, np.linalg.norm(p) / np.sqrt(n * m)) * min(h.lr, 1 / np.sqrt(t))
    return p - alpha * u / max(1, np.linalg.norm(u) / np.sqrt(n * m) / h.d)


def fourth_root_of_inverse(a: Array) -> Array:
    u, sizes, v = np.linalg.svd(a)
    return (u / np.sqrt(np.sqrt(sizes))) @ v


def shampoo(p: Array, g: Array, t: int, s: Names, h: Names) -> Array:
    if t == 1:
        s.left, s.right = h.eps * np.eye(p.shape[0]), h.eps * np.eye(p.shape[1])
    s.left, s.right = s.left + g @ g.T, s.right + g.T @ g
    return p - h.lr * fourth_root_of_inverse(s.left) @ g @ fourth_root_of_inverse(s.right)


def soap(p: Array, g: Array, t: int, s: Names, h: Names) -> Array:
    """The code: a first step for the bases, then Adam's steps, counted from the second."""
    if t > 1:
        s.m = h.beta1 * s.m + (1 - h.beta1) * g
        s.v = h.beta2 * s.v + (1 - h.beta2) * (s.ql.T @ g @ s.qr) ** 2
        alpha = h.lr * np.sqrt(1 - h.beta2 ** (t - 1)) / (1 - h.beta1 ** (t - 1))
        p = p - alpha * s.ql @ ((s.ql.T @ s.m @ s.qr) / (np.sqrt(s.v) + h.eps)) @ s.qr.T
        p = p - h.lr * h.weight_decay * p
    s.left = h.beta2 * s.left + (1 - h.beta2) * g @ g.T
    s.right = h.beta2 * s.right + (1 - h.beta2) * g.T @ g
    if t == 1:
        s.ql, s.qr = np.linalg.eigh(s.left)[1][:, ::-1], np.linalg.eigh(s.right)[1][:, ::-1]
    elif (t - 1) % h.period == 0:
        s.ql, s.qr = np.linalg.qr(s.left @ s.ql)[0], np.linalg.qr(s.right @ s.qr)[0]
    return p


@compares("lars", "shampoo", "soap")
@pytest.mark.parametrize("data", [ordinary, mixed], ids=["ordinary", "mixed"])
@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (4, 4), (1, 1)], ids=str)
@pytest.mark.parametrize("step", [lars, sm3, adafactor, shampoo, soap], ids=lambda step: step.__name__)
def test_rule_is_its_formula(step: Step, shape: tuple[int, int], data: Callable[[tuple[int, int]], Array]) -> None:
    # The paper of SM3 has no eps.
    changed = {"eps": 0.0} if step is sm3 else {}
    assert_reaches(step.__name__, step, start(shape), data(shape), **changed)


def test_lars_of_vectors() -> None:
    assert_reaches("lars", lars, start((24, 1))[:, 0], ordinary((24, 1))[:, :, 0])


def test_lars_stays_where_the_parameter_is_zero_and_is_undefined_without_a_gradient() -> None:
    """The two cases that the paper leaves out and its successors repair by a ratio of 1."""
    zero, rule = np.zeros((2, 2)), catalogue.resolve("lars")
    assert np.all(run(rule, {}, zero, lambda point, t: np.ones((2, 2)), 1)[0] == 0)
    assert np.all(np.isnan(run(rule, {}, zero, lambda point, t: zero, 1)[0]))


def theirs(make: Any, p: Array, gradients: Array) -> list[Array]:
    """The parameters that an optimizer of PyTorch reaches."""
    torch = pytest.importorskip("torch")
    parameter = torch.nn.Parameter(torch.tensor(p))
    optimizer, reached = make([parameter]), []
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient)
        optimizer.step()
        reached.append(parameter.detach().numpy().copy())
    return reached


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (4, 4)], ids=str)
def test_shampoo_is_that_of_pytorch_optimizer(shape: tuple[int, int]) -> None:
    package, h = pytest.importorskip("pytorch_optimizer"), values_of("shampoo")
    p, gradients = start(shape), mixed(shape)
    reached = theirs(lambda p: package.Shampoo(p, lr=h["lr"], matrix_eps=h["eps"]), p, gradients)
    ours = run(catalogue.resolve("shampoo"), h, p, lambda point, t: gradients[t - 1], STEPS)
    np.testing.assert_allclose(ours, reached, rtol=1e-10, atol=1e-12)


class InDoubles:
    """A module whose single precision is double precision."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, "float64" if name == "float32" else name)


def test_soap_is_that_of_pytorch_optimizer_where_eigenvalues_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """It sorts the bases anew at every iteration, which changes nothing here, and iterates in single precision."""
    package, h = pytest.importorskip("pytorch_optimizer"), values_of("soap")
    code = pytest.importorskip("pytorch_optimizer.optimizer.soap")
    monkeypatch.setattr(code, "torch", InDoubles(code.torch))
    rng = np.random.default_rng(7)
    q, r = (np.linalg.qr(rng.standard_normal((4, 4)))[0] for _ in range(2))
    sizes = np.array([40.0, 9.0, 2.0, 0.5]) * (1 + 0.1 * rng.standard_normal((STEPS, 4)))
    gradients = q * sizes[:, None, :] @ r + 0.1 * rng.standard_normal((STEPS, 4, 4))
    p = start((4, 4))
    reached = theirs(
        lambda p: package.SOAP(
            p, lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=h["eps"], weight_decay=h["weight_decay"],
            precondition_frequency=h["period"],
        ), p, gradients,
    )  # fmt: skip
    ours = run(catalogue.resolve("soap"), h, p, lambda point, t: gradients[t - 1], STEPS)
    np.testing.assert_allclose(ours, reached, rtol=1e-10, atol=1e-12)

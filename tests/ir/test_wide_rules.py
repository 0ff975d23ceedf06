"""Rules with norms, row and column means, and matrix products: their exact runs agree with NumPy."""

from fractions import Fraction

import numpy as np
import pytest

from symopt.ir.evaluate import evaluate_step
from symopt.ir.exact import ArrayArithmetic
from symopt.ir.rate import Rate, let_rates
from symopt.ir.verify import verify_trace
from symopt.lang import (
    Hyper,
    NonNegative,
    Positive,
    Rule,
    State,
    UnitInterval,
    ema,
    equal,
    matmul,
    maximum,
    mean,
    norm,
    rms,
    sqrt,
    transpose,
    where,
)
from symopt.passes.tracing import trace

LR, BETA, EPS = Fraction(1, 10), Fraction(9, 10), Fraction(1, 100)


class TrustRatio(Rule):
    """Layer-wise scaling with the zero-norm branches of LAMB."""

    lr, beta, eps = Hyper(LR, domain=NonNegative), Hyper(BETA, domain=UnitInterval), Hyper(EPS, domain=Positive)
    v = State()

    def update(s) -> None:
        s.v = ema(s.v, s.g**2, s.beta)
        s.u = s.g / (sqrt(s.v) + s.eps)
        s.ratio = where(equal(norm(s.p), 0), 1, where(equal(norm(s.u), 0), 1, norm(s.p) / norm(s.u)))
        s.p = s.p - s.lr * s.ratio * s.u


class Factored(Rule):
    """A second moment from its row and column means, with clipping of the update, as in Adafactor."""

    lr, beta, eps = Hyper(LR, domain=NonNegative), Hyper(BETA, domain=UnitInterval), Hyper(EPS, domain=Positive)
    row, col = State(), State()

    def update(s) -> None:
        s.row = ema(s.row, mean(s.g**2 + s.eps, axis=1), s.beta)
        s.col = ema(s.col, mean(s.g**2 + s.eps, axis=0), s.beta)
        s.u = s.g / sqrt(s.row * s.col / mean(s.row))
        s.p = s.p - s.lr * s.u / maximum(1, rms(s.u))


class Orthogonal(Rule):
    """Momentum whose update is pushed towards an orthogonal matrix by one Newton-Schulz step, as in Muon."""

    lr, beta, eps = Hyper(LR, domain=NonNegative), Hyper(BETA, domain=UnitInterval), Hyper(EPS, domain=Positive)
    b = State()

    def update(s) -> None:
        s.b = s.beta * s.b + s.g
        s.x = s.b / (norm(s.b) + s.eps)
        s.a = matmul(s.x, transpose(s.x))
        s.y = 3 * s.x / 2 - matmul(s.a, s.x) / 2
        s.p = s.p - s.lr * s.y


def exact(array: np.ndarray) -> np.ndarray:
    return np.vectorize(Fraction, otypes=[object])(array)


def floats(array: np.ndarray) -> np.ndarray:
    return np.vectorize(lambda x: float(x) if isinstance(x, Fraction) else float(x.mid()), otypes=[float])(array)


RNG = np.random.default_rng(7)
P, G, V = RNG.normal(size=(2, 3)), RNG.normal(size=(2, 3)), RNG.random(size=(2, 3))
lr, beta, eps = float(LR), float(BETA), float(EPS)


def trust_ratio_by_hand() -> np.ndarray:
    v = beta * V + (1 - beta) * G**2
    u = G / (np.sqrt(v) + eps)
    return P - lr * np.linalg.norm(P) / np.linalg.norm(u) * u


def factored_by_hand() -> np.ndarray:
    row = beta * V.mean(1, keepdims=True) + (1 - beta) * (G**2 + eps).mean(1, keepdims=True)
    col = beta * V.mean(0, keepdims=True) + (1 - beta) * (G**2 + eps).mean(0, keepdims=True)
    u = G / np.sqrt(row * col / row.mean())
    return P - lr * u / max(1.0, float(np.sqrt((u**2).mean())))


def orthogonal_by_hand() -> np.ndarray:
    b = beta * V + G
    x = b / (np.linalg.norm(b) + eps)
    return P - lr * (1.5 * x - 0.5 * x @ x.T @ x)


CASES = [
    (TrustRatio, {"v": V}, trust_ratio_by_hand, {"ratio": Rate.TENSOR}),
    (
        Factored,
        {"row": V.mean(1, keepdims=True), "col": V.mean(0, keepdims=True)},
        factored_by_hand,
        {"row": Rate.ROW, "col": Rate.COL, "u": Rate.ELEMENT},
    ),
    (Orthogonal, {"b": V}, orthogonal_by_hand, {"a": Rate.MATRIX, "x": Rate.ELEMENT}),
]


@pytest.mark.parametrize(("rule", "states", "by_hand", "rates"), CASES)
def test_exact_run_agrees_with_numpy(rule, states, by_hand, rates):
    recorded = trace(rule)
    verify_trace(recorded)
    inputs = {hyper.name: hyper.default for hyper in recorded.hypers} | {"t": Fraction(1)}
    inputs |= {"p": exact(P), "g": exact(G)} | {name: exact(value) for name, value in states.items()}
    values = evaluate_step(recorded, inputs, ArrayArithmetic())
    np.testing.assert_allclose(floats(values[recorded.results["p"]]), by_hand(), rtol=1e-12)
    found = let_rates(recorded)
    assert {name: found[name] for name in rates} == rates

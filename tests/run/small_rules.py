"""Small rules of every class: what programs, kernels and checks are tried on."""

from __future__ import annotations

from symopt.lang import (
    Hyper,
    NonNegative,
    Positive,
    PositiveInteger,
    Rule,
    State,
    UnitInterval,
    eigenbasis,
    ema,
    every,
    inverse_root,
    largest,
    matmul,
    maximum,
    mean,
    model_norm,
    model_total,
    norm,
    orthogonal,
    rms,
    smallest,
    sqrt,
    total,
    transpose,
    unwide,
    where,
    wide,
)
from tests.run.random_rules import random_trace as random_trace


class Trust(Rule, name="trust"):
    """Two norms and a ratio, with the branches of zero norms."""

    lr, beta, eps = Hyper(0.1, domain=NonNegative), Hyper(0.9, domain=UnitInterval), Hyper(0.01, domain=Positive)
    m, v = State(), State()

    def update(s) -> None:
        s.m = ema(s.m, s.g, s.beta)
        s.v = ema(s.v, s.g**2, s.beta)
        s.u = s.m / (sqrt(s.v / (1 - s.beta**s.t)) + s.eps)
        s.w, s.n = norm(s.p), norm(s.u)
        s.ratio = where(s.w > 0, where(s.n > 0, s.w / s.n, 1), 1)
        s.p = s.p - s.lr * s.ratio * s.u


class NumberState(Rule, name="number_state"):
    """A second moment that is one number a tensor, which starts with the first gradient."""

    lr, beta, eps = Hyper(0.1, domain=NonNegative), Hyper(0.9, domain=UnitInterval), Hyper(0.01, domain=Positive)
    nu, m = State(), State()

    def update(s) -> None:
        s.square = total(s.g**2)
        s.nu = where(s.t < 2, s.square, ema(s.nu, s.square, s.beta))
        s.m = s.beta * s.m + s.g / (sqrt(s.nu) + s.eps) + s.p / 8
        s.p = s.p - s.lr * s.m


class Extremes(Rule, name="extremes"):
    """The largest and the smallest element, over everything and along both axes."""

    lr = Hyper(0.1, domain=NonNegative)
    row, col = State(), State()

    def update(s) -> None:
        s.row = maximum(s.row, largest(abs(s.g), axis=1))
        s.col = maximum(s.col, largest(abs(s.g), axis=0))
        s.p = s.p - s.lr * s.g / (1 + sqrt(s.row * s.col) + largest(s.g) - smallest(s.g) + smallest(s.row))


class Factored(Rule, name="factored"):
    """A second moment from its row and column means, with clipping of the update."""

    lr, beta, eps = Hyper(0.1, domain=NonNegative), Hyper(0.9, domain=UnitInterval), Hyper(0.01, domain=Positive)
    row, col = State(), State()

    def update(s) -> None:
        s.row = ema(s.row, mean(s.g**2 + s.eps, axis=1), s.beta)
        s.col = ema(s.col, mean(s.g**2 + s.eps, axis=0), s.beta)
        s.u = s.g / sqrt(s.row * s.col / mean(s.row))
        s.p = s.p - s.lr * s.u / maximum(1, rms(s.u))


class Newton(Rule, name="newton"):
    """Momentum pushed towards an orthogonal matrix by Newton-Schulz steps."""

    lr, mu, eps = Hyper(0.1, domain=NonNegative), Hyper(0.9, domain=UnitInterval), Hyper(0.01, domain=Positive)
    b = State()

    def update(s) -> None:
        s.b = s.mu * s.b + s.g
        s.x = wide(s.b / (norm(s.b) + s.eps))
        for _ in range(2):
            s.a = matmul(s.x, transpose(s.x))
            s.x = 2 * s.x - matmul(s.a - matmul(s.a, s.a) / 4, s.x)
        s.p = s.p - s.lr * sqrt(maximum(1, s.rows / s.cols)) * unwide(s.x)


class Roots(Rule, name="roots"):
    """Inverse fourth roots on both sides."""

    lr, eps = Hyper(0.1, domain=NonNegative), Hyper(0.5, domain=Positive)
    left, right = State(), State()

    def update(s) -> None:
        s.left = s.left + matmul(s.g, transpose(s.g))
        s.right = s.right + matmul(transpose(s.g), s.g)
        s.p = s.p - s.lr * matmul(matmul(inverse_root(s.left, 4, s.eps), s.g), inverse_root(s.right, 4, s.eps))


class Rotated(Rule, name="rotated"):
    """A square root in the eigenbasis of a moment of the rows, which is found once and then turned."""

    lr, beta = Hyper(0.1, domain=NonNegative), Hyper(0.5, domain=UnitInterval)
    left, basis, v = State(), State(), State()

    def update(s) -> None:
        s.left = ema(s.left, matmul(s.g, transpose(s.g)), s.beta)
        s.basis = where(s.t < 2, eigenbasis(s.left), orthogonal(matmul(s.left, s.basis)))
        s.x = matmul(transpose(s.basis), s.g)
        s.v = ema(s.v, s.x**2, s.beta)
        s.p = s.p - s.lr * matmul(s.basis, s.x / (sqrt(s.v) + 1))


class GlobalClip(Rule, name="global_clip"):
    """The gradient of the whole model is clipped by its norm."""

    lr, bound = Hyper(0.1, domain=NonNegative), Hyper(1, domain=Positive)
    m = State()

    def update(s) -> None:
        s.m = s.m / 2 + s.g / maximum(1, model_norm(s.g) / s.bound)
        s.p = s.p - s.lr * s.m


class Distance(Rule, name="distance"):
    """A step size for the whole model that grows with the distance from the start, as in D-Adaptation."""

    lr, d0, beta = Hyper(1, domain=NonNegative), Hyper(0.25, domain=Positive), Hyper(0.9, domain=UnitInterval)
    d, r = State(init="d0"), State()
    p0, w = State(init="p"), State()

    def update(s) -> None:
        s.r = ema(s.r, s.d * s.d * model_total(s.g * (s.p0 - s.p)), s.beta)
        s.w = ema(s.w, s.d * s.g, s.beta)
        s.d = maximum(s.d, s.r / (1 + model_total(abs(s.w))))
        s.p = s.p - s.lr * s.d * s.g
        s.p0 = s.p0 + 0


class Sharpness(Rule, name="sharpness"):
    """The gradient at a point up the slope of the whole model."""

    lr, rho = Hyper(0.1, domain=NonNegative), Hyper(0.05, domain=NonNegative)

    def update(s) -> None:
        s.high = s.p + s.rho * s.g / (1 + model_norm(s.g))
        s.g_at = s.gradient(at=s.high)
        s.p = s.p - s.lr * s.g_at


class Midpoints(Rule, name="midpoints"):
    """Three gradients at points one after the other, as in a Runge-Kutta step."""

    lr = Hyper(0.1, domain=NonNegative)
    m = State()

    def update(s) -> None:
        s.g2 = s.gradient(at=s.p - s.lr * s.g / 2)
        s.g3 = s.gradient(at=s.p - s.lr * (2 * s.g2 - s.g))
        s.m = s.m / 2 + (s.g + 4 * s.g2 + s.g3) / 6
        s.p = s.p - s.lr * s.m


class Langevin(Rule, name="langevin"):
    """Descent with noise."""

    lr = Hyper(0.01, domain=NonNegative)

    def update(s) -> None:
        s.p = s.p - s.lr * s.g / 2 + sqrt(s.lr) * s.normal() + s.lr * s.uniform()


class Given(Rule, name="given"):
    """The loss, the second derivative and the sizes of a tensor."""

    lr = Hyper(0.1, domain=NonNegative)
    h = State()

    def update(s) -> None:
        s.h = where(every(s.t, 2), s.hessian, s.h)
        s.scale = s.loss / (1 + total(s.g**2) / s.size)
        s.p = s.p - s.lr * s.scale * s.g / (1 + abs(s.h))


class Counted(Rule, name="counted"):
    """A number of the step alone, and an average that is taken every few steps."""

    lr, k, beta = Hyper(0.1, domain=NonNegative), Hyper(3, domain=PositiveInteger), Hyper(0.9, domain=UnitInterval)
    product, slow = State(init=1), State(init="p")

    def update(s) -> None:
        s.product = s.product * s.beta
        s.slow = where(every(s.t, s.k), (s.slow + s.p) / 2, s.slow)
        s.p = where(every(s.t, s.k), s.slow, s.p - s.lr * s.g * (1 - s.product))


RULES: tuple[type[Rule], ...] = (
    Trust, NumberState, Extremes, Factored, Newton, Roots, Rotated, GlobalClip, Distance, Sharpness, Midpoints,
    Langevin, Given, Counted,
)  # fmt: skip

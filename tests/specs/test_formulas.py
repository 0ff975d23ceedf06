"""Rules that torch.optim has not, against the formula written down once more, in NumPy (see ``formulas.py``)."""

import numpy as np
import pytest
from float_run import assert_close, run
from formulas import STEPS, assert_rule_is_its_formula, compares, corrections, formula, moments, written_in

from symopt import catalogue


@formula("heavy_ball", "polyak")
def heavy_ball(p, g, t, s, h):
    s.p_prev, p_prev = p, s.p_prev if t > 1 else p
    return p + h.mu * (p - p_prev) - h.lr * g


@formula("momentum")
def momentum(p, g, t, s, h):
    s.b = h.mu * s.b + g
    return p - h.lr * s.b


@formula("momentum_ema")
def momentum_ema(p, g, t, s, h):
    s.m = h.mu * s.m + (1 - h.mu) * g
    return p - h.lr * s.m


@formula("momentum_velocity")
def momentum_velocity(p, g, t, s, h):
    s.w = h.mu * s.w - h.lr * g
    return p + s.w


@formula("momentum_velocity[nesterov=True]")
def momentum_velocity_nesterov(p, g, t, s, h):
    s.w = h.mu * s.w - h.lr * g
    return p + h.mu * s.w - h.lr * g


@formula("sgdw")
def sgdw(p, g, t, s, h):
    s.b = h.mu * s.b + g
    return p * (1 - h.lr * h.weight_decay) - h.lr * s.b


@formula("qhm")
def qhm(p, g, t, s, h):
    s.b = h.mu * s.b + (1 - h.mu) * g
    return p - h.lr * (h.nu * s.b + (1 - h.nu) * g)


@formula("signsgd")
def signsgd(p, g, t, s, h):
    return p - h.lr * np.sign(g)


@formula("signum")
def signum(p, g, t, s, h):
    s.b = h.mu * s.b + (1 - h.mu) * g
    return p - h.lr * np.sign(s.b)


@formula("lion")
def lion(p, g, t, s, h):
    u = np.sign(h.beta1 * s.m + (1 - h.beta1) * g)
    s.m = h.beta2 * s.m + (1 - h.beta2) * g
    return p - h.lr * u - h.lr * h.weight_decay * p


@formula("ewa")
def ewa(p, g, t, s, h):
    s.values = [*(s.values if t > 1 else []), g]
    return sum((1 - h.beta) * h.beta ** (t - i) * x for i, x in enumerate(s.values, 1))


@formula("ewa[debias=True]")
def ewa_debiased(p, g, t, s, h):
    return ewa(p, g, t, s, h) / sum((1 - h.beta) * h.beta**i for i in range(t))


@formula("adagrad_eps_in")
def adagrad_eps_in(p, g, t, s, h):
    s.h = g**2 + (s.h if t > 1 else h.initial_accumulator)
    return p - h.lr * g / np.sqrt(s.h + h.eps)


@formula("adagrad_decay")
def adagrad_decay(p, g, t, s, h):
    s.h = s.h + g**2
    return p - h.lr * (g / np.sqrt(s.h + h.eps) + h.weight_decay * p)


def tf_square(g, t, s, h, centered):
    s.v = h.rho * (s.v if t > 1 else h.v0) + (1 - h.rho) * g**2
    s.a = h.rho * s.a + (1 - h.rho) * g
    return s.v - s.a**2 if centered else s.v


@formula("rmsprop_tf")
def rmsprop_tf(p, g, t, s, h, centered=False):
    return p - h.lr * g / np.sqrt(tf_square(g, t, s, h, centered) + h.eps)


@formula("rmsprop_tf[momentum=True]")
def rmsprop_tf_momentum(p, g, t, s, h, centered=False):
    s.b = h.mu * s.b + h.lr * g / np.sqrt(tf_square(g, t, s, h, centered) + h.eps)
    return p - s.b


@formula("rmsprop_tf[centered=True]")
def rmsprop_tf_centered(p, g, t, s, h):
    return rmsprop_tf(p, g, t, s, h, centered=True)


@formula("rmsprop_tf[centered=True,momentum=True]")
def rmsprop_tf_centered_momentum(p, g, t, s, h):
    return rmsprop_tf_momentum(p, g, t, s, h, centered=True)


@formula("rmsprop_graves")
def rmsprop_graves(p, g, t, s, h):
    s.n = h.rho * s.n + (1 - h.rho) * g**2
    s.a = h.rho * s.a + (1 - h.rho) * g
    s.d = h.mu * s.d - h.lr * (g / (np.sqrt(s.n - s.a**2) + h.eps) + h.weight_decay * p)
    return p + s.d


@formula("adadelta_momentum")
def adadelta_momentum(p, g, t, s, h):
    s.v = h.rho * s.v + (1 - h.rho) * g**2
    s.b = h.mu * s.b + h.lr * np.sqrt(s.a + h.eps) / np.sqrt(s.v + h.eps) * g
    s.a = h.rho * s.a + (1 - h.rho) * s.b**2
    return p - s.b


@formula("adam_tf")
def adam_tf(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    return p - h.lr * np.sqrt(c2) / c1 * m / (np.sqrt(v) + h.eps)


@formula("adamw_tf")
def adamw_tf(p, g, t, s, h):
    return adam_tf(p, g, t, s, h) - h.lr * h.weight_decay * p


@formula("adamw_paper")
def adamw_paper(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    return p - h.eta * (h.lr * (m / c1) / (np.sqrt(v / c2) + h.eps) + h.weight_decay * p)


@formula("adamw_bert")
def adamw_bert(p, g, t, s, h):
    m, v = moments(g, s, h)
    return p - h.lr * (m / (np.sqrt(v) + h.eps) + h.weight_decay * p)


@formula("adamw_transformers")
def adamw_transformers(p, g, t, s, h):
    return adam_tf(p, g, t, s, h) * (1 - h.lr * h.weight_decay)


@formula("adamw_transformers[correct_bias=False]")
def adamw_transformers_uncorrected(p, g, t, s, h):
    m, v = moments(g, s, h)
    return (p - h.lr * m / (np.sqrt(v) + h.eps)) * (1 - h.lr * h.weight_decay)


@formula("adamax_paper")
def adamax_paper(p, g, t, s, h):
    s.m = h.beta1 * s.m + (1 - h.beta1) * g
    s.u = np.maximum(h.beta2 * s.u, np.abs(g))
    with np.errstate(invalid="ignore"):  # 0/0 until the first gradient that is not zero
        return p - h.lr / (1 - h.beta1**t) * s.m / s.u


@formula("amsgrad_optax")
def amsgrad_optax(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    s.x = np.maximum(s.x, v / c2)
    return p - h.lr * (m / c1) / (np.sqrt(s.x) + h.eps)


@formula("amsgrad_paper")
def amsgrad_paper(p, g, t, s, h):
    m, v = moments(g, s, h)
    s.x = np.maximum(s.x, v)
    return p - h.lr * m / (np.sqrt(s.x) + h.eps)


@formula("nadam_dozat")
def nadam_dozat(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    ahead = h.beta1 * m / (1 - h.beta1 ** (t + 1)) + (1 - h.beta1) * g / c1
    return p - h.lr * ahead / (np.sqrt(h.beta2 * v / c2) + h.eps)


@formula("nadam_tf")
def nadam_tf(p, g, t, s, h):
    (m, v), (c1, c2) = moments(g, s, h), corrections(t, h)
    return p - h.lr * np.sqrt(c2) / c1 * (h.beta1 * m + (1 - h.beta1) * g) / (np.sqrt(v) + h.eps)


@pytest.mark.parametrize("target", written_in(__name__))
def test_rule_is_its_formula(target: str) -> None:
    assert_rule_is_its_formula(target)


@compares("nag")
def test_nag_asks_for_the_gradient_at_the_look_ahead_point() -> None:
    """Nesterov's two sequences on a quadratic: x_{k+1} = y_k - lr f'(y_k), y_{k+1} = x_{k+1} + mu (x_{k+1} - x_k)."""
    curvature = np.array([0.1, 1.0, 2.5])
    lr, mu = 0.3, 0.8
    x = y = start = np.array([1.0, -2.0, 3.0])
    expected = []
    for _ in range(STEPS):
        x, previous = y - lr * curvature * y, x
        y = x + mu * (x - previous)
        expected.append(x)
    reached = run(catalogue.resolve("nag"), {"lr": lr, "mu": mu}, start, lambda point, t: curvature * point, STEPS)
    assert_close(reached, expected)

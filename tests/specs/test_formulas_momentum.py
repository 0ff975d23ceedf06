"""Rules of the momentum family that no framework has, against their formulas; values that no framework returns."""

import numpy as np
import pytest
from float_run import assert_close, hostile, run
from formulas import STEPS, assert_rule_is_its_formula, compares, formula, states_of, written_in

from symopt import catalogue


@formula("sum_momentum")
def sum_momentum(p, g, t, s, h):
    ahead, s.ahead = s.ahead if t > 1 else p, p - h.sigma * h.lr * g
    return p - h.lr * g + h.mu * (s.ahead - ahead)


@formula("primal_averaging")
def primal_averaging(p, g, t, s, h):
    s.z = (s.z if t > 1 else p) - h.lr * g
    return p + h.share * (s.z - p)


@formula("omd")
def omd(p, g, t, s, h):
    last, s.g_prev = s.g_prev, g
    return p - 2 * h.lr * g + h.lr * last


@pytest.mark.parametrize("target", written_in(__name__))
def test_rule_is_its_formula(target: str) -> None:
    assert_rule_is_its_formula(target)


@compares("triple_momentum")
def test_triple_momentum_on_a_quadratic() -> None:
    """xi_{k+1} = (1 + beta) xi_k - beta xi_{k-1} - alpha f'(y_k), with y_k and x_k beyond xi_k by gamma and delta."""
    curvature = np.array([0.1, 1.0, 2.5])
    hypers = {"lr": 0.3, "beta": 0.7, "gamma": 0.4, "delta": 0.9}
    xi = previous = start = np.array([1.0, -2.0, 3.0])
    expected = []
    for _ in range(STEPS):
        y = 1.4 * xi - 0.4 * previous
        xi, previous = 1.7 * xi - 0.7 * previous - 0.3 * curvature * y, xi
        expected.append(1.9 * xi - 0.9 * previous)
    rule = catalogue.resolve("triple_momentum")
    assert_close(run(rule, hypers, start, lambda point, t: curvature * point, STEPS), expected)


@pytest.mark.parametrize("start_of_average", [0, 5])
def test_average_of_asgd(start_of_average: int) -> None:
    """The averaged copy, which torch keeps in the state of the optimizer."""
    torch = pytest.importorskip("torch")
    gradients = hostile(STEPS)
    start = np.linspace(-2.0, 2.0, gradients.shape[1])
    hypers = {"lr": 0.3, "lambd": 0.2, "alpha": 0.6, "t0": start_of_average}
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # the numbers that ASGD keeps as tensors take it
    try:
        parameter = torch.nn.Parameter(torch.tensor(start))
        optimizer = torch.optim.ASGD([parameter], **hypers)
        expected = []
        for gradient in gradients:
            parameter.grad = torch.tensor(gradient)
            optimizer.step()
            expected.append(optimizer.state[parameter]["ax"].numpy().copy())
    finally:
        torch.set_default_dtype(before)
    reached = states_of(catalogue.resolve("asgd"), hypers, start, {"g": gradients})
    assert_close([after["ax"] for after in reached], expected)

"""Where a gradient is zero, nothing moves: float32 kernels of factored rules.

Averages of rows and columns are then as small as eps1 = 1e-30, and their product is zero in float32.
"""

from __future__ import annotations

import numpy as np
import pytest

from symopt import catalogue
from symopt.backends.base import variants_of
from symopt.run.modules import NumPyKernel, load_module

FACTORED = ("adafactor", "adafactor_torch", "adafactor_optax", "came")
VARIANTS = [variant for name in FACTORED for variant in variants_of(catalogue.rule(name))]


def gradients(size: float) -> np.ndarray:
    """Of that size, but for a row and a column of zeros."""
    found = np.full((3, 4), size, np.float32)
    found[1], found[:, 2] = 0, 0
    return found


@pytest.mark.parametrize("size", [0.0, 1e-6, 1.0, 1e4], ids=str)
@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.rule.title)
def test_a_gradient_of_zero_moves_nothing(variant, size: float) -> None:
    kernel = NumPyKernel(load_module("numpy", [variant]), variant)
    p, g = np.ones((3, 4), np.float32), gradients(size)
    states = kernel.init(p)
    for t in range(1, 4):
        kernel.step(p, g, states, t, **({"weight_decay": 0.0} if "decay" in variant.rule.title else {}))
    assert np.isfinite(p).all()
    assert (p[g == 0] == 1).all()
    assert (p[g != 0] < 1).all()

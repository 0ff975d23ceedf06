"""Rules with norms, rows and columns, or matrices against their originals where these take another branch.

One element, one row, one column; no gradient, no parameter, neither; gradients that stop; matrices of rank one.
Where something is zero the rule has its own defaults, whose tiny constants then count; elsewhere values at which
every hyper-parameter shows.
"""

from collections.abc import Callable, Mapping
from importlib.util import find_spec

import numpy as np
import pytest
from float_run import Array, run
from test_originals import telling

from symopt.ir.rate import Rate, let_rates
from symopt.ir.trace import SIZES
from symopt.passes.tracing import trace
from symopt.run.frameworks import run_original
from symopt.run.originals import Original, originals

STEPS = 10
Shape = tuple[int, ...]


def ordinary(shape: Shape) -> Array:
    return np.random.default_rng(3).standard_normal((STEPS, *shape))


def no_gradient(shape: Shape) -> Array:
    return np.zeros((STEPS, *shape))


def gradients_that_stop(shape: Shape) -> Array:
    return ordinary(shape) * (np.arange(STEPS) < 5).reshape(-1, *(1 for _ in shape))


def rank_one(shape: Shape) -> Array:
    sizes = np.random.default_rng(4).standard_normal(STEPS)
    return np.multiply.outer(sizes, np.fromfunction(lambda i, *j: (i + 1.0) * (sum(j) + 2.0), shape))


def somewhere(shape: Shape) -> Array:
    return np.linspace(-2.0, 3.0, int(np.prod(shape))).reshape(shape)


def nowhere(shape: Shape) -> Array:
    return np.zeros(shape)


SITUATIONS: Mapping[str, tuple[Callable[[Shape], Array], Callable[[Shape], Array]]] = {
    "ordinary": (somewhere, ordinary),
    "no-parameter": (nowhere, ordinary),
    "no-gradient": (somewhere, no_gradient),
    "neither": (nowhere, no_gradient),
    "stopping": (somewhere, gradients_that_stop),
    "rank-one": (somewhere, rank_one),
}
TELLING = {"ordinary", "rank-one"}
MATRICES, VECTORS = [(1, 1), (1, 5), (5, 1), (4, 3)], [(1,), (5,)]


def is_wide(original: Original) -> bool:
    """Whether the rule looks at more than one element at a time, of one tensor."""
    frozen = trace(original.resolved)
    rates = set(let_rates(frozen).values())
    return set(frozen.given) <= set(SIZES) and not rates <= {Rate.STEP, Rate.ELEMENT, Rate.MODEL}


CASES = [
    pytest.param(original, shape, id=f"{original.rule}-{original.implementation}-{'x'.join(map(str, shape))}")
    for original in filter(is_wide, originals())
    for shape in MATRICES + VECTORS
    if len(shape) in {len(tested) for tested in original.shapes or [[24]]}
]


@pytest.mark.parametrize("situation", SITUATIONS)
@pytest.mark.parametrize(("original", "shape"), CASES)
def test_branches(original: Original, shape: Shape, situation: str) -> None:
    if find_spec(original.implementation.partition(".")[0]) is None:
        pytest.skip(f"{original.implementation} is not installed")
    p, gradients = (make(shape) for make in SITUATIONS[situation])
    hypers = original.hypers(telling(original) if situation in TELLING else {})
    ours = run(original.resolved, hypers, p, lambda point, t: gradients[t - 1], STEPS)
    theirs = run_original(
        original.implementation, original.built(hypers), p.copy(), lambda t: gradients[t - 1].copy(), STEPS
    )
    # A parameter that comes back to zero has no digits left.
    scale = max(np.max(np.abs(x)) for x in [p, *theirs])
    for step, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-13 * scale, err_msg=f"step {step}")

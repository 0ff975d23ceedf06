"""Every rule that states the form of an implementation against that implementation: ``specs/originals/``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from float_run import Array, hostile, run

from symopt.lang import Hyper
from symopt.run.frameworks import implementation_of, run_original
from symopt.run.hostile import inside
from symopt.run.originals import Original, originals

STEPS = 14
TOLERANCE = 1e-10
# Values at which every hyper-parameter shows in the result: eps far from negligible, decay large. Others take a value
# inside their domain.
VALUES = {
    "lr": 0.3, "mu": 0.8, "tau": 0.4, "rho": 0.7, "weight_decay": 0.2, "eps": 0.05, "beta1": 0.6, "beta2": 0.75,
    "lr_decay": 0.1, "initial_accumulator": 0.3,
}  # fmt: skip
DATA = {"hostile": hostile(STEPS), "ordinary": np.random.default_rng(1).standard_normal((STEPS, 24))}


def telling(original: Original) -> Mapping[str, float]:
    """Values of the hyper-parameters at which each of them shows."""
    declared = original.resolved.declared(Hyper)
    return {n: VALUES.get(n, inside(hyper.domain, at)) for at, (n, hyper) in enumerate(declared.items())}


def own_defaults(original: Original) -> Mapping[str, float]:
    """The values that the implementation itself takes where it is given none.

    What exists with an option only is left out: there the implementation's default is to do without.
    """
    always = {name for name, hyper in original.resolved.declared(Hyper).items() if hyper.when is None}
    parameters = inspect.signature(implementation_of(original.implementation)).parameters
    pairs = [(item, parameters[n].default) for n, item in original.arguments.items() if n in parameters]
    texts = [(item, value) for item, value in flat(pairs) if isinstance(item, str)]
    return {item: value for item, value in texts if item in always and type(value) in (int, float)}


def flat(pairs: list[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Pairs of single arguments from pairs of which some are of sequences."""
    for item, value in pairs:
        both = isinstance(item, list) and isinstance(value, tuple)
        yield from zip(item, value, strict=True) if both else [(item, value)]


SETTINGS = {"telling": telling, "defaults": own_defaults}
CASES = [
    pytest.param(original, tuple(shape), id=f"{original.rule}-{original.implementation}-{'x'.join(map(str, shape))}")
    for original in originals()
    for shape in original.shapes or [[24]]
]


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(("original", "shape"), CASES)
def test_rule_is_its_original(original: Original, shape: tuple[int, ...], settings: str, data: str) -> None:
    framework = original.implementation.partition(".")[0]
    if find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    hypers = original.hypers(SETTINGS[settings](original))
    p, *gradients = (row.reshape(shape) for row in [np.linspace(-2.0, 2.0, 24), *DATA[data]])
    ours = run(original.resolved, hypers, p, lambda point, t: gradients[t - 1], STEPS)
    theirs = run_original(
        original.implementation, original.built(hypers), p.copy(), lambda t: gradients[t - 1].copy(), STEPS
    )
    compare(ours, theirs, original.tolerance or TOLERANCE)


def compare(ours: list[Array], theirs: list[Array], tolerance: float) -> None:
    for step, (a, b) in enumerate(zip(ours, theirs, strict=True), 1):
        assert b.dtype == np.float64
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=0, err_msg=f"step {step}")

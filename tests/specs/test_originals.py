"""Every rule that states the form of an implementation against that implementation: ``specs/originals/``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from float_run import Array, hostile, run
from formulas import VALUES as MOST_VALUES

from symopt.lang import Hyper
from symopt.run.frameworks import implementation_of, run_original
from symopt.run.hostile import inside
from symopt.run.originals import Original, originals

STEPS = 14
TOLERANCE = 1e-10
# Values at which every hyper-parameter shows in the result, besides those of the formulas. What is in neither takes a
# value inside its domain.
VALUES = MOST_VALUES | {
    "tau": 0.4, "lr_decay": 0.1, "eta_minus": 0.4, "eta_plus": 1.3, "step_min": 0.05, "step_max": 0.6,
    "threshold": 4.7,
}  # fmt: skip
DATA = {"ordinary": np.random.default_rng(1).standard_normal((STEPS, 24)), "hostile": hostile(STEPS)}
# Reaches a state that the parameter does not depend on.
SILENT = {("torch.optim.ASGD", "t0")}

Shape = tuple[int, ...]
CASES = [
    pytest.param(original, tuple(shape), id=f"{original.rule}-{original.implementation}-{'x'.join(map(str, shape))}")
    for original in originals()
    for shape in original.shapes or [[24]]
]


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
    given = [(item, parameters[name].default) for name, item in original.arguments.items() if name in parameters]
    return {name: value for name, value in single(given) if name in always and type(value) in (int, float)}


def single(given: list[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    """The names of hyper-parameters with what stands in their places, also inside sequences."""
    for item, value in given:
        if isinstance(item, list) and isinstance(value, tuple):
            yield from zip(item, value, strict=True)
        elif isinstance(item, str):
            yield item, value


def start(shape: Shape) -> Array:
    return np.linspace(-2.0, 2.0, 24).reshape(shape)


def loss(t: int) -> float:
    return 1 + 1 / t


def reach(original: Original, hypers: Mapping[str, float], shape: Shape, data: str) -> list[Array]:
    """The rule's parameter after each step."""
    rows = DATA[data]
    given = {"loss": lambda p, t: loss(t)}
    return run(original.resolved, hypers, start(shape), lambda point, t: rows[t - 1].reshape(shape), STEPS, given)


SETTINGS = {"telling": telling, "defaults": own_defaults}


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize(("original", "shape"), CASES)
def test_rule_is_its_original(original: Original, shape: Shape, settings: str, data: str) -> None:
    framework = original.implementation.partition(".")[0]
    if find_spec(framework) is None:
        pytest.skip(f"{framework} is not installed")
    hypers = original.hypers(SETTINGS[settings](original))
    gradients = [row.reshape(shape) for row in DATA[data]]
    theirs = run_original(
        original.implementation, original.built(hypers), start(shape), lambda t: gradients[t - 1].copy(), STEPS, loss
    )
    for step, (a, b) in enumerate(zip(reach(original, hypers, shape, data), theirs, strict=True), 1):
        assert b.dtype == np.float64
        np.testing.assert_allclose(a, b, rtol=original.tolerance or TOLERANCE, atol=0, err_msg=f"step {step}")


@pytest.mark.parametrize(("original", "shape"), CASES)
def test_every_hyper_parameter_shows(original: Original, shape: Shape) -> None:
    """With another value of any one of them the rule reaches another parameter: the values above are telling."""
    hypers = original.hypers(telling(original))
    silent = [name for name in hypers if name not in original.values and not shows(original, name, hypers, shape)]
    assert [name for name in silent if (original.implementation, name) not in SILENT] == []


def shows(original: Original, name: str, hypers: Mapping[str, float], shape: Shape) -> bool:
    domain = original.resolved.declared(Hyper)[name].domain
    others = [hypers[name] + 1] if domain.integer else [hypers[name] * 0.9, hypers[name] / 2]
    for data in DATA:
        before = reach(original, hypers, shape, data)[-1]
        for other in [value for value in others if value in domain]:
            after = reach(original, {**hypers, name: other}, shape, data)[-1]
            if not np.allclose(before, after, rtol=1e-6, atol=0, equal_nan=True):
                return True
    return False

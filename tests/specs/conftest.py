"""Implementations that round to a shorter type on the way are held to double precision while they are compared."""

from collections.abc import Callable, Mapping
from functools import partial, wraps
from importlib.util import find_spec
from typing import Any

import pytest

Patch = Callable[[pytest.MonkeyPatch], None]


def muon_of_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Newton-Schulz steps in the type of the parameter, not in bfloat16."""
    import torch

    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)


def adafactor_of_optax(monkeypatch: pytest.MonkeyPatch) -> None:
    """beta2 = 1 - t**-0.8 in double precision; optax has a float32 in its formula."""
    import jax
    from optax._src import factorized

    def decay(count: Any, exponent: float) -> Any:
        return 1.0 - jax.numpy.asarray(count + 1, dtype="float64") ** -exponent

    exact = partial(factorized.scale_by_factored_rms, decay_rate_fn=decay)
    monkeypatch.setattr(factorized, "scale_by_factored_rms", exact)


def muon_of_optax(monkeypatch: pytest.MonkeyPatch) -> None:
    """One compilation a run; optax compiles its loop anew in every step."""
    import jax
    import optax.contrib

    @wraps(optax.contrib.muon)
    def compiled(*args: Any, **kwargs: Any) -> Any:
        made = compiled.__wrapped__(*args, **kwargs)
        return optax.GradientTransformation(made.init, jax.jit(made.update))

    monkeypatch.setattr(optax.contrib, "muon", compiled)


def reductions_of_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    """Means and norms of doubles in doubles; Keras has float32 as the result of its promotions."""
    from keras.src.backend.common import dtypes

    monkeypatch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")


PATCHES: Mapping[str, Patch] = {
    "torch.optim.Muon": muon_of_torch,
    "optax.adafactor": adafactor_of_optax,
    "optax.contrib.muon": muon_of_optax,
    "keras.optimizers.Adafactor": reductions_of_keras,
    "keras.optimizers.Muon": reductions_of_keras,
}


@pytest.fixture(autouse=True)
def _in_double_precision(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Patches the implementation that a test is about, for as long as the test runs."""
    original = request.node.callspec.params.get("original") if hasattr(request.node, "callspec") else None
    patch = PATCHES.get(getattr(original, "implementation", ""))
    if patch is not None and find_spec(original.implementation.partition(".")[0]) is not None:
        patch(monkeypatch)

"""Which optimizers of the frameworks the catalogue has: all but those named here, each with the reason."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from types import ModuleType

import pytest

from symopt.errors import MissingToolError
from symopt.run.frameworks import implementation_of
from symopt.run.originals import originals

LINE_SEARCH = "a line search asks for the loss at several points"
WITHOUT: Mapping[str, Mapping[str, str]] = {
    "torch.optim": {
        "LBFGS": LINE_SEARCH,
        "SparseAdam": "leaves the elements alone that a sparse gradient lacks",
    },
    "optax": {
        "lbfgs": LINE_SEARCH,
        "noisy_sgd": "has a rule; its random numbers are those of JAX",
    },
    "keras.optimizers": {
        "LossScaleOptimizer": "a wrapper against underflow, which real numbers do not have",
        "MultiOptimizer": "gives each of several optimizers its own parameters",
    },
}


def optimizers(module: ModuleType, base: type | None) -> Iterator[str]:
    """The names of the classes below ``base``; without one, of the functions that make an optimizer."""
    for name, item in vars(module).items():
        if base is not None:
            found = inspect.isclass(item) and issubclass(item, base) and item is not base
        else:
            # The module of optax's aliases defines functions, and makes some more by fixing an argument.
            own = inspect.isfunction(item) and item.__module__ == module.__name__
            found = (own or isinstance(item, functools.partial)) and not name.startswith("_")
        if found:
            yield name


@pytest.mark.parametrize(
    ("module", "where", "base"),
    [
        ("torch.optim", "torch.optim", "torch.optim.Optimizer"),
        ("optax", "optax._src.alias", None),
        ("keras.optimizers", "keras.optimizers", "keras.optimizers.Optimizer"),
    ],
)
def test_every_optimizer_is_claimed_by_a_rule(module: str, where: str, base: str | None) -> None:
    try:
        members = implementation_of(where)
        known = list(optimizers(members, implementation_of(base) if base is not None else None))
    except MissingToolError as error:
        pytest.skip(str(error))
    claimed = [name for name in known if any(o.implementation == f"{module}.{name}" for o in originals())]
    assert len(known) > 12
    assert sorted(set(known) - set(claimed)) == sorted(WITHOUT[module])

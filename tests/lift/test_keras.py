"""Optimizers of Keras as traces, against the catalogue's rules."""

from typing import Any

import pytest

from symopt.errors import MissingToolError, UnsupportedError
from symopt.ir.text import trace_text
from symopt.lift.jax.lifter import ONE_TENSOR
from symopt.lift.keras import lift_keras
from symopt.run.frameworks import framework
from symopt.run.originals import Original, originals
from symopt.targets.stated import stated

try:
    keras = framework("keras")
    framework("jax")
except MissingToolError:
    pytest.skip("keras or jax is not installed", allow_module_level=True)

ENTRIES = {
    ("momentum_velocity[decay=True,nesterov=True]", "SGD"): "equal",
    ("adam_tf", "Adam"): "equal",
    ("adamw_tf[amsgrad=True]", "AdamW"): "equal",
    ("nadam_keras", "Nadam"): "equal",
    ("adamax_keras[decay=True]", "Adamax"): "equal",
    ("lion", "Lion"): "equal",
    ("rmsprop_tf[centered=True,momentum=True]", "RMSprop"): "equal",
    ("adagrad_eps_in", "Adagrad"): "equal",
    ("adadelta", "Adadelta"): "equal",
    ("ftrl[shrinkage=True,power=True]", "Ftrl"): "equal-if",
    ("lamb_keras", "Lamb"): "equal",
    ("adafactor", "Adafactor"): "equal-if",
    ("adafactor[factored=False]", "Adafactor"): "equal-if",
    # Keras divides by beta1, so that only one of the two is defined where it is 0.
    ("schedule_free_adamw_keras", "ScheduleFreeAdamW"): "different",
}  # fmt: skip


def verdict_on(entry: Original) -> str:
    found = stated(entry)
    assert found.verdict is not None, found.reason
    return found.verdict.verdict


@pytest.mark.parametrize(("rule", "name"), ENTRIES)
def test_optimizer_is_its_rule(rule: str, name: str) -> None:
    implementation = f"keras.optimizers.{name}"
    (entry,) = (entry for entry in originals() if (entry.rule, entry.implementation) == (rule, implementation))
    assert verdict_on(entry) == ENTRIES[rule, name]


def test_muon_is_lifted_for_each_kind_of_matrix() -> None:
    found = lift_keras(keras.optimizers.Muon, "keras.optimizers.Muon", {})
    assert found[0].scope == "shape (16,)"
    assert {item.matrix for item in found} == {None, (4, 16), (64, 4)}


def test_names_of_states_are_what_they_mean() -> None:
    (lifted,) = lift_keras(keras.optimizers.Nadam, "keras.optimizers.Nadam", {})
    assert lifted.framework == "keras"
    assert list(lifted.state_paths.values()) == ["state['momentum']", "state['u_product']", "state['velocity']"]


def test_averages_and_clipping_come_where_they_are_asked_for() -> None:
    (plain,) = lift_keras(keras.optimizers.SGD, "keras.optimizers.SGD", {"momentum": 0.0})
    assert [hyper.name for hyper in plain.trace.hypers] == ["learning_rate"]
    (clipped,) = lift_keras(keras.optimizers.SGD, "keras.optimizers.SGD", {"momentum": 0.0, "clipnorm": "free"})
    assert [hyper.name for hyper in clipped.trace.hypers] == ["learning_rate", "clipnorm"]
    assert "model_sum" not in trace_text(clipped.trace)


def test_a_norm_of_all_variables_is_one_over_the_model() -> None:
    fixed = {"momentum": 0.0, "global_clipnorm": "free"}
    (lifted,) = lift_keras(keras.optimizers.SGD, "keras.optimizers.SGD", fixed)
    assert "model_sum" in trace_text(lifted.trace)
    assert ONE_TENSOR not in lifted.trace.assumptions


def test_an_optimizer_that_counts_on_the_side_is_refused() -> None:
    class Counting(keras.optimizers.SGD):  # type: ignore[misc, name-defined]  # a module that is found at run time
        def __init__(self, learning_rate: float = 0.01) -> None:
            super().__init__(learning_rate)
            self.turns = 0

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.turns += 1
            super().update_step(gradient, variable, learning_rate)

    with pytest.raises(UnsupportedError, match="turns changes from step to step"):
        lift_keras(Counting, "Counting", {})


def test_random_noise_is_refused() -> None:
    class Noisy(keras.optimizers.SGD):  # type: ignore[misc, name-defined]  # a module that is found at run time
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            noise = keras.random.normal(gradient.shape, seed=1, dtype="float64")
            super().update_step(gradient + noise, variable, learning_rate)

    with pytest.raises(UnsupportedError, match=r"test_keras\.py:\d+: random_\w+: random numbers"):
        lift_keras(Noisy, "Noisy", {})

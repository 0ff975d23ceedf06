"""Gradient transformations of optax as traces, against the catalogue's rules and against optax itself."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from symopt.errors import UnsupportedError, UsageError
from symopt.ir.text import trace_text
from symopt.lift.jax import lift_optax
from symopt.lift.jax.lifter import ONE_TENSOR
from symopt.run.originals import Original, originals
from symopt.targets.stated import stated

optax, jax = pytest.importorskip("optax"), pytest.importorskip("jax")
pytest.importorskip("optax.contrib")

# Rule and alias -> the verdict. A map that is an expression makes an equality one "under a map".
ENTRIES = {
    ("sgd[momentum=True,nesterov=True]", "optax.sgd"): "equal",
    ("adamw", "optax.adamw"): "equal",
    ("adamax", "optax.adamax"): "equal",
    ("adabelief_optax", "optax.adabelief"): "equal",
    ("radam_optax", "optax.radam"): "equal",
    ("yogi", "optax.yogi"): "equal",
    ("lion", "optax.lion"): "equal",
    ("adadelta", "optax.adadelta"): "equal",
    ("signum", "optax.signum"): "equal",
    ("rprop_optax", "optax.rprop"): "equal",
    ("ogd", "optax.optimistic_gradient_descent"): "equal",
    ("rmsprop_optax[centered=True,momentum=True]", "optax.rmsprop"): "equal",
    ("lars_simclr", "optax.lars"): "equal",
    ("novograd", "optax.novograd"): "equal",
    ("sm3", "optax.sm3"): "equal",
    ("sm3[factored=False]", "optax.sm3"): "equal",
    ("adafactor_optax[factored=False,momentum=True]", "optax.adafactor"): "equal",
    ("madgrad", "optax.contrib.madgrad"): "equal-if",
    # Sums over the model.
    ("polyak_sgd", "optax.polyak_sgd"): "equal",
    ("dowg", "optax.contrib.dowg"): "equal",
    # What the rule states and optax does not do is seen.
    ("adam", "optax.adabelief"): "different",
    ("rmsprop_tf[momentum=True]", "optax.sgd"): "different",
}  # fmt: skip


def entry_of(rule: str, implementation: str) -> Original:
    """The entry of specs/originals; where there is none, the rule against another's arguments."""
    found = [entry for entry in originals() if entry.implementation == implementation]
    own = [entry for entry in found if entry.rule == rule]
    if own:
        return own[0]
    names = {name: text for name, text in found[0].arguments.items() if text in ("lr", "beta1", "beta2", "eps")}
    return Original(rule, implementation, names)


def verdict_on(entry: Original) -> str:
    found = stated(entry)
    assert found.verdict is not None, found.reason
    return found.verdict.verdict


@pytest.mark.parametrize(("rule", "implementation"), ENTRIES)
def test_alias_is_its_rule(rule: str, implementation: str) -> None:
    assert verdict_on(entry_of(rule, implementation)) == ENTRIES[rule, implementation]


def test_the_rest_of_the_aliases_is_lifted() -> None:
    for name in ("fromage", "lamb", "adagrad"):
        (lifted,) = lift_optax(getattr(optax, name), name, {})
        assert lifted.scope == "all shapes"
        assert lifted.framework == "jax"


@pytest.mark.parametrize(("name", "why"), [("noisy_sgd", "random numbers"), ("lbfgs", r"shape \(10, 16\)")])
def test_alias_that_is_refused(name: str, why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        lift_optax(getattr(optax, name), name, {})


def test_what_is_fixed_is_exact_or_put_in_later_and_what_is_free_has_a_default() -> None:
    (exact,) = lift_optax(optax.sgd, "optax.sgd", {"momentum": 2})
    assert [hyper.name for hyper in exact.trace.hypers] == ["learning_rate"]
    assert "(mul trace 2)" in trace_text(exact.trace) or "(mul 2 trace)" in trace_text(exact.trace)
    (later,) = lift_optax(optax.sgd, "optax.sgd", {"momentum": 0.75})
    assert later.trace.hypers[1].default == Fraction(3, 4)
    (free,) = lift_optax(optax.sgd, "optax.sgd", {"momentum": "free"})
    assert {hyper.name: float(hyper.default) for hyper in free.trace.hypers} == {
        "learning_rate": 0.001, "momentum": 0.9
    }  # fmt: skip
    assert free.state_paths == {"trace": "state[0].trace"}


def test_a_loss_that_is_read_is_given() -> None:
    (lifted,) = lift_optax(optax.polyak_sgd, "optax.polyak_sgd", {})
    assert lifted.trace.given == ("loss",)


def test_muon_is_lifted_for_each_kind_of_matrix() -> None:
    found = lift_optax(optax.contrib.muon, "optax.contrib.muon", {"ns_steps": 2})
    assert [item.matrix for item in found] == [None, (4, 16), (64, 4)]
    assert [hyper.name for hyper in found[1].trace.hypers][:4] == [
        "learning_rate",
        "ns_coeffs1",
        "ns_coeffs2",
        "ns_coeffs3",
    ]


def test_what_is_required_is_asked_for() -> None:
    with pytest.raises(UsageError, match=r"requires l2_norm_clip.*\[l2_norm_clip=\.\.\.\]"):
        lift_optax(optax.contrib.dpsgd, "optax.contrib.dpsgd", {})
    with pytest.raises(UsageError, match="no argument 'beta1'; did you mean"):
        lift_optax(optax.adam, "optax.adam", {"beta1": 0.9})


def test_a_norm_of_all_tensors_is_one_over_the_model() -> None:
    def clipped(learning_rate: float = 0.1, most: float = 1.5) -> Any:
        return optax.chain(optax.clip_by_global_norm(most), optax.sgd(learning_rate))

    def clipped_one_by_one(learning_rate: float = 0.1, most: float = 1.5) -> Any:
        return optax.chain(optax.clip_by_block_rms(most), optax.sgd(learning_rate))

    (of_all,), (of_each,) = (lift_optax(item, "clipped", {}) for item in (clipped, clipped_one_by_one))
    assert "model_sum" in trace_text(of_all.trace)
    assert "model_sum" not in trace_text(of_each.trace)
    assert ONE_TENSOR not in of_all.trace.assumptions


def test_what_is_more_than_a_sum_over_the_model_is_assumed_away() -> None:
    def largest(learning_rate: float = 0.1) -> Any:
        def update(g: Any, state: Any, p: Any = None) -> Any:
            most = jax.tree.reduce(jax.numpy.maximum, jax.tree.map(lambda x: abs(x).max(), g))
            return jax.tree.map(lambda x: -learning_rate * x / most, g), state

        return optax.GradientTransformation(lambda p: optax.EmptyState(), update)

    (lifted,) = lift_optax(largest, "largest", {})
    assert ONE_TENSOR in lifted.trace.assumptions


def scaled(factor: Any) -> Any:
    return optax.GradientTransformation(
        lambda p: optax.EmptyState(), lambda g, state, p=None: (jax.tree.map(lambda x: x * factor, g), state)
    )


def test_a_number_that_loses_its_expression_is_refused() -> None:
    def lossy(learning_rate: float = 0.1) -> Any:
        return scaled(-np.float64(learning_rate).astype(np.float64) * 2)

    with pytest.raises(UnsupportedError, match="lost on its way"):
        lift_optax(lossy, "lossy", {})


def test_an_optimizer_that_counts_on_the_side_is_refused() -> None:
    made = [0]

    def counting(learning_rate: float = 0.1) -> Any:
        made[0] += 1
        return scaled(-learning_rate * made[0])

    with pytest.raises(UnsupportedError, match=r"part at step 1|lost on its way"):
        lift_optax(counting, "counting", {})


def test_what_is_no_transformation_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="makes float and no gradient transformation"):
        lift_optax(lambda learning_rate=0.1: float(learning_rate), "number", {})

"""Step functions over arrays of JAX as traces: how they keep their state, and how they are written."""

from typing import Any

import pytest

from symopt.errors import UnsupportedError
from symopt.lift.jax import lift_jax_function
from symopt.lift.lifted import Lifted
from symopt.prove.compare import compare

jax = pytest.importorskip("jax")
jnp = jax.numpy


def zeros_and_a_number(params: Any) -> dict[str, Any]:
    return {"step": 0, "m": jnp.zeros_like(params), "v": jnp.zeros_like(params)}


def adam_by_a_number(params: Any, grads: Any, state: Any, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8) -> Any:
    beta1, beta2 = betas
    n = state["step"] + 1
    m = beta1 * state["m"] + (1 - beta1) * grads
    v = beta2 * state["v"] + (1 - beta2) * grads**2
    new = params - lr * (m / (1 - beta1**n)) / (jnp.sqrt(v / (1 - beta2**n)) + eps)
    return new, {"step": n, "m": m, "v": v}


def adam_by_a_number_of_jax(params: Any, grads: Any, state: Any, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8) -> Any:
    n = state["step"] + 1
    m, v = (b * state[k] + (1 - b) * x for k, b, x in (("m", betas[0], grads), ("v", betas[1], grads**2)))
    b1, b2 = (1 - jnp.power(b, n) for b in betas)
    return params - lr * (m / b1) / (jnp.sqrt(v / b2) + eps), {"step": n, "m": m, "v": v}


def adam_by_an_argument(params: Any, grads: Any, m: Any, v: Any, t: int, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
    m = m + (1 - beta1) * (grads - m)
    v = v + (1 - beta2) * (grads * grads - v)
    return params - lr * m / (1 - beta1**t) / (jnp.sqrt(v / (1 - beta2**t)) + eps), m, v


def zeros_and_an_array(params: Any) -> tuple[Any, tuple[Any, Any]]:
    return jnp.zeros((), int), (jnp.zeros(params.shape), jnp.zeros(params.shape))


@jax.jit
def adam_by_an_array(params: Any, grads: Any, state: Any, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8) -> Any:
    count, (m, v) = state
    count = count + 1
    m, v = beta1 * m + (1 - beta1) * grads, beta2 * v + (1 - beta2) * grads * grads
    scale = lr * jnp.sqrt(1 - beta2**count) / (1 - beta1**count)
    return params - scale * m / (jnp.sqrt(v) + eps * jnp.sqrt(1 - beta2**count)), (count, (m, v))


FORMS = {
    "a number in a dictionary": (adam_by_a_number, zeros_and_a_number),
    "a number that JAX computes with": (adam_by_a_number_of_jax, zeros_and_a_number),
    "an argument": (adam_by_an_argument, None),
    "an array in nested tuples, compiled": (adam_by_an_array, zeros_and_an_array),
}


def only(function: Any, init: Any = None, fixed: Any = None) -> Lifted:
    (lifted,) = lift_jax_function(function, init, "a step", fixed)
    return lifted


@pytest.mark.parametrize("form", FORMS)
def test_adam_in_every_form_is_adam(form: str) -> None:
    lifted = only(*FORMS[form])
    assert lifted.scope == "all shapes"
    assert len(lifted.trace.states) == 2
    assert compare("adam", lifted.trace, hyper_map={}).verdict == "equal"


def test_hyperparameters_are_called_as_the_source_calls_them() -> None:
    assert only(*FORMS["a number in a dictionary"]).hyper_paths == {
        "lr": "lr", "beta1": "betas[0]", "beta2": "betas[1]", "eps": "eps"
    }  # fmt: skip


def test_a_wrong_bias_correction_is_different() -> None:
    def step(params, grads, state, *, lr=1e-3, beta1=0.9, beta2=0.999, eps=1e-8):
        n, m, v = state["step"] + 1, state["m"], state["v"]
        m, v = beta1 * m + (1 - beta1) * grads, beta2 * v + (1 - beta2) * grads**2
        new = params - lr * (m / (1 - beta1 * n)) / (jnp.sqrt(v / (1 - beta2**n)) + eps)
        return new, {"step": n, "m": m, "v": v}

    assert compare("adam", only(step, zeros_and_a_number).trace, hyper_map={}).verdict == "different"


def test_a_branch_on_the_step_is_followed_both_ways() -> None:
    def step(params, grads, state, *, lr=0.1, mu=0.9):
        buffer = grads if state["n"] == 0 else mu * state["b"] + grads
        return params - lr * buffer, {"n": state["n"] + 1, "b": buffer}

    lifted = only(step, lambda p: {"n": 0, "b": jnp.ones_like(p)})
    assert compare("sgd[momentum=True]", lifted.trace, hyper_map={}).verdict == "equal"


def test_a_moment_may_be_called_as_a_hyperparameter() -> None:
    def step(params, grads, mu, *, lr=0.1, momentum=0.9):
        mu = momentum * mu + grads
        return params - lr * mu, mu

    lifted = only(step, jnp.zeros_like)
    assert [state.name for state in lifted.trace.states] == ["mu"]


def test_states_of_several_arguments_are_called_as_these() -> None:
    lifted = only(adam_by_an_argument)
    assert {state.name for state in lifted.trace.states} == {"m", "v"}


def test_a_dictionary_may_hold_what_the_argument_is_called() -> None:
    def step(params, grads, state, *, lr=0.1, momentum=0.9):
        buffer = momentum * state["state"] + grads
        return params - lr * buffer, {"state": buffer}

    assert len(only(step, lambda p: {"state": jnp.zeros_like(p)}).trace.states) == 1


def test_newton_schulz_is_lifted_for_each_kind_of_matrix() -> None:
    def step(params, grads, *, lr=0.02):
        x = grads / (jnp.linalg.norm(grads) + 1e-7)
        for _ in range(3):
            x = 1.5 * x - 0.5 * (x @ x.T) @ x
        return params - lr * x

    found = lift_jax_function(step, None, "newton", {})
    assert [item.scope for item in found] == ["matrices"]


def test_what_is_kept_outside_of_the_state_is_refused() -> None:
    kept = {"m": 0.0}

    def step(params, grads, *, lr=0.1, mu=0.9):
        kept["m"] = kept["m"] * mu + float(jnp.size(grads))
        return params - lr * grads * kept["m"]

    with pytest.raises(UnsupportedError, match=r"part at step|lost on its way"):
        only(step)


def test_a_branch_on_data_is_refused_with_its_place() -> None:
    def step(params, grads, *, lr=0.1):
        return params - lr * grads if jnp.sum(grads) > 0 else params

    with pytest.raises(UnsupportedError, match=r"test_jax_functions\.py:\d+: TracerBoolConversionError"):
        only(step)


def test_a_state_that_grows_is_refused() -> None:
    def step(params, grads, state, *, lr=0.1):
        return params - lr * grads, (*state, grads)

    with pytest.raises(UnsupportedError, match="another state than the one"):
        only(step, lambda p: (p,))


def decayed(params: Any, grads: Any, *, lr=0.1, weight_decay=0.01) -> Any:
    return params - lr * (grads + weight_decay * params if weight_decay != 0 else grads)


def jumping(params: Any, grads: Any, *, lr=0.1, weight_decay=0.01) -> Any:
    return params - lr * (grads + weight_decay * params if weight_decay != 0 else 2 * grads)


@pytest.mark.parametrize(("function", "assumptions"), [(decayed, ()), (jumping, ("weight_decay != 0",))])
def test_an_assumption_that_the_code_does_not_need_goes(function: Any, assumptions: tuple[str, ...]) -> None:
    (lifted,) = lift_jax_function(function, None, function.__name__)
    assert lifted.trace.assumptions == assumptions

"""Every part of a chain against the transformation or function of a framework that it states."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace as Names
from typing import Any

import numpy as np
import pytest
from model_run import (
    GRADIENTS,
    STEPS,
    Tensors,
    assert_close,
    parameters,
    replay,
    run_keras,
    run_model,
    run_optax,
    run_torch,
    start,
)

from symopt import catalogue
from symopt.lang import Hyper, Option, Part

LR = 0.3
# Values at which every hyper-parameter shows in the result. A limit of clipping is one that some steps reach.
VALUES = {
    "beta1": 0.6, "beta2": 0.75, "eps": 0.05, "rho": 0.7, "v0": 0.4, "mu": 0.8, "decay": 0.7, "weight_decay": 0.2,
    "initial_accumulator": 0.3, "limit": 1.3, "clipping": 0.4, "least": 2.5, "eta": 0.02,
}  # fmt: skip
OPTAX: Mapping[str, Callable[[Any, Any], Any]] = {
    "adam_direction": lambda o, h: o.scale_by_adam(h.beta1, h.beta2, h.eps),
    "adam_direction(nesterov=True)": lambda o, h: o.scale_by_adam(h.beta1, h.beta2, h.eps, nesterov=True),
    "trace": lambda o, h: o.trace(h.mu),
    "trace(nesterov=True)": lambda o, h: o.trace(h.mu, nesterov=True),
    "ema": lambda o, h: o.ema(h.decay),
    "ema(correct=False)": lambda o, h: o.ema(h.decay, debias=False),
    "sign": lambda o, h: o.scale_by_sign(),
    "rms_direction": lambda o, h: o.scale_by_rms(h.rho, h.eps, h.v0),
    "rms_direction(correct=True)": lambda o, h: o.scale_by_rms(h.rho, h.eps, h.v0, bias_correction=True),
    "rms_direction(eps_in_sqrt=False)": lambda o, h: o.scale_by_rms(h.rho, h.eps, h.v0, eps_in_sqrt=False),
    "rms_direction(eps_in_sqrt=False,correct=True)": lambda o, h: o.scale_by_rms(h.rho, h.eps, h.v0, False, True),
    "rms_direction(centered=True)": lambda o, h: o.scale_by_stddev(h.rho, h.eps, h.v0),
    "rms_direction(correct=True,centered=True)": lambda o, h: o.scale_by_stddev(
        h.rho, h.eps, h.v0, bias_correction=True
    ),
    "rms_direction(eps_in_sqrt=False,centered=True)": lambda o, h: o.scale_by_stddev(h.rho, h.eps, h.v0, False),
    "rms_direction(eps_in_sqrt=False,correct=True,centered=True)": lambda o, h: o.scale_by_stddev(
        h.rho, h.eps, h.v0, False, True
    ),
    "adagrad_direction": lambda o, h: o.scale_by_rss(h.initial_accumulator, h.eps),
    "adadelta_direction": lambda o, h: o.scale_by_adadelta(h.rho, h.eps),
    "adamax_direction": lambda o, h: o.scale_by_adamax(h.beta1, h.beta2, h.eps),
    "lion_direction": lambda o, h: o.scale_by_lion(h.beta1, h.beta2),
    "trust_ratio": lambda o, h: o.scale_by_trust_ratio(),
    "trust_ratio(scaled=True)": lambda o, h: o.scale_by_trust_ratio(trust_coefficient=h.eta),
    "decoupled_decay": lambda o, h: o.add_decayed_weights(h.weight_decay),
    "l2": lambda o, h: o.add_decayed_weights(h.weight_decay),
    "clip_value": lambda o, h: o.clip(h.limit),
    "clip_global_norm": lambda o, h: o.clip_by_global_norm(h.limit),
    "clip_rms": lambda o, h: o.clip_by_block_rms(h.limit),
    "clip_adaptive(axis=0)": lambda o, h: o.adaptive_grad_clip(h.clipping, h.eps),
    "clip_adaptive": lambda o, h: o.adaptive_grad_clip(h.clipping, h.eps, axis=1),
    "centralise": lambda o, h: o.centralize(),
    "normalise": lambda o, h: o.normalize_by_update_norm(eps=h.eps),
    "scale_by_param_norm": lambda o, h: o.scale_by_param_block_norm(h.least),
    "scale_by_param_rms": lambda o, h: o.scale_by_param_block_rms(h.least),
}  # fmt: skip
CANCELS = {"rms_direction(correct=True,centered=True)", "rms_direction(eps_in_sqrt=False,correct=True,centered=True)"}
# Compared with something else below, or in test_model_rules.py where they draw random numbers.
ELSEWHERE = {
    "adam_direction(correct=False)", "adam_direction(correct=False,nesterov=True)", "clip_norm", "clip_grad_norm",
    "adagrad_direction(eps_in_sqrt=False)", "cautious_mask", "cautious_mask(rescale=False)", "grams", "add_noise",
}  # fmt: skip


def variants(name: str) -> Iterator[Part]:
    """A part with every choice of its options; settings are only those that are no defaults."""
    options = catalogue.part(name).declared(Option)
    for choices in itertools.product(*(option.choices for option in options.values())):
        changed = {n: c for (n, option), c in zip(options.items(), choices, strict=True) if c != option.default}
        yield catalogue.part(name)(**changed)


PARTS = [part for name in catalogue.part_names() for part in variants(name)]
DATA = pytest.mark.parametrize("gradients", GRADIENTS.values(), ids=GRADIENTS)


def values_of(part: Part, settings: str) -> dict[str, float]:
    declared = {name: hyper for name, hyper in part.declared(Hyper).items() if part.exists(hyper)}
    return {name: VALUES[name] if settings == "telling" else float(hyper.default) for name, hyper in declared.items()}


def part_of(spelt: str) -> Part:
    return next(part for part in PARTS if part.spelt == spelt)


def ours(spelt: str, gradients: list[Tensors], settings: str = "telling") -> list[Tensors]:
    hypers = {"lr": LR, **values_of(part_of(spelt), settings)}
    return parameters(run_model(f"chain({spelt})", hypers, start(), replay(gradients)))


def test_every_part_is_compared() -> None:
    assert [part.spelt for part in PARTS if part.spelt not in {*OPTAX, *ELSEWHERE}] == []


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.spelt)
def test_part_says_what_it_is_and_where_it_is_from(part: Part) -> None:
    doc = type(part).__doc__ or ""
    assert doc.endswith(".")
    assert "\n" not in doc
    assert part.source
    assert "lr" not in part.declared(Hyper)


@DATA
@pytest.mark.parametrize("settings", ["telling", "defaults"])
@pytest.mark.parametrize("spelt", OPTAX)
def test_part_is_its_transformation(spelt: str, settings: str, gradients: list[Tensors]) -> None:
    optax = pytest.importorskip("optax")
    if spelt in CANCELS and (settings == "defaults" or gradients is GRADIENTS["hostile"]):
        pytest.skip("the corrected variance of one gradient is 0: what is left of the two terms is rounding")
    values = Names(**values_of(part_of(spelt), settings))
    theirs = run_optax(lambda: optax.chain(OPTAX[spelt](optax, values), optax.scale(-LR)), start(), replay(gradients))
    assert_close(ours(spelt, gradients, settings), theirs)


@pytest.mark.parametrize("spelt", ["trust_ratio", "clip_adaptive", "scale_by_param_norm", "scale_by_param_rms"])
def test_part_from_parameters_of_zeros(spelt: str) -> None:
    """A tensor without length: what is measured by the parameter has a rule for it."""
    optax = pytest.importorskip("optax")
    at, gradient = [start()[0], np.zeros(start()[1].shape)], replay(GRADIENTS["ordinary"])
    values = values_of(part_of(spelt), "telling")
    theirs = run_optax(lambda: optax.chain(OPTAX[spelt](optax, Names(**values)), optax.scale(-LR)), at, gradient)
    reached = parameters(run_model(f"chain({spelt})", {"lr": LR, **values}, at, gradient))
    assert_close(reached, theirs)
    assert reached[0][1].any()


@DATA
@pytest.mark.parametrize("argument", ["clipnorm", "global_clipnorm", "clipvalue"])
def test_clipping_is_that_of_keras(argument: str, gradients: list[Tensors]) -> None:
    spelt = {"clipnorm": "clip_norm", "global_clipnorm": "clip_global_norm", "clipvalue": "clip_value"}[argument]
    # Its global norm is 1/0 where all gradients are zero.
    data = [step for step in gradients if any(g.any() for g in step)]
    theirs = run_keras(
        lambda keras: keras.optimizers.SGD(LR, **{argument: VALUES["limit"]}), start(), replay(data), len(data)
    )
    made = run_model(f"chain({spelt})", {"lr": LR, "limit": VALUES["limit"]}, start(), replay(data), len(data))
    assert_close(parameters(made), theirs)


@DATA
def test_clipping_is_that_of_torch(gradients: list[Tensors]) -> None:
    torch = pytest.importorskip("torch")
    for spelt, clip in {
        "clip_grad_norm": lambda ps: torch.nn.utils.clip_grad_norm_(ps, VALUES["limit"]),
        "clip_value": lambda ps: torch.nn.utils.clip_grad_value_(ps, VALUES["limit"]),
    }.items():
        made = parameters(run_model(f"chain({spelt})", {"lr": LR, "limit": 1.3}, start(), replay(gradients)))
        theirs = run_torch(lambda ps: torch.optim.SGD(ps, LR), start(), replay(gradients), before=clip)
        assert_close(made, theirs)


@DATA
def test_adaptive_clipping_and_centring_are_those_of_pytorch_optimizer(gradients: list[Tensors]) -> None:
    torch, peer = pytest.importorskip("torch"), pytest.importorskip("pytorch_optimizer")

    def clip(tensors: list[Any]) -> None:
        for p in tensors:
            p.grad = peer.agc(p.detach(), p.grad, agc_eps=VALUES["eps"], agc_clip_val=VALUES["clipping"])

    def centre(tensors: list[Any]) -> None:
        for p in tensors:
            peer.centralize_gradient(p.grad)

    for spelt, change in {"clip_adaptive": clip, "centralise": centre}.items():
        theirs = run_torch(lambda ps: torch.optim.SGD(ps, LR), start(), replay(gradients), before=change)
        assert_close(ours(spelt, gradients), theirs)


@DATA
@pytest.mark.parametrize("nesterov", [False, True])
def test_uncorrected_adam_direction(nesterov: bool, gradients: list[Tensors]) -> None:
    """BERT's Adam: m over the root of v, both as they are."""
    b1, b2, eps = 0.6, 0.75, 0.05
    expected = []
    p, m, v = start(), [0.0, 0.0], [0.0, 0.0]
    for step in gradients:
        for i, g in enumerate(step):
            m[i], v[i] = b1 * m[i] + (1 - b1) * g, b2 * v[i] + (1 - b2) * g**2
        ahead = [b1 * a + (1 - b1) * g if nesterov else a for a, g in zip(m, step, strict=True)]
        p = [q - LR * u / (np.sqrt(b) + eps) for q, u, b in zip(p, ahead, v, strict=True)]
        expected.append(p)
    assert_close(ours(f"adam_direction(correct=False{',nesterov=True' if nesterov else ''})", gradients), expected)


@DATA
def test_adagrad_direction_is_that_of_torch(gradients: list[Tensors]) -> None:
    torch = pytest.importorskip("torch")
    theirs = run_torch(
        lambda ps: torch.optim.Adagrad(ps, LR, initial_accumulator_value=0.3, eps=0.05), start(), replay(gradients)
    )
    assert_close(ours("adagrad_direction(eps_in_sqrt=False)", gradients), theirs)


@DATA
def test_grams_is_that_of_pytorch_optimizer(gradients: list[Tensors]) -> None:
    peer = pytest.importorskip("pytorch_optimizer")
    theirs = run_torch(lambda ps: peer.Grams(ps, LR, betas=(0.6, 0.75), eps=0.05), start(), replay(gradients))
    hypers = {"lr": LR, "beta1": 0.6, "beta2": 0.75, "eps": 0.05}
    made = run_model("chain(adam_direction,grams)", hypers, start(), replay(gradients))
    assert_close(parameters(made), theirs)


@DATA
@pytest.mark.parametrize("rescale", [False, True])
def test_cautious_mask(rescale: bool, gradients: list[Tensors]) -> None:
    """Liang et al. 2024, Algorithm 2, by hand: the trace of the gradients, masked where it disagrees with the last."""
    p, b, expected = start(), [0.0, 0.0], []
    for step in gradients:
        b = [0.8 * old + g for old, g in zip(b, step, strict=True)]
        kept = [(u * g > 0).astype(float) for u, g in zip(b, step, strict=True)]
        scale = [k.size / (k.sum() + 2.5) if rescale else 1.0 for k in kept]
        p = [q - LR * c * k * u for q, c, k, u in zip(p, scale, kept, b, strict=True)]
        expected.append(p)
    part = "cautious_mask" if rescale else "cautious_mask(rescale=False)"
    hypers = {"lr": LR, "mu": 0.8, **({"xi": 2.5} if rescale else {})}
    assert_close(parameters(run_model(f"chain(trace,{part})", hypers, start(), replay(gradients))), expected)


def test_steps_are_enough_for_every_branch() -> None:
    """Some gradients are longer than the limit and some are not, and one step is zero, in one tensor and in all."""
    norms = [np.sqrt(sum((g**2).sum() for g in step)) for step in GRADIENTS["hostile"]]
    assert min(norms) == 0
    assert max(norms) > VALUES["limit"]
    assert len(norms) == STEPS >= 10

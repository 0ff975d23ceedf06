"""Rules composed of parts, on a model of several tensors, against the same compositions in optax and the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from model_run import (
    GRADIENTS,
    Tensors,
    assert_close,
    curved,
    parameters,
    run_model,
    run_optax,
    run_torch,
    start,
)

from symopt import catalogue
from symopt.lang import Chain, Part, Rule

DATA = pytest.mark.parametrize("gradients", GRADIENTS.values(), ids=GRADIENTS)
ADAM = "beta1=0.6,beta2=0.75,eps=0.05"
LR = 0.3


def adam(o: Any, **more: Any) -> Any:
    return o.scale_by_adam(0.6, 0.75, 0.05, **more)


def down(o: Any, *parts: Any) -> Any:
    return o.chain(*parts, o.scale(-LR))


# Compositions, and the same in optax.
CHAINS: Mapping[str, Callable[[Any], Any]] = {
    f"chain(adam_direction({ADAM}),decoupled_decay(weight_decay=0.2))[lr=0.3]": lambda o: o.adamw(
        LR, 0.6, 0.75, 0.05, weight_decay=0.2
    ),
    f"chain(adam_direction(nesterov=True,{ADAM}),decoupled_decay(weight_decay=0.2))[lr=0.3]": lambda o: o.nadamw(
        LR, 0.6, 0.75, 0.05, weight_decay=0.2
    ),
    f"chain(adam_direction({ADAM}),decoupled_decay(weight_decay=0.2),trust_ratio)[lr=0.3]": lambda o: o.lamb(
        LR, 0.6, 0.75, 0.05, weight_decay=0.2
    ),
    "chain(rms_direction(rho=0.7,eps=0.05,v0=0.4),trace(mu=0.8))[lr=0.3]": lambda o: down(
        o, o.scale_by_rms(0.7, 0.05, 0.4), o.trace(0.8)
    ),
    "chain(adagrad_direction)[lr=0.3]": lambda o: o.adagrad(LR),
    "chain(sign)[lr=0.3]": lambda o: o.sign_sgd(LR),
    "chain(ema(decay=0.7,correct=False),sign)[lr=0.3]": lambda o: o.signum(LR, 0.7),
    "chain(lion_direction(beta1=0.6,beta2=0.75),decoupled_decay(weight_decay=0.2))[lr=0.3]": lambda o: o.lion(
        LR, 0.6, 0.75, weight_decay=0.2
    ),
    "chain(adamax_direction(beta1=0.6,beta2=0.75,eps=0.05))[lr=0.3]": lambda o: o.adamax(LR, 0.6, 0.75, 0.05),
    "chain(l2(weight_decay=0.2),adadelta_direction(rho=0.7,eps=0.05))[lr=0.3]": lambda o: o.adadelta(
        LR, 0.7, 0.05, weight_decay=0.2
    ),
    # The same part twice: each has a state of its own.
    "chain(trace(mu=0.8),clip_value(limit=2),trace(mu=0.3,nesterov=True))[lr=0.3]": lambda o: down(
        o, o.trace(0.8), o.clip(2.0), o.trace(0.3, nesterov=True)
    ),
    f"chain(centralise,clip_global_norm(limit=2),adam_direction({ADAM}),clip_rms(limit=0.4))[lr=0.3]": (
        lambda o: down(o, o.centralize(), o.clip_by_global_norm(2.0), adam(o), o.clip_by_block_rms(0.4))
    ),
    # Behind the parts a rule, which has their direction as its gradient.
    f"chain(clip_global_norm(limit=2),adamw(lr=0.3,{ADAM},weight_decay=0.2))": lambda o: o.chain(
        o.clip_by_global_norm(2.0), o.adamw(LR, 0.6, 0.75, 0.05, weight_decay=0.2)
    ),
    "chain(l2(weight_decay=0.2),dog(r_eps=0.01))": lambda o: o.contrib.dog(
        init_step=("heuristic", 0.01), weight_decay=0.2
    ),
    f"chain(clip_value(limit=2),chain(adam_direction({ADAM}),normalise)(lr=0.3))": lambda o: down(
        o, o.clip(2.0), adam(o), o.normalize_by_update_norm()
    ),
    # Around and behind wrappers.
    f"accumulated[base=chain(clip_value(limit=2),adam_direction({ADAM}))(lr=0.3),period=2]": lambda o: o.MultiSteps(
        down(o, o.clip(2.0), adam(o)), 2, accumulator_dtype="float64"
    ),
    f"chain(clip_global_norm(limit=2),accumulated(base=adam(lr=0.3,{ADAM}),period=2))": lambda o: o.chain(
        o.clip_by_global_norm(2.0),
        o.MultiSteps(o.adam(LR, 0.6, 0.75, 0.05), 2, accumulator_dtype="float64").gradient_transformation(),
    ),
    # The wrapper reads the learning rate of the rule behind the parts.
    "schedule_free[base=chain(clip_global_norm(limit=2),sgd(lr=0.3)),beta=0.8]": lambda o: o.contrib.schedule_free(
        o.chain(o.clip_by_global_norm(2.0), o.sgd(LR)), LR, 0.8
    ),
    "chain(clip_global_norm(limit=2),schedule_free(base=sgd(lr=0.3),beta=0.8))": lambda o: o.chain(
        o.clip_by_global_norm(2.0), o.contrib.schedule_free_sgd(LR, b1=0.8)
    ),
}  # fmt: skip


@DATA
@pytest.mark.parametrize("target", CHAINS)
def test_chain_is_that_of_optax(target: str, gradients: list[Tensors]) -> None:
    optax = pytest.importorskip("optax")
    theirs = run_optax(lambda: CHAINS[target](optax), start(), curved(gradients))
    assert_close(parameters(run_model(target, {}, start(), curved(gradients))), theirs)


@DATA
def test_clipped_adamw_is_that_of_torch(gradients: list[Tensors]) -> None:
    torch = pytest.importorskip("torch")
    theirs = run_torch(
        lambda ps: torch.optim.AdamW(ps, LR, (0.6, 0.75), 0.05, weight_decay=0.2),
        start(),
        curved(gradients),
        before=lambda ps: torch.nn.utils.clip_grad_norm_(ps, 2.0),
    )
    target = f"chain(clip_grad_norm(limit=2),adamw(lr=0.3,{ADAM},weight_decay=0.2))"
    assert_close(parameters(run_model(target, {}, start(), curved(gradients))), theirs)


def test_a_title_names_the_rule_again() -> None:
    """What a chain or a wrapper is called is a target that gives the same rule."""
    wrapped = [
        "lookahead[base=chain(trace)(lr=0.3),period=2]",
        "sam[base=lookahead(base=adamw(amsgrad=True),alpha=0.3)]",
    ]
    for target in (*CHAINS, *wrapped):
        rule = catalogue.resolve(target)
        again = catalogue.resolve(rule.title)
        assert again.title == rule.title
        assert again.name == rule.name


def test_a_chain_in_python_is_that_of_the_command_line() -> None:
    class Mine(Chain):
        """Adam's direction and a decay."""

        source = "this test"
        parts = (catalogue.part("adam_direction")(nesterov=True), catalogue.part("decoupled_decay"))

    def run(rule: Rule) -> list[Tensors]:
        return parameters(run_model(rule, {"lr": 0.2}, start(), curved(GRADIENTS["ordinary"])))

    assert_close(run(Mine()), run(catalogue.resolve("chain(adam_direction(nesterov=True),decoupled_decay)")), 1e-15)


def test_a_part_of_a_user_in_a_chain() -> None:
    class Halve(Part):
        """Half the direction."""

        source = "this test"

        def direction(s, u: Any) -> Any:
            return u / 2

    class Halved(Chain):
        """Gradient descent with half the gradient."""

        source = "this test"
        parts = (Halve, Halve)

    ours = run_model(Halved(lr=0.4), {}, start(), curved(GRADIENTS["ordinary"]))
    sgd = run_model("sgd", {"lr": 0.1}, start(), curved(GRADIENTS["ordinary"]))
    assert_close(parameters(ours), parameters(sgd))


def test_a_part_of_a_file_in_a_target(tmp_path: Path) -> None:
    text = """from symopt.lang import Expr, Hyper, Part

class Halve(Part):
    \"\"\"The direction over a number.\"\"\"

    source = "this test"
    by = Hyper(2, "h")

    def direction(s, u: Expr) -> Expr:
        return u / s.by
"""
    (tmp_path / "mine.py").write_text(text, encoding="utf-8")
    ours = run_model(f'chain("{tmp_path}/mine.py[by=4]",sgd(lr=0.4))', {}, start(), curved(GRADIENTS["ordinary"]))
    sgd = run_model("sgd", {"lr": 0.1}, start(), curved(GRADIENTS["ordinary"]))
    assert_close(parameters(ours), parameters(sgd))


def test_a_part_in_a_wrapped_chain_has_the_step_and_the_gradient_of_the_rule_around_it() -> None:
    """Correction counts real steps, and the mask compares with the mean gradient: both are those of the base alone."""
    base = "chain(trace,cautious_mask,adam_direction)"
    data = GRADIENTS["ordinary"]
    pairs = [[(a + b) / 2 for a, b in zip(data[t], data[t + 1], strict=True)] for t in range(0, 12, 2)]
    ours = run_model(f"accumulated[base={base},period=2]", {}, start(), lambda p, t: data[t - 1], 12)
    alone = run_model(base, {}, start(), lambda p, t: pairs[t - 1], 6)
    assert_close(parameters(ours)[1::2], parameters(alone))

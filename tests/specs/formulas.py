"""Formulas of rules, written down once more in NumPy, and how a rule is compared with its formula.

A formula is one step: it takes p, g, t, the states (zero until they are assigned) and the
hyper-parameters, changes the states in place, and returns the new parameter. The files
``test_formulas*.py`` register formulas; each tests those of its own. A test that compares a rule with
something else that is independent says so with ``compares``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace as Names
from typing import Any, TypeVar

import numpy as np
from float_run import Array, FloatArithmetic, assert_close, hostile, run

from symopt import catalogue
from symopt.ir.evaluate import evaluate, evaluate_step
from symopt.lang import Hyper, Rule
from symopt.passes.tracing import trace

STEPS = 12
# Values at which every hyper-parameter shows in the result: eps far from negligible, decay large.
VALUES = {
    "lr": 0.3, "mu": 0.8, "rho": 0.7, "weight_decay": 0.2, "eps": 0.05, "beta1": 0.6, "beta2": 0.75, "beta": 0.6,
    "initial_accumulator": 0.3, "eta": 0.5, "v0": 0.4, "nu": 0.7, "alpha": 1.4, "gamma": 0.3, "delta": 0.9,
    "sigma": 0.4, "share": 0.35, "beta3": 0.9, "t_warm": 8, "final_lr": 0.2, "period": 3,
}  # fmt: skip
Step = Callable[[Any, Any, int, Names, Names], Any]
FORMULAS: dict[str, Step] = {}
COMPARED: list[str] = []
COMPARING = ("test_formulas*.py", "test_wrappers.py", "test_model_rules.py")
Test = TypeVar("Test", bound=Callable[..., None])


def formula(*targets: str) -> Callable[[Step], Step]:
    """Register a step as the formula of some targets."""

    def register(step: Step) -> Step:
        FORMULAS.update(dict.fromkeys(targets, step))
        return step

    return register


def written_in(module: str) -> list[str]:
    """The targets whose formulas a test file has registered."""
    return [target for target, step in FORMULAS.items() if step.__module__ == module]


def compares(*targets: str) -> Callable[[Test], Test]:
    """Say that a test compares some targets with something independent."""

    def register(test: Test) -> Test:
        COMPARED.extend(targets)
        return test

    return register


def compared() -> set[str]:
    """The targets that the test files named in ``COMPARING`` compare with something independent."""
    for pattern in COMPARING:
        for path in sorted(Path(__file__).parent.glob(pattern)):
            import_module(path.stem)
    return {*FORMULAS, *COMPARED}


class Zeros(Names):
    """States that are zero until they are assigned."""

    def __getattr__(self, name: str) -> float:
        return 0.0


def values_of(rule: Rule) -> dict[str, float]:
    """Telling values of the hyper-parameters that a configured rule has."""
    return {name: VALUES[name] for name, hyper in rule.declared(Hyper).items() if rule.exists(hyper)}


def assert_rule_is_its_formula(target: str) -> None:
    """The rule and its formula reach the same parameters."""
    rule = catalogue.resolve(target)
    hypers = values_of(rule)
    gradients = hostile(STEPS)
    start = p = np.linspace(-2.0, 2.0, gradients.shape[1])
    states, expected = Zeros(), []
    for t, g in enumerate(gradients, 1):
        p = FORMULAS[target](p, g, t, states, Names(**hypers))
        expected.append(p)
    assert_close(run(rule, hypers, start, lambda point, t: gradients[t - 1], STEPS), expected)


def states_of(rule: Rule, hypers: Mapping[str, float], p: Array, rows: Mapping[str, Array]) -> list[dict[str, Array]]:
    """The parameter and the states after each step; ``rows`` has what each step is given, the gradient as ``g``."""
    frozen, arithmetic = trace(rule), FloatArithmetic()
    fixed = {hyper.name: np.float64(hypers.get(hyper.name, float(hyper.default))) for hyper in frozen.hypers}
    values = {"p": p, **fixed}
    values |= {state.name: evaluate([state.init], values, arithmetic)[0] for state in frozen.states}
    reached = []
    for t in range(1, len(rows["g"]) + 1):
        inputs = values | {"t": np.float64(t)} | {name: row[t - 1] for name, row in rows.items()}
        after = evaluate_step(frozen, inputs, arithmetic)
        values |= {name: after[let] for name, let in frozen.results.items()}
        reached.append(dict(values))
    return reached


def moments(g: Any, s: Names, h: Names) -> tuple[Any, Any]:
    """The two moving averages of Adam."""
    s.m = h.beta1 * s.m + (1 - h.beta1) * g
    s.v = h.beta2 * s.v + (1 - h.beta2) * g**2
    return s.m, s.v


def corrections(t: int, h: Names) -> tuple[float, float]:
    """What Adam's averages are divided by."""
    return 1 - h.beta1**t, 1 - h.beta2**t

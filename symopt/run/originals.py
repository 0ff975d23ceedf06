"""Kernels against the implementations whose form their rules state: the files of ``specs/originals/``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt._paths import data_dir
from symopt.backends.base import Variant
from symopt.catalogue import resolve
from symopt.errors import MissingToolError
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.expressions import read_expression
from symopt.lang.declare import Hyper
from symopt.lang.rule import Rule
from symopt.run.frameworks import run_original
from symopt.run.modules import Kernel
from symopt.run.ulp import ulps, worst

Array = NDArray[Any]

STEPS, SHAPE, LOSS = 20, (257,), 1.0
LITERAL = "literal"  # the key of a text that is not the name of a hyper-parameter


@dataclass(frozen=True)
class Original:
    """An implementation whose form a rule states.

    Parameters
    ----------
    rule: the target, a rule of the catalogue with options in brackets.
    implementation: the dotted path of a class or function of a framework.
    arguments: what it is built with; see ``built``.
    values: values of hyper-parameters without which the two are not the same.
    shapes: the shapes of parameters to compare on, where not any will do.
    tolerance: how far apart the two may be, relative to the value, where the framework is not exact.
    note: why there are values or a tolerance.
    """

    rule: str
    implementation: str
    arguments: Mapping[str, Any]
    values: Mapping[str, float] = field(default_factory=dict)
    shapes: Sequence[Sequence[int]] = ()
    tolerance: float | None = None
    note: str = ""

    @cached_property
    def resolved(self) -> Rule:
        """The rule that the target names."""
        return resolve(self.rule)

    def states(self, rule: Rule) -> bool:
        """Whether this is the implementation of a configured rule."""
        own = self.resolved
        return type(own).__module__ == type(rule).__module__ and own.options == rule.options

    def hypers(self, given: Mapping[str, float]) -> dict[str, float]:
        """The values of all hyper-parameters: those of the entry, else the given ones, else the defaults."""
        rule = self.resolved
        declared = {name: hyper for name, hyper in rule.declared(Hyper).items() if rule.exists(hyper)}
        wanted = {name: float(rule.setting(hyper)) for name, hyper in declared.items()}
        wanted |= {name: value for name, value in given.items() if name in declared} | dict(self.values)
        return {name: int(value) if declared[name].domain.integer else value for name, value in wanted.items()}

    def built(self, hypers: Mapping[str, float]) -> dict[str, Any]:
        """The arguments as values.

        A text is an expression in hyper-parameters, most often the name of one; a list becomes a tuple,
        ``{literal = x}`` is ``x``, anything else is itself.
        """
        return {name: _value(item, hypers) for name, item in self.arguments.items()}


def _value(item: Any, hypers: Mapping[str, float]) -> Any:
    if isinstance(item, str):
        return hypers[item] if item in hypers else _computed(item, hypers)
    if isinstance(item, list):
        return tuple(_value(inner, hypers) for inner in item)
    if isinstance(item, dict):
        return item[LITERAL] if LITERAL in item else {key: _value(inner, hypers) for key, inner in item.items()}
    return item


def _computed(text: str, hypers: Mapping[str, float]) -> float:
    exact = {name: Fraction(value) for name, value in hypers.items()}
    return float(evaluate([read_expression(text, tuple(hypers))], exact, ScalarArithmetic())[0])


@cache
def originals() -> tuple[Original, ...]:
    """Every entry of every file, in the order of the files' names."""
    files = sorted((data_dir("specs") / "originals").glob("*.toml"))
    tables = [tomllib.loads(path.read_text(encoding="utf-8")) for path in files]
    return tuple(Original(**entry) for table in tables for entry in table.get("original", []))


def against_originals(variant: Variant, kernel: Kernel, dtype: str) -> list[tuple[str, float]]:
    """Each implementation of a variant that is installed, with its distance.

    The distance is that of the parameters after 20 steps on ordinary gradients at the default
    hyper-parameters, in ulps of the largest parameter on the way.
    """
    found = []
    for original in originals():
        if original.states(variant.rule):
            try:
                found.append((original.implementation, _distance(original, variant, kernel, dtype)))
            except MissingToolError:
                continue
    return found


def _distance(original: Original, variant: Variant, kernel: Kernel, dtype: str) -> float:
    hypers, shape = original.hypers({}), tuple(next(iter(original.shapes), SHAPE))
    p, *gradients = (np.random.default_rng(t).standard_normal(shape).astype(dtype) for t in range(STEPS + 1))
    arguments = original.built(hypers)
    theirs = run_original(
        original.implementation, arguments, p.copy(), lambda t: gradients[t - 1].copy(), STEPS, lambda t: LOSS
    )
    over_model = variant.program.over_model
    states = kernel.init([p] if over_model else p, **hypers)
    scale = np.abs(p)
    for t, g in enumerate(gradients, 1):
        kernel.step([p] if over_model else p, [g] if over_model else g, states, t, loss=LOSS, **hypers)
        scale = np.maximum(scale, np.abs(p))
    return worst(ulps(p, theirs[-1], scale))

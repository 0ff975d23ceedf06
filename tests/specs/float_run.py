"""Runs a rule in float64, for comparison with other implementations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.evaluate import Arithmetic, evaluate
from symopt.ir.nodes import refs
from symopt.lang.rule import Rule
from symopt.passes.tracing import trace

Array = np.ndarray[Any, np.dtype[np.float64]]
Gradient = Callable[[Array, int], Array]

FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "neg": np.negative,
    "sqrt": np.sqrt, "abs": np.abs, "sign": np.sign, "exp": np.exp, "log": np.log, "cos": np.cos, "floor": np.floor,
    "max": np.maximum, "min": np.minimum, "where": np.where, "lt": np.less, "le": np.less_equal, "eq": np.equal,
    "and": np.logical_and, "or": np.logical_or, "not": np.logical_not,
}  # fmt: skip


class FloatArithmetic(Arithmetic[Any]):
    """NumPy's float64; the rules run here have no reductions."""

    def number(self, value: Fraction) -> Any:
        return np.float64(value)

    def op(self, name: str, *args: Any) -> Any:
        return FUNCTIONS[name](*args)


def run(rule: Rule, hypers: Mapping[str, float], p: Array, gradient: Gradient, steps: int) -> list[Array]:
    """The parameter after each step; ``gradient`` is called with the point asked for and the step."""
    frozen, arithmetic = trace(rule), FloatArithmetic()
    fixed: dict[str, Any] = {h.name: np.float64(hypers.get(h.name, float(h.default))) for h in frozen.hypers}
    values = {"p": p, **fixed}
    state = {s.name: evaluate([s.init], values, arithmetic)[0] * np.ones_like(p) for s in frozen.states}
    reached = []
    for t in range(1, steps + 1):
        values = {**fixed, **state, "p": p, "t": np.float64(t)}
        asked = list(frozen.queries)
        with np.errstate(all="ignore"):
            for let in frozen.lets:
                for query in [q for q in asked if all(name in values for name in refs(q.point))]:
                    values[query.name] = gradient(evaluate([query.point], values, arithmetic)[0], t)
                    asked.remove(query)
                values[let.name] = evaluate([let.value], values, arithmetic)[0]
        p = values[frozen.results["p"]] * np.ones_like(p)
        state = {s.name: values[frozen.results[s.name]] * np.ones_like(p) for s in frozen.states}
        reached.append(p)
    return reached


def hostile(steps: int, seed: int = 0) -> Array:
    """Gradients, one row a step: ordinary, tiny and huge ones of both signs, zeros, and a column of zeros."""
    rng = np.random.default_rng(seed)
    data = rng.standard_normal((steps, 24)) * 10.0 ** rng.choice([-8, -1, 0, 0, 1, 8], (steps, 24))
    data[rng.random(data.shape) < 0.1] = 0.0
    data[:, 0] = 0.0
    return data


def assert_close(left: list[Array], right: list[Array]) -> None:
    """Equal to 1e-10 of the larger value, at every step and in every element."""
    for step, (a, b) in enumerate(zip(left, right, strict=True), 1):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=0, err_msg=f"step {step}")

"""Runs a rule in float64 on a model of several tensors, and optax and torch on the same model.

A value is a number, the same for all tensors, or a list with an array for each tensor.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from float_run import FUNCTIONS, REDUCTIONS, Array

from symopt import catalogue
from symopt.ir.evaluate import Arithmetic, evaluate
from symopt.ir.nodes import MODEL_REDUCTIONS, refs
from symopt.ir.trace import SIZES
from symopt.lang.rule import Rule
from symopt.passes.tracing import trace

Tensors = list[Array]
Gradient = Callable[[Tensors, int], Tensors]
Given = Mapping[str, Callable[[Tensors, int], Any]]

# Tall, wide, and of different sizes: a sum over one of them is not the sum over the model.
SHAPES = ((4, 3), (2, 5))
STEPS = 14


class ModelArithmetic(Arithmetic[Any]):
    """NumPy's float64, tensor by tensor; only a reduction over the model joins them."""

    def number(self, value: Fraction) -> Any:
        return np.float64(value)

    def op(self, name: str, *args: Any) -> Any:
        return _each(FUNCTIONS[name], *args)

    def reduce(self, name: str, arg: Any, axis: int | None) -> Any:
        if name in MODEL_REDUCTIONS:
            return sum(REDUCTIONS[MODEL_REDUCTIONS[name]](array) for array in arg)
        kept = {} if axis is None else {"axis": axis, "keepdims": True}
        return _each(lambda array: REDUCTIONS[name](array, **kept), arg)

    def matop(self, name: str, *args: Any) -> Any:
        raise NotImplementedError(name)


def _each(function: Callable[..., Any], *args: Any) -> Any:
    """``function`` of every tensor's arrays, where any argument has them."""
    lengths = [len(arg) for arg in args if isinstance(arg, list)]
    if not lengths:
        return function(*args)
    return [function(*(arg[i] if isinstance(arg, list) else arg for arg in args)) for i in range(lengths[0])]


def run_model(
    target: str | Rule,
    hypers: Mapping[str, float],
    start: Tensors,
    gradient: Gradient,
    steps: int = STEPS,
    given: Given | None = None,
) -> list[dict[str, Any]]:
    """The parameter (``p``) and every state after each step.

    ``gradient`` is called with the point asked for and the step, a function of ``given`` (the loss, a
    draw) with the parameter and the step.
    """
    frozen, arithmetic = trace(catalogue.resolve(target) if isinstance(target, str) else target), ModelArithmetic()
    unknown = [name for name in hypers if name not in {h.name for h in frozen.hypers}]
    assert unknown == [], f"{frozen.title} has no {unknown}"
    fixed: dict[str, Any] = {h.name: np.float64(hypers.get(h.name, float(h.default))) for h in frozen.hypers}
    fixed |= dict(zip(SIZES, zip(*((*p.shape, p.size) for p in start), strict=True), strict=True))
    fixed |= {name: [np.float64(n) for n in fixed[name]] for name in SIZES}
    state: dict[str, Any] = {"p": start}
    state |= {s.name: evaluate([s.init], {**fixed, **state}, arithmetic)[0] for s in frozen.states}
    reached = []
    for t in range(1, steps + 1):
        values = {**fixed, **state, "t": np.float64(t)}
        names = [name for name in (*frozen.given, *frozen.draws) if name not in SIZES]
        values |= {name: (given or {})[name](state["p"], t) for name in names}
        asked = list(frozen.queries)
        with np.errstate(all="ignore"):
            for let in frozen.lets:
                for query in [q for q in asked if all(name in values for name in refs(q.point))]:
                    values[query.name] = gradient(evaluate([query.point], values, arithmetic)[0], t)
                    asked.remove(query)
                values[let.name] = evaluate([let.value], values, arithmetic)[0]
        state = {name: values[let] for name, let in frozen.results.items()}
        reached.append(state)
    return reached


def parameters(reached: Sequence[Mapping[str, Any]], name: str = "p") -> list[Tensors]:
    """One of the values after each step."""
    return [state[name] for state in reached]


def start() -> Tensors:
    """Parameters of both signs, with a zero in each tensor."""
    rng = np.random.default_rng(0)
    tensors = [rng.standard_normal(shape) for shape in SHAPES]
    for array in tensors:
        array[0, 1] = 0.0
    return tensors


def ordinary(steps: int = STEPS) -> list[Tensors]:
    """Normal gradients, one for each tensor and step."""
    rng = np.random.default_rng(1)
    return [[rng.standard_normal(shape) for shape in SHAPES] for _ in range(steps)]


def hostile(steps: int = STEPS) -> list[Tensors]:
    """Gradients of every size and sign, zeros, a step of zeros in one tensor and one in both."""
    rng = np.random.default_rng(2)
    found = []
    for t in range(1, steps + 1):
        scales = [10.0 ** rng.choice([-8, -1, 0, 0, 1, 8], shape) for shape in SHAPES]
        step = [rng.standard_normal(shape) * scale for shape, scale in zip(SHAPES, scales, strict=True)]
        step = [np.where(rng.random(shape) < 0.1, 0.0, g) for shape, g in zip(SHAPES, step, strict=True)]
        found.append([np.zeros_like(g) if t == 7 or (t == 4 and i == 0) else g for i, g in enumerate(step)])
    return found


GRADIENTS: Mapping[str, list[Tensors]] = {"ordinary": ordinary(), "hostile": hostile()}


def replay(gradients: list[Tensors]) -> Gradient:
    """Gradients that do not depend on the point."""
    return lambda point, t: gradients[t - 1]


def curved(gradients: list[Tensors]) -> Gradient:
    """Gradients that do: those of a quadratic and a sine besides."""
    return lambda point, t: [g + 0.3 * p + np.cos(p) for p, g in zip(point, gradients[t - 1], strict=True)]


def run_optax(
    transformation: Any,
    start: Tensors,
    gradient: Gradient,
    steps: int = STEPS,
    is_compiled: bool = True,
    **extra: Callable[..., Any],
) -> list[Tensors]:
    """The parameters after each step of an optax optimizer on a dictionary of tensors; ``extra`` as in ``Given``."""
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")

    def tree(tensors: Tensors) -> dict[str, Any]:
        return {f"tensor{i}": jax.numpy.asarray(array) for i, array in enumerate(tensors)}

    with jax.enable_x64(True):
        made = transformation()
        p, reached = tree(start), []
        state = made.init(p)
        update = jax.jit(made.update) if is_compiled else made.update
        for t in range(1, steps + 1):
            point = [np.array(array) for array in p.values()]
            more = {name: function(point, t) for name, function in extra.items()}
            updates, state = update(tree(gradient(point, t)), state, p, **more)
            p = optax.apply_updates(p, updates)
            reached.append([np.array(array) for array in p.values()])
            assert all(array.dtype == np.float64 for array in reached[-1])
    return reached


def run_torch(
    optimizer: Callable[[list[Any]], Any],
    start: Tensors,
    gradient: Gradient,
    steps: int = STEPS,
    after: Callable[[list[Any]], None] = lambda parameters: None,
    before: Callable[[list[Any]], None] = lambda parameters: None,
) -> list[Tensors]:
    """The parameters after each step of a torch optimizer; ``before`` and ``after`` are called around its step."""
    torch = pytest.importorskip("torch")
    default = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        tensors = [torch.nn.Parameter(torch.tensor(array)) for array in start]
        made, reached = optimizer(tensors), []
        for t in range(1, steps + 1):
            point = [tensor.detach().numpy().copy() for tensor in tensors]
            for tensor, array in zip(tensors, gradient(point, t), strict=True):
                tensor.grad = torch.tensor(array)
            before(tensors)
            made.step()
            after(tensors)
            reached.append([tensor.detach().numpy().copy() for tensor in tensors])
    finally:
        torch.set_default_dtype(default)
    return reached


def run_keras(
    optimizer: Callable[[Any], Any],
    start: Tensors,
    gradient: Gradient,
    steps: int = STEPS,
    read: Callable[[Any, list[Any]], list[Any]] = lambda optimizer, variables: variables,
) -> list[Tensors]:
    """The parameters, or what ``read`` gives, after each step of ``optimizer(keras)``, which runs on JAX."""
    os.environ.setdefault("KERAS_BACKEND", "jax")
    jax, keras = pytest.importorskip("jax"), pytest.importorskip("keras")
    before = keras.config.floatx()
    keras.config.set_floatx("float64")
    try:
        with jax.enable_x64(True):
            variables = [keras.Variable(array, dtype="float64") for array in start]
            made, reached = optimizer(keras), []
            for t in range(1, steps + 1):
                point = [np.array(variable.value) for variable in variables]
                made.apply([keras.ops.convert_to_tensor(g, dtype="float64") for g in gradient(point, t)], variables)
                reached.append([np.array(variable.value) for variable in read(made, variables)])
                assert all(array.dtype == np.float64 for array in reached[-1])
    finally:
        keras.config.set_floatx(before)
    return reached


def assert_close(ours: list[Tensors], theirs: list[Tensors], tolerance: float = 1e-10) -> None:
    """Equal up to ``tolerance`` of the value, at every step and in every element of every tensor."""
    assert len(ours) == len(theirs) > 0
    for step, (left, right) in enumerate(zip(ours, theirs, strict=True), 1):
        for i, (a, b) in enumerate(zip(left, right, strict=True)):
            assert np.shape(a) == np.shape(b)
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=0, err_msg=f"step {step}, tensor {i}")

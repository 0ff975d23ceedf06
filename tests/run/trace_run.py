"""Runs a trace in float64 over a model of several tensors: what a program of it must compute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.model import ModelArithmetic, PerTensor
from symopt.ir.nodes import refs
from symopt.ir.rate import Rate, let_rates
from symopt.ir.shape import let_shapes
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, STEP, Trace
from tests.run.program_run import Arrays, Oracle, extents, sizes_of
from tests.specs.float_run import FloatArithmetic


def trace_step(
    trace: Trace, hypers: Mapping[str, float], ps: Arrays, states: Mapping[str, Any], t: int, oracle: Oracle,
    given: Mapping[str, Any],
) -> tuple[Arrays, dict[str, Any]]:  # fmt: skip
    """The parameters and states after step ``t``, from the statements of the trace as they were frozen.

    Tensors without elements, and their states, stay as they are.
    """
    used = [index for index, p in enumerate(ps) if p.size]
    results = _results(trace, hypers, ps, used, {**states, **given}, t, oracle)
    shapes, rates = let_shapes(trace), let_rates(trace)
    after = {PARAMETER: list(ps), **{n: list(v) if isinstance(v, list) else v for n, v in states.items()}}
    for name, new in results.items():
        if name in states and rates[name].within(Rate.MODEL):
            after[name] = float(new)
            continue
        for index, value in zip(used, new, strict=True):
            shape = extents(shapes[name], ps[index])
            after[name][index] = np.array(np.broadcast_to(value, shape)) if shape else float(value)
    return after.pop(PARAMETER), after


def _results(
    trace: Trace, hypers: Mapping[str, float], ps: Arrays, used: list[int], known: Mapping[str, Any], t: int,
    oracle: Oracle,
) -> dict[str, Any]:  # fmt: skip
    """The new values, each a list over the tensors that are ``used``, or a number of the model."""
    arithmetic = ModelArithmetic(FloatArithmetic(), len(used))
    own = {name: v for name, v in {**known, PARAMETER: ps}.items() if isinstance(v, list)}
    own |= {name: [sizes_of(p)[name] for p in ps] for name in {*trace.given} - {LOSS, HESSIAN}}
    values: dict[str, Any] = {**hypers, STEP: float(t), **known}
    values |= {name: PerTensor(value[index] for index in used) for name, value in own.items()}
    asked = list(trace.queries)
    for let in trace.lets:
        while asked and all(name in values for name in refs(asked[0].point)):
            query, points = asked.pop(0), [p.copy() for p in ps]
            for index, point in zip(used, arithmetic.each(evaluate([query.point], values, arithmetic)[0]), strict=True):
                points[index][...] = point
            found = oracle(points, query.name)
            values[query.name] = PerTensor(found[index] for index in used)
        values[let.name] = evaluate([let.value], values, arithmetic)[0]
    rates = let_rates(trace)
    return {
        name: values[value] if name in rates and rates[name].within(Rate.MODEL) else arithmetic.each(values[value])
        for name, value in trace.results.items()
    }

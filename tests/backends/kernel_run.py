"""One step of a Python kernel from its own state, against the rule's trace in float64."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from symopt.backends.base import Variant
from symopt.ir.nodes import ref
from symopt.ir.program import Program
from symopt.ir.rate import Rate
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER
from symopt.run.hostile import inside
from symopt.run.modules import Kernel
from symopt.run.philox import seed_of_tensor, uniforms
from tests.run.trace_run import trace_step

Shapes = Sequence[tuple[int, ...]]
SEED = 12345678901234567890


@dataclass
class Run:
    """A kernel on a model of some shapes; a rule that looks at one tensor alone is run on the first of them."""

    variant: Variant
    kernel: Kernel
    dtype: str
    shapes: Shapes
    scale_p: float = 1.0
    scale_g: float = 1.0

    def worst(self, steps: int) -> float:
        """The largest distance from the trace over some steps, in ulps of the largest value."""
        self.hypers = {h.name: inside(h.domain, i) for i, h in enumerate(self.variant.trace.hypers)}
        scale = np.array(self.scale_p, self.dtype)
        self.ps = [np.asarray(self.random(("p", i), shape) * scale) for i, shape in enumerate(self.shapes)]
        states = self.kernel.init(self.given(self.ps), **self.hypers)
        return max(self.step(states, t) for t in range(1, steps + 1))

    @property
    def program(self) -> Program:
        return self.variant.program

    def random(self, key: Any, shape: tuple[int, ...]) -> Any:
        rng = np.random.default_rng(zlib.crc32(repr(key).encode()))
        return np.asarray(rng.standard_normal(shape)).astype(self.dtype)

    def given(self, arrays: list[Any]) -> Any:
        """Arrays as the kernel takes them."""
        return arrays if self.program.over_model else arrays[0]

    def as_trace_has_it(self, name: str, value: Any) -> Any:
        """A state in double precision, in a list with one entry a tensor unless it is one of the model."""
        if self.program.rates[name].within(Rate.MODEL):
            return value
        values = value if self.program.over_model else [value]
        return [v.astype(np.float64) if isinstance(v, np.ndarray) else v for v in values]

    def step(self, states: dict[str, Any], t: int) -> float:
        trace, keywords = self.variant.trace, dict[str, Any](self.hypers)
        before = {name: self.as_trace_has_it(name, value) for name, value in states.items()}
        given: dict[str, Any] = {d: self.draws(t, k) for k, d in enumerate(trace.draws)}
        keywords |= {"seed": SEED} if trace.draws else {}
        if LOSS in trace.given:
            given[LOSS] = keywords[LOSS] = 1.0 + t
        if HESSIAN in trace.given:
            hessian = [np.asarray(abs(self.random(("h", t, i), shape))) for i, shape in enumerate(self.shapes)]
            keywords[HESSIAN], given[HESSIAN] = self.given(hessian), [h.astype(np.float64) for h in hessian]
        asked: dict[str, list[Any]] = {}

        def oracle(points: list[Any], name: str) -> list[Any]:
            asked[name] = points
            return [g.astype(np.float64) for g in self.gradients(name, t)]

        with np.errstate(all="ignore"):
            doubles = [p.astype(np.float64) for p in self.ps]
            ps, after = trace_step(trace, self.hypers, doubles, before, t, oracle, given)
            points = self.call(states, t, keywords)
        pairs = [*zip(self.ps, ps, strict=True)]
        for name, made in points.items():
            pairs += [(a, b) for a, b in zip(made, asked[name], strict=True) if a.size]
        for name, value in states.items():
            mine = value if isinstance(value, list) else [value]
            theirs = after[name] if isinstance(after[name], list) else [after[name]]
            # Where there is no element, a step changes nothing of a tensor.
            pairs += zip(mine, theirs, strict=True) if self.program.over_model or self.ps[0].size else []
        return max(self.distance(a, b) for a, b in pairs)

    def draws(self, t: int, k: int) -> list[Any]:
        return [uniforms(s, t, k, seed_of_tensor(SEED, i), "float64") for i, s in enumerate(self.shapes)]

    def gradients(self, name: str, t: int) -> list[Any]:
        scale = np.array(self.scale_g, self.dtype)
        return [np.asarray(self.random((name, t, i), shape) * scale) for i, shape in enumerate(self.shapes)]

    def call(self, states: dict[str, Any], t: int, keywords: dict[str, Any]) -> dict[str, list[Any]]:
        """A step of the kernel, with the points that its gradients are asked for at."""
        phases = [phase.name for phase in self.program.phases[:-1]]
        found: dict[str, list[Any]] = {}
        gradients: dict[str, Any] = {}
        for query in self.variant.trace.queries:
            if query.point is not ref(PARAMETER):
                point = self.kernel.point(self.given(self.ps), states, t, phase=phases.pop(0), g=gradients, **keywords)
                found[query.name] = point if isinstance(point, list) else [point]
            gradients[query.name] = self.given(self.gradients(query.name, t))
        self.kernel.step(self.given(self.ps), gradients, states, t, **keywords)
        return found

    def distance(self, mine: Any, theirs: Any) -> float:
        a, b = np.asarray(mine, np.float64), np.asarray(theirs, np.float64)
        assert a.shape == b.shape
        assert not isinstance(mine, np.ndarray) or mine.dtype == self.dtype
        assert (np.isfinite(a) == np.isfinite(b)).all()
        finite = np.isfinite(b)
        scale = float(np.max(np.abs(b[finite]), initial=1e-30))
        return float(np.max(np.abs(a - b)[finite], initial=0.0)) / scale / float(np.finfo(self.dtype).eps)

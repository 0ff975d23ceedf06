"""Trials: a variant's kernels on given tensors, step by step, whatever kind of rule it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.backends.base import Variant
from symopt.ir.model import PerTensor
from symopt.ir.rate import Rate
from symopt.ir.trace import COLS, HESSIAN, LOSS, PARAMETER, ROWS, SIZE, STEP
from symopt.run.hostile import Feed, unaligned
from symopt.run.modules import Kernel
from symopt.run.philox import seed_of_tensor, uniforms

Array = NDArray[Any]
# Name of an array -> its values, one array a tensor; a number is an array of one element, of double precision. Points
# where gradients are asked for stand under the names of their phases.
Snapshot = dict[str, list[Array]]

STEPS = 24
SEED = 3 * 2**40 + 5  # of random numbers; both halves are used
APART = 1000  # between the seeds of the feeds of different arrays


class Trial:
    """A variant in one element type on tensors of given shapes; one that does not look at a model has one tensor."""

    def __init__(
        self, variant: Variant, dtype: str, hypers: Mapping[str, float], shapes: Sequence[tuple[int, ...]], feed: Feed
    ) -> None:
        self.variant, self.dtype, self.hypers, self.feed = variant, dtype, dict(hypers), feed
        self.shapes = list(shapes)
        self.program, self.trace = variant.program, variant.trace
        self.over_model = variant.program.over_model
        states = [state.name for state in self.trace.states]
        self.numbers = [name for name in states if self.program.rates[name] <= Rate.TENSOR]
        self.states = states

    # What goes in

    def parameters(self) -> list[Array]:
        """The parameters before the first step."""
        return [self._fed(self.feed.parameter, shape, APART * i) for i, shape in enumerate(self.shapes)]

    def gradients(self, t: int) -> Snapshot:
        """The gradients of a step, and the estimate of the second derivative where the rule reads it."""
        names = [query.name for query in self.trace.queries] + [name for name in self.trace.given if name == HESSIAN]
        return {
            name: [self._fed(self.feed.gradient, s, t + APART * (i + 7 * k)) for i, s in enumerate(self.shapes)]
            for k, name in enumerate(names)
        }

    def given(self, t: int) -> dict[str, Any]:
        """What else a kernel is given in a step, by name."""
        loss = {LOSS: 0.5 + t / 8} if LOSS in self.trace.given else {}
        seed = {"seed": SEED} if self.trace.draws else {}
        return {**self.hypers, **loss, **seed}

    def inputs(self, before: Snapshot, t: int) -> dict[str, Any]:
        """All inputs of the trace for a step from ``before``: what differs from tensor to tensor is ``PerTensor``.

        Tensors without elements are left out.
        """
        used = [index for index, shape in enumerate(self.shapes) if prod(shape)]
        arrays = {**before, **self.gradients(t), **self._sizes(), **self._draws(t)}
        found: dict[str, Any] = {**self.hypers, STEP: t, **{k: v for k, v in self.given(t).items() if k == LOSS}}
        for name, listed in arrays.items():
            is_number = name in self.numbers
            if is_number and self.program.rates[name].within(Rate.MODEL):
                found[name] = float(listed[0][0])
            else:
                found[name] = PerTensor(float(listed[i][0]) if is_number else listed[i] for i in used)
        return found

    def _fed(self, feed: Any, shape: tuple[int, ...], seed: int) -> Array:
        found: Array = feed(prod(shape), self.dtype, seed).reshape(shape)
        return found

    def _sizes(self) -> dict[str, list[Any]]:
        sides = [(shape[0], shape[1]) if len(shape) == 2 else (prod(shape), 1) for shape in self.shapes]
        counts = {ROWS: [a for a, _ in sides], COLS: [b for _, b in sides], SIZE: [a * b for a, b in sides]}
        return {name: [float(n) for n in counts[name]] for name in self.trace.given if name in counts}

    def _draws(self, t: int) -> Snapshot:
        seeds = [seed_of_tensor(SEED, position) for position in range(len(self.shapes))]
        return {
            name: [_drawn(shape, t, draw, seed, self.dtype) for shape, seed in zip(self.shapes, seeds, strict=True)]
            for draw, name in enumerate(self.trace.draws)
        }

    # Steps

    def start(self, kernel: Kernel) -> Snapshot:
        """The parameters and states before the first step."""
        p = self.parameters()
        return {PARAMETER: p, **self._listed(kernel.init(self._packed(PARAMETER, p), **self.hypers))}

    def advance(self, kernel: Kernel, before: Snapshot, t: int) -> Snapshot:
        """A step of a kernel from given arrays, which stay as they are; the points come first."""
        arrays = {name: [unaligned(array) for array in before[name]] for name in (PARAMETER, *self.states)}
        fed = {name: self._packed(name, [unaligned(a) for a in v]) for name, v in self.gradients(t).items()}
        given = self.given(t) | ({HESSIAN: fed.pop(HESSIAN)} if HESSIAN in fed else {})
        p = self._packed(PARAMETER, arrays[PARAMETER])
        states = {name: self._packed(name, arrays[name]) for name in self.states}
        points: Snapshot = {}
        with np.errstate(all="ignore"):
            for phase in self.program.phases[:-1]:
                made = kernel.point(p, states, t, phase=phase.name, g=fed, **given)
                points[phase.name] = list(made) if isinstance(made, list) else [made]
            kernel.step(p, fed, states, t, **given)
        return {**points, PARAMETER: list(p) if self.over_model else [p], **self._listed(states)}

    def path(self, kernel: Kernel, steps: int = STEPS) -> list[Snapshot]:
        """Every array before the first step and after each."""
        found = [self.start(kernel)]
        for t in range(1, steps + 1):
            found.append(self.advance(kernel, found[-1], t))
        return found

    def _packed(self, name: str, listed: list[Array]) -> Any:
        """As kernels take it: an array or a float, or over a model a list of them."""
        values = [float(array[0]) for array in listed] if name in self.numbers else listed
        is_shared = name in self.numbers and self.program.rates[name].within(Rate.MODEL)
        return list(values) if self.over_model and not is_shared else values[0]

    def _listed(self, states: Mapping[str, Any]) -> Snapshot:
        """As a snapshot has it."""
        found: Snapshot = {}
        for name in self.states:
            values = states[name] if isinstance(states[name], list) else [states[name]]
            found[name] = [np.array([value]) for value in values] if name in self.numbers else list(values)
        return found


@cache
def _drawn(shape: tuple[int, ...], step: int, draw: int, seed: int, dtype: str) -> Array:
    return uniforms(shape, step, draw, seed, dtype)

"""Concrete inputs on which a hazard is seen, run on the generated kernel and replayed beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.ir.trace import LOSS, PARAMETER, STEP
from symopt.run.hazards.replay import Replay, Stepped, loss_of
from symopt.run.hazards.subject import Subject
from symopt.run.hostile import Feed
from symopt.run.trial import APART, Snapshot, Trial
from symopt.run.ulp import same

Array = NDArray[Any]


@dataclass(frozen=True)
class Inputs:
    """A parameter and gradients, as runs of one value: ``((g, steps), ...)``; ``hypers`` differ from the subject's.

    The first step is number ``first``, from the initial states; ``states`` replace some of these.
    """

    p: float
    gradients: tuple[tuple[float, int], ...]
    first: int = 1
    hypers: Mapping[str, float] = field(default_factory=dict)
    states: Mapping[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return sum(count for _, count in self.gradients)

    def gradient(self, index: int) -> float:
        """The gradient of the step with an index, from 0."""
        for value, count in self.gradients:
            if index < count:
                return value
            index -= count
        return 0.0

    def to_json(self) -> dict[str, Any]:
        """The inputs as texts, by name."""
        said = [repr(g) if count == 1 else f"{g!r} for {count} steps" for g, count in self.gradients]
        named = {PARAMETER: repr(self.p), "g": said[0] if len(said) == 1 else ", then ".join(said)}
        named |= {name: repr(value) for name, value in {**self.hypers, **self.states}.items()}
        return named | ({STEP: str(self.first)} if self.first != 1 else {})

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value}" for name, value in self.to_json().items())


@dataclass(frozen=True)
class Shown:
    """A run of the kernel: what it holds before its last step and after it, and the replay of that step.

    ``agrees`` is whether the replay had the kernel's bits in every array after every step.
    """

    before: Mapping[str, float]
    after: Mapping[str, float]
    last: Stepped
    agrees: bool

    @property
    def not_finite(self) -> dict[str, float]:
        """The arrays that were finite and are not any more."""
        return {n: v for n, v in self.after.items() if not np.isfinite(v) and np.isfinite(self.before[n])}


def show(subject: Subject, inputs: Inputs) -> Shown:
    """Run the generated kernel on inputs, with the replay beside it."""
    replay, trial = Replay(subject, inputs.hypers), _trial(subject, inputs)
    values = replay.start(np.asarray(inputs.p))
    values |= {name: replay.dtype.type(value) for name, value in inputs.states.items()}
    held = _held(trial.start(subject.kernel), values)
    agrees, before, last = True, held, Stepped({}, {})
    for index in range(inputs.steps):
        step = inputs.first + index
        before, last = held, replay.step(values, np.asarray(inputs.gradient(index)), step)
        held, values = trial.advance(subject.kernel, before, step), last.values
        agrees = agrees and _agree(held, values)
    return Shown(_flat(before, values), _flat(held, values), last, agrees)


class _Trial(Trial):
    """A trial whose loss is that of the replay."""

    def given(self, t: int) -> dict[str, Any]:
        return super().given(t) | ({LOSS: loss_of(t)} if LOSS in self.trace.given else {})


def _trial(subject: Subject, inputs: Inputs) -> Trial:
    dtype = subject.format.dtype

    def parameter(count: int, _: str, seed: int) -> Array:
        return np.full(count, inputs.p, np.float64).astype(dtype)

    def gradient(count: int, _: str, seed: int) -> Array:
        # Other gradients of the same step have seeds that are multiples of this further.
        value = inputs.gradient(seed % (7 * APART) - inputs.first) if len(inputs.gradients) > 1 else inputs.gradient(0)
        return np.full(count, value, np.float64).astype(dtype)

    shape = (1, 1) if subject.variant.program.has_axes else (1,)
    hypers = {**subject.values, **inputs.hypers}
    return _Trial(subject.variant, subject.format.name, hypers, [shape], Feed("witness", parameter, gradient))


def _held(started: Snapshot, values: Mapping[str, Any]) -> Snapshot:
    """What the kernel starts from, with the states that the inputs replace."""
    return {name: [np.full(a.shape, values[name], a.dtype) for a in arrays] for name, arrays in started.items()}


def _agree(held: Snapshot, values: Mapping[str, Any]) -> bool:
    return all(
        bool(same(array, np.full(array.shape, values[name], array.dtype)).all())
        for name, arrays in held.items()
        if name in values
        for array in arrays
    )


def _flat(held: Snapshot, names: Mapping[str, Any]) -> dict[str, float]:
    return {name: float(arrays[0].ravel()[0]) for name, arrays in held.items() if name in names}

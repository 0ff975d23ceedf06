"""Runs a program in float64, stage by stage, with the memory that a kernel has: an independent reading of the IR.

Buffers of one slot share their memory, arrays are replaced in place, and only what a phase declares can be read: a
wrong order of sweeps, a slot that is taken too early or an undeclared array shows as another value or as a KeyError.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import Node, ref, refs
from symopt.ir.program import Buffer, Partial, Phase, Product, Program, Scalars, Segment, Sweep
from symopt.ir.rate import Rate
from symopt.ir.shape import Axis, Shape
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, STEP
from symopt.run.philox import seed_of_tensor, uniforms
from tests.specs.float_run import FloatArithmetic

Array = np.ndarray[Any, np.dtype[np.float64]]
Arrays = list[Array]
# What is asked of the model at points, one array a tensor: from the points and the name of the query.
Oracle = Callable[[Arrays, str], Arrays]
FLOATS = FloatArithmetic()


def extents(shape: Shape, like: Array) -> tuple[int, ...]:
    """The extents of a value of a shape, for a tensor of the extents of ``like``."""
    if shape.is_scalar:
        return ()
    if like.ndim != 2:
        return like.shape
    rows, cols = like.shape
    lengths = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(rows, cols), Axis.LONG: max(rows, cols)}
    return lengths[shape.down], lengths[shape.along]


def sizes_of(like: Array) -> dict[str, float]:
    """The numbers of rows, columns and elements of a tensor."""
    rows, cols = like.shape if like.ndim == 2 else (like.size, 1)
    return {"rows": float(rows), "cols": float(cols), "size": float(like.size)}


def first_states(program: Program, hypers: Mapping[str, float], ps: Arrays) -> dict[str, Any]:
    """The states before the first step: lists of arrays or of numbers, one a tensor; numbers of the model."""
    found: dict[str, Any] = {}
    for state in program.trace.states:
        shape, rate = program.shapes[state.name], program.rates[state.name]
        values = [evaluate([state.init], {**hypers, PARAMETER: p}, FLOATS)[0] for p in ps]
        if rate.within(Rate.MODEL):
            found[state.name] = float(values[0])
        elif shape.is_scalar:
            found[state.name] = [float(value) for value in values]
        else:
            found[state.name] = [value * np.ones(extents(shape, p)) for value, p in zip(values, ps, strict=True)]
    return found


class ProgramRun:
    """The functions of a kernel: ``ps`` and ``states`` are replaced in place."""

    def __init__(self, program: Program, hypers: Mapping[str, float]) -> None:
        self.program, self.hypers = program, dict(hypers)

    def step(self, ps: Arrays, states: dict[str, Any], t: int, oracle: Oracle, given: Mapping[str, Any]) -> None:
        """Step ``t``; the gradients are asked for on the way, as a caller asks for them."""
        *points, step = self.program.phases
        gradients: dict[str, Arrays] = {}
        for query in self.program.trace.queries:
            asked = [p.copy() for p in ps]
            if query.point is not _P:
                phase = points.pop(0)
                asked = [np.full_like(p, np.nan) for p in ps]
                _PhaseRun(self.program, phase, self.inputs(phase, ps, states, t, gradients, given), asked).run()
            gradients[query.name] = oracle(asked, query.name)
        _PhaseRun(self.program, step, self.inputs(step, ps, states, t, gradients, given), ps).run(states)

    def inputs(
        self, phase: Phase, ps: Arrays, states: Mapping[str, Any], t: int, gradients: Mapping[str, Arrays],
        given: Mapping[str, Any],
    ) -> dict[str, Any]:  # fmt: skip
        """What a phase may read: what it declares, and nothing else."""
        everything: dict[str, Any] = {**states, **gradients, **given, PARAMETER: ps}
        allowed = {*phase.arrays, *phase.numbers, *({LOSS} & {*self.program.trace.given})}
        found = {name: everything[name] for name in everything if name in allowed}
        for name in {*self.program.trace.given} - {LOSS, HESSIAN}:
            found[name] = [sizes_of(p)[name] for p in ps]
        return {**self.hypers, STEP: float(t), **found}


class ProgramKernel:
    """``ProgramRun`` as a kernel of float64, for what compares kernels."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def init(self, p: Any, /, **hypers: float) -> dict[str, Any]:
        made = first_states(self.program, hypers, self._listed(p))
        return made if self.program.over_model else {n: v[0] if isinstance(v, list) else v for n, v in made.items()}

    def point(self, p: Any, states: Any, t: int, /, *, phase: str = "point", g: Any = None, **given: Any) -> Any:
        ps, (found,) = self._listed(p), [f for f in self.program.phases if f.name == phase]
        points = [np.full_like(x, np.nan) for x in ps]
        self._run(found, ps, g or {}, dict(states), t, given, points, None)
        return points if self.program.over_model else points[0]

    def step(self, p: Any, g: Any, states: dict[str, Any], t: int, /, **given: Any) -> None:
        self._run(self.program.step, self._listed(p), g, states, t, given, self._listed(p), states)

    def _run(
        self, phase: Phase, ps: Arrays, g: Any, states: dict[str, Any], t: int, given: Mapping[str, Any],
        written: Arrays, kept: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        gradients = g if isinstance(g, dict) else {query.name: g for query in self.program.trace.queries}
        names = [hyper.name for hyper in self.program.trace.hypers]
        run = ProgramRun(self.program, {name: given[name] for name in names})
        seeds = [seed_of_tensor(given.get("seed", 0), index) for index in range(len(ps))]
        others: dict[str, Any] = {LOSS: given.get(LOSS)}
        others |= {HESSIAN: self._listed(given[HESSIAN])} if HESSIAN in given else {}
        others |= {
            name: [uniforms(x.shape, t, draw, seed, "float64") for x, seed in zip(ps, seeds, strict=True)]
            for draw, name in enumerate(self.program.trace.draws)
        }
        own = {name: self._own(name, value) for name, value in states.items()}
        queried = {name: self._listed(value) for name, value in gradients.items()}
        _PhaseRun(self.program, phase, run.inputs(phase, ps, own, t, queried, others), written).run(own)
        if kept is not None:
            for store in phase.number_stores:
                new = own[store.array]
                kept[store.array] = new[0] if isinstance(new, list) and not self.program.over_model else new

    def _listed(self, value: Any) -> Arrays:
        return list(value) if isinstance(value, list) else [value]

    def _own(self, name: str, value: Any) -> Any:
        is_shared = self.program.rates[name].within(Rate.MODEL)
        return value if is_shared else self._listed(value)


class _PhaseRun:
    """One call of a function."""

    def __init__(self, program: Program, phase: Phase, inputs: dict[str, Any], written: Arrays) -> None:
        self.program, self.phase, self.count = program, phase, len(written)
        self.like = written
        self.values = inputs | ({} if phase.name == "step" else {phase.writes[0]: written})
        self.slots = [{b.slot: np.full(extents(b.shape, like), np.nan) for b in phase.buffers} for like in written]
        self.buffers: dict[str, Buffer] = {buffer.name: buffer for buffer in phase.buffers}

    def run(self, states: dict[str, Any] | None = None) -> None:
        made = {store.value: [np.nan] * self.count for store in self.phase.number_stores}
        for segment in self.phase.segments:
            self._segment(segment, made)
        for store in self.phase.number_stores:
            assert states is not None, "only a step stores numbers"
            if self.program.rates[store.array].within(Rate.MODEL):
                states[store.array] = float(self.values[store.value])
            else:
                # The numbers of a tensor without elements stay as they are.
                pairs = zip(made[store.value], states[store.array], self.like, strict=True)
                states[store.array] = [float(new if like.size else old) for new, old, like in pairs]

    def _segment(self, segment: Segment, made: dict[str, list[float]]) -> None:
        """Numbers, then every tensor; of what one tensor computes only what is stored outlives the segment."""
        for let in segment.scalars:
            self.values[let.name] = evaluate([let.value], self.values, FLOATS)[0]
        partials = [p for stage in segment.stages if isinstance(stage, Sweep) for p in stage.partials if p.over_model]
        totals = {partial.name: 0.0 for partial in partials}
        for index, like in enumerate(self.like):
            own = self._of_tensor(index)
            for stage in segment.stages if like.size else ():
                self._stage(stage, index, own)
            for name in made:
                made[name][index] = own.get(name, made[name][index])
            for name in totals if like.size else ():
                totals[name] += own[name]
        self.values |= totals

    def _of_tensor(self, index: int) -> dict[str, Any]:
        """What is known of one tensor; buffers are read from their slots."""
        return {name: v[index] if isinstance(v, list) else v for name, v in self.values.items()}

    def _stage(self, stage: Any, index: int, own: dict[str, Any]) -> None:
        match stage:
            case Scalars(lets=lets):
                for let in lets:
                    own[let.name] = evaluate([let.value], self._reads(index, own), FLOATS)[0]
            case Product(name=name, value=value, guards=guards):
                slot = self.buffers[name].slot
                assert all(self.buffers[read].slot != slot for read in refs(value) if read in self.buffers), name
                is_done = all(bool(own[guard.condition]) == guard.holds for guard in guards)
                made = evaluate([value], self._reads(index, own), FLOATS)[0] if is_done else np.nan
                self._write(name, index, own, np.broadcast_to(made, self.slots[index][slot].shape))
            case Sweep():
                self._sweep(stage, index, own)

    def _sweep(self, sweep: Sweep, index: int, own: dict[str, Any]) -> None:
        shape, known = extents(sweep.shape, self.like[index]), self._reads(index, own)
        for let in sweep.body:
            known[let.name] = np.broadcast_to(evaluate([let.value], known, FLOATS)[0], shape)
        made = [(store.array, np.array(np.broadcast_to(known[store.value], shape))) for store in sweep.stores]
        reduced = [(partial, self._reduced(partial, known, shape)) for partial in sweep.partials]
        for name, value in made:
            self._write(name, index, own, value)
        for partial, value in reduced:
            if partial.reduction.axis is None:
                own[partial.name] = value
            else:
                self._write(partial.name, index, own, value)

    def _reduced(self, partial: Partial, known: Mapping[str, Any], shape: tuple[int, ...]) -> Any:
        value = np.broadcast_to(evaluate([partial.value], known, FLOATS)[0], shape)
        return FLOATS.reduce(partial.op, value, partial.reduction.axis)

    def _reads(self, index: int, own: Mapping[str, Any]) -> dict[str, Any]:
        return {**own, **{name: self.slots[index][buffer.slot] for name, buffer in self.buffers.items()}}

    def _write(self, name: str, index: int, own: dict[str, Any], value: Array) -> None:
        target = self.slots[index][self.buffers[name].slot] if name in self.buffers else own[name]
        assert target.shape == np.shape(value), f"{name}: {target.shape} takes {np.shape(value)}"
        target[...] = value


_P: Node = ref(PARAMETER)

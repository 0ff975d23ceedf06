"""Traffic: how a backend's kernel goes over the arrays, and how much memory it moves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from symopt.backends.functions import free_prefix
from symopt.ir.program import Phase, Sweep
from symopt.passes.buffers import Schedule, allocate
from symopt.passes.linearise import COPY, linearise


@dataclass(frozen=True)
class Traffic:
    """Array elements moved between memory and processor for one of the parameter's; ``how`` says by what.

    Memory that is written is read first, needed or not, so that a write moves two.
    """

    how: str
    elements: int


def traffic(phase: Phase, backend: str) -> Traffic:
    """The traffic of a phase in a backend; where nothing is known of it, that of one loop."""
    return WAYS.get(backend, one_loop)(phase)


def one_loop(phase: Phase) -> Traffic:
    """Every array is read or updated once; what lies between stays in registers."""
    return Traffic("one loop, everything between in registers", _once(phase))


def blocks(phase: Phase) -> Traffic:
    """Calls over blocks that fit in the cache: main memory sees every array once."""
    from symopt.backends.numpy import PRINTER

    schedules = [_schedule(sweep, phase) for sweep in phase.sweeps]
    calls = sum(len(PRINTER.calls(placed)) for schedule in schedules for placed in schedule.instructions)
    buffers = max(len(schedule.scratch) + len(schedule.masks) for schedule in schedules)
    return Traffic(f"{calls} calls a block, {buffers} scratch buffers that stay in the cache", _once(phase))


def whole_tensors(phase: Phase) -> Traffic:
    """One call an operation: it reads whole tensors and writes one; new values are copied at the end of a step."""
    elements = calls = 0
    for sweep in phase.sweeps:
        for instruction in linearise(sweep).instructions:
            tensors = {name for name in instruction.reads if name not in phase.uniforms}
            # What is computed is copied to its array at the end; an old value that another array takes, before.
            if tensors and (instruction.op != COPY or tensors <= set(phase.arrays)):
                calls += 1
                elements += len(tensors) + 2
        if phase.name == "step":
            calls += len(sweep.stores)
            elements += 3 * len(sweep.stores)
    return Traffic(f"{calls} calls over whole tensors", elements)


WAYS: Mapping[str, Callable[[Phase], Traffic]] = {"numpy": blocks, "torch": whole_tensors, "c": one_loop}


def _once(phase: Phase) -> int:
    return len(phase.reads) + 2 * len(phase.writes)


def _schedule(sweep: Sweep, phase: Phase) -> Schedule:
    from symopt.printers.numpy import may_overwrite

    taken = [*phase.arrays, *phase.uniforms, *(let.name for let in sweep.body)]
    return allocate(linearise(sweep), free_prefix("tmp", taken), may_overwrite)

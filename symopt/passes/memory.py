"""Memory: buffers that are not needed at the same time share a slot. Rounding: preserved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from symopt.errors import UnsupportedError
from symopt.ir.nodes import refs
from symopt.ir.program import Buffer, Product, Segment, Stage, Sweep
from symopt.ir.shape import Shape


def assign_slots(segments: Sequence[Segment], buffers: Sequence[Buffer]) -> tuple[Buffer, ...]:
    """The buffers with their slots; within one stage no two share one, so that nothing overlaps.

    Raises
    ------
    UnsupportedError: a buffer is needed in two segments, between which all tensors are looked at.
    """
    life: dict[str, tuple[int, int]] = {}
    homes: dict[str, int] = {}
    known = {buffer.name: buffer for buffer in buffers}
    stages = [(number, stage) for number, segment in enumerate(segments) for stage in segment.stages]
    for time, (number, stage) in enumerate(stages):
        for name in touched(stage):
            if name not in known:
                continue
            first, _ = life.get(name, (time, time))
            life[name] = (first, time)
            if homes.setdefault(name, number) != number:
                raise UnsupportedError(f"a buffer of every tensor, {name}, would be kept while the model is looked at")
    return _packed([known[name] for name in sorted(life, key=lambda name: life[name])], life)


def touched(stage: Stage) -> Iterable[str]:
    """The names of memory that a stage reads or writes, among others."""
    if isinstance(stage, Sweep):
        return [
            *stage.reads,
            *(store.array for store in stage.stores),
            *(partial.name for partial in stage.partials),
        ]
    return [stage.name, *refs(stage.value)] if isinstance(stage, Product) else []


def _packed(buffers: Sequence[Buffer], life: dict[str, tuple[int, int]]) -> tuple[Buffer, ...]:
    """First fit: a slot of the same shape whose last user is over, else a new one."""
    ends: list[tuple[Shape, int]] = []
    found = []
    for buffer in buffers:
        start, end = life[buffer.name]
        fits = [slot for slot, (shape, last) in enumerate(ends) if shape == buffer.shape and last < start]
        slot = fits[0] if fits else len(ends)
        ends[slot : slot + 1] = [(buffer.shape, end)]
        found.append(replace(buffer, slot=slot))
    return tuple(found)

"""On which shapes two subjects can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.ir.trace import Trace
from symopt.lift.lifted import ALL_SHAPES, Lifted
from symopt.lift.shapes import MATRICES, VECTOR
from symopt.lift.sizes import at_shape, has_axes
from symopt.targets.subject import Subject


@dataclass(frozen=True)
class Overlap:
    """A trace of each side for the same shapes."""

    left: Trace
    right: Trace
    scope: str


def overlaps(left: Subject, right: Subject) -> list[Overlap]:
    """The pairs of traces that are about the same shapes, every shape once."""
    found = []
    for a in left.parts:
        for b in right.parts:
            overlap = _overlap(a, b)
            if overlap is not None:
                found.append(overlap)
    return found


def _overlap(a: Lifted, b: Lifted) -> Overlap | None:
    """The common part of what two traces hold for."""
    kinds = {_kind(a), _kind(b)} - {ALL_SHAPES}
    if len(kinds) > 1 and not kinds <= {MATRICES, "wide", "tall"}:
        return None
    if {"wide", "tall"} <= kinds:
        return None
    if "vector" in kinds and (has_axes(a.trace) or has_axes(b.trace)):
        return None
    matrix = a.matrix or b.matrix
    scope = next((item.scope for item in (a, b) if item.matrix), None)
    scope = scope or next((item.scope for item in (a, b) if _kind(item) != ALL_SHAPES), a.scope)
    if scope == ALL_SHAPES and b.scope != ALL_SHAPES:
        scope = b.scope
    shape = matrix or (VECTOR if "vector" in kinds else None)
    if shape is None:
        return Overlap(a.trace, b.trace, scope)
    return Overlap(at_shape(a.trace, shape), at_shape(b.trace, shape), scope)


def _kind(lifted: Lifted) -> str:
    """all shapes, matrices, a wide or a tall one, vectors."""
    if lifted.matrix is not None:
        return "tall" if lifted.matrix[0] > lifted.matrix[1] else "wide"
    if lifted.scope.startswith("shape ("):
        return "vector"
    return MATRICES if lifted.scope == MATRICES else ALL_SHAPES

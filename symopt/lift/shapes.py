"""The shapes that code is traced on, and what the traces say together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symopt.errors import UnsupportedError
from symopt.ir.trace import Trace
from symopt.lift.lifted import ALL_SHAPES, Lifted

# Roots and quotients of these extents are exact in floating point, and no two of them are alike.
VECTOR, WIDE, TALL = (16,), (4, 16), (16, 4)
SHAPES = (VECTOR, WIDE, TALL)


def over_shapes(lift: Callable[[tuple[int, ...]], Lifted]) -> list[Lifted]:
    """What code does to tensors: one trace where it is the same on every shape, else one for each kind of shape.

    Raises
    ------
    UnsupportedError: no shape can be lifted; the message is that of the first.
    """
    found: list[tuple[tuple[int, ...], Lifted]] = []
    errors: list[UnsupportedError] = []
    for shape in SHAPES:
        try:
            found.append((shape, lift(shape)))
        except UnsupportedError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    first = found[0][1]
    if not errors and all(same_trace(first.trace, other.trace) for _, other in found[1:]):
        return [replace(first, scope=ALL_SHAPES, matrix=None)]
    return [replace(item, scope=f"shape {shape}", matrix=shape if len(shape) == 2 else None) for shape, item in found]


def same_trace(a: Trace, b: Trace) -> bool:
    """Whether two traces are the same statements over the same inputs."""
    return (a.hypers, a.states, a.lets, a.results, a.given) == (b.hypers, b.states, b.lets, b.results, b.given)

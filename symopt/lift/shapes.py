"""The shapes that code is traced on, and what the traces say together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from symopt.errors import UnsupportedError
from symopt.ir.trace import Trace
from symopt.lift.lifted import ALL_SHAPES, Lifted

# Roots and quotients of these extents and sizes are exact in floating point, and no two of them are alike.
VECTOR, WIDE, TALL = (16,), (4, 16), (64, 4)
SHAPES = (VECTOR, WIDE, TALL)
MATRICES = "matrices"


def over_shapes(lift: Callable[[tuple[int, ...]], Lifted]) -> list[Lifted]:
    """What code does to tensors: one trace where it is the same on every shape, else one for each kind of shape.

    Raises
    ------
    UnsupportedError: no shape can be lifted; the message is that of the first.
    """
    found: dict[tuple[int, ...], Lifted] = {}
    errors: list[UnsupportedError] = []
    for shape in SHAPES:
        try:
            found[shape] = lift(shape)
        except UnsupportedError as error:
            errors.append(error)
    if not found:
        raise errors[0]
    if not errors and all(same_trace(found[VECTOR].trace, found[shape].trace) for shape in (WIDE, TALL)):
        return [replace(found[VECTOR], scope=ALL_SHAPES, matrix=None)]
    if WIDE in found and TALL in found and same_trace(found[WIDE].trace, found[TALL].trace):
        wide = replace(found.pop(WIDE), scope=MATRICES, matrix=None)
        del found[TALL]
        return [*(_of_shape(item, shape) for shape, item in found.items()), wide]
    return [_of_shape(item, shape) for shape, item in found.items()]


def shapes_of(item: Lifted) -> tuple[tuple[int, ...], ...]:
    """The shapes that a trace was found on, two of them at most."""
    if item.matrix is not None:
        return (item.matrix,)
    return {ALL_SHAPES: (VECTOR, TALL), MATRICES: (WIDE, TALL)}.get(item.scope, (VECTOR,))


def _of_shape(lifted: Lifted, shape: tuple[int, ...]) -> Lifted:
    extents = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
    return replace(lifted, scope=f"shape ({extents})", matrix=(shape[0], shape[1]) if len(shape) == 2 else None)


def same_trace(a: Trace, b: Trace) -> bool:
    """Whether two traces are the same statements over the same inputs."""
    return (a.hypers, a.states, a.lets, a.results, a.given) == (b.hypers, b.states, b.lets, b.results, b.given)

"""Functions of the standard library that copy and fill arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from symopt.errors import UnsupportedError
from symopt.lift.c.types import size_of
from symopt.lift.c.values import Pointer, Value

if TYPE_CHECKING:
    from symopt.lift.c.machine import Machine


def library_function(machine: Machine, name: str) -> Callable[[list[Value]], Value] | None:
    """``memcpy``, ``memmove`` and ``memset`` to zero; None for other names."""
    if name in ("memcpy", "memmove"):
        return lambda args: _copy(machine, *args)
    if name == "memset":
        return lambda args: _fill(machine, *args)
    return None


def _copy(machine: Machine, to: Value, source: Value, size: Value) -> Value:
    count = _count(to, size)
    if not isinstance(source, Pointer) or source.block is None or not isinstance(to, Pointer) or to.block is None:
        raise UnsupportedError("a copy of what is no array")
    values = [machine.memory.read(source.block, source.offset + i) for i in range(count)]
    for i, value in enumerate(values):
        machine.memory.write(to.block, to.offset + i, machine.converted(value, to.block.ctype))
    return to


def _fill(machine: Machine, to: Value, value: Value, size: Value) -> Value:
    if value != 0:
        raise UnsupportedError("bytes other than 0")
    count = _count(to, size)
    assert isinstance(to, Pointer)
    assert to.block is not None
    for i in range(count):
        machine.memory.write(to.block, to.offset + i, machine.zero(to.block.ctype))
    return to


def _count(to: Value, size: Value) -> int:
    """The number of elements in a number of bytes."""
    element = size_of(to.block.ctype) if isinstance(to, Pointer) and to.block is not None and to.block.ctype else None
    if not isinstance(size, int) or element is None or size % element:
        raise UnsupportedError("a number of bytes that is no number of elements")
    return size // element

"""The arrays that a C kernel is called on: their shapes, and every reason to refuse them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.backends.base import Variant
from symopt.backends.c_interface import Argument
from symopt.errors import UsageError, nearest
from symopt.ir.program import Program
from symopt.ir.shape import ELEMENT, Axis
from symopt.ir.trace import PARAMETER

Array = NDArray[Any]


def shape_of_state(program: Program, name: str, parameter: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of an array of a rule, for a parameter of a shape."""
    shape = program.shapes.get(name, ELEMENT)
    if shape == ELEMENT:
        return parameter
    rows, cols = parameter
    extents = {Axis.ONE: 1, Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: min(parameter), Axis.LONG: max(parameter)}
    return extents[shape.down], extents[shape.along]


class Checker:
    """Refuses arrays that the functions of a variant cannot take, with the reason."""

    def __init__(self, variant: Variant, dtype: np.dtype[Any]) -> None:
        self.program, self.title, self.dtype = variant.program, variant.rule.title, dtype

    def tensors(self, p: Any) -> list[Array]:
        """The parameters as a list; one array is a model of one tensor."""
        found = list(p) if self.program.over_model and isinstance(p, list | tuple) else [p]
        for array in found:
            if not isinstance(array, np.ndarray):
                raise UsageError(f"{self.title}: p is {type(array).__name__}; this kernel takes arrays of {self.dtype}")
            if self.program.has_axes and array.ndim != 2:
                raise UsageError(f"{self.title}: p is a matrix (2 dimensions), not of shape {array.shape}")
        return found

    def check(self, phase: str, order: Sequence[Argument], given: Mapping[str, Any]) -> None:
        """Raise ``UsageError`` for the first array that is unknown, missing, unfit or overlaps another."""
        wanted = {argument.name: argument for argument in order}
        trace = self.program.trace
        known = [*trace.arrays, *(state.name for state in trace.states), *wanted]
        for name in given:
            if name not in known:
                raise UsageError(f"{self.title} has no array {name!r}; {nearest(name, sorted(set(known)))}")
        for name, argument in wanted.items():
            if name not in given:
                raise UsageError(f"{phase} of {self.title} needs the {self._kind(argument)} {name!r}")
        tensors = self.tensors(given[PARAMETER if PARAMETER in given else order[0].name])
        placed: list[_Placed] = []
        for position, parameter in enumerate(tensors):
            for argument in order:
                if not argument.is_number:
                    array = self._of_tensor(argument, given[argument.name], position, len(tensors))
                    self._check_array(argument, array, parameter.shape)
                    name = f"{argument.name}[{position}]" if len(tensors) > 1 else argument.name
                    placed.append(_Placed(name, array, argument.written))
        self._check_overlap(placed)
        for argument in order:
            if argument.is_number:
                self._check_number(argument, given[argument.name], len(tensors))

    def _kind(self, argument: Argument) -> str:
        return "number" if argument.is_number else "array"

    def _of_tensor(self, argument: Argument, value: Any, position: int, count: int) -> Any:
        """The array of one tensor."""
        if not self.program.over_model:
            return value
        listed = list(value) if isinstance(value, list | tuple) else [value]
        if len(listed) != count:
            raise UsageError(f"{self.title}: {argument.name} has {len(listed)} arrays, and p has {count}")
        return listed[position]

    def _check_number(self, argument: Argument, value: Any, count: int) -> None:
        """A state that is one number, or one for every tensor of a model."""
        is_list = self.program.over_model and argument.per_tensor
        values = value if isinstance(value, list) and is_list else [value]
        for number in values:
            if not isinstance(number, int | float | np.number):
                raise UsageError(f"{self.title}: {argument.name} is {type(number).__name__}; here it is a number")
        if is_list and len(values) != count:
            raise UsageError(f"{self.title}: {argument.name} has {len(values)} numbers, and p has {count} arrays")

    def _check_array(self, argument: Argument, array: Any, parameter: tuple[int, ...]) -> None:
        problem = ""
        if not isinstance(array, np.ndarray) or array.dtype != self.dtype:
            problem = f"is {getattr(array, 'dtype', type(array).__name__)}; this kernel takes {self.dtype}"
        elif array.shape != (wanted := shape_of_state(self.program, argument.name, parameter)):
            others = "the others have" if wanted == parameter else "here it is"
            problem = f"has the shape {array.shape}; {others} {wanted}"
        elif not array.flags.c_contiguous:
            problem = "is not contiguous; pass np.ascontiguousarray of it"
        elif argument.written and not array.flags.writeable:
            problem = "is read-only and would be updated"
        if problem:
            raise UsageError(f"{self.title}: the array {argument.name} {problem}")

    def _check_overlap(self, arrays: Sequence[_Placed]) -> None:
        """Arrays that are written must not share memory with any other; those that are contiguous are intervals."""
        taken = sorted((array for array in arrays if array.end > array.start), key=lambda array: array.start)
        reached: dict[bool, _Placed] = {}  # the array that ends last, of those written and of those that are not
        for array in taken:
            for before in reached.values():
                if before.end > array.start and (before.written or array.written):
                    first, second = sorted((before, array), key=arrays.index)
                    raise UsageError(
                        f"the arrays {first.name} and {second.name} overlap; "
                        "the kernel needs memory of its own for each"
                    )
            last = reached.get(array.written)
            if last is None or array.end > last.end:
                reached[array.written] = array


class _Placed:
    """An array in memory, from ``start`` to ``end``."""

    def __init__(self, name: str, array: Array, written: bool) -> None:
        self.name, self.written = name, written
        self.start = array.__array_interface__["data"][0]
        self.end = self.start + array.nbytes

"""The arguments of one call of a C kernel's function, made once: sizes, numbers, pointers, memory to work in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.backends.c_interface import Argument, sizes_of
from symopt.ir.program import Program
from symopt.ir.trace import PARAMETER
from symopt.printers.c import CType

Array = NDArray[Any]


class Call:
    """The arguments of a function for given arrays.

    ``leading`` are those that stand before the pointers, ``work`` is the function that says how many
    bytes of memory a tensor needs to be worked on, where it needs any.
    """

    def __init__(
        self, ffi: Any, program: Program, ctype: CType, order: Sequence[Argument], given: Mapping[str, Any],
        leading: Sequence[Any] = (), work: Callable[..., int] | None = None,
    ) -> None:  # fmt: skip
        self.ffi, self.model, self.type = ffi, program.over_model, ctype.name
        self.leading, self.numbers, self.keep = list(leading), dict[str, Any](), list[Any]()
        tensors = self._listed(given[PARAMETER if PARAMETER in given else order[0].name])
        has_axes = len(sizes_of(program)) == 2
        self.extents = [array.shape if has_axes else (array.size,) for array in tensors]
        self.sizes = self._sizes(len(sizes_of(program)))
        self.pointers = [self._pointer(argument, given[argument.name]) for argument in order]
        if work is not None:
            self.pointers.append(self._work(work))

    def _listed(self, value: Any) -> list[Array]:
        """The arrays of all tensors; one array is a model of one."""
        return list(value) if isinstance(value, list | tuple) else [value]

    def _sizes(self, rank: int) -> list[Any]:
        if not self.model:
            return list(self.extents[0])
        columns = [[int(extent[side]) for extent in self.extents] for side in range(rank)]
        return [len(self.extents), *(self._kept(self.ffi.new("size_t[]", column)) for column in columns)]

    def _kept(self, item: Any) -> Any:
        """Memory that must live as long as the call."""
        self.keep.append(item)
        return item

    def _pointer(self, argument: Argument, value: Any) -> Any:
        if argument.is_number:
            values = value if isinstance(value, list) else [value]
            self.numbers[argument.name] = self._kept(self.ffi.new("double[]", [float(x) for x in values]))
            return self.numbers[argument.name]
        if not self.model:
            return self._buffer(value, argument.written)
        constant = "" if argument.written else "const "
        pointers = [self._kept(self._buffer(array, argument.written)) for array in self._listed(value)]
        return self._kept(self.ffi.new(f"{constant}{self.type} *[]", pointers))

    def _buffer(self, array: Array, written: bool) -> Any:
        return self.ffi.from_buffer(f"{self.type}[]", array, require_writable=written)

    def _work(self, need: Callable[..., int]) -> Any:
        """The workspace: that of the largest tensor."""
        most = max((int(need(*extents)) for extents in self.extents), default=0)
        return self.ffi.from_buffer(self._kept(np.empty(most // 8 + 1, np.float64)))

    def __call__(self, function: Callable[..., int], *step: int) -> int:
        """The status of the call; ``step`` is its number, where the function takes it."""
        return function(*self.sizes, *step, *self.leading, *self.pointers)

    def take(self, states: Mapping[str, Any]) -> None:
        """Read the numbers again, which somebody may have set."""
        for name, memory in self.numbers.items():
            if name in states:
                values = states[name] if isinstance(states[name], list) else [states[name]]
                memory[0 : len(memory)] = [float(value) for value in values]

    def give_back(self, states: dict[str, Any]) -> None:
        """Put the new numbers where the old ones were."""
        for name, memory in self.numbers.items():
            if name in states:
                states[name] = list(memory) if isinstance(states[name], list) else memory[0]

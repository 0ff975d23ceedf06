"""The arrays on which the text of a generated Python kernel runs: those of NumPy's kernels and PyTorch's tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from symopt.lift.numpy.array import SymArray, whole_of
from symopt.lift.whole import filled, transposed


class Real:
    """The element type of a kernel's arrays. Its numbers are not rounded: a proof is about real numbers."""

    dtype = np.dtype("float32")

    def type(self, value: Any) -> Any:
        """A number in this type."""
        return value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Real) or other == self.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __str__(self) -> str:
        return "float32"


REAL = Real()


class KernelArray(SymArray):
    """An array with the methods of both libraries that the templates use."""

    layout = "strided"
    device = "cpu"
    requires_grad = False

    @property
    def dtype(self) -> Any:
        """The element type."""
        return REAL

    @property
    def itemsize(self) -> int:
        """Bytes of an element, as blocks are counted."""
        return 4

    @property
    def T(self) -> SymArray:
        """The transpose."""
        return self.view(transposed, transposed)

    def astype(self, dtype: Any, **kwargs: Any) -> SymArray:
        """The same elements."""
        return self.copy()

    def double(self) -> SymArray:
        """The same elements."""
        return self

    def to(self, *args: Any, **kwargs: Any) -> SymArray:
        """The same elements."""
        return self

    def cpu(self) -> SymArray:
        """The same elements."""
        return self

    def detach(self) -> SymArray:
        """The same elements."""
        return self

    def clone(self, **kwargs: Any) -> SymArray:
        """A copy."""
        return self.copy()

    def copy_(self, other: Any) -> SymArray:
        """Overwrite every element."""
        self.assign(whole_of(other))
        return self

    def numel(self) -> int:
        """The number of elements."""
        return self.size

    def dim(self) -> int:
        """The number of dimensions."""
        return self.ndim

    def is_floating_point(self) -> bool:
        """Whether the elements are real numbers."""
        return True

    def new_full(self, shape: tuple[int, ...], value: Any, **kwargs: Any) -> SymArray:
        """An array of one number."""
        return SymArray.of(filled(whole_of(value).node, shape))

    def floor(self) -> Any:
        """Element by element."""
        return np.floor(self)


class Blocks:
    """What the iterator over blocks is: one block, with all elements of every array in a row."""

    def __init__(self, operands: Any, **kwargs: Any) -> None:
        self._operands = operands if isinstance(operands, list | tuple) else [operands]

    def __enter__(self) -> Any:
        flat = tuple(operand.reshape(-1) for operand in self._operands)
        return iter([flat if len(flat) > 1 else flat[0]])

    def __exit__(self, *error: object) -> None:
        pass


class Scratch:
    """Buffers: rows of elements that hold nothing yet."""

    def __init__(self, rows: int) -> None:
        self._rows = rows

    def __getitem__(self, key: tuple[slice, slice]) -> list[SymArray]:
        return [SymArray.of(filled(whole_of(0).node, (key[1].stop,))) for _ in range(self._rows)]


Function = Callable[..., Any]

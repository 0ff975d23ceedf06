"""Memory that a caller lends: bytes, parts of which are used as arrays."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from symopt.errors import UnsupportedError
from symopt.lift.c.memory import Block
from symopt.lift.c.types import CType, size_of
from symopt.lift.c.values import Pointer

MOST_ELEMENTS = 1 << 12


class RawMemory(Block):
    """Bytes without a type. Each place at which they are taken for an array is an array of its own."""

    __slots__ = ("arrays",)

    def __init__(self, name: str) -> None:
        super().__init__(name, [])
        self.arrays: dict[int, Block] = {}

    def as_array(self, offset: int, ctype: CType) -> Pointer:
        """The array of a type that starts at a byte.

        Raises
        ------
        UnsupportedError: there is one of another type.
        """
        found = self.arrays.setdefault(offset, _Growing(f"{self.name}+{offset}", [], ctype))
        if found.ctype != ctype:
            raise UnsupportedError(f"the same bytes of {self.name} as numbers of two types")
        return Pointer(found)

    def check(self) -> None:
        """Refuse arrays that overlap."""
        ends: list[tuple[int, int]] = []
        for offset, block in self.arrays.items():
            used = max((i for i, value in enumerate(block.data) if value is not None), default=-1) + 1
            ends.append((offset, offset + used * (size_of(block.ctype) or 1)))
        ends.sort()
        for (_, end), (begin, _) in pairwise(ends):
            if end > begin:
                raise UnsupportedError(f"two arrays in the bytes of {self.name} overlap")


class _Growing(Block):
    """An array whose length is as long as what is written into it."""

    __slots__ = ()

    def __init__(self, name: str, data: list[Any], ctype: CType) -> None:
        super().__init__(name, [None] * MOST_ELEMENTS, ctype)

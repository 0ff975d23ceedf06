"""Memory: blocks of values, and a journal with which the two sides of a branch are run on the same memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node

Place = tuple["Block", int]
Journal = dict[Place, Any]


class Block:
    """Values one after the other: an array, or a variable, which is an array of one.

    ``is_input`` says that the caller handed it over; ``read`` and ``written`` then say which elements were, and how
    often.
    """

    __slots__ = ("ctype", "data", "is_input", "name", "read", "written")

    def __init__(self, name: str, data: list[Any], ctype: Any = None, *, is_input: bool = False) -> None:
        self.name, self.data, self.ctype, self.is_input = name, data, ctype, is_input
        self.written: dict[int, int] = {}
        self.read: set[int] = set()


class Memory:
    """Reads and writes; every write can be undone while a journal is kept.

    ``unwritten`` is what a number is that one side of a branch alone has given a value, after the other side; None says
    that such a number is read after that one side alone, as compilers take for granted.
    """

    def __init__(self) -> None:
        self._journals: list[Journal] = []
        self.unwritten: Node | None = None

    def read(self, block: Block, index: int) -> Any:
        """The value of an element.

        Raises
        ------
        UnsupportedError: it lies outside the block, or was never written.
        """
        data = block.data
        if not 0 <= index < len(data):
            raise UnsupportedError(f"{block.name}[{index}] is read, and there are {len(data)} elements")
        value = data[index]
        if block.is_input:
            block.read.add(index)
        if value is None:
            raise UnsupportedError(f"{block.name} is read before it is written")
        return value

    def write(self, block: Block, index: int, value: Any) -> None:
        """Give an element a value."""
        data = block.data
        if not 0 <= index < len(data):
            raise UnsupportedError(f"{block.name}[{index}] is written, and there are {len(data)} elements")
        if self._journals:
            self._journals[-1].setdefault((block, index), data[index])
        data[index] = value
        if block.is_input:
            block.written[index] = block.written.get(index, 0) + 1

    @contextmanager
    def journal(self) -> Iterator[Journal]:
        """Remember what elements were before the writes inside."""
        own: Journal = {}
        self._journals.append(own)
        try:
            yield own
        finally:
            self._journals.pop()
            if self._journals:
                for place, old in own.items():
                    self._journals[-1].setdefault(place, old)

    def undo(self, journal: Journal) -> dict[Place, Any]:
        """Take back all writes of a journal; what they had written is returned."""
        new = {(block, index): block.data[index] for block, index in journal}
        for (block, index), old in journal.items():
            block.data[index] = old
        return new

    def merge(self, yes: dict[Place, Any], no: dict[Place, Any], merged: Callable[[Any, Any], Any]) -> None:
        """Write what either side of a branch has written."""
        for block, index in {**yes, **no}:
            old = block.data[index]
            a, b = yes.get((block, index), old), no.get((block, index), old)
            if a is None and b is None:
                continue
            if self._journals:
                self._journals[-1].setdefault((block, index), old)
            if self.unwritten is not None and isinstance(b if a is None else a, Node):
                a, b = (self.unwritten if side is None else side for side in (a, b))
            # A variable that one side alone has given a value is read on that side alone.
            block.data[index] = a if b is None else b if a is None else merged(a, b)

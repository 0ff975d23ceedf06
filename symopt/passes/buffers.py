"""Buffers: every instruction of a sweep gets a place for its result, and places are used again.

A new value of an array is computed in the array itself where its old value is no longer needed; what
lies between is computed there too, within the statement that makes the new value, and in scratch
buffers otherwise. Truth values, and what is computed in double precision, have buffers of their own.
Rounding: preserved, since only the places change.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symopt.ir.nodes import Num, Ref, ref
from symopt.passes.linearise import ACCUMULATE, COPY, Instruction, Linear

# Whether the result of an operation may overwrite its operand at a position.
InPlace = Callable[[str, int], bool]


@dataclass(frozen=True)
class Placed:
    """An instruction whose operands and result are places: arrays, scratch buffers, uniforms, reductions."""

    out: str
    op: str
    args: tuple[Ref | Num, ...]
    statement: str
    wide: bool = False


@dataclass(frozen=True)
class Schedule:
    """The placed instructions of a sweep, and the scratch buffers that they use.

    ``scratch`` has the type of the arrays, ``masks`` hold truth values, ``wides`` numbers in double precision.
    """

    instructions: tuple[Placed, ...]
    scratch: tuple[str, ...]
    masks: tuple[str, ...]
    wides: tuple[str, ...]


def allocate(linear: Linear, prefix: str, may_overwrite: InPlace = lambda op, position: True) -> Schedule:
    """A schedule of the instructions, in their order.

    ``prefix`` starts the names of scratch buffers; no other name may start with it.
    """
    return _Allocator(linear, prefix, may_overwrite).run()


class _Allocator:
    """One walk over the instructions with the places that are in use."""

    def __init__(self, linear: Linear, prefix: str, may_overwrite: InPlace) -> None:
        self.linear, self.prefix, self.may_overwrite = linear, prefix, may_overwrite
        self.array_of = {value: array for array, value in linear.stores.items()}
        self.makes = {i.name: i.statement for i in linear.instructions}
        self.last_read: dict[str, int] = {}
        for index, instruction in enumerate(linear.instructions):
            self.last_read.update(dict.fromkeys(instruction.reads, index))
        self.place: dict[str, str] = {}
        self.busy: dict[str, str] = {}
        self.pools: dict[str, list[str]] = {"": [], "mask": [], "wide": []}

    def run(self) -> Schedule:
        """Place every instruction, then copy what could not be computed in its array."""
        placed = [self._placed(index, instruction) for index, instruction in enumerate(self.linear.instructions)]
        for array, value in self.linear.stores.items():
            if self.place[value] != array:
                placed.append(Placed(array, COPY, (ref(self.place[value]),), self.makes[value]))
        return Schedule(tuple(placed), *(tuple(pool) for pool in self.pools.values()))

    def _placed(self, index: int, instruction: Instruction) -> Placed:
        args = tuple(
            ref(self.place.get(arg.name, arg.name)) if isinstance(arg, Ref) else arg for arg in instruction.args
        )
        for name in instruction.reads:
            if self.last_read[name] == index and name not in self.array_of:
                self.busy.pop(self.place.get(name, name), None)
        if instruction.op == ACCUMULATE:
            return Placed(instruction.name, ACCUMULATE, args, instruction.statement)
        out = self._choose(index, instruction, args)
        self.place[instruction.name] = out
        self.busy[out] = instruction.name
        return Placed(out, instruction.op, args, instruction.statement, instruction.wide)

    def _choose(self, index: int, instruction: Instruction, args: tuple[Ref | Num, ...]) -> str:
        """The array that the value or its statement is for, else an operand's buffer, else any free one."""
        kind = "mask" if instruction.is_condition else "wide" if instruction.wide else ""
        own = self.array_of.get(instruction.name)
        homes = [own] if own else [] if kind else self._arrays_of(instruction)
        pool = self.pools[kind]
        operands = [arg.name for arg in args if isinstance(arg, Ref) and arg.name in pool]
        for place in [*homes, *operands, *pool]:
            if self._is_free(place, index) and self._in_place(instruction.op, args, place):
                return place
        name = f"{self.prefix}{kind}{len(pool) + 1}"
        pool.append(name)
        return name

    def _arrays_of(self, instruction: Instruction) -> list[str]:
        """The arrays whose new value the instruction's statement makes and has not made yet."""
        stores = self.linear.stores.items()
        return [a for a, value in stores if self.makes[value] == instruction.statement and value not in self.place]

    def _is_free(self, place: str, index: int) -> bool:
        """Whether nothing that is read after the instruction is in the place, an array's old value included."""
        if place in self.busy:
            return False
        return place not in self.linear.stores or self.last_read.get(place, -1) <= index

    def _in_place(self, op: str, args: tuple[Ref | Num, ...], place: str) -> bool:
        return all(
            self.may_overwrite(op, position)
            for position, arg in enumerate(args)
            if isinstance(arg, Ref) and arg.name == place
        )

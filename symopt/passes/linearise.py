"""Linearise: a sweep's body becomes a list of single operations on names and numbers.

Every operation keeps its operands and its place in the order, so what is computed is the same
graph. Statements that only rename are followed to what they name. What a sweep reduces is computed as
soon as it can be, in double precision. Rounding: preserved.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt.ir.nodes import CONDITIONS, Node, Num, Op, Ref, op, ref, refs
from symopt.ir.program import Partial, Store, Sweep
from symopt.passes.rewriting import Names

COPY = "copy"
ACCUMULATE = "accumulate"


@dataclass(frozen=True)
class Instruction:
    """``name`` becomes ``op`` of the operands, which are names and numbers; ``statement`` asked for it.

    Besides the operations of the graph there is ``copy``, whose result is its operand, and ``accumulate``,
    which adds its operand to the reduction called ``name``. ``wide`` operations are done in double precision.
    """

    name: str
    op: str
    args: tuple[Ref | Num, ...]
    statement: str
    wide: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The names among the operands."""
        return tuple(arg.name for arg in self.args if isinstance(arg, Ref))

    @property
    def is_condition(self) -> bool:
        """Whether the result is a truth value."""
        return self.op in CONDITIONS


@dataclass(frozen=True)
class Linear:
    """A sweep as instructions; ``stores`` maps each array to the instruction that holds its new value.

    Every array that is written has an instruction of its own: a value that goes to two arrays, and an
    array's old value that goes to another, are copied. An array that keeps its value is not written.
    """

    instructions: tuple[Instruction, ...]
    stores: Mapping[str, str]


def linearise(sweep: Sweep) -> Linear:
    """The instructions of a sweep, in the order of its statements."""
    flat = _Flattener(sweep)
    waiting = list(sweep.partials)
    for let in (None, *sweep.body):
        if let is not None:
            flat.statement(let.name, let.value)
        for partial in [partial for partial in waiting if flat.knows(partial.value)]:
            flat.reduction(partial)
            waiting.remove(partial)
    stores: dict[str, str] = {}
    for store in sweep.stores:
        value = flat.leaf(ref(store.value))
        if value is ref(store.array):
            continue
        computed = isinstance(value, Ref) and value.name in flat.computed and value.name not in stores.values()
        stores[store.array] = value.name if computed and isinstance(value, Ref) else flat.copy(store, value)
    return Linear(tuple(flat.instructions), stores)


class _Flattener:
    """Collects the instructions of one sweep."""

    def __init__(self, sweep: Sweep) -> None:
        stored = [name for store in sweep.stores for name in (store.array, store.value)]
        reduced = [name for partial in sweep.partials for name in (partial.name, *refs(partial.value))]
        known = [*stored, *refs(*(let.value for let in sweep.body)), *reduced]
        self.instructions: list[Instruction] = []
        self.computed: dict[str, None] = {}
        self._pending = {let.name for let in sweep.body}
        self._names = Names([*known, *(let.name for let in sweep.body)])
        self._renamed: dict[str, Ref | Num] = {}

    def knows(self, node: Node) -> bool:
        """Whether no statement that is still to come is read."""
        return self._pending.isdisjoint(refs(node))

    def statement(self, name: str, value: Node) -> None:
        """The instructions of ``name = value``."""
        if isinstance(value, Op):
            self._emit(name, value.op, tuple(self._operand(arg, name) for arg in value.args), name)
        else:
            self._renamed[name] = self.leaf(value)
        self._pending.remove(name)

    def reduction(self, partial: Partial) -> None:
        """The instructions that compute what is reduced, and the one that reduces it."""
        name = partial.name
        self.instructions.append(Instruction(name, ACCUMULATE, (self._operand(partial.value, name, True),), name))

    def leaf(self, node: Node) -> Ref | Num:
        """What a name or a number stands for."""
        if isinstance(node, Ref):
            return self._renamed.get(node.name, node)
        if isinstance(node, Num):
            return node
        raise TypeError(f"{type(node).__name__} is no operation on elements")

    def copy(self, store: Store, value: Ref | Num) -> str:
        """The name of a copy of ``value``, which becomes the store's array.

        An array's old value is copied after the statement that last reads the old value of the store's
        array, so that both arrays can be written in place.
        """
        name = self._names.fresh(ref(f"{store.array}_copy"))
        old = isinstance(value, Ref) and value.name not in self.computed
        place = self._after_last_read(store.array) if old else len(self.instructions)
        self.instructions.insert(place, Instruction(name, COPY, (value,), store.value))
        self.computed[name] = None
        return name

    def _after_last_read(self, array: str) -> int:
        """The place after the statement that last reads an array's old value."""
        readers = [instruction.statement for instruction in self.instructions if array in instruction.reads]
        ends = [i for i, done in enumerate(self.instructions) if readers and done.statement == readers[-1]]
        return ends[-1] + 1 if ends else 0

    def _operand(self, node: Node, statement: str, wide: bool = False) -> Ref | Num:
        if not isinstance(node, Op):
            return self.leaf(node)
        args = tuple(self._operand(arg, statement, wide) for arg in node.args)
        name = self._names.fresh(op(node.op, *args))
        self._emit(name, node.op, args, statement, wide)
        return ref(name)

    def _emit(self, name: str, operation: str, args: tuple[Ref | Num, ...], statement: str, wide: bool = False) -> None:
        self.instructions.append(Instruction(name, operation, args, statement, wide))
        self.computed[name] = None

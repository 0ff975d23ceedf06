"""Products and transposes of matrices in generated C: read once as sums over elements, then used as operations.

A function of these kinds is first run on small matrices of names, and what it writes must be, element by element,
the product or transpose. After that a call of it gives a matrix of new names, each of which stands for an element of
the operation on whole matrices.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import MatOp, Node, Ref, op, ref, walk
from symopt.lift import build
from symopt.lift.c.elements import Wholes
from symopt.lift.c.layout import At, Layout
from symopt.lift.c.machine import Machine, Stub
from symopt.lift.c.memory import Block, Memory
from symopt.lift.c.normal import Normal
from symopt.lift.c.types import Number
from symopt.lift.c.values import Pointer, Value, as_node

SMALL = (2, 3, 4)  # rows, inner extent and columns of the matrices on which a function is read
Matrices = Mapping[str, Node]


class Products:
    """The stubs of the functions of one rule and type, and what the matrices are that they have written.

    ``wholes`` makes an expression over whole matrices from those of elements, ``inputs`` are the names of its elements,
    and ``memory`` is that of the machine that calls them.
    """

    def __init__(self, tree: Any, rule: str, suffix: str, inputs: dict[str, tuple[str, At]]) -> None:
        self.inputs = inputs
        self.matrices: dict[str, Node] = {}
        self.wholes: Wholes | None = None
        self.memory: Memory | None = None
        machine = Machine(tree, lambda condition: None)
        self.stubs: dict[str, Stub] = {}
        for name, check, stub in (
            (f"{rule}_matmul_{suffix}", _is_matmul, self._matmul),
            (f"{rule}_transpose_{suffix}", _is_transpose, self._transpose),
        ):
            if name in machine.functions and check(machine, name):
                self.stubs[name] = stub

    def _matmul(self, args: list[Value]) -> Value:
        rows, inner, cols, a, a_flipped, b, b_flipped, out = args
        left = self._matrix(a, (inner, rows) if a_flipped else (rows, inner))
        right = self._matrix(b, (cols, inner) if b_flipped else (inner, cols))
        left = build.matrix("transpose", left) if a_flipped else left
        right = build.matrix("transpose", right) if b_flipped else right
        return self._write(out, rows, cols, build.matrix("matmul", left, right))

    def _transpose(self, args: list[Value]) -> Value:
        rows, cols, a, out = args
        return self._write(out, cols, rows, build.matrix("transpose", self._matrix(a, (rows, cols))))

    def _matrix(self, pointer: Value, shape: tuple[Value, Value]) -> Node:
        """A matrix in memory as one expression."""
        rows, cols = shape
        assert isinstance(rows, int)
        assert isinstance(cols, int)
        if not isinstance(pointer, Pointer) or pointer.block is None or self.wholes is None:
            raise UnsupportedError("an operation on what is no matrix")
        elements: dict[At, Node] = {}
        for position in range(rows * cols):
            value = pointer.block.data[pointer.offset + position]
            if value is None:
                raise UnsupportedError(f"{pointer.block.name} is read before it is written")
            elements[divmod(position, cols)] = as_node(value)
        return self.expanded(self.wholes.array(pointer.block.name, elements))

    def _write(self, pointer: Value, rows: Value, cols: Value, node: Node) -> Value:
        assert isinstance(rows, int)
        assert isinstance(cols, int)
        if not isinstance(pointer, Pointer) or pointer.block is None or self.memory is None:
            raise UnsupportedError("a matrix that is written to no array")
        name = f"matrix {len(self.matrices)}"
        self.matrices[name] = node
        for position in range(rows * cols):
            own = f"{name}[{position}]"
            self.inputs[own] = name, divmod(position, cols)
            self.memory.write(pointer.block, pointer.offset + position, ref(own))
        return None

    def expanded(self, root: Node) -> Node:
        """An expression with the operations in the place of the matrices that they gave."""
        done: dict[Node, Node] = {}
        for node in walk([root]):
            args = tuple(done[arg] for arg in node.args)
            known = self.matrices.get(node.name) if isinstance(node, Ref) else None
            done[node] = build.rebuilt(node, args) if known is None else known
        return done[root]


def laid_out(root: Node, layout: Layout) -> Node:
    """What the operations are that make a matrix wide and undo it, for a parameter of a layout."""
    is_tall = layout.extents[0] > layout.extents[-1]
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        if isinstance(node, MatOp) and node.op in ("wide", "unwide"):
            done[node] = build.matrix("transpose", args[0]) if is_tall else args[0]
        else:
            done[node] = build.rebuilt(node, args)
    return done[root]


def _named(name: str, count: int, ctype: Number) -> Block:
    return Block(name, [ref(f"{name}{i}") for i in range(count)], ctype)


def _agrees(block: Block, wanted: Iterable[Node]) -> bool:
    normal = Normal(())
    return all(normal(as_node(a)) is normal(b) for a, b in zip(block.data, wanted, strict=True))


def _is_matmul(machine: Machine, name: str) -> bool:
    rows, inner, cols = SMALL
    ctype = Number("float" if name.endswith("f32") else "double")
    for a_flipped in (0, 1):
        for b_flipped in (0, 1):
            a, b = _named("a", rows * inner, ctype), _named("b", inner * cols, ctype)
            out = Block("out", [None] * (rows * cols), ctype)
            machine.call(name, [rows, inner, cols, Pointer(a), a_flipped, Pointer(b), b_flipped, Pointer(out)])
            of_a = _at(a, rows, inner, is_flipped=a_flipped)
            of_b = _at(b, inner, cols, is_flipped=b_flipped)
            wanted = [
                _total(op("mul", of_a(i, k), of_b(k, j)) for k in range(inner))
                for i in range(rows)
                for j in range(cols)
            ]
            if not _agrees(out, wanted):
                return False
    return True


def _at(block: Block, rows: int, cols: int, *, is_flipped: int) -> Callable[[int, int], Node]:
    def element(i: int, j: int) -> Node:
        return as_node(block.data[j * rows + i if is_flipped else i * cols + j])

    return element


def _total(terms: Iterable[Node]) -> Node:
    first, *rest = terms
    for term in rest:
        first = op("add", first, term)
    return first


def _is_transpose(machine: Machine, name: str) -> bool:
    rows, cols, _ = SMALL
    ctype = Number("float" if name.endswith("f32") else "double")
    a, out = _named("a", rows * cols, ctype), Block("out", [None] * (rows * cols), ctype)
    machine.call(name, [rows, cols, Pointer(a), Pointer(out)])
    return _agrees(out, [ref(f"a{i * cols + j}") for j in range(cols) for i in range(rows)])

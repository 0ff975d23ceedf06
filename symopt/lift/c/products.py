"""Operations on matrices in generated C: a call of one gives a matrix of new names.

Each of them stands for an element of the operation on whole matrices. Products and transposes are first run on small
matrices of names, and what they write must be, element by element, the product or transpose; decompositions are taken
by their contract.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import MatOp, Node, Reduce, Ref, op, reduce, ref, walk
from symopt.ir.shape import Shape, node_shapes
from symopt.ir.trace import COLS, ROWS
from symopt.lift.c.arithmetic import product_of_extents
from symopt.lift.c.assumed import under
from symopt.lift.c.binding import extent_of
from symopt.lift.c.contracts import scratch_size
from symopt.lift.c.elements import Wholes
from symopt.lift.c.layout import At, Layout
from symopt.lift.c.machine import Machine, Stub
from symopt.lift.c.memory import Block
from symopt.lift.c.types import Number
from symopt.lift.c.values import Pointer, Value, as_node
from symopt.passes import build
from symopt.prove.normal import Normal

SMALL = (2, 3, 4)  # rows, inner extent and columns of the matrices on which a function is read
SCRATCH = ref("what a decomposition leaves in its scratch memory")


class Products:
    """The stubs of the functions of one rule and type, and what the matrices are that they have written.

    ``wholes`` makes an expression over whole matrices from those of elements, ``inputs`` are the names of its elements,
    and ``memory`` is that of the machine that calls them.
    """

    def __init__(self, operations: Mapping[str, str], layout: Layout, inputs: dict[str, tuple[str, At]]) -> None:
        self.layout, self.inputs = layout, inputs
        self.matrices: dict[str, Node] = {}
        self.wholes: Wholes | None = None
        self.machine: Machine | None = None
        known: Mapping[str, Stub] = {"matmul": self._matmul, "transpose": self._transpose}
        self.stubs = {
            name: known.get(operation, functools.partial(self._decomposition, operation))
            for name, operation in operations.items()
        }

    def _matmul(self, args: list[Value]) -> Value:
        rows, inner, cols, a, a_flipped, b, b_flipped, out = args
        _refuse_overlap(out, a, b)
        left = self._matrix(a, (inner, rows) if a_flipped else (rows, inner))
        right = self._matrix(b, (cols, inner) if b_flipped else (inner, cols))
        left = build.matrix("transpose", left) if a_flipped else left
        right = build.matrix("transpose", right) if b_flipped else right
        return self._write(out, rows, cols, build.matrix("matmul", left, right))

    def _transpose(self, args: list[Value]) -> Value:
        rows, cols, a, out = args
        _refuse_overlap(out, a)
        return self._write(out, cols, rows, build.matrix("transpose", self._matrix(a, (rows, cols))))

    def _decomposition(self, name: str, args: list[Value]) -> Value:
        rows, a, *numbers, scratch, out = args
        _refuse_overlap(out, a, scratch)
        _refuse_overlap(scratch, a)
        matrix = self._matrix(a, (rows, rows))
        assert isinstance(rows, int)
        self._fill(scratch, [SCRATCH] * scratch_size(rows))
        return self._write(out, rows, rows, build.matrix(name, matrix, *map(as_node, numbers)))

    def _matrix(self, pointer: Value, shape: tuple[Value, Value]) -> Node:
        """A matrix in memory as one expression."""
        rows, cols = shape
        assert isinstance(rows, int)
        assert isinstance(cols, int)
        if not isinstance(pointer, Pointer) or pointer.block is None or self.wholes is None or self.machine is None:
            raise UnsupportedError("an operation on what is no matrix")
        elements: dict[At, Node] = {}
        for position, at in enumerate(self.layout.matrix(rows, cols), pointer.offset):
            elements[at] = under(as_node(self.machine.memory.read(pointer.block, position)), self.machine.facts)
        return self.expanded(self.wholes.array(pointer.block.name, elements))

    def _write(self, pointer: Value, rows: Value, cols: Value, node: Node) -> Value:
        assert isinstance(rows, int)
        assert isinstance(cols, int)
        name = f"matrix {len(self.matrices)}"
        self.matrices[name] = node
        own = {f"{name}[{position}]": at for position, at in enumerate(self.layout.matrix(rows, cols))}
        self.inputs.update((element, (name, at)) for element, at in own.items())
        self._fill(pointer, map(ref, own))
        return None

    def _fill(self, pointer: Value, values: Iterable[Node]) -> None:
        if not isinstance(pointer, Pointer) or pointer.block is None or self.machine is None:
            raise UnsupportedError("a matrix that is written to no array")
        for position, value in enumerate(values, pointer.offset):
            self.machine.memory.write(pointer.block, position, value)

    def expanded(self, root: Node) -> Node:
        """An expression with the operations in the place of the matrices that they gave."""
        done: dict[Node, Node] = {}
        for node in walk([root]):
            args = tuple(done[arg] for arg in node.args)
            known = self.matrices.get(node.name) if isinstance(node, Ref) else None
            done[node] = build.rebuilt(node, args) if known is None else known
        return done[root]


def _refuse_overlap(out: Value, *others: Value) -> None:
    """Refuse an operation that writes into an array that it reads."""
    for other in others:
        if isinstance(out, Pointer) and isinstance(other, Pointer) and out.block is other.block:
            raise UnsupportedError("an operation on matrices that reads and writes the same array")


def products_of(tree: Any, rule: str, suffix: str) -> dict[str, str]:
    """The functions that are seen to be products and transposes, for numbers of one type -> what they are."""
    machine = Machine(tree, lambda condition: None)
    checks = {"matmul": _is_matmul, "transpose": _is_transpose}
    names = {f"{rule}_{operation}_{suffix}": operation for operation in checks}
    return {
        name: operation
        for name, operation in names.items()
        if name in machine.functions and checks[operation](machine, name)
    }


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


def spelled(root: Node, shapes: Mapping[str, Shape], layout: Layout) -> Node:
    """Means as sums over numbers of elements, which are not the parameter's for matrices of other shapes."""
    shape_of, done = node_shapes([root], shapes), dict[Node, Node]()
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = build.rebuilt(node, args)
        if isinstance(node, Reduce) and node.op == "mean":
            shape = shape_of[node.args[0]]
            over = {None: (shape.down, shape.along), 0: (shape.down,), 1: (shape.along,)}[node.axis]
            extents: list[Node] = [ref((ROWS, COLS)[n]) for axis in over if (n := extent_of(axis, layout)) is not None]
            done[node] = build.div(reduce("sum", args[0], node.axis), functools.reduce(product_of_extents, extents))
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

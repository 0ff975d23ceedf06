"""Traffic: how a backend's kernel goes over the arrays, and how much memory it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from symopt.backends.functions import free_prefix
from symopt.ir.nodes import MatOp, Node, Op, Ref, refs
from symopt.ir.program import Partial, Phase, Program, Sweep
from symopt.ir.shape import ELEMENT, SCALAR, WIDE, Shape, shape_of
from symopt.passes.buffers import Schedule, allocate
from symopt.passes.linearise import linearise

DOUBLE = 8  # bytes
# The shapes of arrays that have as many elements as the parameter. Rows and columns of values have far fewer.
FULL = frozenset({ELEMENT, WIDE, ELEMENT.transposed, WIDE.transposed})


@dataclass(frozen=True)
class Traffic:
    """What moves between memory and processor for one element of the parameter; ``how`` says by what.

    ``elements`` are of the arrays' type, ``doubles`` of double precision. Memory that is written is read
    first, needed or not, so that a write moves two. Operations on matrices come on top.
    """

    how: str
    elements: int
    doubles: int = 0

    def bytes(self, size: int) -> int:
        """The bytes moved, for elements of a size."""
        return size * self.elements + DOUBLE * self.doubles


@dataclass(frozen=True)
class Look:
    """The arrays that a sweep reads from memory, and those that it writes; buffers are arrays too."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def traffic(program: Program, phase: Phase, backend: str) -> Traffic:
    """The traffic of a phase in a backend; where nothing is known of it, that of loops."""
    return WAYS.get(backend, loops)(program, phase)


def loops(program: Program, phase: Phase) -> Traffic:
    """Every sweep reads or updates an array once; what lies between stays in registers."""
    count = len(phase.sweeps)
    how = "one loop" if count == 1 else f"{count} loops"
    return Traffic(f"{how}, everything between in registers", sum(_moved(program, phase, s) for s in phase.sweeps))


def blocks(program: Program, phase: Phase) -> Traffic:
    """Calls over blocks that fit in the cache: main memory sees what loops see. Matrices are taken whole."""
    if program.has_axes:
        return whole_arrays(program, phase)
    from symopt.backends.numpy import PRINTER

    schedules = [_schedule(sweep, phase) for sweep in phase.sweeps]
    calls = sum(len(PRINTER.calls(placed)) for schedule in schedules for placed in schedule.instructions)
    sizes = (len(s.scratch) + len(s.masks) + len(s.wides) for s in schedules)
    how = f"{calls} calls a block, {max(sizes, default=0)} scratch buffers that stay in the cache"
    return Traffic(how, loops(program, phase).elements)


def whole_tensors(program: Program, phase: Phase) -> Traffic:
    """As ``whole_arrays``, of tensors."""
    return whole_arrays(program, phase, "tensors")


def whole_arrays(program: Program, phase: Phase, what: str = "arrays") -> Traffic:
    """One call an operation: it reads whole arrays and writes one; new values are copied at the end of a step.

    Of a choice that the step makes, both sides are counted. What is reduced is computed in double precision.
    """
    calls = [*_calls(program, phase)]
    products = f", {len(phase.products)} operations on matrices" if phase.products else ""
    elements, doubles = (sum(call[place] for call in calls) for place in (0, 1))
    return Traffic(f"{len(calls)} calls over whole {what}{products}", elements, doubles)


WAYS: Mapping[str, Callable[[Program, Phase], Traffic]] = {"numpy": blocks, "torch": whole_tensors, "c": loops}


def look(phase: Phase, sweep: Sweep) -> Look:
    """What a sweep reads from memory and writes to it."""
    memory = {*phase.arrays, *(buffer.name for buffer in phase.buffers)}
    written = [*(store.array for store in sweep.stores), *(p.name for p in sweep.partials if p.name in memory)]
    return Look(tuple(name for name in sweep.reads if name in memory), tuple(written))


def shape_in(program: Program, phase: Phase, name: str) -> Shape:
    """The shape of an array or a buffer; a point, which is no name of the rule, is like the parameter."""
    buffers = {buffer.name: buffer.shape for buffer in phase.buffers}
    return buffers.get(name) or program.shapes.get(name, ELEMENT)


def _moved(program: Program, phase: Phase, sweep: Sweep) -> int:
    """The elements that a loop moves; random numbers are made on the way."""
    seen = look(phase, sweep)
    full = [name for name in (*seen.reads, *seen.writes) if shape_in(program, phase, name) in FULL]
    drawn = program.trace.draws
    return sum(2 if name in seen.writes else 1 for name in dict.fromkeys(full) if name not in drawn)


def _calls(program: Program, phase: Phase) -> Iterator[tuple[int, int]]:
    """For every call over whole arrays the elements and the doubles that it moves."""
    done: set[str] = set()
    shapes = _shapes(program, phase)
    for sweep in phase.sweeps:
        for let in sweep.body:
            if let.name not in done:
                done.add(let.name)
                yield from ((moved, 0) for moved in _tree(let.value, shapes))
                if isinstance(let.value, Ref) and let.value.name in phase.writes and let.value.name not in done:
                    yield 3, 0  # an old value that another array takes is copied
        for partial in sweep.partials:
            yield from _reduced(partial, shapes)
        done.update(store.array for store in sweep.stores)
    if phase.name == "step":
        yield from ((3 * (shapes[array] in FULL), 0) for array in phase.writes)


def _shapes(program: Program, phase: Phase) -> dict[str, Shape]:
    """The shapes of all names of a phase."""
    found = dict.fromkeys(phase.dtypes, SCALAR) | dict.fromkeys(phase.arrays, ELEMENT) | dict(program.shapes)
    for sweep in phase.sweeps:
        found |= {let.name: sweep.shape for let in sweep.body if let.name not in program.shapes}
    return found | {buffer.name: buffer.shape for buffer in phase.buffers}


def _tree(node: Node, shapes: Mapping[str, Shape]) -> Iterator[int]:
    """What the operations of an expression move, each in a call of its own; those on numbers are none."""
    if not isinstance(node, Op):
        return
    for arg in node.args:
        yield from _tree(arg, shapes)
    operands = {arg: shape_of(arg, shapes) for arg in node.args}
    is_choice_of_step = node.op == "where" and operands[node.args[0]].is_scalar
    if not is_choice_of_step and not all(shape.is_scalar for shape in operands.values()):
        yield sum(shape in FULL for shape in operands.values()) + 2 * (shape_of(node, shapes) in FULL)


def _reduced(partial: Partial, shapes: Mapping[str, Shape]) -> Iterator[tuple[int, int]]:
    """The calls of a reduction: elements become doubles, operations on these, then the reduction."""
    value = partial.value
    is_full = shape_of(value, shapes) in FULL
    if isinstance(value, Ref) and partial.op in ("amax", "amin"):
        yield int(is_full), 0
        return
    for name in _occurrences(value, shapes):
        yield (1, 2) if shapes[name] in FULL else (0, 0)
    yield from ((0, moved) for moved in _tree(value, shapes))
    yield 0, int(is_full)
    if partial.reduction.axis is not None:
        yield 0, 0  # the result is rounded to the elements' type


def _occurrences(node: Node, shapes: Mapping[str, Shape]) -> Iterator[str]:
    """The arrays that an expression reads, as often as it is written; a square is written once."""
    if isinstance(node, Ref) and not shapes[node.name].is_scalar:
        yield node.name
    args = node.args[:1] if isinstance(node, Op) and node.op == "mul" and node.args[0] is node.args[1] else node.args
    for arg in args:
        yield from _occurrences(arg, shapes)


def multiplications(program: Program, phase: Phase, value: MatOp) -> str:
    """How many products a matrix product takes for one element of the parameter; empty for other operations."""
    if value.op != "matmul":
        return ""

    def shape(node: Node) -> Shape:
        if isinstance(node, MatOp):
            return shape(node.args[0]).transposed
        (name,) = refs(node)
        return shape_in(program, phase, name)

    left, right = map(shape, value.args)
    sides = [left.down.value, left.along.value, right.along.value]
    below = ["short", "long"] if {"short", "long"} & {*sides} else ["rows", "cols"]
    for side in list(below):
        if side in sides:
            sides.remove(side)
            below.remove(side)
    return " * ".join(sides) + "".join(f" / {side}" for side in below)


def _schedule(sweep: Sweep, phase: Phase) -> Schedule:
    from symopt.printers.numpy import may_overwrite

    partials = (partial.name for partial in sweep.partials)
    taken = [*phase.arrays, *phase.uniforms, *partials, *(let.name for let in sweep.body)]
    return allocate(linearise(sweep), free_prefix("tmp", taken), may_overwrite)

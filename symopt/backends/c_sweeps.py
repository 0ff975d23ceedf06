"""Sweeps in C: each is a static function with the loop, and a call of it.

A sweep without reductions over arrays of one shape is one flat loop, any other goes row by row. What is
reduced over rows, or over everything, is gathered in eight lanes, block by block, which is both fast and
the same on every machine; arrays of one shape count as one row then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from symopt.backends.c_interface import RESTRICT, TENSOR, element_count, extent
from symopt.errors import UnsupportedError
from symopt.ir.program import DType, Partial, Phase, Program, Sweep
from symopt.ir.shape import Axis, Shape
from symopt.ir.trace import Let
from symopt.printers.c import F32, F64, CPrinter, CType, c_name

WIDTH = 110
FLAT, ROWS, LANES = "c/loop_flat.c.j2", "c/loop_rows.c.j2", "c/loop_lanes.c.j2"
START: Mapping[str, str] = {"sum": "0.0", "mean": "0.0", "amax": "-HUGE_VAL", "amin": "HUGE_VAL"}
BLOCK: Mapping[str, str] = {"sum": "sum", "mean": "sum", "amax": "max", "amin": "min"}
LANE_START: Mapping[str, str] = {
    "sum": "{0.0}", "max": f"{{{', '.join(['-HUGE_VAL'] * 8)}}}", "min": f"{{{', '.join(['HUGE_VAL'] * 8)}}}",
}  # fmt: skip


@dataclass(frozen=True)
class SweepFunction:
    """The static function of a sweep; lines are grouped by where they stand in its loops."""

    template: str
    name: str
    parameters: Sequence[str]
    before: Sequence[str]
    before_row: Sequence[str]
    before_block: Sequence[str]
    body: Sequence[str]
    after_block: Sequence[str]
    after_row: Sequence[str]
    after: Sequence[str]


@dataclass(frozen=True)
class Slot:
    """Memory of a function's workspace; ``most`` is enough for all operations that take turns in it."""

    name: str
    type: str
    count: str
    most: str = ""


class Locals:
    """Names of local variables that no name of a phase takes."""

    def __init__(self, program: Program, phase: Phase) -> None:
        names = [*phase.dtypes, *program.shapes, *phase.arrays, *(buffer.name for buffer in phase.buffers)]
        self.taken = {c_name(name) for name in names}

    def name(self, wanted: str) -> str:
        """The wanted name; one that is taken gets underscores, which no declared name ends in."""
        while wanted in self.taken:
            wanted += "_"
        return wanted


def filled(items: Iterable[str]) -> list[str]:
    """Parameters or arguments in groups that fit on a line."""
    groups: list[str] = []
    for item in items:
        if groups and len(groups[-1]) + len(item) < WIDTH - 10:
            groups[-1] += f", {item}"
        else:
            groups.append(item)
    return groups


class SweepPrinter:
    """One sweep of a phase in one element type.

    ``place`` says how the calling function writes a pointer, ``number`` how it writes a number.
    """

    def __init__(self, program: Program, phase: Phase, sweep: Sweep, ctype: CType, rule: str) -> None:
        self.program, self.phase, self.sweep, self.ctype, self.rule = program, phase, sweep, ctype, rule
        self.shapes = {**program.shapes, **{buffer.name: buffer.shape for buffer in phase.buffers}}
        self.shapes |= {name: sweep.shape for name in phase.writes if name not in self.shapes}
        self.draws = [name for name in program.trace.draws if name in sweep.reads]
        written = [store.array for store in sweep.stores]
        memory = {*phase.arrays, *(buffer.name for buffer in phase.buffers)}
        read = [name for name in sweep.reads if name in memory and name not in written]
        order = [*phase.arrays, *(buffer.name for buffer in phase.buffers)]
        used = {*read, *written}
        self.arrays = [(n, n in written) for n in self._ordered(order) if n in used and n not in self.draws]
        self.uniforms = [name for name in phase.dtypes if name in sweep.reads and name not in memory]
        self.locals = Locals(program, phase)
        self.is_of_one_shape = all(self._is_own(name) for name, _ in self.arrays)
        self.is_flat = not sweep.partials and self.is_of_one_shape
        own = {name: f"{c_name(name)}[{self._index(name)}]" for name, _ in self.arrays}
        self.printer = CPrinter(ctype, rule, own)
        names = [*own, *self.uniforms, *self.draws, *(let.name for let in sweep.body)]
        floats = [n for n in names if ctype is F32 and phase.dtypes.get(n) is not DType.BOOL]
        self.double = CPrinter(F64, rule, {**own, **{n: f"(double){self.printer.name(n)}" for n in floats}})

    def _ordered(self, names: Sequence[str]) -> list[str]:
        """What is written first, then what is only read, then what is written besides, as in the interface."""
        first = [name for name in self.phase.writes[:1] if name in names]
        read = [name for name in self.phase.reads if name in names]
        return list(dict.fromkeys([*first, *read, *names]))

    def _is_own(self, name: str) -> bool:
        return self.shapes[name] == self.sweep.shape

    def _index(self, name: str) -> str:
        """The index of the element of an array that belongs to the loop's element."""
        shape = self.shapes[name]
        if shape == self.sweep.shape:
            return "i"
        if shape == Shape(self.sweep.shape.down, Axis.ONE):
            return "ir"
        if shape == Shape(Axis.ONE, self.sweep.shape.along):
            return "ic"
        raise UnsupportedError(f"{self.rule}: a value of shape {shape} in a loop over {self.sweep.shape}")

    # Types and parameters

    def _kind(self, name: str) -> str:
        return "bool" if self.phase.dtypes[name] is DType.BOOL else self.ctype.name

    def parameters(self) -> list[str]:
        """The parameters of the static function, in groups of one line."""
        sizes = ["size_t n"] if self.is_flat else ["size_t down", "size_t along"]
        random = ["uint64_t seed", "uint64_t t"] if self.draws else []
        arrays = [self._pointer(name, written) for name, written in self.arrays]
        results = [self._result(partial) for partial in self.sweep.partials]
        sums = [f"double *{RESTRICT} {slot.name}" for slot in self.slots()]
        numbers = [f"{self._kind(name)} {c_name(name)}" for name in self.uniforms]
        return [*filled([*sizes, *random, *arrays]), *filled([*results, *sums]), *filled(numbers)]

    def _pointer(self, name: str, written: bool) -> str:
        return f"{'' if written else 'const '}{self.ctype.name} *{RESTRICT} {c_name(name)}"

    def _result(self, partial: Partial) -> str:
        kind = "double" if partial.reduction.axis is None else self.ctype.name
        return f"{kind} *{RESTRICT} {c_name(partial.name)}"

    def slots(self) -> list[Slot]:
        """The running sums over columns, for which the caller gives memory."""
        along = extent(self.sweep.shape.along, self.program)
        return [Slot(self._local(p, "sums"), "double", along) for p in self.sweep.partials if p.reduction.axis == 0]

    def _local(self, partial: Partial, what: str) -> str:
        """A local variable that a reduction needs."""
        return self.locals.name(f"{c_name(partial.name)}_{what}")

    def call(self, name: str, place: Mapping[str, str], number: Mapping[str, str]) -> list[str]:
        """The lines that call the static function."""
        shape = self.sweep.shape
        total = element_count(shape, self.program)
        is_line = self.is_of_one_shape and all(partial.reduction.axis is None for partial in self.sweep.partials)
        sides = ["1", total] if is_line else [extent(axis, self.program) for axis in (shape.down, shape.along)]
        sizes = [total] if self.is_flat else sides
        seed = f"seed + ((uint64_t){TENSOR} << 32)" if self.program.over_model else "seed"
        random = [seed, "t"] if self.draws else []
        arrays = [place.get(name, c_name(name)) for name, _ in self.arrays]
        scalars = [p.name for p in self.sweep.partials if p.reduction.axis is None]
        results = [
            f"&{c_name(p.name)}" if p.name in scalars else place.get(p.name, c_name(p.name))
            for p in self.sweep.partials
        ]
        sums = [slot.name for slot in self.slots()]
        numbers = [self._argument(name, number) for name in self.uniforms]
        groups = [*filled([*sizes, *random, *arrays]), *filled([*results, *sums]), *filled(numbers)]
        return [f"{name}(", *(f"    {group}," for group in groups[:-1]), f"    {groups[-1]});"]

    def _argument(self, name: str, number: Mapping[str, str]) -> str:
        """A number, in double, as an argument of the element type."""
        value, kind = number.get(name, c_name(name)), self._kind(name)
        return f"({kind}){value.removeprefix('(double)')}" if kind == F32.name else value

    # Text

    def function(self, name: str) -> SweepFunction:
        """The static function."""
        partials = self.sweep.partials
        rows = [p for p in partials if p.reduction.axis != 0]
        return SweepFunction(
            template=FLAT if self.is_flat else LANES if rows else ROWS,
            name=name,
            parameters=self.parameters(),
            before=[line for partial in partials for line in self._before(partial)],
            before_row=[f"double {self._local(p, 'row')} = {START[p.op]};" for p in rows],
            before_block=[f"double {self._local(p, 'lanes')}[8] = {LANE_START[BLOCK[p.op]]};" for p in rows],
            body=[*self._draw_lines(), *map(self.definition, self.sweep.body), *self._term_lines(), *self._stores()],
            after_block=[self._after_block(partial) for partial in rows],
            after_row=[self._after_row(partial) for partial in rows],
            after=[line for p in partials if p.reduction.axis != 1 for line in self._after(p)],
        )

    def _draw_lines(self) -> list[str]:
        index = {name: position for position, name in enumerate(self.program.trace.draws)}
        return [
            f"const {self.ctype.name} {c_name(n)} = {self.rule}_draw_{self.ctype.dtype}(seed, t, i, {index[n]});"
            for n in self.draws
        ]

    def definition(self, let: Let) -> str:
        """A statement as a local constant."""
        return f"const {self._kind(let.name)} {c_name(let.name)} = {self.printer.expression(let.value)};"

    def _stores(self) -> list[str]:
        return [f"{c_name(s.array)}[i] = {self.printer.name(s.value)};" for s in self.sweep.stores]

    def _term_lines(self) -> list[str]:
        return [self._term_line(partial) for partial in self.sweep.partials]

    def _term_line(self, partial: Partial) -> str:
        sums, lanes = (self._local(partial, kind) for kind in ("sums", "lanes"))
        place = f"{sums}[ic]" if partial.reduction.axis == 0 else f"{lanes}[lane]"
        return self._gathered(partial, place, self.double.expression(partial.value))

    def _gathered(self, partial: Partial, into: str, value: str) -> str:
        """The statement that takes one more value into a reduction."""
        if BLOCK[partial.op] == "sum":
            return f"{into} += {value};"
        return f"{into} = {self.rule}_{BLOCK[partial.op]}_f64({into}, {value});"

    def _before(self, partial: Partial) -> list[str]:
        start = START[partial.op]
        if partial.reduction.axis == 0:
            sums = self._local(partial, "sums")
            return ["for (size_t ic = 0; ic < along; ic++) {", f"    {sums}[ic] = {start};", "}"]
        return [f"double {self._local(partial, 'total')} = {start};"] if partial.reduction.axis is None else []

    def _after_block(self, partial: Partial) -> str:
        lanes = f"{self.rule}_lanes_{BLOCK[partial.op]}({self._local(partial, 'lanes')})"
        return self._gathered(partial, self._local(partial, "row"), lanes)

    def _after_row(self, partial: Partial) -> str:
        row = self._local(partial, "row")
        if partial.reduction.axis == 1:
            return f"{c_name(partial.name)}[ir] = {self._finished(partial, row, 'along', self.ctype)};"
        return self._gathered(partial, self._local(partial, "total"), row)

    def _after(self, partial: Partial) -> list[str]:
        name = c_name(partial.name)
        if partial.reduction.axis == 0:
            value = self._finished(partial, f"{self._local(partial, 'sums')}[ic]", "down", self.ctype)
            return ["for (size_t ic = 0; ic < along; ic++) {", f"    {name}[ic] = {value};", "}"]
        value = self._finished(partial, self._local(partial, "total"), "down * along", F64)
        return [f"*{name} += {value};" if partial.over_model else f"*{name} = {value};"]

    def _finished(self, partial: Partial, value: str, count: str, ctype: CType) -> str:
        """A sum as the reduction's value, rounded to a type."""
        if partial.op == "mean":
            value = f"{value} / (double)({count})" if "*" in count else f"{value} / (double){count}"
        if ctype is F64:
            return value
        return f"({ctype.name})({value})" if " " in value else f"({ctype.name}){value}"

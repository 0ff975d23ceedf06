"""NumPy, block by block: every sweep has a function that works on one block of the arrays, in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symopt.backends.functions import free_prefix, wrapped
from symopt.backends.interface import Interface
from symopt.ir.program import DType, Partial, Phase, Scalars, Segment, Sweep
from symopt.passes.buffers import Placed, Schedule, allocate
from symopt.passes.linearise import linearise
from symopt.printers.numpy import NumPyPrinter, may_overwrite
from symopt.printers.numpy_arrays import NumPyNumbers

# How the parts of a reduction are put together.
TOTALS: Mapping[str, str] = {"sum": "_Sum", "mean": "_Sum", "amax": "_Largest", "amin": "_Smallest"}


@dataclass(frozen=True)
class StatementView:
    """The calls of one statement, under its equation."""

    equation: str
    calls: list[str]


@dataclass(frozen=True)
class SweepView:
    """A loop over the blocks, and the function that works on one of them.

    ``before`` stands before what the blocks are given, ``made`` after it; ``after`` the loop.
    """

    before: list[str]
    uniforms: list[str]
    made: list[str]
    blocks: str
    block: str
    given: str
    after: list[str]
    arguments: list[str]
    statements: list[StatementView]


class BlockPrinter:
    """The sweeps of a phase.

    ``wide`` says whether the module's blocks have scratch buffers of double precision.
    """

    def __init__(self, interface: Interface, printer: NumPyPrinter, numbers: NumPyNumbers, wide: bool) -> None:
        self.interface, self.phase, self.printer, self.numbers = interface, interface.phase, printer, numbers
        self.wide = wide
        self.slots: dict[int, str] = {}
        self.count = 0

    def segment(self, segment: Segment) -> tuple[list[SweepView], list[str]]:
        """The sweeps, each with the numbers that come before it, and the numbers after the last one."""
        found: list[SweepView] = []
        lines: list[str] = []
        self.slots = {}
        for stage in segment.stages:
            if isinstance(stage, Scalars):
                lines += [self.numbers.definition(let.name, let.value) for let in stage.lets]
            elif isinstance(stage, Sweep):
                found.append(self._sweep(stage, lines))
                lines = []
        return found, lines

    def _sweep(self, sweep: Sweep, before: list[str]) -> SweepView:
        self.count += 1
        phase, name = self.phase, self.printer.name
        linear = linearise(sweep)
        buffers = [buffer.name for buffer in phase.buffers]
        written = [array for array in (*phase.writes, *buffers) if array in linear.stores]
        reads = {read for instruction in linear.instructions for read in instruction.reads}
        read = [a for a in (*phase.reads, *phase.writes, *buffers) if a in reads and a not in written]
        uniforms = [uniform for uniform in phase.uniforms if uniform in sweep.reads]
        partials = [partial.name for partial in sweep.partials]
        taken = [*written, *read, *uniforms, *partials, *(let.name for let in sweep.body)]
        schedule = allocate(linear, free_prefix("tmp", taken), may_overwrite)
        scratch = [*schedule.scratch, *schedule.masks, *schedule.wides]
        number = str(self.count) if len(phase.sweeps) > 1 else ""
        parts = ", ".join(f"{TOTALS[partial.op]}()" for partial in sweep.partials) + "," * (len(partials) == 1)
        return SweepView(
            before=before,
            uniforms=wrapped(_cast(name(uniform), uniform, phase) for uniform in uniforms),
            made=[
                *self._made(written),
                *([f"parts = ({parts})"] if partials else []),
            ],
            blocks=self._blocks(written, read, schedule),
            block=f"_{phase.name}_block{number}{self.interface.suffix}",
            given="*block, *parts, *uniforms" if partials else "*block, *uniforms",
            after=[self._result(place, partial) for place, partial in enumerate(sweep.partials)],
            arguments=wrapped(map(name, [*written, *read, *scratch, *partials, *uniforms])),
            statements=self._statements(sweep, schedule),
        )

    def _blocks(self, written: Sequence[str], read: Sequence[str], schedule: Schedule) -> str:
        """The arguments of the loop over the blocks."""
        arrays = (f"[{', '.join(map(self.printer.name, names))}]" for names in (written, read))
        counts = [len(schedule.scratch), len(schedule.masks), *([len(schedule.wides)] if self.wide else [])]
        return ", ".join([*arrays, *map(str, counts)])

    def _made(self, written: Sequence[str]) -> list[str]:
        """New arrays that the sweep writes first: the point, and buffers, of which those of a slot are one array."""
        slots = {buffer.name: buffer.slot for buffer in self.phase.buffers}
        lines = []
        for array in written:
            name = self.printer.name(array)
            if array in slots:
                first = self.slots.setdefault(slots[array], name)
                lines.append(f"{name} = {'np.empty_like(p)' if first == name else first}")
            elif not self.interface.is_step and not self.interface.over_model:
                lines.append(f"{name} = np.empty_like(p)")
        return lines

    def _result(self, place: int, partial: Partial) -> str:
        """The number that the parts of a reduction are together."""
        name, value = self.printer.name(partial.name), f"parts[{place}].value()"
        if partial.over_model:
            return f"{name} += {value}"
        return f"{name} = {value} / p.size" if partial.op == "mean" else f"{name} = {value}"

    def _statements(self, sweep: Sweep, schedule: Schedule) -> list[StatementView]:
        """The calls in order, grouped by statement; a copy that no statement asked for has no equation."""
        equations = {let.name: self.printer.equation(let.name, let.value) for let in sweep.body}
        equations |= {
            partial.name: self.printer.equation(partial.name, partial.reduction) for partial in sweep.partials
        }
        groups: list[tuple[str, list[Placed]]] = []
        for placed in schedule.instructions:
            if not groups or groups[-1][0] != placed.statement:
                groups.append((placed.statement, []))
            groups[-1][1].append(placed)
        found = []
        for statement, instructions in groups:
            # Copies at the end repeat the name of a statement that is printed already.
            equation = equations.pop(statement, "")
            calls = [line for placed in instructions for line in self.printer.calls(placed)]
            found.append(StatementView(equation, calls))
        return found


def _cast(text: str, uniform: str, phase: Phase) -> str:
    """A number as the blocks read it: rounded once to the element type, truth values as they are."""
    return text if phase.dtypes[uniform] is DType.BOOL else f"real({text})"

"""The body of a C function: numbers in double, then the stages of each segment, then states that are numbers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from symopt.backends.base import Variant
from symopt.backends.c_interface import (
    TENSOR,
    Names,
    arguments_of,
    at_tensor,
    element_count,
    extent_lines,
    sizes_of,
)
from symopt.backends.c_products import ProductPrinter
from symopt.backends.c_sweeps import START, Locals, Slot, SweepFunction, SweepPrinter
from symopt.backends.interface import takes_loss
from symopt.ir.program import Buffer, DType, Phase, Product, Scalars, Segment, Stage, Sweep
from symopt.ir.rate import Rate
from symopt.ir.trace import LOSS, SIZE, SIZES, STEP, Let
from symopt.passes.memory import touched
from symopt.printers.c import F64, CPrinter, CType, c_name

Lines = Sequence[str]


@dataclass(frozen=True)
class SegmentView:
    """A segment: numbers of the step or model, declared sums over the model, memory, stages, stores of numbers."""

    scalars: Lines
    sums: Lines
    memory: Lines
    stages: Lines
    stores: Lines


@dataclass(frozen=True)
class Body:
    """What a function does after its checks."""

    empty: Lines
    segments: Sequence[SegmentView]
    stores: Lines
    loops: Sequence[SweepFunction]
    slots: Sequence[Slot]


class BodyPrinter:
    """The body of a phase's function in one element type."""

    def __init__(self, names: Names, variant: Variant, phase: Phase, ctype: CType) -> None:
        self.names, self.variant, self.phase, self.ctype = names, variant, phase, ctype
        self.program = variant.program
        self.sizes: dict[str, str] = {name: at_tensor(name, self.program) for name in sizes_of(self.program)}
        self.place = self._pointers()
        self.number = self._numbers()
        self.printer = CPrinter(F64, names.rule, self.number)
        self.locals = Locals(self.program, phase)
        self.loops: list[SweepFunction] = []
        self.extra: list[Slot] = []
        self.slots: list[Slot] = []

    def _pointers(self) -> dict[str, str]:
        """How each array is written where it is handed on; inside a model's loop it is that of one tensor."""
        arguments = [a for a in arguments_of(self.program, self.phase) if not a.is_number]
        return {a.name: at_tensor(c_name(a.name), self.program) for a in arguments}

    def _numbers(self) -> dict[str, str]:
        """How each number that is no local variable is written, in double."""
        count = element_count(self.program.shapes["p"], self.program)
        sizes = {name: f"(double){size}" for name, size in self.sizes.items() if name in SIZES}
        sizes[SIZE] = f"(double)({count})" if "*" in count else f"(double){count}"
        hypers = {h.name: f"hyper->{c_name(h.name)}" for h in self.variant.trace.hypers}
        states = {
            a.name: f"{c_name(a.name)}[{TENSOR}]" if self.program.over_model and a.per_tensor else f"*{c_name(a.name)}"
            for a in arguments_of(self.program, self.phase)
            if a.is_number
        }
        given = {LOSS: LOSS} if takes_loss(self.phase) else {}
        return {**hypers, STEP: "(double)t", **given, **sizes, **states}

    def body(self) -> Body:
        """The body with the loops that it calls."""
        segments = [self._segment(segment) for segment in self.phase.segments]
        size = element_count(self.program.shapes["p"], self.program)
        skips = bool(self.phase.partials or self.phase.products)
        stores = [s for s in self.phase.number_stores if not self._is_of_tensor(s.value)]
        return Body(
            empty=[f"if ({size} == 0) {{", "    continue;" if self.program.over_model else "    return SYMOPT_OK;", "}"]
            if skips
            else [],
            segments=segments,
            stores=[f"*{c_name(s.array)} = {self.printer.name(s.value)};" for s in stores],
            loops=self.loops,
            slots=self.slots,
        )

    def _is_of_tensor(self, value: str) -> bool:
        return self.program.over_model and not self.program.rates[value].within(Rate.MODEL)

    def _segment(self, segment: Segment) -> SegmentView:
        self.extra = []
        sweeps = [stage for stage in segment.stages if isinstance(stage, Sweep)]
        sums = [partial for sweep in sweeps for partial in sweep.partials if partial.over_model]
        stages = [line for stage in segment.stages for line in self._stage(stage)]
        known = {let.name for stage in segment.stages if isinstance(stage, Scalars) for let in stage.lets}
        known |= {partial.name for sweep in sweeps for partial in sweep.partials}
        due = [s for s in self.phase.number_stores if self._is_of_tensor(s.value) and s.value in known]
        slots, memory = self._memory(segment)
        memory = [*extent_lines(self.program, "\n".join([*memory, *stages])), *memory]
        self.slots += slots
        return SegmentView(
            scalars=[self._definition(let) for let in segment.scalars],
            sums=[f"double {c_name(p.name)} = {START[p.op]};" for p in sums],
            memory=memory,
            stages=stages,
            stores=[f"{self.number[s.array]} = {self.printer.name(s.value)};" for s in due],
        )

    def _definition(self, let: Let) -> str:
        kind = "bool" if self.phase.dtypes[let.name] is DType.BOOL else "double"
        return f"const {kind} {c_name(let.name)} = {self.printer.expression(let.value)};"

    def _stage(self, stage: Stage) -> list[str]:
        match stage:
            case Scalars(lets=lets):
                return [self._definition(let) for let in lets]
            case Product():
                product = ProductPrinter(self.program, self.phase, stage, self.ctype, self.names.rule)
                self.extra += product.slots()
                return product.call(self.place, self.printer)
            case Sweep():
                return self._sweep(stage)

    def _sweep(self, sweep: Sweep) -> list[str]:
        several = len(self.phase.sweeps) > 1
        number = str(len(self.loops) + 1) if several else ""
        printer = SweepPrinter(self.program, self.phase, sweep, self.ctype, self.names.rule)
        name = self.names.loop(self.variant, self.phase.name, self.ctype, number)
        self.loops.append(printer.function(name))
        self.extra += printer.slots()
        own = [p for p in sweep.partials if p.reduction.axis is None and not p.over_model]
        return [*(f"double {c_name(p.name)};" for p in own), *printer.call(name, self.place, self.number)]

    def _memory(self, segment: Segment) -> tuple[list[Slot], list[str]]:
        """The slots of the workspace that a segment uses, and the lines that divide it and name the buffers."""
        used = {name for stage in segment.stages for name in touched(stage)}
        buffers = [buffer for buffer in self.phase.buffers if buffer.name in used]
        slots: dict[str, Slot] = {}
        for buffer in buffers:
            name = self._slot(buffer)
            slots.setdefault(name, Slot(name, self.ctype.name, element_count(buffer.shape, self.program)))
        for slot in self.extra:
            other = slots.get(slot.name)
            slots[slot.name] = slot if other is None or other.count == slot.count else replace(slot, count=slot.most)
        lines = ["unsigned char *memory = work;"] if slots else []
        for number, slot in enumerate(slots.values()):
            lines += [f"memory += {self._bytes(list(slots.values())[number - 1])};"] if number else []
            lines.append(f"{slot.type} *const {slot.name} = ({slot.type} *)(void *)memory;")
        lines += [f"{self.ctype.name} *const {c_name(b.name)} = {self._slot(b)};" for b in buffers]
        return list(slots.values()), lines

    def _slot(self, buffer: Buffer) -> str:
        return self.locals.name(f"slot{buffer.slot + 1}")

    def _bytes(self, slot: Slot) -> str:
        return f"{self.names.rule}_aligned(({slot.count}) * sizeof({slot.type}))"

    def work_lines(self, slots: Sequence[Slot]) -> list[str]:
        """The lines that return the size of the workspace of one tensor."""
        total = " + ".join(map(self._bytes, slots))
        lines = [*extent_lines(self.program, total), f"return {total};"]
        lines = [line.replace(f"[{TENSOR}]", "") for line in lines]
        used = re.findall(r"\w+", "\n".join(lines))
        return [*(f"(void){size};" for size in sizes_of(self.program) if size not in used), *lines]

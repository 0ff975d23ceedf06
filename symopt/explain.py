"""Explain: how a rule becomes a kernel, pass by pass, and what a step of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from symopt.backends.registry import backend_names
from symopt.catalogue import resolve
from symopt.errors import UsageError, nearest
from symopt.ir.nodes import Node, refs
from symopt.ir.program import Phase, Product, Program, Scalars, Sweep, operation_counts
from symopt.ir.shape import ELEMENT
from symopt.ir.trace import Let, Trace
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower, stages
from symopt.passes.tracing import trace
from symopt.printers.text import expression
from symopt.traffic import Traffic, look, multiplications, shape_in, traffic

# Bytes of an element.
SIZES: Mapping[str, int] = {"float32": 4, "float64": 8}


@dataclass(frozen=True)
class PassReport:
    """The statements after a pass: those that it changed or added, and the names of those that it removed."""

    name: str
    preserves_rounding: bool
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class StageReport:
    """A sweep, or an operation on matrices, in the order in which they happen.

    ``over`` is the shape that it goes over, or that it makes; ``operations`` counts those on every element
    of it, ``reads`` and ``writes`` name arrays in memory. ``makes`` says what a sweep reduces and what an
    operation computes; ``multiplications`` of a product count for one element of the parameter.
    """

    kind: str
    over: str
    operations: Mapping[str, int]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    makes: tuple[str, ...]
    only_if: tuple[str, ...]
    multiplications: str

    def lines(self, number: int) -> list[str]:
        """The report in lines."""
        if self.kind == "product":
            when = f" where {' and '.join(self.only_if)}" if self.only_if else ""
            cost = f"; {self.multiplications} multiplications an element" if self.multiplications else ""
            return [f"  {number}. {' '.join(self.operations)}, {self.over}{when}: {self.makes[0]}{cost}"]
        lines = [f"  {number}. a sweep over {self.over}: {_counted(self.operations)}"]
        moved = f"     reads {' '.join(self.reads) or 'nothing'}"
        lines.append(moved + (f"; writes {' '.join(self.writes)}" if self.writes else ""))
        return [*lines, *(f"     {line}" for line in self.makes)]


@dataclass(frozen=True)
class PhaseReport:
    """A function of the kernel: operations once a step, a tensor and an element, and arrays read and written."""

    name: str
    once_a_step: Mapping[str, int]
    once_a_tensor: Mapping[str, int]
    once_an_element: Mapping[str, int]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    stages: tuple[StageReport, ...]
    traffic: Traffic

    def lines(self, backend: str) -> list[str]:
        """The report in lines; what happens in one sweep over everything is told once."""
        tensor = [f"  once a tensor:   {_counted(self.once_a_tensor)}"] if self.once_a_tensor else []
        is_simple = len(self.stages) == 1 and not self.stages[0].makes
        inner = [] if is_simple else [line for n, stage in enumerate(self.stages, 1) for line in stage.lines(n)]
        moved = ", ".join(f"{n} in {dtype}" for dtype, n in _bytes(self.traffic).items())
        besides = ", besides operations on matrices" if any(s.kind == "product" for s in self.stages) else ""
        return [
            f"\nfunction {self.name}",
            f"  once a step:     {_counted(self.once_a_step)}",
            *tensor,
            f"  once an element: {_counted(self.once_an_element)}",
            *inner,
            f"  reads {' '.join(self.reads) or 'nothing else'}; updates {' '.join(self.writes)}",
            f"  in {backend}: {self.traffic.how}",
            f"  bytes an element: {moved}{besides}",
        ]


@dataclass(frozen=True)
class Explanation:
    """The way of a rule to its kernel in a backend."""

    title: str
    backend: str
    passes: tuple[PassReport, ...]
    phases: tuple[PhaseReport, ...]

    def text(self) -> str:
        """The explanation in lines."""
        lines = [self.title]
        for report in self.passes:
            lines.append(f"\n{report.name} (rounding {'preserved' if report.preserves_rounding else 'changed'})")
            lines += [f"  {line}" for line in report.changed]
            lines += [f"  without {name}" for name in report.removed]
            lines += [] if report.changed or report.removed else ["  nothing to do"]
        return "\n".join([*lines, *(line for phase in self.phases for line in phase.lines(self.backend))])

    def to_json(self) -> dict[str, Any]:
        """The document of ``symopt explain --json``."""
        return {
            "schema": "symopt.explain/1",
            "rule": self.title,
            "backend": self.backend,
            "passes": [asdict(report) for report in self.passes],
            "functions": [
                {
                    "name": phase.name, "once_a_step": dict(phase.once_a_step),
                    "once_an_element": dict(phase.once_an_element), "reads": phase.reads, "updates": phase.writes,
                    "how": phase.traffic.how, "bytes_per_element": _bytes(phase.traffic),
                    "once_a_tensor": dict(phase.once_a_tensor), "stages": [asdict(stage) for stage in phase.stages],
                }
                for phase in self.phases
            ],
        }  # fmt: skip


def explain(rule: Rule | str, backend: str = "c") -> Explanation:
    """The passes of a rule, one after the other, and the functions of its kernel in a backend.

    Raises
    ------
    UsageError: the target or the backend names nothing.
    UnsupportedError: kernels cannot be made of the rule; the message says why.
    """
    if backend not in backend_names():
        raise UsageError(f"no backend is called {backend!r}; {nearest(backend, backend_names())}")
    recorded = trace(resolve(rule) if isinstance(rule, str) else rule)
    program = lower(recorded)
    found = stages(recorded)
    reports = [PassReport(found[0].name, True, tuple(_written(recorded).values()), ())]
    for before, after in pairwise(found):
        reports.append(_difference(after.name, after.preserves_rounding, before.trace, after.trace))
    phases = tuple(_phase(program, phase, traffic(program, phase, backend)) for phase in program.phases)
    return Explanation(recorded.title, backend, tuple(reports), phases)


def _difference(name: str, preserves_rounding: bool, before: Trace, after: Trace) -> PassReport:
    old, new = _values(before), _values(after)
    changed = tuple(line for key, line in _written(after).items() if new[key] is not old.get(key))
    return PassReport(name, preserves_rounding, changed, tuple(key for key in old if key not in new))


def _values(trace: Trace) -> dict[str, Node]:
    return {let.name: let.value for let in trace.lets}


def _written(trace: Trace) -> dict[str, str]:
    return {let.name: _assigned(let.name, let.value) for let in trace.lets}


def _assigned(name: str, value: Node) -> str:
    return f"{name} = {expression(value, ascii=True)}"


def _phase(program: Program, phase: Phase, moved: Traffic) -> PhaseReport:
    of_step = [let for segment in phase.segments for let in segment.scalars]
    inner = [stage for segment in phase.segments for stage in segment.stages]
    of_tensor = [let for stage in inner if isinstance(stage, Scalars) for let in stage.lets]
    of_element = [value for sweep in phase.sweeps if sweep.shape == ELEMENT for value in _done(sweep)]
    return PhaseReport(
        phase.name,
        operation_counts(tuple(of_step)),
        operation_counts(tuple(of_tensor)),
        operation_counts(tuple(of_element)),
        phase.reads,
        phase.writes,
        tuple(_stage(program, phase, stage) for stage in inner if isinstance(stage, Sweep | Product)),
        moved,
    )


def _done(sweep: Sweep) -> list[Let]:
    """What a sweep computes for an element, with what it reduces."""
    return [*sweep.body, *(Let(partial.name, partial.value, partial.name) for partial in sweep.partials)]


def _stage(program: Program, phase: Phase, stage: Sweep | Product) -> StageReport:
    if isinstance(stage, Product):
        value, guards = stage.value, stage.guards
        read = tuple(refs(value))
        when = tuple(guard.condition if guard.holds else f"not {guard.condition}" for guard in guards)
        shape, made = shape_in(program, phase, stage.name), _assigned(stage.name, value)
        cost = multiplications(program, phase, value)
        return StageReport("product", str(shape), {value.op: 1}, read, (stage.name,), (made,), when, cost)
    seen = look(phase, stage)
    over = str(stage.shape) if program.has_axes else "all elements"
    makes = tuple(_assigned(partial.name, partial.reduction) for partial in stage.partials)
    counts = operation_counts(tuple(_done(stage)))
    return StageReport("sweep", over, counts, seen.reads, seen.writes, makes, (), "")


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing"


def _bytes(moved: Traffic) -> dict[str, int]:
    return {dtype: moved.bytes(size) for dtype, size in SIZES.items()}

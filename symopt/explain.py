"""Explain: how a rule becomes a kernel, pass by pass, and what a step of it costs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from symopt.catalogue import resolve
from symopt.ir.nodes import Node
from symopt.ir.program import Phase, operation_counts
from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower, stages
from symopt.passes.tracing import trace
from symopt.printers.text import expression


@dataclass(frozen=True)
class PassReport:
    """The statements after a pass: those that it changed or added, and the names of those that it removed."""

    name: str
    preserves_rounding: bool
    changed: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True)
class PhaseReport:
    """A function of the kernel: operations once a step and once an element, and arrays read and written."""

    name: str
    once_a_step: tuple[str, ...]
    once_an_element: tuple[str, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]

    @property
    def elements_moved(self) -> int:
        """Array elements moved for one of the parameter's; memory that is written is read first, needed or not."""
        return len(self.reads) + 2 * len(self.writes)


@dataclass(frozen=True)
class Explanation:
    """The way of a rule to its kernel."""

    title: str
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
        for phase in self.phases:
            lines += [
                f"\nfunction {phase.name}",
                f"  once a step:     {', '.join(phase.once_a_step) or 'nothing'}",
                f"  once an element: {', '.join(phase.once_an_element) or 'nothing'}",
                f"  reads {' '.join(phase.reads) or 'nothing else'}; updates {' '.join(phase.writes)}",
                f"  bytes an element: {4 * phase.elements_moved} in float32, {8 * phase.elements_moved} in float64",
            ]
        return "\n".join(lines)


def explain(rule: Rule | str) -> Explanation:
    """The passes of a rule, one after the other, and the functions of its kernel.

    Raises
    ------
    UsageError: the target names nothing.
    UnsupportedError: kernels cannot be made of the rule; the message says why.
    """
    recorded = trace(resolve(rule) if isinstance(rule, str) else rule)
    program = lower(recorded)
    found = stages(recorded)
    reports = [PassReport(found[0].name, True, tuple(_written(recorded).values()), ())]
    for before, after in pairwise(found):
        reports.append(_difference(after.name, after.preserves_rounding, before.trace, after.trace))
    return Explanation(recorded.title, tuple(reports), tuple(map(_phase, program.phases)))


def _difference(name: str, preserves_rounding: bool, before: Trace, after: Trace) -> PassReport:
    old, new = _values(before), _values(after)
    changed = tuple(line for key, line in _written(after).items() if new[key] is not old.get(key))
    return PassReport(name, preserves_rounding, changed, tuple(key for key in old if key not in new))


def _values(trace: Trace) -> dict[str, Node]:
    return {let.name: let.value for let in trace.lets}


def _written(trace: Trace) -> dict[str, str]:
    return {let.name: f"{let.name} = {expression(let.value, ascii=True)}" for let in trace.lets}


def _phase(phase: Phase) -> PhaseReport:
    body = [let for sweep in phase.sweeps for let in sweep.body]
    return PhaseReport(
        phase.name, _counted(operation_counts(phase.scalars)), _counted(operation_counts(tuple(body))),
        tuple(phase.reads), tuple(phase.writes),
    )  # fmt: skip


def _counted(counts: dict[str, int]) -> tuple[str, ...]:
    return tuple(f"{count} {name}" for name, count in counts.items())

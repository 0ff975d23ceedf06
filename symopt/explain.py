"""Explain: how a rule becomes a kernel, pass by pass, and what a step of it costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from symopt.backends.registry import backend_names
from symopt.catalogue import resolve
from symopt.errors import UsageError, nearest
from symopt.ir.nodes import Node
from symopt.ir.program import Phase, operation_counts
from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.passes.pipeline import lower, stages
from symopt.passes.tracing import trace
from symopt.printers.text import expression
from symopt.traffic import Traffic, traffic

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
class PhaseReport:
    """A function of the kernel: operations once a step and once an element, and arrays read and written."""

    name: str
    once_a_step: Mapping[str, int]
    once_an_element: Mapping[str, int]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    traffic: Traffic


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
        for phase in self.phases:
            lines += [
                f"\nfunction {phase.name}",
                f"  once a step:     {_counted(phase.once_a_step)}",
                f"  once an element: {_counted(phase.once_an_element)}",
                f"  reads {' '.join(phase.reads) or 'nothing else'}; updates {' '.join(phase.writes)}",
                f"  in {self.backend}: {phase.traffic.how}",
                f"  bytes an element: {', '.join(f'{n} in {dtype}' for dtype, n in _bytes(phase.traffic).items())}",
            ]
        return "\n".join(lines)

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
    phases = tuple(_phase(phase, traffic(phase, backend)) for phase in program.phases)
    return Explanation(recorded.title, backend, tuple(reports), phases)


def _difference(name: str, preserves_rounding: bool, before: Trace, after: Trace) -> PassReport:
    old, new = _values(before), _values(after)
    changed = tuple(line for key, line in _written(after).items() if new[key] is not old.get(key))
    return PassReport(name, preserves_rounding, changed, tuple(key for key in old if key not in new))


def _values(trace: Trace) -> dict[str, Node]:
    return {let.name: let.value for let in trace.lets}


def _written(trace: Trace) -> dict[str, str]:
    return {let.name: f"{let.name} = {expression(let.value, ascii=True)}" for let in trace.lets}


def _phase(phase: Phase, moved: Traffic) -> PhaseReport:
    body = tuple(let for sweep in phase.sweeps for let in sweep.body)
    counts = operation_counts(phase.scalars), operation_counts(body)
    return PhaseReport(phase.name, *counts, phase.reads, phase.writes, moved)


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing"


def _bytes(moved: Traffic) -> dict[str, int]:
    return {dtype: size * moved.elements for dtype, size in SIZES.items()}

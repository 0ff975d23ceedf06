"""A trace with fewer states: counters in closed form, redundant states replaced by what they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from symopt.ir.trace import Trace
from symopt.prove.counters import without_counters
from symopt.prove.deadline import Deadline
from symopt.prove.memo import remembered
from symopt.prove.proof import Step
from symopt.prove.redundant import without_redundant_states


@dataclass(frozen=True)
class Simplified:
    """A trace that makes the same steps, why it does, and the hyper-parameters that must be constant for that."""

    trace: Trace
    steps: tuple[Step, ...]
    constant: tuple[str, ...]


def simplified(trace: Trace, deadline: Deadline, varying: Collection[str] = ()) -> Simplified:
    """The trace without its counters and its redundant states."""
    question = ("simplified", *varying)
    return remembered(trace, question, lambda: _simplified(trace, deadline, varying))


def _simplified(trace: Trace, deadline: Deadline, varying: Collection[str]) -> Simplified:
    counted = without_counters(trace, deadline, varying)
    reduced = without_redundant_states(counted.trace, deadline, varying)
    return Simplified(reduced.trace, (*counted.steps, *reduced.steps), (*counted.constant, *reduced.constant))

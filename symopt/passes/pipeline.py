"""The way from a trace to a program, pass by pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from symopt.ir.program import Program
from symopt.ir.trace import Trace
from symopt.ir.verify import verify_program, verify_trace
from symopt.passes.dead import drop_dead
from symopt.passes.hoist import hoist
from symopt.passes.number import number
from symopt.passes.phases import to_program
from symopt.passes.powers import expand_powers
from symopt.passes.reciprocals import use_reciprocals
from symopt.passes.separate import separate


@dataclass(frozen=True)
class Pass:
    """A transformation of traces; ``preserves_rounding`` is what its tests hold it to."""

    name: str
    run: Callable[[Trace], Trace]
    preserves_rounding: bool


PASSES = (
    Pass("expand powers", expand_powers, True),
    Pass("use reciprocals", use_reciprocals, False),
    Pass("hoist", hoist, True),
    Pass("number", number, True),
    Pass("separate", separate, True),
    Pass("drop dead statements", drop_dead, True),
)


@dataclass(frozen=True)
class Stage:
    """The trace after a pass."""

    name: str
    trace: Trace
    preserves_rounding: bool


def stages(trace: Trace) -> list[Stage]:
    """The trace as frozen, then after every pass; each is verified."""
    found = [Stage("freeze", trace, True)]
    for step in PASSES:
        changed = step.run(found[-1].trace)
        verify_trace(changed)
        found.append(Stage(step.name, changed, step.preserves_rounding))
    return found


def lower(trace: Trace) -> Program:
    """The program of a trace."""
    verify_trace(trace)
    program = to_program(stages(trace)[-1].trace)
    verify_program(program)
    return program

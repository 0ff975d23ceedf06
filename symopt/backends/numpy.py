"""The NumPy backend: one module a rule, in place, block by block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symopt.backends.base import Backend, Variant
from symopt.backends.functions import (
    HyperView,
    StateView,
    all_hypers,
    doc_lines,
    free_prefix,
    gradients_of,
    hyper_views,
    init_hypers,
    initial,
    reads_step,
    states_of,
    wrapped,
)  # fmt: skip
from symopt.errors import UnsupportedError
from symopt.ir.program import DType, Phase, Sweep
from symopt.ir.trace import StateInfo, Trace
from symopt.passes.buffers import Placed, Schedule, allocate
from symopt.passes.linearise import linearise
from symopt.printers.numpy import NumPyPrinter, may_overwrite
from symopt.printers.python import RESERVED, PythonPrinter

NAMES = RESERVED | {"state", "real"}
PRINTER, SCALARS = NumPyPrinter(NAMES), PythonPrinter(NAMES)
name_of = PRINTER.name


@dataclass(frozen=True)
class StatementView:
    """The calls of one statement, under its equation."""

    equation: str
    calls: list[str]


@dataclass(frozen=True)
class FunctionView:
    """The function of a phase, and the function that works on one block of its arrays."""

    name: str
    block: str
    arguments: list[str]
    checked: str
    states: list[StateView]
    scalars: list[str]
    uniforms: list[str]
    written: str
    read: str
    block_arguments: list[str]
    buffers: int
    masks: int
    statements: list[StatementView]
    result: str
    is_step: bool
    reads_step: bool


@dataclass(frozen=True)
class VariantView:
    """All functions of one choice of options."""

    title: str
    suffix: str
    hypers: list[HyperView]
    init_arguments: list[str]
    init_hypers: list[HyperView]
    states: list[StateView]
    functions: list[FunctionView]


def view(variants: Sequence[Variant]) -> Mapping[str, Any]:
    """What the template of a module prints."""
    views = [_variant(variant) for variant in variants]
    return {
        "doc": doc_lines(variants[0].trace.doc),
        "source": doc_lines(f"Source: {variants[0].rule.source}"),
        "hypers": hyper_views(all_hypers(variants).values(), name_of),
        "variants": views,
        "dtypes": ", ".join(f'np.dtype("{dtype}")' for dtype in variants[0].dtypes),
    }


def _variant(variant: Variant) -> VariantView:
    trace, suffix = variant.trace, f"_{variant.suffix}" if variant.suffix else ""
    needed, hypers = hyper_views(init_hypers(trace), name_of), hyper_views(trace.hypers, name_of)
    states = [StateView(name_of(state.name), state.name, _initial(state)) for state in trace.states]
    return VariantView(
        title=variant.rule.title,
        suffix=suffix,
        hypers=hypers,
        init_arguments=_signature(["p: np.ndarray"], needed),
        init_hypers=needed,
        states=states,
        functions=[_function(trace, phase, suffix, hypers, states) for phase in variant.program.phases],
    )


def _initial(state: StateInfo) -> str:
    return initial(state, 'np.array(p, order="K")', "np.zeros_like(p)", "np.full_like(p, {0})", SCALARS)


def _signature(arrays: list[str], hypers: list[HyperView]) -> list[str]:
    """The lines of a list of arguments, hyper-parameters by keyword only."""
    keywords = ["*", *(f"{hyper.name}: float = {hyper.default}" for hyper in hypers)] if hypers else []
    return wrapped([*arrays, *keywords])


def _function(
    trace: Trace, phase: Phase, suffix: str, hypers: list[HyperView], states: list[StateView]
) -> FunctionView:
    if len(phase.sweeps) != 1 or phase.sweeps[0].partials:
        raise UnsupportedError(f"{trace.name}: the NumPy backend prints one sweep without reductions")
    (sweep,) = phase.sweeps
    taken = [*phase.arrays, *phase.uniforms, *(let.name for let in sweep.body)]
    schedule = allocate(linearise(sweep), free_prefix("tmp", taken), may_overwrite)
    gradients = [name_of(name) for name in gradients_of(trace, phase)]
    used = states_of(trace, phase, states)
    return FunctionView(
        name=f"{phase.name}{suffix}",
        block=f"_{phase.name}_block{suffix}",
        arguments=_signature([*(f"{name}: np.ndarray" for name in ["p", *gradients]), "state: dict[str, Any]"], hypers),
        checked=_checked(gradients, used),
        states=used,
        scalars=[f"{name_of(let.name)} = {SCALARS.expression(let.value)}" for let in phase.scalars],
        uniforms=wrapped(_cast(name, phase) for name in phase.uniforms),
        written=", ".join(map(name_of, phase.writes)),
        read=", ".join(map(name_of, phase.reads)),
        block_arguments=wrapped(map(name_of, [*phase.arrays, *schedule.scratch, *schedule.masks, *phase.uniforms])),
        buffers=len(schedule.scratch),
        masks=len(schedule.masks),
        statements=_statements(sweep, schedule),
        result=name_of(phase.writes[0]),
        is_step=phase.name == "step",
        reads_step=reads_step(phase),
    )


def _checked(gradients: list[str], states: list[StateView]) -> str:
    """The arrays to compare with p, as a dictionary from what messages call them."""
    given = [f'"{name}": {name}' for name in gradients]
    kept = [f'"{state.declared}": state.get("{state.declared}")' for state in states]
    return "{" + ", ".join([*given, *kept]) + "}"


def _cast(uniform: str, phase: Phase) -> str:
    """A value of the step as the blocks read it: rounded once to the element type, truth values as they are."""
    return name_of(uniform) if phase.dtypes[uniform] is DType.BOOL else f"real({name_of(uniform)})"


def _statements(sweep: Sweep, schedule: Schedule) -> list[StatementView]:
    """The calls in order, grouped by statement; a copy that no statement asked for has no equation."""
    equations = {let.name: PRINTER.equation(let.name, let.value) for let in sweep.body}
    groups: list[tuple[str, list[Placed]]] = []
    for placed in schedule.instructions:
        if not groups or groups[-1][0] != placed.statement:
            groups.append((placed.statement, []))
        groups[-1][1].append(placed)
    found = []
    for statement, instructions in groups:
        # Copies at the end repeat the name of a statement that is printed already.
        equation = equations.pop(statement, "")
        found.append(StatementView(equation, [line for placed in instructions for line in PRINTER.calls(placed)]))
    return found


BACKEND = Backend("numpy", {"module.py.j2": "{rule}.py"}, view)

"""What the Python backends share: the functions of a module, as values that templates can print."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from symopt.backends.base import Variant
from symopt.errors import UnsupportedError
from symopt.ir.nodes import Num, Ref, refs
from symopt.ir.program import Phase
from symopt.ir.trace import PARAMETER, STEP, HyperInfo, StateInfo, Trace
from symopt.lang.declare import Hyper
from symopt.printers.python import PythonPrinter, in_docstring, inside, literal

WIDTH = 100  # of a list of arguments, indented once
Name = Callable[[str], str]


@dataclass(frozen=True)
class HyperView:
    """A hyper-parameter of a function: its default, and its domain as a condition on ``x`` and in words."""

    name: str
    default: str
    inside: str
    domain: str


@dataclass(frozen=True)
class StateView:
    """A state: its name in the module and in the dictionary, and its value before the first step."""

    name: str
    declared: str
    init: str


def hyper_views(hypers: Iterable[HyperInfo], name: Name) -> list[HyperView]:
    """The hyper-parameters of a trace."""
    return [
        HyperView(
            name(hyper.name),
            literal(hyper.default),
            inside(hyper.domain, "x"),
            hyper.domain.describe(hyper.name),
        )
        for hyper in hypers
    ]


def all_hypers(variants: Sequence[Variant]) -> dict[str, HyperInfo]:
    """The hyper-parameters of all variants, in the order in which the rule declares them, then those of schedules."""
    known = {hyper.name: hyper for variant in variants for hyper in variant.trace.hypers}
    declared = [name for name in variants[0].rule.declared(Hyper) if name in known]
    return {name: known[name] for name in dict.fromkeys([*declared, *known])}


def init_hypers(trace: Trace) -> list[HyperInfo]:
    """The hyper-parameters that initial values read."""
    read = refs(*(state.init for state in trace.states))
    return [hyper for hyper in trace.hypers if hyper.name in read]


def initial(state: StateInfo, copy: str, zeros: str, full: str, printer: PythonPrinter) -> str:
    """The text of a state's initial value, made by one of three forms: a copy of p, zeros, or a number."""
    if isinstance(state.init, Ref) and state.init.name == PARAMETER:
        return copy
    if isinstance(state.init, Num) and state.init.value == 0:
        return zeros
    if PARAMETER in refs(state.init):
        raise UnsupportedError(f"the initial value of {state.name} is computed from p; kernels copy p or take a number")
    return full.format(printer.expression(state.init))


def wrapped(items: Iterable[str]) -> list[str]:
    """Items joined by commas, in lines of a readable length that lack their last comma."""
    lines: list[str] = []
    for item in items:
        if lines and len(lines[-1]) + len(item) < WIDTH:
            lines[-1] += f", {item}"
        else:
            lines.append(item)
    return lines


def doc_lines(text: str) -> list[str]:
    """Documentation as lines inside a docstring, wrapped."""
    return textwrap.wrap(in_docstring(text), WIDTH, break_long_words=False, break_on_hyphens=False)


def gradients_of(trace: Trace, phase: Phase) -> list[str]:
    """The gradients that a phase's function takes, those that it reads, in the order in which they are asked for."""
    return [query.name for query in trace.queries if query.name in phase.reads]


def states_of(trace: Trace, phase: Phase, states: Iterable[StateView]) -> list[StateView]:
    """The states that a phase reads or writes, in the order of their declaration."""
    return [state for state in states if state.declared in phase.arrays]


def reads_step(phase: Phase) -> bool:
    """Whether a phase reads the step number."""
    return STEP in refs(*(let.value for let in phase.scalars)) or STEP in phase.uniforms


def free_prefix(stem: str, names: Sequence[str]) -> str:
    """``stem`` with underscores added until no name starts with it."""
    while any(name.startswith(stem) for name in names):
        stem += "_"
    return stem

"""The states of a Python kernel before the first step."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.backends.base import Variant
from symopt.backends.functions import HyperView, hyper_views, init_hypers, wrapped
from symopt.backends.interface import Dialect, check_of, listed, suffix_of
from symopt.errors import UnsupportedError
from symopt.ir.nodes import Num, Ref, refs
from symopt.ir.program import Program
from symopt.ir.rate import Rate
from symopt.ir.shape import ELEMENT
from symopt.ir.trace import PARAMETER, StateInfo
from symopt.printers.python import PythonPrinter


@dataclass(frozen=True)
class StateView:
    """A state: its name in the dictionary, and its value before the first step."""

    declared: str
    init: str


@dataclass(frozen=True)
class InitView:
    """The function that makes the states."""

    name: str
    arguments: list[str]
    hypers: list[HyperView]
    checks: list[str]
    states: list[StateView]


def init_view(variant: Variant, dialect: Dialect, numbers: PythonPrinter) -> InitView:
    """The function of a variant."""
    program, hypers = variant.program, hyper_views(init_hypers(variant.trace), dialect.name)
    keywords = ["*", *(f"{hyper.name}: float = {hyper.default}" for hyper in hypers)] if hypers else []
    if program.over_model:
        p, kind = listed(program, PARAMETER), f"list[{dialect.array}]"
        checks = [f"{p} = _tensors({p})", check_of(program, p, (), ())]
    else:
        p, kind = PARAMETER, dialect.array
        checks = [check_of(program, p, (), ())]
    return InitView(
        name=f"init{suffix_of(variant)}",
        arguments=wrapped([f"{p}: {kind}", *keywords]),
        hypers=hypers,
        checks=checks,
        states=[StateView(s.name, _initial(program, s, dialect, numbers)) for s in variant.trace.states],
    )


def _initial(program: Program, state: StateInfo, dialect: Dialect, numbers: PythonPrinter) -> str:
    """A state's value: a number, an array, or over a model a list of them with one for every tensor."""
    if program.shapes[state.name].is_scalar:
        value, is_list = numbers.expression(state.init), not program.rates[state.name].within(Rate.MODEL)
    else:
        value, is_list = _array(program, state, dialect, numbers), True
    return f"[{value} for {PARAMETER} in {listed(program, PARAMETER)}]" if is_list and program.over_model else value


def _array(program: Program, state: StateInfo, dialect: Dialect, numbers: PythonPrinter) -> str:
    shape = program.shapes[state.name]
    if isinstance(state.init, Ref) and state.init.name == PARAMETER:
        return dialect.copy
    if PARAMETER in refs(state.init):
        raise UnsupportedError(f"the initial value of {state.name} is computed from p; kernels copy p or take a number")
    value = numbers.expression(state.init)
    if shape != ELEMENT:
        return dialect.shaped.format(f'"{shape}"', value)
    return dialect.zeros if isinstance(state.init, Num) and state.init.value == 0 else dialect.full.format(value)

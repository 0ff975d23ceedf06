"""The init function in C: the states before the first step."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symopt.backends.base import Variant
from symopt.backends.c_interface import (
    TENSOR,
    Names,
    at_tensor,
    element_count,
    extent_lines,
    init_arguments_of,
    init_takes_hyper,
    numbers_of,
    sizes_of,
)
from symopt.backends.c_signature import Check, amount, comment, null_check, pointer, sizes, tensor_check
from symopt.backends.c_sweeps import filled
from symopt.errors import UnsupportedError
from symopt.ir.nodes import ref, refs
from symopt.ir.trace import PARAMETER, StateInfo
from symopt.printers.c import F64, CPrinter, CType, c_name


@dataclass(frozen=True)
class Fill:
    """A loop that fills states of one shape with their initial values."""

    count: str
    lines: Sequence[str]


@dataclass(frozen=True)
class Init:
    """The function that gives the states their initial values; parameters in groups of one line each.

    ``extents`` are defined before the loops, ``numbers`` are set once, ``tensor_numbers`` for every tensor of a model.
    """

    template: str
    name: str
    doc: Sequence[str]
    parameters: Sequence[str]
    checks: Sequence[Check]
    tensor_check: str
    extents: Sequence[str]
    fills: Sequence[Fill]
    numbers: Sequence[str]
    tensor_numbers: Sequence[str]


def init_function(names: Names, variant: Variant, ctype: CType) -> Init:
    """The init function of a variant in one element type."""
    program, arguments = variant.program, init_arguments_of(variant)
    takes_hyper = init_takes_hyper(variant)
    checks = [null_check(arguments, program, takes_hyper, is_init=True)]
    if takes_hyper:
        checks.append(Check(f"!{names.rule}_in_domain(hyper)", "SYMOPT_OUT_OF_DOMAIN"))
    hyper = [f"const {names.hyper_type} *hyper"] if takes_hyper else []
    numbers = numbers_of(program)
    fills: dict[str, list[str]] = {}
    for state in variant.trace.states:
        if state.name not in numbers:
            array = at_tensor(c_name(state.name), program)
            line = f"{array}[i] = {_initial(names, state, ctype, at_tensor(PARAMETER, program))};"
            fills.setdefault(element_count(program.shapes[state.name], program), []).append(line)
    # States that are numbers, or that have rows only, leave sizes unused.
    text = " ".join([*(check.condition for check in checks), *fills])
    unused = [] if program.over_model else [s for s in sizes_of(program) if not re.search(rf"\b{s}\b", text)]
    own = {state.name: state for state in variant.trace.states if state.name in numbers}
    tensor = {a.name for a in arguments if a.is_number and a.per_tensor} if program.over_model else set()
    return Init(
        template="c/init_model.c.j2" if program.over_model else "c/init.c.j2",
        name=names.public(variant, "init", ctype),
        doc=comment(f"The states of {variant.rule.title} before the first step, {amount(program)} in {ctype.name}."),
        parameters=[", ".join([*sizes(program), *hyper]), *filled(pointer(a, ctype, program) for a in arguments)],
        checks=checks,
        tensor_check=tensor_check(arguments, program, is_init=True) if program.over_model else "",
        extents=extent_lines(program, " ".join(fills)),
        fills=[Fill(count, lines) for count, lines in fills.items()],
        numbers=[
            *(f"(void){size};" for size in unused),
            *(f"*{c_name(n)} = {_initial(names, s, F64, '')};" for n, s in own.items() if n not in tensor),
        ],
        tensor_numbers=[
            f"{c_name(n)}[{TENSOR}] = {_initial(names, s, F64, '')};" for n, s in own.items() if n in tensor
        ],
    )


def _initial(names: Names, state: StateInfo, ctype: CType, parameter: str) -> str:
    """A state's initial value at element i: the parameter, or a value of the step in double, rounded once."""
    read = refs(state.init)
    if not read:
        return CPrinter(ctype, names.rule, {}).expression(state.init)
    if state.init is ref(PARAMETER):
        return f"{parameter}[i]"
    if PARAMETER in read:
        raise UnsupportedError(f"the initial value of {state.name} is computed from p; kernels copy p or take a number")
    value = CPrinter(F64, names.rule, {name: f"hyper->{c_name(name)}" for name in read}).expression(state.init)
    if ctype is F64:
        return value
    return f"({ctype.name})({value})" if " " in value else f"({ctype.name}){value}"

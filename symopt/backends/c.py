"""C: one header and one source a rule, for C99 and later, with every variant in float and in double.

Scalars of a step are computed in double once a call and handed, rounded once, to a static function
that holds the element loop. ``max``, ``min`` and ``sign`` give NaN where an operand is NaN, as NumPy's
do; which of two zeros ``max`` returns is not specified.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from symopt.backends.base import Backend, Variant, in_comment
from symopt.backends.c_interface import RESTRICT, Names, arrays_of, hypers_of, init_arrays_of, init_takes_hyper
from symopt.errors import UnsupportedError
from symopt.ir.nodes import num, ref, refs
from symopt.ir.program import DType, Phase
from symopt.ir.trace import PARAMETER, STEP, HyperInfo, Let, StateInfo
from symopt.printers.c import CTYPES, F32, F64, CPrinter, CType, c_name, helpers_of
from symopt.printers.text import statements

WIDTH = 110


@dataclass(frozen=True)
class Field:
    """A member of the hyper-parameter struct."""

    name: str
    default: str
    domain: str


@dataclass(frozen=True)
class Check:
    """A condition under which a function returns ``status`` before it touches anything."""

    condition: str
    status: str


@dataclass(frozen=True)
class Helper:
    """A static function for an operation that C lacks."""

    name: str
    type: str
    parameters: str
    value: str
    doc: str


@dataclass(frozen=True)
class Init:
    """The function that fills the states with their initial values; parameters in groups of one line each."""

    name: str
    doc: Sequence[str]
    parameters: Sequence[str]
    checks: Sequence[Check]
    stores: Sequence[str]


@dataclass(frozen=True)
class PhaseFunction:
    """The function of a phase, and the static function that holds its loop."""

    name: str
    doc: Sequence[str]
    parameters: Sequence[str]
    checks: Sequence[Check]
    scalars: Sequence[str]
    loop: str
    loop_parameters: Sequence[str]
    loop_arguments: Sequence[str]
    body: Sequence[str]
    stores: Sequence[str]


def view(variants: Sequence[Variant]) -> dict[str, Any]:
    """What the templates print."""
    names = Names(variants)
    hypers = hypers_of(variants)
    ctypes = [CTYPES[dtype] for dtype in variants[0].dtypes]
    return {
        "guard": f"SYMOPT_{names.rule.upper()}_H",
        "rule": names.rule,
        "hyper_type": names.hyper_type,
        "hypers": [_field(hyper) for hyper in hypers],
        "domain": [condition for hyper in hypers for condition in _domain(hyper)],
        "helpers": _helpers(names, variants, ctypes),
        "inits": [_init(names, variant, ctype) for variant in variants if variant.trace.states for ctype in ctypes],
        "phases": [
            _phase(names, variant, phase, ctype)
            for variant in variants
            for phase in variant.program.phases
            for ctype in ctypes
        ],
    }


def comment(text: str) -> list[str]:
    """Text as lines of a block comment, each after its star; nothing in it can end the comment."""
    return [f" {line}" for line in textwrap.wrap(in_comment(text), WIDTH, break_long_words=False)]


def _filled(items: Iterable[str]) -> list[str]:
    """Parameters or arguments in groups that fit on a line."""
    groups: list[str] = []
    for item in items:
        if groups and len(groups[-1]) + len(item) < WIDTH - 10:
            groups[-1] += f", {item}"
        else:
            groups.append(item)
    return groups


def _field(hyper: HyperInfo) -> Field:
    return Field(c_name(hyper.name), _literal(hyper), in_comment(hyper.domain.describe(hyper.name)))


def _literal(hyper: HyperInfo) -> str:
    return CPrinter(F64, "", {}).expression(num(hyper.default))


def _domain(hyper: HyperInfo) -> list[str]:
    """The conditions that a value lies in its domain; each is false for a NaN."""
    value, domain, printer = f"hyper->{c_name(hyper.name)}", hyper.domain, CPrinter(F64, "", {})
    found = []
    if domain.lower is not None:
        found.append(f"{value} {'>' if domain.lower_open else '>='} {printer.expression(num(domain.lower))}")
    if domain.upper is not None:
        found.append(f"{value} {'<' if domain.upper_open else '<='} {printer.expression(num(domain.upper))}")
    if domain.lower is None or domain.upper is None:
        found.append(f"isfinite({value})")
    if domain.integer:
        found.append(f"{value} == floor({value})")
    return found


HELPER_TEXT: Mapping[str, tuple[str, str, str]] = {
    "max": ("{0} a, {0} b", "((a > b) | (a != a)) ? a : b", "The larger of two values; NaN where one is NaN."),
    "min": ("{0} a, {0} b", "((a < b) | (a != a)) ? a : b", "The smaller of two values; NaN where one is NaN."),
    "sign": ("{0} a", "(a > {1}) ? 1{2} : ((a < {1}) ? -1{2} : a + {1})", "-1, 0 or 1; NaN where the value is NaN."),
}


def _helpers(names: Names, variants: Sequence[Variant], ctypes: Sequence[CType]) -> list[Helper]:
    """The helpers that the loops use in either type, and those that the scalars use in double."""
    phases = [phase for variant in variants for phase in variant.program.phases]
    loops = [let.value for phase in phases for sweep in phase.sweeps for let in sweep.body]
    scalars = [let.value for phase in phases for let in phase.scalars]
    found = []
    for ctype in CTYPES.values():
        used = [*(loops if ctype in ctypes else []), *(scalars if ctype is F64 else [])]
        for op in helpers_of(used):
            parameters, value, doc = (
                text.format(ctype.name, f"0.0{ctype.suffix}", f".0{ctype.suffix}") for text in HELPER_TEXT[op]
            )
            found.append(Helper(f"{names.rule}_{op}_{ctype.dtype}", ctype.name, parameters, value, doc))
    return found


def _array(name: str, written: bool, ctype: CType) -> str:
    return f"{'' if written else 'const '}{ctype.name} *{RESTRICT} {c_name(name)}"


def _null_check(arrays: Iterable[str], takes_hyper: bool) -> Check:
    missing = [f"{c_name(name)} == NULL" for name in arrays]
    any_missing = f"n > 0 && ({' || '.join(missing)})" if len(missing) > 1 else f"n > 0 && {missing[0]}"
    return Check(f"hyper == NULL || ({any_missing})" if takes_hyper else any_missing, "SYMOPT_NULL_POINTER")


def _init(names: Names, variant: Variant, ctype: CType) -> Init:
    arrays = init_arrays_of(variant)
    takes_hyper = init_takes_hyper(variant)
    checks = [_null_check((name for name, _ in arrays), takes_hyper)]
    if takes_hyper:
        checks.append(Check(f"!{names.rule}_in_domain(hyper)", "SYMOPT_OUT_OF_DOMAIN"))
    hyper = [f"const {names.hyper_type} *hyper"] if takes_hyper else []
    return Init(
        name=names.public(variant, "init", ctype),
        doc=comment(f"The states of {variant.rule.title} before the first step, for n elements in {ctype.name}."),
        parameters=[", ".join(["size_t n", *hyper]), *_filled(_array(*array, ctype) for array in arrays)],
        checks=checks,
        stores=[f"{c_name(state.name)}[i] = {_initial(names, state, ctype)};" for state in variant.trace.states],
    )


def _initial(names: Names, state: StateInfo, ctype: CType) -> str:
    """A state's initial value at element i: the parameter, or a value of the step in double, rounded once."""
    read = refs(state.init)
    if not read:
        return CPrinter(ctype, names.rule, {}).expression(state.init)
    if state.init is ref(PARAMETER):
        return f"{PARAMETER}[i]"
    if PARAMETER in read:
        raise UnsupportedError(f"the initial value of {state.name} is computed from p; kernels copy p or take a number")
    value = CPrinter(F64, names.rule, {name: f"hyper->{c_name(name)}" for name in read}).expression(state.init)
    if ctype is F64:
        return value
    return f"({ctype.name})({value})" if " " in value else f"({ctype.name}){value}"


def _phase(names: Names, variant: Variant, phase: Phase, ctype: CType) -> PhaseFunction:
    if len(phase.sweeps) != 1 or phase.sweeps[0].partials:
        raise UnsupportedError(f"{variant.rule.title}: the C backend writes one loop without reductions a function")
    sweep = phase.sweeps[0]
    arrays = arrays_of(phase)
    array_parameters = [_array(*array, ctype) for array in arrays]
    hyper = [f"const {names.hyper_type} *hyper"] if names.takes_hyper else []
    checks = [_null_check((name for name, _ in arrays), names.takes_hyper)]
    outside = ["t < 1", *([f"!{names.rule}_in_domain(hyper)"] if names.takes_hyper else [])]
    checks.append(Check(" || ".join(outside), "SYMOPT_OUT_OF_DOMAIN"))
    step_values = {h.name: f"hyper->{c_name(h.name)}" for h in variant.trace.hypers} | {STEP: "(double)t"}
    scalar_printer = CPrinter(F64, names.rule, step_values)
    loop_printer = CPrinter(ctype, names.rule, {name: f"{c_name(name)}[i]" for name, _ in arrays})
    uniform_types = {name: "bool" if phase.dtypes[name] is DType.BOOL else ctype.name for name in phase.uniforms}
    return PhaseFunction(
        name=names.public(variant, phase.name, ctype),
        doc=_phase_doc(names, variant, phase, ctype),
        parameters=[", ".join(["size_t n", "uint64_t t", *hyper]), *_filled(array_parameters)],
        checks=checks,
        scalars=[_definition(let, F64, phase, scalar_printer) for let in phase.scalars],
        loop=names.loop(variant, phase.name, ctype),
        loop_parameters=[
            *_filled(["size_t n", *array_parameters]),
            *_filled(f"{kind} {c_name(name)}" for name, kind in uniform_types.items()),
        ],
        loop_arguments=[
            *_filled(["n", *(c_name(name) for name, _ in arrays)]),
            *_filled(_argument(scalar_printer.name(name), kind) for name, kind in uniform_types.items()),
        ],
        body=[_definition(let, ctype, phase, loop_printer) for let in sweep.body],
        stores=[f"{c_name(s.array)}[i] = {loop_printer.name(s.value)};" for s in sweep.stores],
    )


def _definition(let: Let, ctype: CType, phase: Phase, printer: CPrinter) -> str:
    kind = "bool" if phase.dtypes[let.name] is DType.BOOL else ctype.name
    return f"const {kind} {c_name(let.name)} = {printer.expression(let.value)};"


def _argument(value: str, kind: str) -> str:
    """A step value, in double, as an argument of type ``kind``."""
    return f"({kind}){value.removeprefix('(double)')}" if kind == F32.name else value


def _phase_doc(names: Names, variant: Variant, phase: Phase, ctype: CType) -> list[str]:
    """What a function computes; the equations stand at the first of the functions that differ in type alone."""
    what = "One step" if phase is variant.program.step else "The point at which the gradient is asked for, in a step"
    text = f"{what} of {variant.rule.title} on n elements in {ctype.name}; t counts steps from 1."
    text += f" Writes {', '.join(c_name(name) for name in phase.writes)}."
    first = CTYPES[variant.dtypes[0]]
    if ctype is not first:
        return comment(f"{text} The equations are those of {names.public(variant, phase.name, first)}.")
    equations = chain.from_iterable(map(_wrapped_code, statements(variant.trace, ascii=True)))
    return [*comment(text), "", *(f"     {line}" for line in equations)]


def _wrapped_code(line: str) -> list[str]:
    """An equation on lines that fit; the lines after the first are indented."""
    return textwrap.wrap(in_comment(line), WIDTH, subsequent_indent="    ", break_long_words=False)


BACKEND = Backend("c", {"kernel.h.j2": "{rule}.h", "kernel.c.j2": "{rule}.c"}, view)

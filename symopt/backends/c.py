"""C: one header and one source a rule, for C99 and later, with every variant in float and in double.

Numbers of a step are computed in double once a call and handed, rounded once, to static functions that
hold the loops over the elements. ``max``, ``min`` and ``sign`` give NaN where an operand is NaN, as
NumPy's do; which of two zeros ``max`` returns is not specified.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from symopt.backends.base import Backend, Variant, in_comment
from symopt.backends.c_calls import BodyPrinter, SegmentView
from symopt.backends.c_init import init_function
from symopt.backends.c_interface import (
    Names,
    arguments_of,
    hypers_of,
    sizes_of,
    takes_seed,
)
from symopt.backends.c_products import DOUBLE_TEMPLATES, templates_of
from symopt.backends.c_signature import WIDTH, Check, amount, comment, null_check, pointer, sizes, tensor_check
from symopt.backends.c_sweeps import BLOCK, SweepFunction, filled
from symopt.backends.interface import takes_loss
from symopt.ir.nodes import num
from symopt.ir.program import Phase
from symopt.ir.trace import HyperInfo
from symopt.printers.c import CTYPES, F64, CPrinter, CType, c_name, helpers_of
from symopt.printers.text import statements

BLAS = (
    "With -DSYMOPT_BLAS the products of matrices are those of a CBLAS (cblas.h; link with -lopenblas or its like): "
    "faster for large matrices, and with last digits that depend on the library."
)


@dataclass(frozen=True)
class Field:
    """A member of the hyper-parameter struct."""

    name: str
    default: str
    domain: str


@dataclass(frozen=True)
class Helper:
    """A static function for an operation that C lacks."""

    name: str
    type: str
    parameters: str
    value: str
    doc: str


@dataclass(frozen=True)
class Work:
    """The function that says how much memory a phase needs for a tensor."""

    name: str
    doc: Sequence[str]
    parameters: Sequence[str]
    lines: Sequence[str]


@dataclass(frozen=True)
class PhaseFunction:
    """The function of a phase, and the static functions that hold its loops."""

    template: str
    name: str
    doc: Sequence[str]
    parameters: Sequence[str]
    checks: Sequence[Check]
    tensor_check: str
    empty: Sequence[str]
    segments: Sequence[SegmentView]
    stores: Sequence[str]
    loops: Sequence[SweepFunction]
    work: Sequence[Work]


def view(variants: Sequence[Variant]) -> dict[str, Any]:
    """What the templates print."""
    names = Names(variants)
    hypers = hypers_of(variants)
    ctypes = [CTYPES[dtype] for dtype in variants[0].dtypes]
    products = [p for variant in variants for phase in variant.program.phases for p in phase.products]
    phases = [
        _phase(names, variant, phase, ctype)
        for variant in variants
        for phase in variant.program.phases
        for ctype in ctypes
    ]
    return {
        "guard": f"SYMOPT_{names.rule.upper()}_H",
        "rule": names.rule,
        "hyper_type": names.hyper_type,
        "hypers": [_field(hyper) for hyper in hypers],
        "domain": [condition for hyper in hypers for condition in _domain(hyper)],
        "helpers": _helpers(names, variants, ctypes),
        "support": [
            *_lane_helpers(variants),
            *_draw_helper(variants),
            *_work_helper(phases),
            *templates_of(products, DOUBLE_TEMPLATES),
        ],
        "matrix": templates_of(products),
        "includes": ["string.h"] if any(p.value.op in {"wide", "unwide"} for p in products) else [],
        "remarks": ["", *comment(BLAS)] if any(p.value.op == "matmul" for p in products) else [],
        "apart": "different arrays" if any(map(_is_whole, variants)) else "different ranges of the same arrays",
        "blas_guards": ["SYMOPT_BLAS"] if any(p.value.op == "matmul" for p in products) else [],
        "ctypes": ctypes,
        "inits": [
            init_function(names, variant, ctype) for variant in variants if variant.trace.states for ctype in ctypes
        ],
        "phases": phases,
        "works": [work for phase in phases for work in phase.work],
    }


def _is_whole(variant: Variant) -> bool:
    """Whether a step of some elements depends on others, or on where in the array they stand."""
    phases = variant.program.phases
    wide = any(phase.partials or phase.products or phase.numbers for phase in phases)
    return wide or variant.program.has_axes or bool(variant.trace.draws)


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
    """The helpers that the loops use in either type, and those that the numbers and reductions use in double."""
    phases = [phase for variant in variants for phase in variant.program.phases]
    loops = [let.value for phase in phases for sweep in phase.sweeps for let in sweep.body]
    double = [let.value for phase in phases for let in phase.scalars]
    double += [partial.value for phase in phases for partial in phase.partials]
    kinds = {BLOCK[partial.op] for phase in phases for partial in phase.partials} - {"sum"}
    found = []
    for ctype in CTYPES.values():
        used = helpers_of([*(loops if ctype in ctypes else []), *(double if ctype is F64 else [])])
        for op in HELPER_TEXT:
            if op in used or (ctype is F64 and op in kinds):
                parameters, value, doc = (
                    text.format(ctype.name, f"0.0{ctype.suffix}", f".0{ctype.suffix}") for text in HELPER_TEXT[op]
                )
                found.append(Helper(f"{names.rule}_{op}_{ctype.dtype}", ctype.name, parameters, value, doc))
    return found


def _lane_helpers(variants: Sequence[Variant]) -> list[str]:
    """The templates of what sweeps with reductions need: the size of a block, and the functions that join lanes."""
    partials = [p for variant in variants for phase in variant.program.phases for p in phase.partials]
    kinds = {BLOCK[p.op] for p in partials if p.reduction.axis != 0}
    found = [f"c/lanes_{kind}.c.j2" for kind in ("sum", "max", "min") if kind in kinds]
    return ["c/block.c.j2", *found] if found else []


def _draw_helper(variants: Sequence[Variant]) -> list[str]:
    return ["c/draw.c.j2"] if any(variant.trace.draws for variant in variants) else []


def _work_helper(phases: Sequence[PhaseFunction]) -> list[str]:
    return ["c/aligned.c.j2"] if any(phase.work for phase in phases) else []


def _phase(names: Names, variant: Variant, phase: Phase, ctype: CType) -> PhaseFunction:
    program, arguments = variant.program, arguments_of(variant.program, phase)
    printer = BodyPrinter(names, variant, phase, ctype)
    body = printer.body()
    hyper = [f"const {names.hyper_type} *hyper"] if names.takes_hyper else []
    given = ["double loss"] if takes_loss(phase) else []
    seed = ["uint64_t seed"] if takes_seed(program, phase) else []
    checks = [null_check(arguments, program, names.takes_hyper, bool(body.slots))]
    outside = ["t < 1", *([f"!{names.rule}_in_domain(hyper)"] if names.takes_hyper else [])]
    checks.append(Check(" || ".join(outside), "SYMOPT_OUT_OF_DOMAIN"))
    pointers = [*(pointer(a, ctype, program) for a in arguments), *(["void *work"] if body.slots else [])]
    return PhaseFunction(
        template="c/phase_model.c.j2" if program.over_model else "c/phase.c.j2",
        name=names.public(variant, phase.name, ctype),
        doc=_phase_doc(names, variant, phase, ctype),
        parameters=[", ".join([*sizes(program), "uint64_t t", *hyper, *given, *seed]), *filled(pointers)],
        checks=checks,
        tensor_check=tensor_check(arguments, program, bool(body.slots)) if program.over_model else "",
        empty=body.empty,
        segments=body.segments,
        stores=body.stores,
        loops=body.loops,
        work=[_work(names, variant, phase, ctype, printer.work_lines(body.slots))] if body.slots else [],
    )


def _work(names: Names, variant: Variant, phase: Phase, ctype: CType, lines: Sequence[str]) -> Work:
    """The function that gives the size of a phase's workspace."""
    function = names.public(variant, phase.name, ctype)
    which = "; for several tensors, take the largest" if variant.program.over_model else ""
    return Work(
        name=names.public(variant, f"{phase.name}_work", ctype),
        doc=comment(f"The number of bytes of memory that {function} works in, aligned for double{which}."),
        parameters=[", ".join(f"size_t {size}" for size in sizes_of(variant.program))],
        lines=lines,
    )


def _phase_doc(names: Names, variant: Variant, phase: Phase, ctype: CType) -> list[str]:
    """What a function computes; the equations stand at the first of the functions that differ in type alone."""
    what = "One step" if phase is variant.program.step else "The point at which the gradient is asked for, in a step"
    on = amount(variant.program).replace("for n elements", "on n elements")
    text = f"{what} of {variant.rule.title} {on} in {ctype.name}; t counts steps from 1."
    numbers = [store.array for store in phase.number_stores]
    text += f" Writes {', '.join(c_name(name) for name in (*phase.writes, *numbers))}."
    first = CTYPES[variant.dtypes[0]]
    if ctype is not first:
        return comment(f"{text} The equations are those of {names.public(variant, phase.name, first)}.")
    equations = chain.from_iterable(map(_wrapped_code, statements(variant.trace, ascii=True)))
    return [*comment(text), "", *(f"     {line}" for line in equations)]


def _wrapped_code(line: str) -> list[str]:
    """An equation on lines that fit; the lines after the first are indented."""
    return textwrap.wrap(in_comment(line), WIDTH, subsequent_indent="    ", break_long_words=False)


BACKEND = Backend("c", {"kernel.h.j2": "{rule}.h", "kernel.c.j2": "{rule}.c"}, view)

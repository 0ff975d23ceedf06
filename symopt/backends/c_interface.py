"""What the functions of a C kernel are called and what they take: known to who prints and to who calls them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from symopt.backends.base import Variant
from symopt.ir.nodes import refs
from symopt.ir.program import Phase, Program
from symopt.ir.rate import Rate
from symopt.ir.shape import Axis, Shape
from symopt.ir.trace import PARAMETER, HyperInfo
from symopt.lang.declare import Hyper
from symopt.printers.c import CType

RESTRICT = "SYMOPT_RESTRICT"
TENSOR = "kt"  # counts the tensors of a model


class Names:
    """What the functions of a rule are called; ``takes_hyper`` where it has hyper-parameters at all."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.rule = variants[0].rule.name
        self.hyper_type = f"symopt_{self.rule}_hyper"
        self.takes_hyper = bool(hypers_of(variants))

    def public(self, variant: Variant, what: str, ctype: CType) -> str:
        """A function of the header: ``what`` is ``init``, the name of a phase, or that and ``_work``.

        The options stand after it, so that an option of one rule and a rule of that name do not clash.
        """
        return "_".join(filter(None, ("symopt", self.rule, what, variant.suffix, ctype.dtype)))

    def loop(self, variant: Variant, what: str, ctype: CType, number: str = "") -> str:
        """The function inside the source that holds a loop of a phase."""
        return "_".join(filter(None, (self.rule, what, variant.suffix, f"loop{number}", ctype.dtype)))


@dataclass(frozen=True)
class Argument:
    """A pointer that a function takes: an array of elements, or a state that is one number.

    ``per_tensor`` says whether a rule over the model takes one for every tensor.
    """

    name: str
    written: bool
    is_number: bool = False
    per_tensor: bool = True


def hypers_of(variants: Sequence[Variant]) -> list[HyperInfo]:
    """The hyper-parameters of all variants, in the order in which the rule declares them."""
    found = {hyper.name: hyper for variant in variants for hyper in variant.trace.hypers}
    declared = [name for name in variants[0].rule.declared(Hyper) if name in found]
    return [found[name] for name in dict.fromkeys([*declared, *found])]


def sizes_of(program: Program) -> tuple[str, ...]:
    """What says how large a tensor is: its number of elements, or of rows and columns."""
    return ("rows", "cols") if program.has_axes else ("n",)


def arguments_of(program: Program, phase: Phase) -> list[Argument]:
    """The pointers of a phase in the order of its function's arguments.

    What the phase is about comes first (the parameter, or the point), then what is only read, then
    the other arrays that it writes, then states that are numbers.
    """
    first, *others = phase.writes
    read = [name for name in phase.reads if name not in program.trace.draws]
    arrays = [Argument(first, True), *(Argument(n, False) for n in read), *(Argument(n, True) for n in others)]
    return [*arrays, *(_number(program, name) for name in phase.numbers)]


def init_arguments_of(variant: Variant) -> list[Argument]:
    """The pointers of a variant's init function."""
    read = refs(*(state.init for state in variant.trace.states))
    given = [Argument(PARAMETER, False)] if PARAMETER in read else []
    states = [state.name for state in variant.trace.states]
    numbers = numbers_of(variant.program)
    arrays = [Argument(name, True) for name in states if name not in numbers]
    return [*given, *arrays, *(_number(variant.program, name) for name in states if name in numbers)]


def numbers_of(program: Program) -> list[str]:
    """The states that are one number."""
    return [state.name for state in program.trace.states if program.rates[state.name] <= Rate.TENSOR]


def _number(program: Program, name: str) -> Argument:
    return Argument(name, True, True, not program.rates[name].within(Rate.MODEL))


def init_takes_hyper(variant: Variant) -> bool:
    """Whether an initial value is a hyper-parameter."""
    return any(name != PARAMETER for name in refs(*(state.init for state in variant.trace.states)))


def takes_seed(program: Program, phase: Phase) -> bool:
    """Whether a function takes the seed of random numbers."""
    return any(name in program.trace.draws for name in phase.reads)


def extent(axis: Axis, program: Program) -> str:
    """The length of an axis, as an expression in C."""
    rows, cols = (at_tensor(name, program) for name in ("rows", "cols"))
    return {Axis.ONE: "1", Axis.ROWS: rows, Axis.COLS: cols, Axis.SHORT: "fewer", Axis.LONG: "more"}[axis]


def extent_lines(program: Program, text: str) -> list[str]:
    """The definitions of the extents that some text uses: the fewer and the more of rows and columns."""
    rows, cols = (at_tensor(name, program) for name in ("rows", "cols"))
    values = {"fewer": f"{rows} < {cols} ? {rows} : {cols}", "more": f"{rows} < {cols} ? {cols} : {rows}"}
    return [f"const size_t {name} = {value};" for name, value in values.items() if re.search(rf"\b{name}\b", text)]


def element_count(shape: Shape, program: Program) -> str:
    """The number of elements of a shape, as an expression in C."""
    if not program.has_axes:
        return at_tensor("n", program)
    sides = [extent(axis, program) for axis in (shape.down, shape.along) if axis is not Axis.ONE]
    return " * ".join(sides)


def at_tensor(name: str, program: Program) -> str:
    """A size or a pointer, inside the loop over the tensors of a model where there is one."""
    return f"{name}[{TENSOR}]" if program.over_model else name


def needs_work(phase: Phase) -> bool:
    """Whether the function of a phase works in memory that it is given: buffers, sums over columns, scratch."""
    sums = any(partial.reduction.axis == 0 for partial in phase.partials)
    return bool(phase.buffers or sums or phase.products)

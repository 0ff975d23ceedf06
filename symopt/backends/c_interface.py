"""What the functions of a C kernel are called and what they take: known to who prints and to who calls them."""

from __future__ import annotations

from collections.abc import Sequence

from symopt.backends.base import Variant
from symopt.ir.nodes import refs
from symopt.ir.program import Phase
from symopt.ir.trace import PARAMETER, HyperInfo
from symopt.lang.declare import Hyper
from symopt.printers.c import CType

RESTRICT = "SYMOPT_RESTRICT"


class Names:
    """What the functions of a rule are called; ``takes_hyper`` where it has hyper-parameters at all."""

    def __init__(self, variants: Sequence[Variant]) -> None:
        self.rule = variants[0].rule.name
        self.hyper_type = f"symopt_{self.rule}_hyper"
        self.takes_hyper = bool(hypers_of(variants))

    def public(self, variant: Variant, what: str, ctype: CType) -> str:
        """A function of the header: ``what`` is ``init`` or the name of a phase.

        The options stand after it, so that an option of one rule and a rule of that name do not clash.
        """
        return "_".join(filter(None, ("symopt", self.rule, what, variant.suffix, ctype.dtype)))

    def loop(self, variant: Variant, what: str, ctype: CType) -> str:
        """The function inside the source that holds the loop of a phase."""
        return "_".join(filter(None, (self.rule, what, variant.suffix, "loop", ctype.dtype)))


def hypers_of(variants: Sequence[Variant]) -> list[HyperInfo]:
    """The hyper-parameters of all variants, in the order in which the rule declares them."""
    found = {hyper.name: hyper for variant in variants for hyper in variant.trace.hypers}
    declared = [name for name in variants[0].rule.declared(Hyper) if name in found]
    return [found[name] for name in dict.fromkeys([*declared, *found])]


def arrays_of(phase: Phase) -> list[tuple[str, bool]]:
    """The arrays of a phase in the order of its function's arguments, each with whether it is written.

    What the phase is about comes first (the parameter, or the point), then what is only read, then
    the other arrays that it writes.
    """
    first, *others = phase.writes
    return [(first, True), *((name, False) for name in phase.reads), *((name, True) for name in others)]


def init_arrays_of(variant: Variant) -> list[tuple[str, bool]]:
    """The arrays of a variant's init function, each with whether it is written."""
    read = refs(*(state.init for state in variant.trace.states))
    given = [(PARAMETER, False)] if PARAMETER in read else []
    return [*given, *((state.name, True) for state in variant.trace.states)]


def init_takes_hyper(variant: Variant) -> bool:
    """Whether an initial value is a hyper-parameter."""
    return any(name != PARAMETER for name in refs(*(state.init for state in variant.trace.states)))

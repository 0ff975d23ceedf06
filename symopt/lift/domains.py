"""What a constructor checks, as domains of hyper-parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from symopt.ir.nodes import Node, Num, Op, Ref
from symopt.ir.trace import HyperInfo
from symopt.lang.domain import Domain
from symopt.lift.arguments import Arguments, Slot


def checked_domains(arguments: Arguments, facts: Sequence[Node]) -> Arguments:
    """The arguments with the domains that what is checked leaves, as far as defaults lie in them."""
    slots = []
    for slot in arguments.slots:
        hyper = slot.hyper
        for fact in facts:
            bound = bound_on(fact, hyper.name)
            if bound is not None and hyper.default in bound:
                hyper = _within(hyper, bound)
        slots.append(Slot(hyper, slot.argument, slot.position))
    return replace(arguments, slots=tuple(slots))


def _within(hyper: HyperInfo, bound: Domain) -> HyperInfo:
    return replace(hyper, domain=hyper.domain & bound)


def bound_on(fact: Node, name: str) -> Domain | None:
    """A fact as an interval for a hyper-parameter; None where it is something else."""
    if not isinstance(fact, Op) or fact.op not in ("lt", "le"):
        return None
    is_open = fact.op == "lt"
    match fact.args:
        case (Num(value=value), Ref(name=own)) if own == name:
            return Domain(lower=value, lower_open=is_open)
        case (Ref(name=own), Num(value=value)) if own == name:
            return Domain(upper=value, upper_open=is_open)
    return None


def is_bound(fact: Node, hypers: Sequence[HyperInfo]) -> bool:
    """Whether a fact is a bound on one hyper-parameter that its domain keeps."""
    for hyper in hypers:
        bound = bound_on(fact, hyper.name)
        if bound is not None and hyper.domain & bound == hyper.domain:
            return True
    return False

"""What a constructor checks, as domains of hyper-parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from symopt.ir.nodes import Node, Num, Op, Ref
from symopt.ir.trace import HyperInfo
from symopt.lang.domain import Domain
from symopt.lift.arguments import Arguments, Slot
from symopt.lift.session import Decision


def checked_domains(arguments: Arguments, decisions: Sequence[Decision]) -> Arguments:
    """The arguments with the domains that a constructor's checks leave, as far as defaults lie in them."""
    slots = []
    for slot in arguments.slots:
        hyper = slot.hyper
        for decision in decisions:
            bound = bound_on(decision.fact, hyper.name)
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
    """Whether a fact is a bound on one hyper-parameter that its default keeps."""
    for hyper in hypers:
        bound = bound_on(fact, hyper.name)
        if bound is not None and hyper.default in bound:
            return True
    return False


def at_zero(fact: Node, hypers: Sequence[HyperInfo]) -> str | None:
    """The hyper-parameter that a fact keeps from being 0, where 0 would make it an equation or turn it round."""
    if isinstance(fact, Op) and fact.op == "not" and isinstance(fact.args[0], Op) and fact.args[0].op == "eq":
        fact = fact.args[0]
        sides = [arg for arg in fact.args if not (isinstance(arg, Num) and arg.value == 0)]
    elif isinstance(fact, Op) and fact.op == "lt" and isinstance(fact.args[0], Num) and fact.args[0].value == 0:
        sides = [fact.args[1]]
    else:
        return None
    names = {hyper.name for hyper in hypers if Fraction(0) in replace(hyper.domain, lower_open=False)}
    if len(sides) == 1 and isinstance(sides[0], Ref) and sides[0].name in names:
        return sides[0].name
    return None

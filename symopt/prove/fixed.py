"""Equality at fixed hyper-parameters: those that one side lacks, and values at which both sides are degenerate."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from symopt.errors import VerifyError
from symopt.ir.nodes import num, ref
from symopt.ir.shape import let_shapes
from symopt.ir.trace import PARAMETER, Trace
from symopt.passes.dead import drop_dead
from symopt.passes.specialise import rewrite
from symopt.prove.deadline import Deadline
from symopt.prove.equations import Equations
from symopt.prove.found import Found, Varying
from symopt.prove.mapped import mapped_equality
from symopt.prove.plain import plain_equality
from symopt.prove.runner import with_its_names
from symopt.prove.runs import Both
from symopt.prove.simplify import simplified
from symopt.prove.witness import agree_at, rest_at

MOST_FIXED = 3


def fixed_equality(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A proof of equality with hyper-parameters that one side only has fixed to numbers."""
    fixings = list(_fixings(left, right))
    both = Both(left, right, varying)
    for fixing in (*fixings, *_at_defaults(left, right)):
        if not agree_at(both, fixing, deadline):
            continue
        found = _under(left, right, fixing, varying, deadline, mapped=False)
        if found is not None:
            return found
    # With everything fixed that one side lacks, a map of the rest may do.
    return _under(left, right, fixings[0], varying, deadline, mapped=True) if fixings else None


def lacks_on_both(left: Trace, right: Trace) -> bool:
    """Whether each side has hyper-parameters that the other lacks, and none may be one of the other's."""
    own, others = ({hyper.name for hyper in side.hypers} for side in (left, right))
    return bool(own - others and others - own and _at_defaults(left, right))


def equality_at_defaults(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A proof of equality where what one side only has is what it is by default: coefficients that the other fixes."""
    both = Both(left, right, varying)
    for fixing in _at_defaults(left, right):
        if agree_at(both, fixing, deadline):
            return _under(left, right, fixing, varying, deadline, mapped=False)
    return None


def degenerate_conditions(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> tuple[str, ...]:
    """Values of hyper-parameters of both sides at which different rules are equal."""
    others = {hyper.name: hyper for hyper in right.hypers}
    both = Both(left, right, varying)
    conditions = []
    for hyper in left.hypers:
        other = others.get(hyper.name)
        if other is None or hyper.name in varying or 0 not in hyper.domain or 0 not in other.domain:
            continue
        zero = {hyper.name: Fraction(0)}
        if rest_at(both, zero) or not agree_at(both, zero, deadline):
            continue
        try:
            a, b = (_fix(side, zero) for side in (left, right))
        except VerifyError:
            continue
        if not _rests(a, deadline) and plain_equality(a, b, varying, deadline)[0] is not None:
            conditions.append(f"equal when {hyper.name} = 0")
    return tuple(conditions)


def _rests(trace: Trace, deadline: Deadline) -> bool:
    """Whether a rule never moves the parameter."""
    step = simplified(trace, deadline).trace.step()[PARAMETER]
    return Equations(trace.inputs, {}, (), trace.domains, deadline).simplified(step) is ref(PARAMETER)


def _under(
    left: Trace, right: Trace, fixing: dict[str, Fraction], varying: Varying, deadline: Deadline, mapped: bool
) -> Found | None:
    try:
        a, b = _fix(left, fixing), _fix(right, fixing)
    except VerifyError:
        return None
    varying = tuple(name for name in varying if name not in fixing)
    found = mapped_equality(a, b, varying, deadline) if mapped else plain_equality(a, b, varying, deadline)[0]
    if found is None:
        return None
    fixed = tuple(f"{name} = {value}" for name, value in fixing.items())
    values = {name: str(value) for name, value in fixing.items()}
    hyper_map = {h.name: {**found.hyper_map, **values}.get(h.name, h.name) for h in right.hypers}
    return replace(found, conditions=(*fixed, *found.conditions), hyper_map=hyper_map)


def _at_defaults(left: Trace, right: Trace) -> list[dict[str, Fraction]]:
    """The default values of what one side lacks, where there is such."""
    own, others = ({hyper.name: hyper for hyper in side.hypers} for side in (left, right))
    alone = [hyper for name, hyper in own.items() if name not in others]
    there = [hyper for name, hyper in others.items() if name not in own]
    if any(a.default == b.default for a in alone for b in there):  # which may be one under two names
        return []
    fixing = {hyper.name: hyper.default for hyper in (*alone, *there)}
    return [fixing] if fixing else []


def _fixings(left: Trace, right: Trace) -> Iterator[dict[str, Fraction]]:
    """Numbers for hyper-parameters that one side lacks: all that can be, then fewer."""
    own, others = ({hyper.name for hyper in side.hypers} for side in (left, right))
    if own - others and others - own:  # what one side lacks may have another name there
        return
    names = own ^ others
    loose = [h for h in (*left.hypers, *right.hypers) if h.name in names][:MOST_FIXED]
    options: list[list[Fraction | None]] = [
        [*(Fraction(k) for k in (0, 1) if k in hyper.domain), None] for hyper in loose
    ]
    for values in itertools.product(*options):
        fixing = {h.name: v for h, v in zip(loose, values, strict=True) if v is not None}
        if fixing:
            yield fixing


def _fix(trace: Trace, values: Mapping[str, Fraction]) -> Trace:
    """The trace with hyper-parameters as numbers.

    Raises
    ------
    VerifyError: what a reduction is taken over has become one number.
    """
    own = {hyper.name for hyper in trace.hypers}
    fixed = drop_dead(rewrite(trace, {name: num(value) for name, value in values.items() if name in own}))
    let_shapes(with_its_names(fixed))
    return fixed

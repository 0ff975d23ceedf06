"""Hyper-parameters that one side has and the other lacks: a decay, an epsilon of its own, an initial value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from symopt.errors import VerifyError
from symopt.ir.nodes import num
from symopt.ir.shape import let_shapes
from symopt.ir.trace import Trace
from symopt.lift.roles import moves
from symopt.passes.dead import drop_dead
from symopt.passes.specialise import rewrite
from symopt.targets.pairing import Renamed, likeness


@dataclass(frozen=True)
class Off:
    """Two traces with what one side alone has at the value at which it does nothing, where there is one: at 0.

    ``values`` are those of the left and of the right.
    """

    left: Trace
    right: Trace
    values: tuple[Mapping[str, Fraction], Mapping[str, Fraction]]

    @property
    def on_both(self) -> bool:
        """Whether each side has something that the other lacks."""
        return all(self.values)

    @property
    def conditions(self) -> tuple[str, ...]:
        """What is assumed of the hyper-parameters that were fixed."""
        return tuple(f"{name} = {value}" for values in self.values for name, value in values.items())


def without_extras(left: Trace, mapped: Renamed) -> Off:
    """The traces with what one side alone has switched off; what cannot be is left as it is."""
    right = mapped.trace
    values = _extras(left, right, {}), _extras(right, left, mapped.names)
    mine = [hyper for hyper in left.hypers if hyper.name in values[0]]
    own = [replace(hyper, name=mapped.names[hyper.name]) for hyper in right.hypers if hyper.name in values[1]]
    if any(likeness(a, b) > 0 for a in mine for b in own):
        return Off(left, right, ({}, {}))  # the two may be one, and then neither side lacks it
    return Off(_fixed(left, values[0]), _fixed(right, values[1]), values)


def _extras(trace: Trace, other: Trace, own: Mapping[str, str]) -> dict[str, Fraction]:
    """What one side alone has; ``own`` are its names before it was renamed, which say what they mean."""
    known = {hyper.name for hyper in other.hypers}
    alone = [hyper for hyper in trace.hypers if hyper.name not in known and 0 in hyper.domain]
    # Without a rate nothing moves, and everything is equal.
    return {hyper.name: Fraction(0) for hyper in alone if not moves(own.get(hyper.name, hyper.name))}


def _fixed(trace: Trace, values: Mapping[str, Fraction]) -> Trace:
    if not values:
        return trace
    fixed = drop_dead(rewrite(trace, {name: num(value) for name, value in values.items()}))
    try:
        let_shapes(fixed)
    except VerifyError:  # what a reduction is taken over has become one number
        return trace
    return fixed

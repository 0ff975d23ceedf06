"""Hyper-parameters at 0: where code asks whether one is 0, both answers must come to the same."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from symopt.errors import SymoptError
from symopt.lift.agreement import equal_traces
from symopt.lift.arguments import Arguments
from symopt.lift.lifted import Lifted
from symopt.lift.shapes import shapes_of
from symopt.passes.specialise import specialise

# Lifts a source with other arguments, for parameters of one shape.
Lift = Callable[[Arguments, tuple[int, ...]], Lifted]


def without_needless(item: Lifted, arguments: Arguments, lift: Lift) -> Lifted:
    """A lifted trace without those assumptions ``hyper != 0`` that its source does not need.

    ``arguments`` are those that it was lifted with.
    """
    shape = shapes_of(item)[0]

    def holds(names: Sequence[str]) -> bool:
        try:
            other = lift(at_zero(arguments, names), shape).trace
            return equal_traces(specialise(item.trace, dict.fromkeys(names, Fraction(0))), other)
        except SymoptError:  # what cannot be lifted or is no trace with a 0 put in is not known to be the same
            return False

    asked = [
        hyper.name for hyper in item.trace.hypers
        if set(_said(hyper.name)) & set(item.trace.assumptions) and Fraction(0) in hyper.domain
    ]  # fmt: skip
    needless = [name for name in asked if holds([name])]
    if len(needless) > 1 and not holds(needless):
        return item
    dropped = {text for name in needless for text in _said(name)}
    kept = tuple(text for text in item.trace.assumptions if text not in dropped)
    return replace(item, trace=replace(item.trace, assumptions=kept))


def at_zero(arguments: Arguments, names: Collection[str]) -> Arguments:
    """The arguments with some hyper-parameters fixed at 0."""
    fixed = dict(arguments.fixed)
    for slot in arguments.slots:
        if slot.hyper.name not in names:
            continue
        position = slot.position
        if position is None:
            fixed[slot.argument] = 0.0
        else:
            elements: list[Any] = list(fixed[slot.argument])
            elements[position] = 0.0
            fixed[slot.argument] = tuple(elements)
    return Arguments(tuple(slot for slot in arguments.slots if slot.hyper.name not in names), fixed)


def _said(name: str) -> tuple[str, str]:
    """The assumptions that keep a hyper-parameter from being 0."""
    return f"{name} != 0", f"0 < {name}"

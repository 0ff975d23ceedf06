"""Hyper-parameters at 0: where code asks whether one is 0, both answers must come to the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from symopt.errors import SymoptError
from symopt.ir.trace import Trace
from symopt.lift.lifted import Lifted
from symopt.lift.torch.agreement import equal_traces
from symopt.passes.specialise import specialise


def without_needless(item: Lifted, with_zeros: Callable[[Sequence[str]], Lifted]) -> Lifted:
    """A lifted trace without those assumptions ``hyper != 0`` that its source does not need.

    ``with_zeros`` lifts the source with some hyper-parameters fixed at 0.
    """
    asked = [
        hyper.name for hyper in item.trace.hypers
        if {f"{hyper.name} != 0", f"0 < {hyper.name}"} & set(item.trace.assumptions) and Fraction(0) in hyper.domain
    ]  # fmt: skip
    needless = [name for name in asked if _holds_at_zero(item.trace, [name], with_zeros)]
    if len(needless) > 1 and not _holds_at_zero(item.trace, needless, with_zeros):
        return item
    dropped = {text for name in needless for text in (f"{name} != 0", f"0 < {name}")}
    kept = tuple(text for text in item.trace.assumptions if text not in dropped)
    return replace(item, trace=replace(item.trace, assumptions=kept))


def _holds_at_zero(trace: Trace, names: Sequence[str], with_zeros: Callable[[Sequence[str]], Lifted]) -> bool:
    """Whether the trace with zeros put in is what the source does with zeros."""
    try:
        other = with_zeros(names).trace
        return equal_traces(specialise(trace, dict.fromkeys(names, Fraction(0))), other)
    except SymoptError:
        return False

"""How states and the parameter grow with the gradients, as a screen for relations between two rules.

Where one state is a multiple of another, and the factor does not depend on gradients, doubling all gradients
multiplies both by the same number. That is seen in two short runs, and what disagrees there is not searched.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import islice

import numpy as np

from symopt.ir.exact import ScalarArithmetic, UndecidedError, ball, differ, is_defined, precision
from symopt.ir.trace import PARAMETER, Trace, is_ref
from symopt.prove.runs import BITS, Both, Run
from symopt.prove.samples import Sample, samples

POWERS = (0, 1, 2, -1, 3)
GRADIENTS = (Fraction(3), Fraction(-5, 2), Fraction(7, 3))
STEPS = 2
ANY = "any"

# For every run and step the power of two by which a value grows; None where it is no such power.
Scale = tuple[int | str | None, ...]


def scales(trace: Trace) -> Mapping[str, Scale]:
    """The growth of every state and of the step of the parameter, from a parameter that is zero."""
    found: dict[str, list[int | str | None]] = {name: [] for name in (PARAMETER, *(s.name for s in trace.states))}
    shifted = {PARAMETER, *(state.name for state in trace.states if is_ref(state.init, PARAMETER))}
    both = Both(trace, trace, ())
    with precision(BITS):
        for sample in islice(samples(both.hypers), 1, 3):
            runs = [
                Run(both, Sample(sample.hypers, Fraction(0), [g * k for g in GRADIENTS], STEPS, is_flat=True))
                for k in (1, 2)
            ]  # fmt: skip
            for step in range(1, STEPS + 1):
                for run in runs:
                    run.advance(step)
                over = any(run.over for run in runs)
                for name, seen in found.items():
                    # A copy of the parameter grows as its distance to it does.
                    values = [_less(run, name, shifted) for run in runs]
                    seen.append(ANY if over else _power(*values))
    return {name: tuple(seen) for name, seen in found.items()}


def _less(run: Run, name: str, shifted: set[str]) -> object:
    values = {key: np.ravel(value)[0] for key, value in run.states[0].items() if key in (name, PARAMETER)}
    if name not in shifted or name == PARAMETER:
        return values[name]
    return ScalarArithmetic().op("sub", values[name], values[PARAMETER])


def _power(once: object, twice: object) -> int | str | None:
    """The power of two by which a value grows."""
    if not (is_defined(once) and is_defined(twice)):
        return ANY
    try:
        if not differ(once, Fraction(0)):
            return ANY
        return next((k for k in POWERS if not differ(ball(twice), ball(once) * ball(Fraction(2) ** k))), None)
    except UndecidedError:
        return ANY


def may_be_multiples(a: Scale, b: Scale) -> bool:
    """Whether two values grow alike, as far as both were seen."""
    return all(x == y or ANY in (x, y) for x, y in zip(a, b, strict=True))

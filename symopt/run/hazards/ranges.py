"""Which values every operation of a kernel can take, in any step from the initial state on.

States start where the rule lets them start and are run through the step until nothing new appears; a bound
that keeps growing is moved to zero, to one, or to infinity (widening, Cousot & Cousot 1977). What comes out
is an invariant of the rounded computation.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import lru_cache
from math import inf

from symopt.ir.evaluate import evaluate
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, SIZES, STEP
from symopt.run.hazards.interval import Interval, Intervals, anything
from symopt.run.hazards.statements import run_statements
from symopt.run.hazards.subject import Place, Subject

ROUNDS = 40
# After so many rounds bounds are moved, and after so many to infinity.
MOVED, FAR = 3, 12
STOPS = (0.0, 1.0)
# The last step, and the largest number of elements, that a double counts exactly.
LAST = 2.0**53

Ranges = Mapping[Place, Interval]


@lru_cache(maxsize=128)
def ranges(subject: Subject, most: float | None = None) -> Ranges:
    """The range of every operation, for all finite parameters and gradients.

    Parameters
    ----------
    most: no gradient is larger in size than this.
    """
    states, types = _initial(subject), Intervals(subject.format)
    places: Ranges = {}
    for round_ in range(ROUNDS):
        names, places = run_from(subject, states, types, most)
        new = {name: _renewed(states[name], names[subject.trace.results[name]], round_) for name in states}
        if all(_is_inside(new[name], states[name]) for name in states):
            return places
        states = {name: _copy(value) for name, value in new.items()}
    return {place: anything() for place in places}


def run_from(
    subject: Subject, states: Mapping[str, Interval], types: Intervals, most: float | None
) -> tuple[dict[str, Interval], dict[Place, Interval]]:
    """The ranges after one step from given ranges of the parameter and the states."""
    return run_statements(subject, {**_inputs(subject, most), **states}, types)


def _inputs(subject: Subject, most: float | None) -> dict[str, Interval]:
    """Everything but the parameter and the states; each interval is an object of its own."""
    trace, largest = subject.trace, subject.format.max
    size = largest if most is None else min(subject.format.round(most), largest)
    found = {name: Interval(value, value) for name, value in subject.values.items()}
    found |= {name: Interval(-size, size) for name in trace.arrays if name != PARAMETER}
    found |= {name: Interval(-largest, largest) for name in trace.arrays if name == HESSIAN}
    found |= {name: Interval(0.0, 1.0) for name in trace.draws}
    found |= {name: Interval(1.0, LAST) for name in (STEP, *SIZES)}
    found |= {LOSS: Interval(-sys.float_info.max, sys.float_info.max)}
    return found


def _initial(subject: Subject) -> dict[str, Interval]:
    types, largest = Intervals(subject.format), subject.format.max
    found = {PARAMETER: Interval(-largest, largest)}
    for state in subject.trace.states:
        wide = {**{name: Interval(v, v) for name, v in subject.values.items()}, PARAMETER: found[PARAMETER]}
        value = evaluate([state.init], wide, types.wide)[0]
        found[state.name] = _copy(types.narrowed(value) if subject.is_array(state.name) else value)
    return found


def _renewed(old: Interval, new: Interval, round_: int) -> Interval:
    """Both, with every bound that still moves widened."""
    both = old.joined(new)
    if round_ < MOVED:
        return both
    low = both.lo if both.lo == old.lo else max((s for s in STOPS if s <= both.lo and round_ < FAR), default=-inf)
    high = both.hi if both.hi == old.hi else min((s for s in STOPS if s >= both.hi and round_ < FAR), default=inf)
    return Interval(low, high, both.nan)


def _is_inside(new: Interval, old: Interval) -> bool:
    return old.lo <= new.lo and new.hi <= old.hi and old.nan >= new.nan


def _copy(value: Interval) -> Interval:
    """The same bounds as another object: another name is another value."""
    return Interval(value.lo, value.hi, value.nan)

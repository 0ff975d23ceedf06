"""Hazards of states that remember: a factor below one that is one, sums and counts that stop, lost updates."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import refs
from symopt.ir.trace import PARAMETER
from symopt.prove.proof import Step
from symopt.run.hazards.hazard import Hazard, happens, impossible, unknown
from symopt.run.hazards.ranges import ranges
from symopt.run.hazards.replay import Operations, Replay, Stepped
from symopt.run.hazards.search import first_seen
from symopt.run.hazards.sites import factors, sums, update
from symopt.run.hazards.subject import Place, Subject
from symopt.run.hazards.witness import Inputs, show

# So many steps are made without a gradient, in which a state should fade.
FADING = 100
GRAPH = "the statements of the kernel"


def _is_same(stepped: Stepped, result: Place, old: Place | Any, added: Place | None = None) -> Any:
    """Whether an operation gave back its operand, which is not zero, although something was done to it."""
    value, before = stepped.places[result], stepped.places[old] if isinstance(old, Place) else old
    done = True if added is None else stepped.places[added] != 0
    return (value == before) & (value != 0) & np.isfinite(value) & done


def factor_of_one(subject: Subject, most: float | None) -> Hazard:
    """A factor below one, by which a state is to fade, rounds to one."""
    found, steps = ranges(subject, most), []
    for place, number, state in factors(subject):
        exact, rounded = _below_one(subject, number), found[number]
        if exact is None:
            continue
        if rounded.lo == 1.0:
            seen = partial(_is_same, result=place, old=state)
            inputs = Inputs(1.0, ((1.0, 1), (0.0, FADING)))
            held = show(subject, inputs).after[str(state)]
            effect = f"{state} = {held:.6g} stays as it is in {FADING} steps without a gradient"
            return happens(subject, place, inputs, effect, f"{number} = {exact:g} rounds to 1", seen)
        steps.append((number, Step(f"{number} = {exact:g} rounds to {rounded.hi:.6g}", "rounding to nearest")))
    if not steps:
        return impossible(Step("no state is multiplied by a constant factor below one", GRAPH))
    numbers = [number for number, _ in steps]

    def is_one(stepped: Stepped) -> Any:
        return np.logical_or.reduce(np.broadcast_arrays(*(stepped.places[number] == 1 for number in numbers)))

    return impossible(*(step for _, step in steps), seen=is_one)


def _below_one(subject: Subject, number: Place) -> float | None:
    """A constant between zero and one, as a double; None for anything else."""
    if any(name not in subject.values for name in refs(number.node)):
        return None
    wide = {name: np.float64(value) for name, value in subject.values.items()}
    value = float(evaluate([number.node], wide, Operations(np.dtype("float64")))[0])
    return value if 0 < value < 1 else None


def stopped_sum(subject: Subject, most: float | None) -> Hazard:
    """A state that something is added to in every step stays as it is, although what is added is not zero."""
    listed = sums(subject)
    if not listed:
        return impossible(Step("no array is a sum of what comes in every step", GRAPH))
    state, place, added = listed[0]

    def is_stopped(stepped: Stepped) -> Any:
        names = [arg for arg in place.node.args if Place(place.let, arg) != added] or list(place.node.args)
        return _is_same(stepped, place, Place(place.let, names[0]), added)

    steps = 2 ** min(subject.format.digits, 12) + 2
    hit = first_seen(subject, [(np.ones(1), steps)], is_stopped)
    if hit is not None:
        inputs = Inputs(1.0, ((1.0, hit[0]),))
    else:
        later = np.array([2.0**-k for k in range(1, subject.format.digits + 2)])
        hit = first_seen(subject, [(np.ones_like(later), 1), (later, 1)], is_stopped)
        if hit is None:
            return unknown(f"{place} was not seen to stop within {steps} steps")
        inputs = Inputs(1.0, ((1.0, 1), (float(later[hit[1]]), 1)))
    held = show(subject, inputs).after[state]
    return happens(subject, place, inputs, f"{state} = {held:.6g} stays as it is", "", is_stopped)


def stopped_counter(subject: Subject, most: float | None) -> Hazard:
    """An array that counts steps stops counting."""
    found = ranges(subject, most)
    counting = [(s, place, added) for s, place, added in sums(subject) if found[added].lo == found[added].hi != 0]
    for state, place, added in counting:
        # Up to here every multiple of what is added is a number of the type.
        full = found[added].lo * 2.0**subject.format.digits
        inputs = Inputs(1.0, ((1.0, 1),), first=2**subject.format.digits + 1, states={state: full})
        seen = partial(_is_same, result=place, old=full, added=added)
        effect = f"{state} stays {full:.6g}"
        return happens(subject, place, inputs, effect, f"{added} is lost from {full:.6g} on", seen)
    steps = [Step("the step is a whole number, unbounded in Python and of 64 bits in C", "the kernel's interface")]
    for state, _, _ in sums(subject, arrays=False):
        steps.append(Step(f"{state} is one number and a double, which counts to 2^53", "the kernel's interface"))
    return impossible(*steps, Step("no array counts steps", GRAPH))


def lost_update(subject: Subject, most: float | None) -> Hazard:
    """What a step adds to the parameter is lost beside it."""
    pair = update(subject)
    if pair is None:
        return unknown("the new parameter is not the old one and something")
    place, added = pair
    given = subject.format
    sizes = np.array([2.0**k for k in range(-4, min(given.largest, given.digits + 64))])
    replay = Replay(subject)
    g = min(1.0, given.round(most)) if most else 1.0
    start = replay.start(sizes)
    stepped = replay.step(start, np.full_like(sizes, g), 1)
    with np.errstate(all="ignore"):
        lost = (stepped.values[PARAMETER] == start[PARAMETER]) & (stepped.places[added] != 0)
        lost &= np.isfinite(stepped.places[added])
    if not np.any(lost):
        return unknown("no parameter was found beside which the first step is lost")
    p = float(sizes[int(np.argmax(lost))])
    seen = partial(_is_same, result=place, old=given.dtype.type(p), added=added)
    inputs = Inputs(p, ((g, 1),))
    moved = float(show(subject, inputs).last.places[added])
    return happens(subject, place, inputs, f"p = {p:g} stays as it is", f"{added} = {moved:.4g} is lost", seen)

"""Hazards of fractions: a divisor that is zero, and the small number that is to prevent it."""

from __future__ import annotations

from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from symopt.ir.nodes import Num, Ref
from symopt.prove.proof import Step
from symopt.run.hazards.hazard import Hazard, happens, impossible, said, unknown
from symopt.run.hazards.ranges import ranges
from symopt.run.hazards.replay import Seen, Stepped, sees
from symopt.run.hazards.search import after_one, first_seen, gradients, least
from symopt.run.hazards.sites import divisors, guards, is_guarded
from symopt.run.hazards.subject import Place, Subject
from symopt.run.hazards.witness import Inputs, show

BY_RANGES = "ranges of all values, from monotone rounding"
CHOICE = "the condition of the choice that it stands in"
CONSTANT, AFTERWARDS = 3, 40
# By what eps is divided to see that it has no effect.
SMALLER = 1024.0


def zero_denominator(subject: Subject, most: float | None) -> Hazard:
    """A divisor becomes zero, and the step is not finite."""
    places = divisors(subject)
    if not places:
        return impossible(Step("nothing is divided by anything but constants", "the statements of the kernel"))
    found = ranges(subject, most)
    guarded = [place for place in places if found[place].has(0) and is_guarded(subject, place)]
    still = [place for place in places if found[place].has(0) and place not in guarded]

    def is_zero(stepped: Stepped) -> Any:
        values = stepped.values.values()
        broken = np.logical_or.reduce(np.broadcast_arrays(*(~np.isfinite(v) for v in values)))
        return broken & np.logical_or.reduce(np.broadcast_arrays(*(stepped.places[place] == 0 for place in still)))

    if not still:
        steps = [Step(f"{place} lies in {found[place]}", BY_RANGES) for place in places if place not in guarded]
        steps += [Step(f"a quotient by {place} is taken only where that is positive", CHOICE) for place in guarded]
        outside = [place for place in places if place not in guarded]
        return impossible(*steps, seen=lambda stepped: _any_zero(stepped, outside))
    g = gradients(subject.format, most)
    phases = [(g, CONSTANT), (np.zeros_like(g), AFTERWARDS)]
    hit = first_seen(subject, phases, is_zero)
    if hit is None:
        return unknown(f"{still[0]} may lie in {found[still[0]]}, and no input was found at which it is zero")
    step, index = hit
    first = float(g[index])
    zeros = ((0.0, step - CONSTANT),) if step > CONSTANT else ()
    inputs = Inputs(1.0, ((first, min(step, CONSTANT)), *zeros) if first else ((0.0, step),))
    where = next(place for place in still if show(subject, inputs).last.places[place] == 0)
    return happens(subject, where, inputs, said(show(subject, inputs).not_finite), seen=is_zero)


def _any_zero(stepped: Stepped, places: list[Place]) -> Any:
    return np.logical_or.reduce(np.broadcast_arrays(False, *(stepped.places[place] == 0 for place in places)))


def zero_guard(subject: Subject, most: float | None) -> Hazard:
    """A positive number beside elements, below a fraction or a root, rounds to zero."""
    found = ranges(subject, most)
    steps, places = [], []
    for place, number, _ in guards(subject):
        exact, rounded = _exact(subject, number), found[number]
        if rounded.has(0) and exact:
            remark = f"{number} = {exact:g} rounds to 0; the smallest positive number is {subject.format.smallest:.3g}"
            inputs = Inputs(1.0, ((1.0, 1),))
            effect = _same_with_less(subject, number, inputs)
            return happens(subject, place, inputs, effect, remark, partial(_any_zero, places=[number]))
        if rounded.has(0):
            return unknown(f"{number} may lie in {rounded}")
        steps.append(Step(f"{number} is {rounded}", "rounding to nearest"))
        places.append(number)
    if not places:
        return impossible(Step("no number is added to elements below a fraction or a root", "the statements"))
    return impossible(*steps, seen=lambda stepped: _any_zero(stepped, places))


def _exact(subject: Subject, number: Place) -> float:
    """A number that is a hyper-parameter or a literal, as a double; else zero."""
    if isinstance(number.node, Num):
        return float(number.node.value)
    return subject.values.get(number.node.name, 0.0) if isinstance(number.node, Ref) else 0.0


def _same_with_less(subject: Subject, number: Place, inputs: Inputs) -> str:
    """What the kernel does with a smaller number: the same, where that can be tried."""
    if not isinstance(number.node, Ref) or number.node.name not in subject.values:
        return "the sum is its other term"
    name = number.node.name
    smaller = Inputs(inputs.p, inputs.gradients, hypers={name: subject.values[name] / SMALLER})
    same = show(subject, inputs).after == show(subject, smaller).after
    value = subject.values[name] / SMALLER
    return f"the same bits with {name} = {value:.3g}" if same else "the sum is its other term"


def absorbed_guard(subject: Subject, most: float | None) -> Hazard:
    """The number is added to a partner so much larger that the sum is the partner."""
    added = [triple for triple in guards(subject) if triple[0].node.op == "add"]  # type: ignore[attr-defined]  # an operation
    if not added:
        return impossible(Step("no number is added to elements below a fraction or a root", "the statements"))
    reasons = []
    for place, number, partner in added:

        def is_lost(stepped: Stepped, place: Place = place, partner: Place = partner) -> Any:
            other = stepped.places[partner]
            return (stepped.places[place] == other) & np.isfinite(other) & (other > 0)

        g = gradients(subject.format, most)
        hit = first_seen(subject, [(g, 1)], is_lost)
        if hit is None:
            reasons.append(f"no gradient was found at which {place} is {partner}")
            continue
        first = _first(subject, is_lost, float(g[hit[1]]))
        beside = float(after_one(subject, first).places[partner])
        inputs = Inputs(1.0, ((first, 1),))
        lost = _lost(subject, number, partner) or f"is lost beside {partner} = {beside:.4g}"
        remark = f"{number} {lost}; in a first step with the gradient {first:.4g}, for example"
        return happens(subject, place, inputs, _same_with_less(subject, number, inputs), remark, is_lost)
    return unknown("; ".join(reasons))


def _first(subject: Subject, seen: Seen, having: float) -> float:
    """The least gradient at which something is seen in the first step, below one where it is."""
    smallest = subject.format.smallest
    if having <= smallest or sees(seen, after_one(subject, smallest)):
        return min(having, smallest)
    return least(subject.format, smallest, having, lambda g: bool(sees(seen, after_one(subject, g))))


def _lost(subject: Subject, number: Place, partner: Place) -> str:
    """From where on a number changes nothing: in a binade whose half unit in the last place is larger."""
    given, exact = subject.format, _exact(subject, number)
    value = given.round(exact)
    if exact and not value:
        return "rounds to 0"
    for exponent in range(given.least, given.largest + 1):
        if value and given.ulp(2.0**exponent) > 2 * Fraction(value):
            return f"changes nothing beside {partner} >= {2.0**exponent:.4g}"
    return ""

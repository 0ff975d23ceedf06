"""Hazards of squares: the square of a gradient leaves the range of the type at either end."""

from __future__ import annotations

from typing import Any

import numpy as np

from symopt.ir.nodes import Ref, walk
from symopt.ir.trace import PARAMETER
from symopt.prove.proof import Step
from symopt.run.hazards.hazard import Hazard, happens, impossible, said, unknown
from symopt.run.hazards.quotients import BY_RANGES
from symopt.run.hazards.ranges import ranges
from symopt.run.hazards.replay import Seen, Stepped, sees
from symopt.run.hazards.search import after_one, least
from symopt.run.hazards.sites import operand, squares, weighted_squares
from symopt.run.hazards.subject import Place, Subject
from symopt.run.hazards.witness import Inputs, show

NO_SQUARE = Step("no element is squared", "the statements of the kernel")


def infinite_square(subject: Subject, most: float | None) -> Hazard:
    """The square of something finite is infinite."""
    places = squares(subject)
    if not places:
        return impossible(NO_SQUARE)
    found = ranges(subject, most)

    def is_infinite(stepped: Stepped) -> Any:
        hits = (np.isinf(stepped.places[x]) & np.isfinite(stepped.places[operand(x, 0)]) for x in places)
        return np.logical_or.reduce(np.broadcast_arrays(*hits))

    if all(found[place].hi < np.inf for place in places):
        steps = [Step(f"{place} lies in {found[place]}", BY_RANGES) for place in places]
        return impossible(*steps, seen=is_infinite)
    largest = min(subject.format.max, subject.format.round(most) if most else subject.format.max)
    for p in (1.0, subject.format.max):
        if sees(is_infinite, after_one(subject, largest, p)):
            first = _edge(subject, min(1.0, largest), largest, p, is_infinite)
            inputs = Inputs(p, ((first, 1),))
            shown = show(subject, inputs)
            where = next(place for place in places if np.isinf(shown.last.places[place]))
            effect = said(shown.not_finite) or f"{where} is infinite, p = {shown.after[PARAMETER]:.6g}"
            until = _until(subject, where, "from", first)
            remark = f"in a first step {until}" if p == 1.0 else "at the largest parameter"
            return happens(subject, where, inputs, effect, remark, is_infinite)
    return unknown(f"{places[0]} may lie in {found[places[0]]}, and no first step was found in which it is infinite")


def zero_square(subject: Subject, most: float | None) -> Hazard:
    """The square of a gradient that is not zero, with its weight, is zero."""
    pairs = weighted_squares(subject)
    if not pairs:
        return impossible(NO_SQUARE)

    def is_zero(stepped: Stepped) -> Any:
        hits = ((stepped.places[place] == 0) & (stepped.places[base] != 0) for place, base in pairs)
        return np.logical_or.reduce(np.broadcast_arrays(*hits))

    smallest = subject.format.smallest
    if not sees(is_zero, after_one(subject, smallest)):
        return unknown(f"{pairs[0][0]} is not zero in the first step with the smallest gradient, {smallest:.3g}")
    largest = _edge(subject, min(1.0, subject.format.round(most or 1.0)), smallest, 1.0, is_zero)
    # A parameter of zero keeps what the step adds to it.
    zero = sees(is_zero, after_one(subject, largest, 0.0))
    inputs = Inputs(0.0 if zero else 1.0, ((largest, 1),))
    shown = show(subject, inputs)
    where = next(place for place, base in pairs if shown.last.places[place] == 0 and shown.last.places[base] != 0)
    effect = f"{where} = 0, and " + said(dict(shown.after))
    remark = f"in a first step {_until(subject, where, 'up to', largest)}"
    return happens(subject, where, inputs, effect, remark, is_zero)


def _until(subject: Subject, place: Place, word: str, g: float) -> str:
    """A threshold where the square grows with the gradient; else an example."""
    names = {node.name for node in walk([place.node]) if isinstance(node, Ref) and subject.is_element(node.name)}
    is_gradient = names <= {query.name for query in subject.trace.queries}
    return f"{word} the gradient {g:.6g}" if is_gradient else f"with the gradient {g:.6g}, for example"


def _edge(subject: Subject, without: float, having: float, p: float, seen: Seen) -> float:
    """The gradient nearest to ``without`` at which something is seen in the first step."""
    if sees(seen, after_one(subject, without, p)):
        return without
    return least(subject.format, without, having, lambda g: bool(sees(seen, after_one(subject, g, p))))

"""Hazards of roots: a difference that is not negative over the reals, and is after rounding."""

from __future__ import annotations

from typing import Any

import numpy as np

from symopt.prove.proof import Step
from symopt.run.hazards.hazard import Hazard, happens, impossible, said, unknown
from symopt.run.hazards.quotients import BY_RANGES
from symopt.run.hazards.ranges import ranges
from symopt.run.hazards.replay import Stepped
from symopt.run.hazards.search import first_seen, gradients, ordinary
from symopt.run.hazards.sites import radicands
from symopt.run.hazards.subject import Subject
from symopt.run.hazards.witness import Inputs, show

# Constant gradients that are tried at once, and for how many steps: averages come to rest in these.
COUNT, STEPS = 384, 2500


def negative_root(subject: Subject, most: float | None) -> Hazard:
    """A square root is taken of a negative number, and the step is not finite."""
    places = radicands(subject)
    if not places:
        return impossible(Step("there is no square root", "the statements of the kernel"))
    found = ranges(subject, most)
    still = [place for place in places if found[place].lo < 0]

    def is_negative(stepped: Stepped) -> Any:
        return np.logical_or.reduce(np.broadcast_arrays(*(stepped.places[place] < 0 for place in still or places)))

    def breaks(stepped: Stepped) -> Any:
        broken = [np.isnan(value) for value in stepped.values.values()]
        return is_negative(stepped) & np.logical_or.reduce(np.broadcast_arrays(*broken))

    if not still:
        steps = [Step(f"{place} lies in {found[place]}", BY_RANGES) for place in places]
        return impossible(*steps, seen=is_negative)
    for tried, count in ((_ordinary(subject, most), STEPS), (gradients(subject.format, most), 4)):
        hit = first_seen(subject, [(tried, count)], breaks)
        if hit is not None:
            inputs = Inputs(1.0, ((float(tried[hit[1]]), hit[0]),))
            shown = show(subject, inputs)
            where = next(place for place in still if shown.last.places[place] < 0)
            remark = f"{where} = {float(shown.last.places[where]):.6g} in step {hit[0]}"
            return happens(subject, where, inputs, said(shown.not_finite), remark, breaks)
    return unknown(
        f"{still[0]} may lie in {found[still[0]]}, and no constant gradient was found that makes it negative"
    )


def _ordinary(subject: Subject, most: float | None) -> Any:
    given = subject.format
    tried = np.array([given.round(value) for value in ordinary(COUNT)])
    return tried * min(1.0, given.round((most or 64.0) / 64))

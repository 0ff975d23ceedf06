"""Hazards of powers of the step: ``b**t`` that is zero, and digits that ``1 - b**t`` loses.

The kernels compute both in double precision, whatever the arrays hold, and round once; what the type itself
would do is said beside.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.nodes import Num, Ref
from symopt.ir.trace import PARAMETER, STEP
from symopt.prove.proof import Step
from symopt.run.hazards.formats import Format, format_of
from symopt.run.hazards.hazard import Hazard, happens, impossible, unknown
from symopt.run.hazards.replay import Stepped
from symopt.run.hazards.sites import corrections, powers_of_step
from symopt.run.hazards.subject import Place, Subject
from symopt.run.hazards.witness import Inputs, show

LAST = 2**53
NO_POWER = Step("no number is raised to the step", "the statements of the kernel")


def _base(subject: Subject, power: Place) -> Fraction | None:
    """The base of ``b**t`` where it is constant and between zero and one: the decimal number that was written."""
    base, exponent = power.node.args
    if not (isinstance(exponent, Ref) and exponent.name == STEP):
        return None
    if isinstance(base, Num):
        value = base.value
    elif isinstance(base, Ref) and base.name in subject.values:
        value = Fraction(repr(subject.values[base.name]))
    else:
        return None
    return value if 0 < value < 1 else None


def zero_power(subject: Subject, most: float | None) -> Hazard:
    """A power of a number below one, whose exponent is the step, is zero."""
    places = [place for place in powers_of_step(subject) if _base(subject, place) is not None]
    if not powers_of_step(subject):
        return impossible(NO_POWER)
    if not places:
        return unknown("no power of the step has a constant base and the step itself as its exponent")
    first = {place: _first_zero(float(_base(subject, place) or 0)) for place in places}
    place = min(places, key=lambda each: first[each])
    base, step = float(_base(subject, place) or 0), first[place]
    inputs = Inputs(1.0, ((1.0, 1),), first=step)
    shown = show(subject, inputs)
    own = math.floor(math.log(subject.format.smallest / 2) / math.log(base)) + 1
    there = (
        ""
        if subject.format.name == "float64"
        else f"; in {subject.format.name} the power would be zero from step {own} on"
    )
    effect = f"{place} = 0 in double precision, and p = {shown.after[PARAMETER]:.6g}"

    def is_zero(stepped: Stepped) -> Any:
        return stepped.places[place] == 0

    remark = f"1 - {place} is 1 exactly since step {_first_one(base)}{there}"
    return happens(subject, place, inputs, effect, remark, is_zero)


def _first_zero(base: float) -> int:
    """The first step at which the power is zero in double precision."""
    return _first(lambda t: base**t == 0.0)


def _first_one(base: float) -> int:
    """The first step from which on one minus the power is one in double precision."""
    return _first(lambda t: 1.0 - base**t == 1.0)


def _first(is_so: Any) -> int:
    """The first step with a property that stays, by bisection."""
    low, high = 0, 1
    while not is_so(high) and high < LAST:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_so(middle) else (middle, high)
    return high


def cancelled_correction(subject: Subject, most: float | None) -> Hazard:
    """``1 - b**t`` has a larger relative error than a rounding to the type."""
    pairs = [(place, power) for place, power in corrections(subject) if _base(subject, power) is not None]
    if not corrections(subject):
        return impossible(Step("nothing is corrected by 1 - b**t", "the statements of the kernel"))
    if len(pairs) < len(corrections(subject)):
        return unknown("the base of a power of the step is not constant")
    steps: list[Step] = []
    pairs.sort(key=lambda pair: -(_base(subject, pair[1]) or 0))
    for place, power in pairs:
        base = _base(subject, power) or Fraction(0)
        bound, at_one = _relative_error(base), _error_at_one(base, format_of("float64"))
        own = float(_error_at_one(base, subject.format))
        if bound <= subject.format.unit:
            said = f"{place} has a relative error of at most {float(bound):.2g} in every step, as it is a double"
            beside = f"in {subject.format.name} it would be {own:.2g} at the first step"
            steps.append(Step(said, f"t b^t <= b/(1-b) (1 - b^t), four roundings; {beside}"))
        elif at_one > subject.format.unit:
            inputs = Inputs(1.0, ((1.0, 1),))
            effect = f"{place} has a relative error of {float(at_one):.2g} in step 1"
            return happens(subject, place, inputs, effect, f"a rounding has at most {float(subject.format.unit):.2g}")
        else:
            return unknown(f"{place} has a relative error of at most {float(bound):.2g}")

    def is_lost(stepped: Stepped) -> Any:
        lost = False
        for place, power in pairs:
            base = _base(subject, power) or Fraction(0)
            exact, value = 1 - base, Fraction(float(stepped.places[place]))
            # What a check knows without another power: the first step.
            is_first = float(stepped.places[power]) == float(base)
            lost = lost or (is_first and abs(value - exact) > subject.format.unit * exact)
        return np.asarray(lost)

    return impossible(*steps, seen=is_lost)


def _relative_error(base: Fraction) -> Fraction:
    """A bound of the relative error of ``1 - b**t`` in double precision, for every step.

    The base is rounded, relative error u, so its power is off by t u of itself; the power adds at most two
    roundings (one unit in the last place) and the difference one. With t b^t <= b/(1-b) (1 - b^t), since
    1 - b^t = (1-b)(1 + b + ... + b^(t-1)) >= (1-b) t b^(t-1). A hundredth covers terms of second order.
    """
    unit = format_of("float64").unit
    return (base / (1 - base) * 3 + 1) * unit * Fraction(101, 100)


def _error_at_one(base: Fraction, given: Format) -> Fraction:
    """The relative error of ``1 - b`` where it is computed in a type."""
    rounded = given.round(float(base))
    value = Fraction(given.round(1.0 - rounded))
    return abs(value - (1 - base)) / (1 - base)

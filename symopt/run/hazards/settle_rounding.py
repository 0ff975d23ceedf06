"""Settles claims about the roundings of one step: a bound by forward error analysis, and by Gappa where it is there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.checker.outcome import Check
from symopt.errors import MissingToolError, SpecError, UnsupportedError, nearest
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, ball, precision
from symopt.ir.nodes import Node, refs
from symopt.ir.trace import Trace
from symopt.lang.theorem import RoundingError
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement
from symopt.run.hazards.gappa import answer, script
from symopt.run.hazards.interval import Interval
from symopt.run.hazards.ranges import ranges
from symopt.run.hazards.replay import Operations
from symopt.run.hazards.rounding import Rounded, bound, expression_of
from symopt.run.hazards.subject import Subject, subject
from symopt.run.hazards.witness import Inputs, show

SAMPLES, BITS, ON_KERNEL = 300, 256, 4


def settle_rounding(claim: RoundingError, trace: Trace, time_limit: float) -> Settlement:
    """Whether the roundings of a step stay below a bound.

    Raises
    ------
    UsageError: the type is unknown.
    SpecError: a range or the bound is no number, or a name is none of the rule's.
    """
    kernel = subject(claim.rule, claim.dtype)
    most = _number(claim, claim.bound)
    root = expression_of(kernel, _statement(kernel, claim))
    inputs = _ranges(kernel, claim, root)
    worst, at = _sampled(kernel, root, inputs, relative=claim.relative)
    if worst > most:
        check = Check(True, f"computed exactly, the error is {float(worst):.6g}")
        return Settlement.fails({name: repr(value) for name, value in at.items()}, check, f"{float(worst):.6g}")
    try:
        found = bound(kernel.format, root, inputs)
    except UnsupportedError as error:
        return Settlement.unknown(str(error))
    derived = found.relative if claim.relative else found.error
    if derived is None or derived > most:
        return Settlement.unknown(
            "no relative bound" if derived is None else f"the bound found is {float(derived):.6g}"
        )
    proof = Proof((_step(claim, found), *_by_gappa(kernel, root, inputs, claim)))
    return Settlement.holds(proof, _check(kernel, worst, derived), f"at most {float(derived):.6g}")


def _number(claim: RoundingError, text: str) -> Fraction:
    try:
        return Fraction(text)
    except ValueError:
        raise SpecError(f"{claim}: {text!r} is no number") from None


def _statement(kernel: Subject, claim: RoundingError) -> str:
    """The statement of elements that a claim is about."""
    names = {let.target: let.name for let in kernel.trace.lets if kernel.is_element(let.name)} | {
        name: value for name, value in kernel.trace.results.items() if kernel.is_element(value)
    }
    if claim.of not in names:
        raise SpecError(f"{claim.rule} has no array {claim.of!r}; {nearest(claim.of, names)}")
    return names[claim.of]


def _ranges(kernel: Subject, claim: RoundingError, root: Node) -> dict[str, Interval]:
    """The range of every name that is read: given, or a number's value, or what it is over all steps."""
    found, known = {}, _numbers(kernel)
    read = refs(root)
    for name in claim.within:
        if name not in read:
            raise SpecError(f"{claim.of} of {claim.rule} reads no {name!r}; {nearest(name, read)}")
    for name in read:
        if name in claim.within:
            low, high = (kernel.format.round(float(_number(claim, text))) for text in claim.within[name])
            if low > high:
                raise SpecError(f"{claim.rule}: the range of {name} ends before it starts")
            found[name] = Interval(low, high)
        elif name in known:
            value = known[name]
            found[name] = Interval(kernel.format.round(value.lo), kernel.format.round(value.hi), value.nan)
        else:
            raise SpecError(f"{claim.of} of {claim.rule} reads {name}, for which there is no range")
    return found


def _numbers(kernel: Subject) -> dict[str, Interval]:
    """The ranges of hyper-parameters and of numbers of a step."""
    every = ranges(kernel)
    own = {
        place.let: value
        for place, value in every.items()
        if kernel.lets[place.let].value is place.node and not kernel.is_element(place.let)
    }
    return {**own, **{name: Interval(value, value) for name, value in kernel.values.items()}}


def _step(claim: RoundingError, found: Rounded) -> Step:
    derived = (found.relative if claim.relative else found.error) or Fraction(0)
    kind = "a relative error" if claim.relative else "an error"
    said = f"{claim.of} lies in {found.range}, with {kind} of at most {float(derived):.6g}"
    return Step(said, "forward error analysis in fractions, one rounding after the other")


def _by_gappa(kernel: Subject, root: Node, inputs: Mapping[str, Interval], claim: RoundingError) -> list[Step]:
    """What Gappa says to the same question."""
    try:
        own = answer(script(kernel.format, root, inputs, relative=claim.relative))
    except (MissingToolError, UnsupportedError) as error:
        return [Step("no second bound", str(error))]
    return [Step(f"Gappa gives at most {float(own):.6g}", "a proof by Gappa from the same operations")]


def _sampled(
    kernel: Subject, root: Node, inputs: Mapping[str, Interval], *, relative: bool
) -> tuple[Fraction, dict[str, float]]:
    """The largest error at random points and at the corners, exactly, and where it is."""
    rng = np.random.default_rng(SAMPLES)
    narrow, worst, at = Operations(kernel.format.dtype), Fraction(0), dict[str, float]()
    with precision(BITS), np.errstate(all="ignore"):
        for index in range(SAMPLES):
            point = {name: _drawn(kernel, box, rng, corner=index % 4 == 0) for name, box in inputs.items()}
            typed: dict[str, Any] = {name: kernel.format.dtype.type(value) for name, value in point.items()}
            computed = float(evaluate([root], typed, narrow)[0])
            exact = evaluate([root], {n: Fraction(v) for n, v in point.items()}, ScalarArithmetic())[0]
            if not np.isfinite(computed):
                continue
            error = abs(ball(Fraction(computed)) - ball(exact))
            size = error / abs(ball(exact)) if relative else error
            if size.is_finite() and (lower := Fraction(float(size.abs_lower()))) > worst:
                worst, at = lower, point
    return worst, at


def _drawn(kernel: Subject, box: Interval, rng: Any, *, corner: bool) -> float:
    if corner:
        return float(rng.choice([box.lo, box.hi]))
    return min(max(kernel.format.round(float(rng.uniform(box.lo, box.hi))), box.lo), box.hi)


def _check(kernel: Subject, worst: Fraction, derived: Fraction) -> Check:
    """The errors of random points must be below the bound, and the kernel do the same operations."""
    rng = np.random.default_rng(ON_KERNEL)
    tried = [Inputs(float(p), ((float(g), 3),)) for p, g in rng.uniform(-2, 2, (ON_KERNEL, 2))]
    agree = all(show(kernel, inputs).agrees for inputs in tried)
    said = f"the largest error of {SAMPLES} points, computed exactly, is {float(worst):.4g}"
    return Check(worst <= derived and agree, f"{said}; the kernel has the bits of these operations")

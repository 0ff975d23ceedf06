"""Settles claims about kernels in floating-point numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from symopt.checker.outcome import Check
from symopt.errors import SpecError
from symopt.ir.trace import Trace
from symopt.lang.theorem import FAILS, InFloats
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement
from symopt.run.hazards.hazard import HAPPENS, IMPOSSIBLE, Hazard
from symopt.run.hazards.kinds import hazard
from symopt.run.hazards.replay import Replay, sees
from symopt.run.hazards.subject import Subject, subject
from symopt.run.hazards.witness import Inputs, show

# What a check runs: gradients of all sizes at once, and a few on the kernel.
COUNT, STEPS, ON_KERNEL = 2000, 5, 8


def settle_in_floats(claim: InFloats, trace: Trace, time_limit: float) -> Settlement:
    """Whether a hazard happens: shown on the generated kernel, or excluded by the ranges of all values.

    Raises
    ------
    UsageError: the type or the hazard is unknown.
    SpecError: the bound of the gradients is no number.
    """
    most = _bound(claim)
    found = hazard(claim.rule, claim.dtype, claim.hazard, most)
    if found.verdict == HAPPENS:
        return Settlement.holds(_shown(claim, found), _check_shown(found), found.found)
    if found.verdict == IMPOSSIBLE:
        check = _check_never(subject(claim.rule, claim.dtype), found, most)
        return Settlement(FAILS, check, Proof(found.argument), found=found.found)
    return Settlement.unknown(found.reason)


def _bound(claim: InFloats) -> float | None:
    try:
        return float(claim.most) if claim.most else None
    except ValueError:
        raise SpecError(f"{claim}: {claim.most!r} is no number") from None


def _shown(claim: InFloats, found: Hazard) -> Proof:
    inputs = f"at {found.inputs}" if found.inputs is not None else ""
    return Proof((Step(f"{found.where}: {found.effect}", f"the generated kernel for {claim.dtype} {inputs}".strip()),))


def _check_shown(found: Hazard) -> Check:
    steps = found.inputs.steps if found.inputs is not None else 0
    return Check(steps > 0, f"a replay, one operation at a time, has the kernel's bits in all of {steps} steps")


def _check_never(kernel: Subject, found: Hazard, most: float | None) -> Check:
    """Random steps in which the hazard must not be seen; some of them on the kernel, which must have their bits."""
    g = _random(kernel, most)
    replay = Replay(kernel)
    values = replay.start(np.ones_like(g))
    for step in range(1, STEPS + 1):
        stepped = replay.step(values, np.roll(g, 7 * step), step)
        if found.seen is not None and bool(np.any(sees(found.seen, stepped))):
            return Check(False, f"a random step {step} has the hazard")
        values = stepped.values
    tried = [Inputs(1.0, ((float(x), 1), (float(y), 2))) for x, y in zip(g[:ON_KERNEL], g[::-1], strict=False)]
    agree = all(show(kernel, inputs).agrees for inputs in tried)
    return Check(agree, f"not seen in {COUNT} random runs of {STEPS} steps; the kernel has their bits in {ON_KERNEL}")


def _random(kernel: Subject, most: float | None) -> Any:
    """Gradients of all sizes: random bits, as far as they are finite, and zeros."""
    given = kernel.format
    rng = np.random.default_rng(COUNT)
    exponents = rng.uniform(given.least - given.digits, given.largest, COUNT)
    signs = rng.choice([-1.0, 1.0], COUNT)
    limit = given.max if most is None else min(most, given.max)
    drawn = np.minimum(rng.uniform(1, 2, COUNT) * 2.0**exponents, limit) * signs
    drawn[:: COUNT // 20] = 0.0
    return drawn.astype(given.dtype)

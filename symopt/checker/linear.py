"""Re-checks where linear rules are stable and how fast they converge, by balls that hold eigenvalues.

The matrix of a step on a quadratic is read off runs from unit states, and the eigenvalues are those that FLINT
isolates; neither shares anything with the polynomials of the prover.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint

from symopt.checker.outcome import Check
from symopt.checker.runs import Run, UndefinedValueError, Values, at_full_precision, real, value
from symopt.ir.expressions import read_expression
from symopt.ir.trace import Trace
from symopt.lang.domain import Domain
from symopt.lang.theorem.bounds import Comparison
from symopt.lang.theorem.linear import CURVATURE, LARGEST, SMALLEST, Contracts, Fastest, Stable, region_of

LATER = 2  # the first step that is like all later ones
POINTS, ENOUGH = 160, 20
RUN = 60
CURVATURES = 12
BESIDE, NEAR = Fraction(1, 2**240), flint.arb(2) ** -100


def step_matrix(trace: Trace, hypers: Values, curvature: Any) -> list[list[Any]]:
    """The matrix of a later step on a quadratic, column by column from unit states.

    Raises
    ------
    UndefinedValueError: a value is undefined.
    """
    names = list(trace.results)
    columns = []
    for name in names:
        start = {other: flint.arb(1 if other == name else 0) for other in names}
        after = _closed_step(trace, hypers, start, curvature)
        columns.append([after[other] for other in names])
    return [list(row) for row in zip(*columns, strict=True)]


def _closed_step(trace: Trace, hypers: Values, state: Values, curvature: Any, t: int = LATER) -> Values:
    """The states after one step in which every gradient is the curvature times its point, asked for in turn."""
    answers = [flint.arb(0)] * len(trace.queries)
    for i in range(len(answers) + 1):
        run = Run(trace, hypers, state["p"])
        run.values, run.t = dict(state), t - 1
        points = run.step(hypers, answers)
        if i < len(answers):
            answers[i] = curvature * points[i]
    return run.values


def radius(matrix: Sequence[Sequence[Any]]) -> Any:
    """A ball that holds the largest modulus of an eigenvalue, or None where FLINT does not isolate them."""
    try:
        values = flint.acb_mat([list(row) for row in matrix]).eig(multiple=True)
    except ValueError:
        return None
    found = flint.arb(0)
    for eigenvalue in values:
        found = found.max(abs(eigenvalue))
    return found


def inside(comparisons: Sequence[Comparison], values: Mapping[str, Any]) -> bool | None:
    """Whether comparisons hold at a point; None where balls cannot tell."""
    verdicts: list[bool | None] = []
    for comparison in comparisons:
        left, right = (
            value(read_expression(side, tuple(values)), values) for side in (comparison.left, comparison.right)
        )
        difference = right - left if comparison.symbol in ("<", "<=") else left - right
        verdicts.append(True if difference > 0 else False if difference < 0 else None)
    return False if False in verdicts else None if None in verdicts else True


@at_full_precision
def check_region(trace: Trace, claim: Stable) -> Check:
    """Compare the region with the eigenvalues at random points, inside it and outside."""
    counts = {True: 0, False: 0}
    region = region_of(claim.region)
    given = tuple(link for text in claim.given for link in region_of(text))
    for seed in range(POINTS):
        chosen = random.Random(seed)
        hypers = random_point(trace, chosen)
        values = {**hypers, CURVATURE: real(Fraction(chosen.randint(1, 200), chosen.choice((10, 20, 80))))}
        try:
            if given and not inside(given, values):
                continue
            stated, largest = inside(region, values), radius(step_matrix(trace, hypers, values[CURVATURE]))
        except UndefinedValueError:
            continue
        if stated is None or largest is None or not (largest < 1 or largest > 1):
            continue
        if stated is not bool(largest < 1):
            return Check(False, f"an eigenvalue disagrees with the region (seed {seed})")
        counts[stated] += 1
    how = f"eigenvalues at {counts[True]} random points inside the region and {counts[False]} outside agree"
    return Check(counts[True] > 0 and sum(counts.values()) >= ENOUGH, how)


@at_full_precision
def check_region_refuted(trace: Trace, point: Mapping[str, Fraction], region: str) -> tuple[Check, dict[str, str]]:
    """Whether a point shows that a region is not that of stability: its eigenvalues, and a run from p = 1."""
    values = {name: real(number) for name, number in point.items()}
    hypers = {name: number for name, number in values.items() if name != CURVATURE}
    stated = inside(region_of(region), values)
    largest = radius(step_matrix(trace, hypers, values[CURVATURE]))
    if largest is None or stated is None or not (largest < 1 or largest > 1):
        return Check(False, "the eigenvalues were not told from the unit circle"), {}
    state = dict(Run(trace, hypers, flint.arb(1)).values)
    for t in range(1, RUN + 1):
        state = _closed_step(trace, hypers, state, values[CURVATURE], t)
    stable = bool(largest < 1)
    said = {
        "claimed": "stable" if stated else "unstable", "is": "stable" if stable else "unstable",
        "largest modulus of an eigenvalue": _digits(largest), f"p after {RUN} steps from 1": _digits(state["p"]),
    }  # fmt: skip
    how = f"the eigenvalues there are proved to lie {'inside' if stable else 'not all inside'} the unit circle"
    return Check(stated is not stable, how), said


@at_full_precision
def check_rate(trace: Trace, claim: Contracts) -> Check:
    """Compare the rate with eigenvalues at random bounds: within it in between, and reached at an end."""
    done = 0
    for seed in range(CURVATURES):
        chosen = random.Random(seed)
        low = Fraction(chosen.randint(1, 32), 16)
        high = low + Fraction(chosen.randint(1, 64), 16)
        hypers, rate = _posed(trace, claim, low, high)
        # Beside the ends too: at an end two eigenvalues may be the same, which FLINT does not isolate.
        shares = [Fraction(k, CURVATURES) for k in range(CURVATURES + 1)] + [BESIDE, 1 - BESIDE]
        tried = [radius(step_matrix(trace, hypers, real(low + (high - low) * share))) for share in shares]
        moduli = [found for found in tried if found is not None]
        if any(found > rate for found in moduli):
            return Check(False, f"an eigenvalue is larger than the rate (seed {seed})")
        if moduli and not any(abs(found - rate) < NEAR for found in moduli):
            return Check(False, f"no eigenvalue reaches the rate (seed {seed})")
        done += bool(moduli)
    return Check(done > 0, f"eigenvalues on {CURVATURES + 3} curvatures between {done} random pairs of bounds agree")


@at_full_precision
def check_rate_refuted(
    trace: Trace, claim: Contracts, low: Fraction, high: Fraction, at: Fraction | None
) -> tuple[Check, dict[str, str]]:
    """Whether an eigenvalue at the curvature ``at`` is larger than the rate; where it is None, none comes near it."""
    hypers, rate = _posed(trace, claim, low, high)
    tried = (
        [at]
        if at is not None
        else [low + (high - low) * Fraction(k, 4 * CURVATURES) for k in range(4 * CURVATURES + 1)]
    )
    moduli = [found for h in tried if (found := radius(step_matrix(trace, hypers, real(h)))) is not None]
    said = {"claimed": _digits(rate)}
    if not moduli:
        return Check(False, "FLINT does not isolate the eigenvalues"), said
    largest = moduli[0]
    for found in moduli:
        largest = largest.max(found)
    said["largest modulus of an eigenvalue"] = _digits(largest)
    if at is not None:
        return Check(bool(largest > rate), "the eigenvalue was enclosed"), said
    return Check(bool(largest < rate), f"eigenvalues on {len(moduli)} curvatures are smaller than the rate"), said


def _posed(trace: Trace, claim: Contracts, low: Fraction, high: Fraction) -> tuple[Values, Any]:
    """The hyper-parameters and the rate between two bounds."""
    bounds = {SMALLEST: real(low), LARGEST: real(high)}
    hypers = {hyper.name: real(hyper.default) for hyper in trace.hypers}
    hypers |= {name: value(read_expression(text, tuple(bounds)), bounds) for name, text in claim.given.items()}
    return hypers, value(read_expression(claim.rate, tuple(bounds)), bounds)


def random_point(trace: Trace, chosen: random.Random) -> Values:
    """A value in its domain for every hyper-parameter."""
    return {hyper.name: real(_number(hyper.domain, chosen)) for hyper in trace.hypers}


def _number(domain: Domain, chosen: random.Random) -> Fraction:
    """A number of a domain, also larger ones where it has no upper end."""
    share = Fraction(chosen.randint(1, 127), 128)
    if domain.lower is not None and domain.upper is not None:
        return domain.lower + (domain.upper - domain.lower) * share
    if domain.lower is not None:
        return domain.lower + chosen.choice((1, 2, 4)) * share
    return (domain.upper if domain.upper is not None else Fraction(2)) - 4 * share


def _digits(ball: Any) -> str:
    return str(ball.str(12, radius=False))


@at_full_precision
def check_fastest(trace: Trace, claim: Fastest) -> Check:
    """Compare the rate with the eigenvalues at both bounds under random hyper-parameters, some near the best."""
    done = 0
    for seed in range(POINTS):
        chosen = random.Random(seed)
        low = Fraction(chosen.randint(1, 32), 16)
        high = low + Fraction(chosen.randint(1, 64), 16)
        best, rate = _posed(trace, claim, low, high)
        near = {name: number * (1 + real(Fraction(chosen.randint(-8, 8), 64))) for name, number in best.items()}
        hypers = near if seed % 2 else random_point(trace, chosen)
        if not all(near[h.name] >= 0 for h in trace.hypers if h.domain.lower == 0):
            continue
        ends = [radius(step_matrix(trace, hypers, real(end))) for end in (low, high)]
        if None in ends:
            continue
        if ends[0].max(ends[1]) < rate - NEAR:
            return Check(False, f"other hyper-parameters contract faster (seed {seed})")
        done += 1
    return Check(done >= ENOUGH, f"at {done} random hyper-parameters, half of them near the best, none contract faster")


@at_full_precision
def check_faster(
    trace: Trace, claim: Fastest, point: Mapping[str, Fraction], low: Fraction, high: Fraction
) -> tuple[Check, dict[str, str]]:
    """Whether hyper-parameters contract faster than the rate on curvatures between two bounds."""
    _, rate = _posed(trace, claim, low, high)
    hypers = {name: real(number) for name, number in point.items()}
    shares = [Fraction(k, 4 * CURVATURES) for k in range(4 * CURVATURES + 1)]
    moduli = [radius(step_matrix(trace, hypers, real(low + (high - low) * share))) for share in shares]
    known = [found for found in moduli if found is not None]
    faster = bool(known) and all(found < rate for found in known)
    return Check(faster, f"eigenvalues on {len(known)} curvatures are smaller than the rate"), {
        "claimed": _digits(rate)
    }

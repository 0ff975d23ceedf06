"""Settles where a linear rule is stable on a quadratic: the region that is derived against the one that is claimed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from symopt.checker.linear import check_region, check_region_refuted
from symopt.ir.trace import Trace
from symopt.lang.domain import Positive
from symopt.lang.theorem.linear import CURVATURE, Stable
from symopt.prove.linear.implied import Point, holds, points, value_at
from symopt.prove.linear.rational import Ring
from symopt.prove.linear.reading import Bound
from symopt.prove.linear.rule import Rule
from symopt.prove.linear.stability import Region, region
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement


def settle_stable(claim: Stable, trace: Trace, time_limit: float) -> Settlement:
    """Derive the region of stability, and compare it with the one that is claimed."""
    rule = Rule.of(trace, time_limit, {CURVATURE: Positive})
    facts = rule.reader.narrow(claim.given)
    wanted = rule.reader.bounds(claim.region)
    derived = region(rule.system, rule.ring.name(CURVATURE), rule.reader)
    inside = [Bound(poly, True) for poly in derived.conditions]
    implications = rule.implications()
    found = "stable exactly where " + (" and ".join(map(rule.text, implications.essential(inside, facts))) or "always")
    steps: list[Step] = []
    for known, goals, how in ((inside, wanted, "is stable"), (wanted, inside, "lies in the region")):
        for goal in goals:
            shown = implications.shown([*known, *facts], goal)
            if shown is None:
                return _refuted(claim, rule, wanted, inside, facts, found) or Settlement.unknown(
                    f"whether {rule.text(goal)} follows was not decided", found
                )
            steps.append(Step(f"where the rule {how}, {rule.text(goal)}", f"the identity {shown}"))
    return Settlement.holds(Proof((*_derivation(rule, derived, inside), *steps)), check_region(trace, claim), found)


def _derivation(rule: Rule, derived: Region, inside: Sequence[Bound]) -> list[Step]:
    texts = [rule.writer.polynomial(rule.ring, factor) for factor in derived.polynomials]
    return [
        Step("the rule is linear with constant coefficients", "read off the equations of a step"),
        Step(
            f"with the gradient {CURVATURE} times the query point a step has the characteristic polynomial "
            f"{' * '.join(f'({text})' for text in texts)}, up to factors z and numbers", "det(z - A)",
        ),
        Step(
            f"all eigenvalues lie inside the unit circle exactly where {' and '.join(map(rule.text, inside))}",
            "the criterion of Schur and Cohn",
        ),
    ]  # fmt: skip


def _refuted(
    claim: Stable, rule: Rule, wanted: Sequence[Bound], inside: Sequence[Bound], facts: Sequence[Bound], found: str
) -> Settlement | None:
    """A point at which the region claimed and the region of stability differ."""
    names = [name for name in rule.reader.domains if name in _used(rule.ring, [*wanted, *inside])]
    best: Point | None = None
    for point in points(names, rule.reader.domains, rule.deadline):
        # Not on a boundary, where an eigenvalue lies on the circle or the claim is an equation.
        if not holds(rule.ring, facts, point) or any(
            value_at(rule.ring, bound.poly, point) == 0 for bound in (*wanted, *inside)
        ):
            continue
        if holds(rule.ring, wanted, point) is not holds(rule.ring, inside, point):
            best = point
            break
    if best is None:
        return None
    full = {hyper.name: best.get(hyper.name, hyper.default) for hyper in rule.trace.hypers}
    full[CURVATURE] = best.get(CURVATURE, Fraction(1))
    check, said = check_region_refuted(rule.trace, full, claim.region)
    counterexample = {name: str(value) for name, value in full.items()} | said
    return Settlement.fails(counterexample, check, found)


def _used(ring: Ring, bounds: Sequence[Bound]) -> set[str]:
    return {name for bound in bounds for name in ring.used(bound.poly)}

"""Re-checks in which branches two linear rules are equal, by runs in balls on random gradients."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from symopt.checker.linear import inside, random_point
from symopt.checker.outcome import Check
from symopt.checker.runs import AGREE, Run, UndefinedValueError, Values, at_full_precision, real, value
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.lang.theorem.linear import region_of

RUNS, STEPS = 12, 8
# What hyper-parameters are set to where all combinations are tried.
PLAIN = tuple(map(Fraction, ("0", "1/2", "1", "2")))
MOST_COMBINATIONS = 256


@at_full_precision
def check_branch(
    left: Trace, right: Trace, hyper_map: Mapping[str, Node], fixed: Mapping[str, Node],
    state_map: Mapping[str, Node], conditions: Sequence[str], everywhere: bool,
) -> Check:  # fmt: skip
    """Run two linear rules under the maps of a branch: query points must agree, ``everywhere`` parameters too."""
    done = 0
    for seed in range(8 * RUNS):
        chosen = random.Random(seed)
        free = {**random_point(right, chosen), **random_point(left, chosen)}
        try:
            hypers = {h.name: free[h.name] for h in left.hypers}
            hypers |= {name: value(node, free) for name, node in fixed.items()}
            own = {h.name: value(hyper_map[h.name], {**free, **hypers}) for h in right.hypers}
            if not all(_holds(text, {**free, **hypers}) for text in conditions):
                continue
            agreed = _branch_agrees(left, right, (hypers, own, free), state_map, everywhere, chosen)
        except UndefinedValueError:
            continue
        if not agreed:
            return Check(False, f"a run disagrees (seed {seed})")
        done += 1
        if done == RUNS:
            break
    return Check(done > 0, f"{done} random runs of {STEPS} steps agree under the maps")


def _branch_agrees(
    left: Trace, right: Trace, hypers: tuple[Values, Values, Values], state_map: Mapping[str, Node], everywhere: bool,
    chosen: random.Random,
) -> bool:  # fmt: skip
    theta = real(Fraction(chosen.randint(-9, 9), 4))
    of_left, of_right, free = hypers
    a, b = Run(left, of_left, theta), Run(right, of_right, theta)
    for _ in range(STEPS):
        answers = [real(Fraction(chosen.randint(-9, 9), chosen.choice((1, 2, 8)))) for _ in left.queries]
        pairs = list(zip(a.step(of_left, answers), b.step(of_right, answers), strict=True))
        if everywhere:
            pairs.append((a.values["p"], b.values["p"]))
        for state, node in state_map.items():
            try:
                pairs.append((value(node, {**free, **of_left, **a.values}), b.values[state]))
            except UndefinedValueError:  # a map of states divides by what is zero here
                continue
        if not all(abs(x - y) < AGREE for x, y in pairs):
            return False
    return True


def _holds(text: str, values: Values) -> bool:
    """Whether a condition holds, with certainty."""
    left, unequal, right = text.partition(" != ")
    if unequal:
        sides = [value(read_expression(side, tuple(values)), values) for side in (left, right)]
        return not sides[0].overlaps(sides[1])
    return bool(inside(region_of(text), values))


@at_full_precision
def replay_difference(
    left: Trace, right: Trace, hyper_map: Mapping[str, Node], fixed: Mapping[str, Node], everywhere: bool
) -> tuple[Check, dict[str, Any]]:
    """A run on which two rules differ under maps: its hyper-parameters and gradients, and the step."""
    for seed in range(4 * RUNS):
        chosen = random.Random(seed)
        plain = {h.name: Fraction(chosen.randint(1, 3), 4) for h in (*right.hypers, *left.hypers)}
        grads = [[Fraction(chosen.randint(-2, 2)) for _ in left.queries] for _ in range(STEPS)]
        free = {name: real(number) for name, number in plain.items()}
        try:
            hypers = {h.name: free[h.name] for h in left.hypers}
            hypers |= {name: value(node, free) for name, node in fixed.items()}
            own = {h.name: value(hyper_map[h.name], {**free, **hypers}) for h in right.hypers}
            theta = real(Fraction(1))
            a, b = Run(left, hypers, theta), Run(right, own, theta)
            for t, answers in enumerate(grads, 1):
                given = list(map(real, answers))
                pairs = list(zip(a.step(hypers, given), b.step(own, given), strict=True))
                pairs += [(a.values["p"], b.values["p"])] if everywhere else []
                if any(not x.overlaps(y) for x, y in pairs):
                    said = {h.name: str(plain[h.name]) for h in left.hypers if h.name not in fixed}
                    shown = {"gradients": [str(g) for step in grads[:t] for g in step], "step": str(t)}
                    return Check(True, "the run was replayed and differs"), said | shown
        except UndefinedValueError:
            continue
    return Check(False, "no run differs"), {}


@at_full_precision
def check_no_others(left: Trace, right: Trace, branches: Sequence[Mapping[str, Node]]) -> Check:
    """Try plain numbers for all hyper-parameters: wherever two rules agree, the left must be in one of the branches."""
    gradients = [Fraction(k * k % 7 - 3, 2) for k in range(2, 2 + STEPS)]
    ours, theirs = ({} for _ in range(2))  # type: dict[tuple[Fraction, ...], Any], dict[tuple[Fraction, ...], Any]
    for trace, table in ((left, ours), (right, theirs)):
        for values in _combinations(trace):
            found = _run(trace, values, gradients)
            if found is not None:
                table[values] = found
    agreed = 0
    for values, mine in ours.items():
        if all(x == mine[0] for x in mine) or not any(_same(mine, other) for other in theirs.values()):
            continue
        agreed += 1
        at = {h.name: real(v) for h, v in zip(left.hypers, values, strict=True)}
        if not any(all(value(node, at).overlaps(at[name]) for name, node in fixed.items()) for fixed in branches):
            shown = ", ".join(f"{h.name} = {v}" for h, v in zip(left.hypers, values, strict=True))
            return Check(False, f"the two agree also at {shown}")
    return Check(True, f"of {len(ours)} by {len(theirs)} plain points those that agree lie in the branches ({agreed})")


def _combinations(trace: Trace) -> Iterator[tuple[Fraction, ...]]:
    fits = [[number for number in PLAIN if number in hyper.domain] for hyper in trace.hypers]
    return itertools.islice(itertools.product(*fits), MOST_COMBINATIONS)


def _run(trace: Trace, values: tuple[Fraction, ...], gradients: Sequence[Fraction]) -> list[Any] | None:
    """The query points and parameters of a run, or None where something is undefined."""
    hypers = {hyper.name: real(v) for hyper, v in zip(trace.hypers, values, strict=True)}
    run, found = Run(trace, hypers, real(Fraction(1))), []
    try:
        for g in gradients:
            found += [*run.step(hypers, [real(g)] * len(trace.queries)), run.values["p"]]
    except UndefinedValueError:
        return None
    return found


def _same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return len(a) == len(b) and all(x.overlaps(y) for x, y in zip(a, b, strict=True))

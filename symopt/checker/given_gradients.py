"""Checks of responses and means: runs from the initial state, and all runs of a gradient with two values."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

import flint

from symopt.checker.outcome import Check
from symopt.checker.runs import AGREE, Run, UndefinedValueError, Values, at_full_precision, random_hypers, real, value
from symopt.ir.expressions import read_expression
from symopt.ir.trace import Trace
from symopt.lang.theorem import ConstantGradient, Expectation, Impulse

RUNS, STEPS, MEAN_STEPS = 8, 5, 3
MEAN = re.compile(r"E\(\s*g\s*(?:\*\*\s*(\d+)\s*)?\)")


@at_full_precision
def check_response(trace: Trace, claim: ConstantGradient | Impulse, said: Mapping[str, Any] | None = None) -> Check:
    """Run the rule on the gradients of the claim, random ones or those of the counterexample."""

    def compared(hypers: Values, theta: Any, g: Any, steps: int) -> list[tuple[Any, Any]]:
        wanted = read_expression(claim.value, (*hypers, "p", "g"))
        later = g if isinstance(claim, ConstantGradient) else flint.arb(0)
        found = _values(trace, claim.of, hypers, theta, [g] + [later] * (steps - 1))
        known = {**hypers, "p": theta, "g": g}
        return [(x, value(wanted, {**known, "t": flint.arb(t)})) for t, x in enumerate(found, 1)]

    if said is not None:
        return _replayed(said, lambda h, theta: compared(h, theta, real(Fraction(said["g"])), int(said["step"])))
    return _random(trace, lambda h, theta, c: compared(h, theta, real(Fraction(c.randint(-9, 9), 8)), STEPS))


@at_full_precision
def check_expectation(trace: Trace, claim: Expectation, said: Mapping[str, Any] | None = None) -> Check:
    """Average over all runs of a gradient that has two values, random ones or those of the counterexample."""
    text = MEAN.sub(lambda match: f"E{match.group(1) or 1}", claim.value)
    orders = {int(order or 1) for order in MEAN.findall(claim.value)}

    def compared(hypers: Values, theta: Any, pair: Sequence[Any], steps: int) -> list[tuple[Any, Any]]:
        wanted = read_expression(text, (*hypers, "p", *(f"E{order}" for order in orders)))
        moments = {f"E{n}": sum((g**n for g in pair), flint.arb(0)) / len(pair) for n in orders}
        pairs = []
        for t in range(1, steps + 1):
            runs = [_values(trace, claim.of, hypers, theta, grads)[-1] for grads in product(pair, repeat=t)]
            mean = sum(runs, flint.arb(0)) / len(runs)
            pairs.append((mean, value(wanted, {**hypers, "p": theta, **moments, "t": flint.arb(t)})))
        return pairs

    if said is not None:
        pair = [real(Fraction(g)) for g in said["g"]]
        return _replayed(said, lambda h, theta: compared(h, theta, pair, int(said["step"])))

    def at_random(hypers: Values, theta: Any, chosen: random.Random) -> list[tuple[Any, Any]]:
        return compared(hypers, theta, [real(Fraction(chosen.randint(-9, 9), 8)) for _ in range(2)], MEAN_STEPS)

    return _random(trace, at_random)


def _values(trace: Trace, of: str, hypers: Values, theta: Any, grads: Sequence[Any]) -> list[Any]:
    """The value called ``of`` after every step."""
    names = {let.target: let.name for let in trace.lets} | dict(trace.results)
    run, found = Run(trace, hypers, theta), []
    for g in grads:
        run.step(hypers, [g] * len(trace.queries))
        found.append(run.statements[names[of]])
    if any(x is None or not x.is_finite() for x in found):
        raise UndefinedValueError
    return found


def _replayed(said: Mapping[str, Any], compared: Callable[[Values, Any], list[tuple[Any, Any]]]) -> Check:
    hypers = {name: real(Fraction(text)) for name, text in said["hyper"].items()}
    try:
        found, wanted = compared(hypers, real(Fraction(said["theta"])))[-1]
    except UndefinedValueError:
        return Check(False, "the replay meets a value that is undefined")
    differ = not found.overlaps(wanted)
    return Check(differ, "the counterexample was replayed" if differ else "the replayed values do not differ")


def _random(trace: Trace, compared: Callable[[Values, Any, random.Random], list[tuple[Any, Any]]]) -> Check:
    done = 0
    for seed in range(RUNS * 3):
        chosen = random.Random(seed)
        hypers, theta = random_hypers(trace, chosen), real(Fraction(chosen.randint(-9, 9), 4))
        try:
            pairs = compared(hypers, theta, chosen)
        except UndefinedValueError:
            continue
        if not all(abs(a - b) < AGREE * (1 + abs(a)) for a, b in pairs):
            return Check(False, f"a random run disagrees (seed {seed})")
        done += 1
        if done == RUNS:
            break
    return Check(done > 0, f"{done} random runs from the initial state agree to 90 digits")

"""The independent checker: re-checks what the prover found, by other means and with its own code.

It shares with the prover the graph and the reading of expressions only. A witness is replayed, a property
unrolled, in balls of 400 bits that must agree to more than 300; ``equality.py`` checks proved equalities.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import flint

from symopt.checker.arrays import elements
from symopt.checker.equality import Checker
from symopt.checker.outcome import Check
from symopt.checker.runs import (
    AGREE,
    Run,
    UndefinedValueError,
    Values,
    at_full_precision,
    random_hypers,
    real,
    value,
    value_or_none,
)
from symopt.checker.stated import SIDES, Stated
from symopt.checker.written import read_value
from symopt.ir.expressions import read_expression
from symopt.ir.trace import SIZES, Trace
from symopt.lang.theorem import ClosedForm, FirstStep, WeightsSum

RUNS, STEPS = 12, 5


@at_full_precision
def check_equality(
    left: Trace, right: Trace, hyper_map: Mapping[str, str], state_map: Mapping[str, str], conditions: Sequence[str]
) -> Check:
    """Run both on random data under the maps: parameters, query points and states must agree."""
    names = tuple(dict.fromkeys(hyper.name for hyper in (*left.hypers, *right.hypers)))
    held = (*names, *SIZES, "p", *(state.name for state in left.states))
    hypers = {name: read_expression(text, (*names, *SIZES)) for name, text in hyper_map.items()}
    states = {name: read_expression(text, held) for name, text in state_map.items()}
    return Checker(Stated(left, right, hypers, states, conditions)).check(general=0)


@at_full_precision
def check_witness(left: Trace, right: Trace, witness: Mapping[str, Any], first_step: int, query: str | None) -> Check:
    """Replay a witness: the values at its last step must be those recorded, and differ certainly.

    A value that is recorded as undefined must be no number; it differs from one that is a number.
    """
    theta, grads = read_value(witness["theta"]), [read_value(g) for g in witness["grads"]]
    given = {name: [read_value(step) for step in steps] for name, steps in witness.get("given", {}).items()}
    count = len(grads) // first_step

    def hypers(t: int) -> Values:
        return {
            name: real(Fraction(v[t - 1] if isinstance(v, list) else v)) for name, v in witness["hyper"].items()
        }  # fmt: skip

    runs = Run(left, hypers(1), theta), Run(right, hypers(1), theta)
    for t in range(1, first_step + 1):
        answers = grads[(t - 1) * count : t * count]
        now = {name: steps[t - 1] for name, steps in given.items()}
        for run in runs:
            try:
                run.step(hypers(t), answers, now)
            except UndefinedValueError:
                if t < first_step:
                    return Check(False, "the replay meets a value that is undefined")
    place = None if query is None else [q.name for q in left.queries].index(query)
    values = []
    for run, side in zip(runs, SIDES, strict=True):
        recorded = elements(read_value(witness[side]))
        found = elements(_reached(run, place))
        found = found * len(recorded) if found == [None] else found
        if not all(_as_recorded(x, y) for x, y in zip(found, recorded, strict=True)):
            return Check(False, f"the replay gives another value on the {side}")
        values.append(found)
    differ = any(_differ(x, y) for x, y in zip(*values, strict=True))
    return Check(differ, "the witness was replayed" if differ else "the replayed values do not differ")


def _reached(run: Run, place: int | None) -> Any:
    """The parameter after the last step made, or the point at which a gradient was asked for in it."""
    if place is None:
        return run.statements[run.trace.results["p"]]
    return value_or_none(run.trace.queries[place].point, run.statements)


def _is_number(x: Any) -> bool:
    return x is not None and bool(x.is_finite())


def _as_recorded(x: Any, recorded: Any) -> bool:
    if recorded is None or not _is_number(x):
        return recorded is None and not _is_number(x)
    return bool(abs(x - recorded) < flint.arb(10) ** -38 * (1 + abs(recorded)))


def _differ(x: Any, y: Any) -> bool:
    return not x.overlaps(y) if _is_number(x) and _is_number(y) else _is_number(x) != _is_number(y)


@at_full_precision
def check_property(trace: Trace, claim: ClosedForm | WeightsSum | FirstStep) -> Check:
    """Unroll the rule on random data and compare with what the property says."""
    checkers: dict[type, Callable[..., bool]] = {
        ClosedForm: _closed_form, WeightsSum: _weights_sum, FirstStep: _first_step,
    }  # fmt: skip
    done = 0
    for seed in range(RUNS):
        chosen = random.Random(seed)
        try:
            agreed = checkers[type(claim)](trace, claim, random_hypers(trace, chosen), chosen)
        except UndefinedValueError:
            continue
        if not agreed:
            return Check(False, f"unrolling disagrees (seed {seed})")
        done += 1
    return Check(done > 0, f"{done} random runs were unrolled and agree")


def _closed_form(trace: Trace, claim: ClosedForm, hypers: Values, chosen: random.Random) -> bool:
    term = read_expression(claim.term, (*hypers, "p", "g", "k"))
    run = Run(trace, hypers, real(Fraction(chosen.randint(-9, 9), 4)))
    seen: list[tuple[Any, Any]] = []
    for t in range(1, STEPS + 1):
        g = real(Fraction(chosen.randint(-9, 9), 8))
        seen.append((run.values["p"], g))
        run.step(hypers, [g])
        total = flint.arb(0)
        for k, (p, gradient) in enumerate(seen, 1):
            total += value(term, {**hypers, "t": flint.arb(t), "k": flint.arb(k), "p": p, "g": gradient})
        if not abs(total - run.values[claim.of]) < AGREE:
            return False
    return True


def _weights_sum(trace: Trace, claim: WeightsSum, hypers: Values, chosen: random.Random) -> bool:
    """The weights are what single gradients give; a random run must be their sum, and they must sum to the total."""
    over, total = (read_expression(text, (*hypers, "p", "g")) for text in (claim.over, claim.total))
    names = {let.target: let.name for let in trace.lets} | dict(trace.results)
    zero, one = flint.arb(0), flint.arb(1)

    def last(grads: Sequence[Any]) -> Any:
        run = Run(trace, hypers, zero)
        for g in grads:
            run.step(hypers, [g])
        return run.statements[names[claim.of]]

    def summed(g: Any) -> Any:
        return value(over, {**hypers, "p": zero, "g": g})

    if not (summed(zero) == 0 and summed(one) == 1):
        raise UndefinedValueError
    for t in range(1, STEPS + 1):
        weights = [last([one if i == k else zero for i in range(t)]) for k in range(t)]
        grads = [real(Fraction(chosen.randint(-9, 9), 8)) for _ in range(t)]
        expected = sum((w * summed(g) for w, g in zip(weights, grads, strict=True)), zero)
        stated = value(total, {**hypers, "t": flint.arb(t)})
        if not (abs(last(grads) - expected) < AGREE and abs(sum(weights, zero) - stated) < AGREE):
            return False
    return True


def _first_step(trace: Trace, claim: FirstStep, hypers: Values, chosen: random.Random) -> bool:
    theta, g = (real(Fraction(chosen.randint(-9, 9), 4)) for _ in range(2))
    wanted = value(read_expression(claim.value, (*hypers, "p", "g")), {**hypers, "p": theta, "g": g})
    run = Run(trace, hypers, theta)
    run.step(hypers, [g])
    return bool(abs(run.values["p"] - wanted) < AGREE)

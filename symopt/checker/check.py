"""The independent checker: re-checks what the prover found, by other means and with its own code.

It shares with the prover the graph and the reading of expressions only. A witness is replayed in
fractions or, with roots, in balls; a proved equality is tried on random runs from the initial states,
the right's hyper-parameters taken from the map at every step and its states compared with the map of
states; a property is unrolled. Balls of 400 bits must agree to more than 300.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import wraps
from typing import Any, TypeVar

import flint
import numpy as np

from symopt.checker.arrays import elements, shape_for
from symopt.checker.outcome import Check
from symopt.checker.runs import (
    AGREE,
    BITS,
    Run,
    UndefinedValueError,
    Values,
    given_values,
    numbers,
    random_hypers,
    real,
    value,
)  # fmt: skip
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node
from symopt.ir.trace import Trace
from symopt.lang.theorem import ClosedForm, FirstStep, WeightsSum

RUNS, STEPS = 12, 5


Checker = TypeVar("Checker", bound=Callable[..., Check])


def at_full_precision(checker: Checker) -> Checker:
    """A checker that works with balls of ``BITS`` bits."""

    @wraps(checker)
    def working(*args: Any, **kwargs: Any) -> Check:
        before, flint.ctx.prec = flint.ctx.prec, BITS
        try:
            return checker(*args, **kwargs)
        finally:
            flint.ctx.prec = before

    return working  # type: ignore[return-value]  # the same signature


@at_full_precision
def check_equality(
    left: Trace, right: Trace, hyper_map: Mapping[str, str], state_map: Mapping[str, str], conditions: Sequence[str]
) -> Check:
    """Run both on random data under the maps: parameters, query points and states must agree."""
    names = tuple(hyper.name for hyper in left.hypers)
    maps = {name: read_expression(text, (*names, name)) for name, text in hyper_map.items()}
    everything = (*names, "p", *(state.name for state in left.states), *(h.name for h in right.hypers))
    states = {name: read_expression(text, everything) for name, text in state_map.items()}
    parts = [condition.partition(" = ") for condition in conditions]
    fixed = {name: text for name, _, text in parts if text and name.isidentifier()}
    done = 0
    for seed in range(RUNS * 3):
        chosen = random.Random(seed)
        hypers = random_hypers(left, chosen) | {h: v for h, v in random_hypers(right, chosen).items() if h not in names}
        hypers |= {name: value(read_expression(text, names), hypers) for name, text in fixed.items()}
        try:
            agreed = _agree(left, right, hypers, maps, states, chosen)
        except UndefinedValueError:
            continue
        if not agreed:
            return Check(False, f"a random run disagrees (seed {seed})")
        done += 1
        if done == RUNS:
            break
    return Check(done > 0, f"{done} random runs of {STEPS} steps agree to 90 digits")


def _agree(
    left: Trace, right: Trace, hypers: Values, maps: Mapping[str, Node], states: Mapping[str, Node],
    chosen: random.Random,
) -> bool:  # fmt: skip
    def mapped(t: int) -> Values:
        return {**hypers, **{name: value(node, {**hypers, "t": flint.arb(t)}) for name, node in maps.items()}}

    shape = shape_for(left, right)
    theta = numbers(shape, lambda: Fraction(chosen.randint(-9, 9), 4))
    a, b = Run(left, hypers, theta), Run(right, mapped(1), theta)
    for t in range(1, STEPS + 1):
        answers = [
            numbers(shape, lambda: Fraction(chosen.randint(-9, 9), chosen.choice((1, 2, 8)))) for _ in left.queries
        ]
        given = given_values(shape, left, right, chosen)
        points = zip(a.step(hypers, answers, given), b.step(mapped(t), answers, given), strict=True)
        held = [value(node, {**hypers, **a.values, "t": flint.arb(t)}) for node in states.values()]
        own = [b.values[name] for name in states]
        for x, y in [*points, (a.values["p"], b.values["p"]), *zip(held, own, strict=True)]:
            if not all(abs(d) < AGREE for d in elements(x - y)):
                return False
    return True


@at_full_precision
def check_witness(left: Trace, right: Trace, witness: Mapping[str, Any], first_step: int, query: str | None) -> Check:
    """Replay a witness: the values at its last step must be those recorded, and differ certainly."""
    theta, grads = _read(witness["theta"]), [_read(g) for g in witness["grads"]]
    given = {name: [_read(step) for step in steps] for name, steps in witness.get("given", {}).items()}
    count = len(grads) // first_step

    def hypers(t: int) -> Values:
        return {
            name: real(Fraction(v[t - 1] if isinstance(v, list) else v)) for name, v in witness["hyper"].items()
        }  # fmt: skip

    a, b = Run(left, hypers(1), theta), Run(right, hypers(1), theta)
    try:
        for t in range(1, first_step + 1):
            answers = grads[(t - 1) * count : t * count]
            now = {name: steps[t - 1] for name, steps in given.items()}
            points = [side.step(hypers(t), answers, now) for side in (a, b)]
    except UndefinedValueError:
        return Check(False, "the replay meets a value that is undefined")
    values = [a.values["p"], b.values["p"]]
    if query is not None:
        i = [q.name for q in left.queries].index(query)
        values = [points[0][i], points[1][i]]
    for found, side in zip(values, ("left", "right"), strict=True):
        for x, recorded in zip(elements(found), elements(_read(witness[side])), strict=True):
            if not abs(x - recorded) < flint.arb(10) ** -38 * (1 + abs(recorded)):
                return Check(False, f"the replay gives another value on the {side}")
    differ = any(not x.overlaps(y) for x, y in zip(*map(elements, values), strict=True))
    return Check(differ, "the witness was replayed" if differ else "the replayed values do not differ")


def _read(written: Any) -> Any:
    """A number of a witness, or an array of them, as balls."""
    if not isinstance(written, list):
        return real(Fraction(written))
    return np.vectorize(lambda text: real(Fraction(text)), otypes=[object])(np.array(written, dtype=object))


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

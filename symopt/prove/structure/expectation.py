"""Means over random gradients: by linearity, with the moments of the gradient in place of its powers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from itertools import product
from typing import Any

from symopt.checker.given_gradients import check_expectation
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError, differ, is_defined, precision
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import ONE, Node, refs, substitute
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.domain import Domain, Real
from symopt.lang.theorem import Expectation
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError, UndefinedHereError
from symopt.prove.proof import Proof, Step
from symopt.prove.runs import BITS, written
from symopt.prove.samples import samples
from symopt.prove.settlement import Settlement
from symopt.prove.structure.closed import ClosedForms, Motion
from symopt.prove.structure.moments import MOMENT, expected, moment
from symopt.prove.structure.response import refuse_others, run_values, statement
from symopt.prove.witness import thresholds

MOST_SAMPLES = 6
# E(g), E(g**2), ... in a claim.
MEAN = re.compile(r"E\(\s*g\s*(?:\*\*\s*(\d+)\s*)?\)")


def settle_expectation(claim: Expectation, trace: Trace, time_limit: float) -> Settlement:
    """Prove a mean by induction, by linearity; or find a distribution of two values for which it is another.

    Raises
    ------
    UsageError: the claim names what the rule has not.
    """
    deadline = Deadline.after(time_limit)
    refuse_others(claim.rule, trace)
    hypers = tuple(hyper.name for hyper in trace.hypers)
    orders = sorted({int(order or 1) for order in MEAN.findall(claim.value)})
    text = MEAN.sub(lambda match: f"{MOMENT}{match.group(1) or 1}", claim.value)
    claimed = read_expression(text, (*hypers, PARAMETER, *(moment(order) for order in orders)))
    value = statement(trace, claim.of)
    found = _mean_refuted(claim, trace, claimed, deadline)
    if found is not None:
        return Settlement.fails(found, check_expectation(trace, claim, found))
    random = {PARAMETER, *(state.name for state in trace.states)}
    needed = _read(trace.step(), value, random)
    try:
        motion = _mean_motion(trace, value, random, deadline, claimed)
        steps, reason = ClosedForms(motion, deadline).prove(claimed, {claim.of: claimed} if claim.of in needed else {})
    except (NotDecidedError, UndefinedHereError) as error:
        return Settlement.unknown(str(error))
    if not steps:
        return Settlement.unknown(reason)
    proof = Proof((
        Step("every step is linear in states and powers of g, with factors that do not depend on them",
             "the coefficients of the normal form"),
        *steps, Step(str(claim), "linearity of the mean, and induction over the steps"),
    ))  # fmt: skip
    return Settlement.holds(proof, check_expectation(trace, claim))


def _mean_motion(trace: Trace, value: Node, random: set[str], deadline: Deadline, claimed: Node) -> Motion:
    """The motion of means: powers of gradients are replaced by their moments."""
    step, start = trace.step(), {STEP: ONE, **{state.name: state.init for state in trace.states}}
    gradients = [query.name for query in trace.queries]
    hypers = [hyper.name for hyper in trace.hypers]

    def mean(node: Node, of: set[str]) -> Node:
        return expected(node, gradients, of, (*hypers, *random), trace.domains, deadline)

    needed = _read(step, value, random)
    first = {name: mean(substitute([step[name]], start)[0], {PARAMETER}) for name in needed}
    later = {name: mean(step[name], random) for name in needed}
    at_first, at_later = mean(substitute([value], start)[0], {PARAMETER}), mean(value, random)
    used = refs(*first.values(), *later.values(), at_first, at_later, claimed)
    moments = [name for name in dict.fromkeys(used) if name.startswith(MOMENT)]
    domains: dict[str, Domain] = {**trace.domains, **dict.fromkeys(moments, Real)}
    return Motion((*hypers, PARAMETER, *moments), domains, {}, first, later, at_first, at_later)


def _read(step: Mapping[str, Node], value: Node, states: set[str]) -> list[str]:
    """The states that a value depends on, through the steps before."""
    found = {name for name in refs(value) if name in states}
    while True:
        more = found | {name for state in found for name in refs(step[state]) if name in states}
        if more == found:
            return [name for name in step if name in found]
        found = more


def _mean_refuted(claim: Expectation, trace: Trace, claimed: Node, deadline: Deadline) -> dict[str, Any] | None:
    """Two values of the gradient, equally likely at every step, for which the mean is another than the claimed one."""
    orders = [name for name in refs(claimed) if name.startswith(MOMENT)]
    with precision(BITS):
        for _, sample in zip(range(MOST_SAMPLES), samples(trace.hypers, thresholds(trace)), strict=False):
            deadline.check()
            pair = (Fraction(1), Fraction(3))
            known = {**sample.hypers, PARAMETER: sample.theta}
            known |= {
                name: sum((g ** int(name.removeprefix(MOMENT)) for g in pair), Fraction(0)) / 2 for name in orders
            }
            try:
                for t in (1, 2, 3):
                    runs = [run_values(trace, claim.of, sample.hypers, sample.theta, list(grads))[-1]
                            for grads in product(pair, repeat=t)]  # fmt: skip
                    found = _mean(runs)
                    (wanted,) = evaluate([claimed], {**known, STEP: Fraction(t)}, ScalarArithmetic())
                    if not (is_defined(found) and is_defined(wanted)):
                        break
                    if differ(found, wanted):
                        return {
                            "hyper": {name: written(x) for name, x in sample.hypers.items()},
                            "theta": written(sample.theta), "g": [written(g) for g in pair], "step": str(t),
                            "found": written(found), "claimed": written(wanted),
                        }  # fmt: skip
            except (UndecidedError, ZeroDivisionError):
                continue
    return None


def _mean(values: list[Any]) -> Any:
    arithmetic = ScalarArithmetic()
    total = values[0]
    for value in values[1:]:
        total = arithmetic.op("add", total, value)
    return arithmetic.op("div", total, Fraction(len(values)))

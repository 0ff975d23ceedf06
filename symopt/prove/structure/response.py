"""Responses to a constant gradient and to an impulse."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from typing import Any

from symopt.checker.given_gradients import check_response
from symopt.errors import UsageError, nearest
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError, differ, is_defined, precision
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import ONE, ZERO, Node, ref, substitute
from symopt.ir.trace import GRADIENT, PARAMETER, STEP, Trace
from symopt.lang.theorem import ConstantGradient, Impulse
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError, UndefinedHereError
from symopt.prove.proof import Proof, Step
from symopt.prove.runner import Runner, draw_name
from symopt.prove.runs import BITS, written
from symopt.prove.samples import samples
from symopt.prove.settlement import Settlement
from symopt.prove.structure.closed import ClosedForms, Motion
from symopt.prove.witness import thresholds

STEPS, MOST_SAMPLES = 4, 16


def settle_response(claim: ConstantGradient | Impulse, trace: Trace, time_limit: float) -> Settlement:
    """Prove a response by induction, or find a step after which it is another.

    Raises
    ------
    UsageError: the claim names what the rule has not.
    """
    deadline = Deadline.after(time_limit)
    names = (*(hyper.name for hyper in trace.hypers), PARAMETER, GRADIENT)
    claimed = read_expression(claim.value, names)
    also = {name: read_expression(text, names) for name, text in claim.also.items()}
    refuse_others(claim.rule, trace)
    value = statement(trace, claim.of)
    later: Node = ref(GRADIENT) if isinstance(claim, ConstantGradient) else ZERO

    found = _refuted(claim, trace, claimed, deadline)
    if found is not None:
        return Settlement.fails(found, check_response(trace, claim, found))
    also |= {claim.of: claimed} if claim.of in trace.results else {}
    gradients = [query.name for query in trace.queries]
    motion = _motion(trace, value, dict.fromkeys(gradients, ref(GRADIENT)), dict.fromkeys(gradients, later))
    try:
        steps, reason = ClosedForms(motion, deadline).prove(claimed, also)
    except (NotDecidedError, UndefinedHereError) as error:
        return Settlement.unknown(str(error))
    if not steps:
        return Settlement.unknown(reason)
    proof = Proof((*steps, Step(str(claim), "induction over the steps")))
    return Settlement.holds(proof, check_response(trace, claim), "; ".join(s.statement for s in steps[:-2]))


def statement(trace: Trace, name: str) -> Node:
    """The value of a statement, or the new value of a state or of the parameter, over the inputs.

    Raises
    ------
    UsageError: the rule has none of that name.
    """
    named = {let.target: let.name for let in trace.lets} | dict(trace.results)
    if name not in named:
        raise UsageError(f"{trace.title} has no statement or state {name!r}; {nearest(name, named)}")
    return trace.expand(ref(named[name]))


def refuse_others(rule: str, trace: Trace) -> None:
    """A claim about gradients alone is about rules that are given nothing else."""
    if trace.given or trace.draws:
        raise UsageError(f"a step of {rule} is given more than gradients: {', '.join((*trace.given, *trace.draws))}")


def _motion(trace: Trace, value: Node, first: Mapping[str, Node], later: Mapping[str, Node]) -> Motion:
    """The motion under gradients that are given at the first step and at later ones."""
    step = trace.step()
    initial = {state.name: state.init for state in trace.states}
    at_first: dict[str, Node] = {**initial, **first, STEP: ONE}
    names = (*(hyper.name for hyper in trace.hypers), PARAMETER, GRADIENT)
    return Motion(
        names, trace.domains, initial,
        {name: substitute([node], at_first)[0] for name, node in step.items()},
        {name: substitute([node], dict(later))[0] for name, node in step.items()},
        substitute([value], at_first)[0], substitute([value], dict(later))[0],
    )  # fmt: skip


def _refuted(
    claim: ConstantGradient | Impulse, trace: Trace, claimed: Node, deadline: Deadline
) -> dict[str, Any] | None:
    """A run after some step of which the value is another than the one that is claimed."""
    arithmetic = ScalarArithmetic()
    with precision(BITS):
        for _, sample in zip(range(MOST_SAMPLES), samples(trace.hypers, thresholds(trace)), strict=False):
            deadline.check()
            g = sample.grads[0]
            try:
                values = run_values(trace, claim.of, sample.hypers, sample.theta, _answers(claim, g))
                for t, found in enumerate(values, 1):
                    known = {**sample.hypers, STEP: Fraction(t), PARAMETER: sample.theta, GRADIENT: g}
                    (wanted,) = evaluate([claimed], known, arithmetic)
                    if not (is_defined(found) and is_defined(wanted)):
                        break
                    if differ(found, wanted):
                        return {
                            "hyper": {name: written(x) for name, x in sample.hypers.items()},
                            "theta": written(sample.theta), "g": written(g), "step": str(t),
                            "found": written(found), "claimed": written(wanted),
                        }  # fmt: skip
            except (UndecidedError, ZeroDivisionError):
                continue
    return None


def _answers(claim: ConstantGradient | Impulse, g: Fraction) -> list[Fraction]:
    return [g, *([g if isinstance(claim, ConstantGradient) else Fraction(0)] * (STEPS - 1))]


def run_values(
    trace: Trace, of: str, hypers: Mapping[str, Fraction], theta: Fraction, grads: list[Fraction]
) -> list[Any]:
    """The exact value called ``of`` after every step, on one element; each gradient answers all queries of a step."""
    value, runner = statement(trace, of), Runner(trace, ())
    state = runner.start(hypers, theta)
    found = []
    for t, g in enumerate(grads, 1):
        known = {**hypers, **state, STEP: Fraction(t), **{query.name: g for query in trace.queries}}
        found += evaluate([value], known, ScalarArithmetic())
        state, _ = runner.step(state, hypers, t, partial(_answer, g), {draw_name(0): Fraction(1, 2)})
    return found


def _answer(g: Fraction, query: int) -> Fraction:
    return g

"""Identities between values of one step: by normal forms in every case of signs, or by the linearity of means."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from symopt.checker.identities import check_identity
from symopt.errors import UsageError
from symopt.ir.claims import Reader, of_one_element, with_premises
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ArrayArithmetic, ScalarArithmetic, UndecidedError, differ, is_defined, precision
from symopt.ir.nodes import ONE, Node, Reduce, ref, substitute, walk
from symopt.ir.shape import let_shapes
from symopt.ir.trace import STEP, Trace
from symopt.lang.domain import NonNegative
from symopt.lang.theorem import Identity
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError
from symopt.prove.invariants import nonnegative_states
from symopt.prove.proof import Proof, Step
from symopt.prove.runner import Runner, draw_name, shape_of
from symopt.prove.runs import BITS, written
from symopt.prove.settlement import Settlement
from symopt.prove.structure.identity import Proved, same
from symopt.prove.structure.means import Means, Sum
from symopt.prove.structure.twins import STEPS, Inputs, runs


def settle_identity(claim: Identity, trace: Trace, time_limit: float) -> Settlement:
    """Prove an identity, or find a run on which it does not hold.

    Raises
    ------
    UsageError: the claim names what the rule has not.
    """
    deadline = Deadline.after(time_limit)
    trace = with_premises(of_one_element(trace) if claim.one_element else trace, claim.given)
    read = Reader(trace)
    left, right, assuming = read(claim.left), read(claim.right), [read(text) for text in claim.assuming]
    found = _refuted(claim, trace, left, right, assuming, deadline)
    if found is not None:
        return Settlement.fails(found, check_identity(trace, claim, found))
    try:
        steps = _by_means(claim, trace) if not assuming else []
    except NotDecidedError:
        steps = []
    reason = "means do not show it"
    if not steps:
        outcome = _by_normal_forms(claim, trace, (left, right), assuming, deadline)
        reason = outcome.open or ""
        if outcome.open is None:
            steps = [Step(str(claim), outcome.method, outcome.conditions)]
    if not steps:
        return Settlement.unknown(reason)
    return Settlement.holds(Proof(tuple(steps)), check_identity(trace, claim))


def _start(trace: Trace) -> dict[str, Node]:
    """What is known at the first step."""
    return {**{state.name: state.init for state in trace.states}, STEP: ONE}


def _by_normal_forms(
    claim: Identity, trace: Trace, pair: tuple[Node, Node], assuming: list[Node], deadline: Deadline
) -> Proved:
    initial = {state.name: state.init for state in trace.states}
    kept = nonnegative_states(trace.step(), initial, trace.inputs, trace.domains, deadline)
    domains = {**trace.domains, **dict.fromkeys(kept, NonNegative)}
    shapes = let_shapes(trace) if not claim.one_element else {}
    numbers = [name for name in trace.inputs if name in shapes and shapes[name].is_scalar]
    # Of any states, where it is so: then no case split comes from what is special at the start.
    for known in ({STEP: ONE}, _start(trace)):
        left, right, *others = substitute([*pair, *assuming], known)
        first = same([(left, right)], trace.inputs, domains, deadline, numbers, others)
        if first.open is None:
            break
    if claim.first or first.open is not None:
        return first
    later = same([pair], trace.inputs, domains, deadline, numbers, assuming)
    return Proved(later.open, tuple(dict.fromkeys((*first.conditions, *later.conditions))), later.cases)


def _by_means(claim: Identity, trace: Trace) -> list[Step]:
    """The steps of a proof by the linearity of means; none where they do not show it."""
    shapes = let_shapes(trace)
    if claim.first:
        (left, right), means = map(Reader(trace), (claim.left, claim.right)), _at_start(trace, shapes)
        return _step(claim, trace, means) if means(left) == means(right) else []
    steps: list[Step] = []
    known: list[tuple[Sum, Sum]] = []
    for text in claim.knowing:
        known.append(_invariant(text, trace, shapes))
        steps.append(Step(f"{text} at every step", "induction, by the linearity of means"))
    read, means = Reader(trace, expand=False), Means(shapes, known)
    if means(read(claim.left)) != means(read(claim.right)):
        read, means = Reader(trace), Means(shapes)
        if means(read(claim.left)) != means(read(claim.right)):
            return []
    return [*steps, *_step(claim, trace, means)]


def _at_start(trace: Trace, shapes: dict[str, Any]) -> Means:
    """Means in which states have their first values, in the shapes of their later ones."""
    plain = Means(shapes)
    return Means(shapes, [(plain(ref(name)), plain(value)) for name, value in _start(trace).items()])


def _step(claim: Identity, trace: Trace, means: Means) -> list[Step]:
    titles = {let.name: let.target for let in trace.lets}
    conditions = tuple(f"{text} != 0" for text in means.divisors(titles))
    return [Step(str(claim), "what is constant along an axis comes out of the mean along it", conditions)]


def _invariant(text: str, trace: Trace, shapes: dict[str, Any]) -> tuple[Sum, Sum]:
    """An equation between states, proved by induction, over the names of the statements of their new values.

    Raises
    ------
    NotDecidedError: it was not shown.
    """
    sides = [side.strip() for side in text.split("=")]
    if len(sides) != 2:
        raise UsageError(f"{text!r} is no equation; write one as in mean(v) = mean(c)")
    new, before = Reader(trace), {let: ref(name) for name, let in trace.results.items()}
    over_lets = [Reader(trace, expand=False)(side) for side in sides]
    old = substitute(over_lets, dict(before))
    plain, at_start = Means(shapes), _at_start(trace, shapes)
    if at_start(old[0]) != at_start(old[1]):
        raise NotDecidedError(f"{text} was not shown of the initial states")
    assumed = Means(shapes, [(plain(old[0]), plain(old[1]))])
    if assumed(new(sides[0])) != assumed(new(sides[1])):
        raise NotDecidedError(f"{text} was not shown to stay")
    return plain(over_lets[0]), plain(over_lets[1])


def _refuted(
    claim: Identity, trace: Trace, left: Node, right: Node, assuming: list[Node], deadline: Deadline
) -> dict[str, Any] | None:
    """A run with the two sides certainly different after some step."""
    shape = () if claim.one_element else _shape(trace, left, right)
    arithmetic: Any = ArrayArithmetic() if shape else ScalarArithmetic()
    with precision(BITS):
        for inputs in runs(trace, shape):
            deadline.check()
            runner = Runner(trace, shape)
            state = runner.start(inputs.hypers, inputs.theta)
            for step in range(1, (1 if claim.first else STEPS) + 1):
                now = _inputs(trace, inputs, state, step)
                try:
                    values = evaluate([left, right, *assuming], now, arithmetic)
                    if not all(is_defined(x) for v in values for x in np.ravel(v)):
                        break
                    if not all(_positive(x) for v in values[2:] for x in np.ravel(v)):
                        break
                    a, b = np.broadcast_arrays(*(np.asarray(v, dtype=object) for v in values[:2]))
                    if any(differ(x, y) for x, y in zip(a.ravel(), b.ravel(), strict=True)):
                        return _described(inputs, step, values[0], values[1])
                    answers = inputs.grads[step - 1]
                    state, _ = runner.step(
                        state, inputs.hypers, step, list(answers).__getitem__, inputs.given[step - 1]
                    )
                except (UndecidedError, ZeroDivisionError):
                    break
    return None


def _shape(trace: Trace, *sides: Node) -> tuple[int, ...]:
    """A matrix or a vector where the rule or the claim needs one."""
    reductions = [node for node in walk(sides) if isinstance(node, Reduce)]
    if any(node.axis is not None for node in reductions):
        return (2, 2)
    return shape_of(trace) or ((2,) if reductions else ())


def _inputs(trace: Trace, inputs: Inputs, state: dict[str, Any], step: int) -> dict[str, Any]:
    now = {**inputs.hypers, **inputs.given[step - 1], **state, STEP: Fraction(step)}
    now |= {name: now[draw_name(i)] for i, name in enumerate(trace.draws)}
    return now | {query.name: g for query, g in zip(trace.queries, inputs.grads[step - 1], strict=True)}


def _positive(x: Any) -> bool:
    return bool(x > 0)


def _described(inputs: Inputs, step: int, left: Any, right: Any) -> dict[str, Any]:
    given = {name: [written(now[name]) for now in inputs.given[:step]] for name in inputs.given[0]}
    return {
        "hyper": {name: written(value) for name, value in inputs.hypers.items()}, "theta": written(inputs.theta),
        "grads": [[written(g) for g in answers] for answers in inputs.grads[:step]],
        **({"given": given} if given else {}), "step": str(step), "left": written(left), "right": written(right),
    }  # fmt: skip

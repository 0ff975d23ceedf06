"""A shift of the first parameter, followed by every state that starts at it."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.ir.nodes import ONE, ZERO, Node, op, ref, refs, substitute
from symopt.ir.shape import let_shapes
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.domain import NonNegative
from symopt.lang.theorem import Shift
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError
from symopt.prove.invariants import nonnegative_states
from symopt.prove.proof import Proof, Step
from symopt.prove.structure.identity import same

CONSTANT = "shift.of.p"


def shift_proof(claim: Shift, trace: Trace, deadline: Deadline) -> tuple[Proof | None, str]:
    """The proof that a step of shifted inputs is the shifted step, or why there is none.

    States that start at the parameter are shifted with it, all others stay.
    """
    moved = {PARAMETER, *(s.name for s in trace.states if s.init is not ZERO and PARAMETER in refs(s.init))}
    shift: dict[str, Node] = {name: op("add", ref(name), ref(CONSTANT)) for name in moved}
    names = (*trace.inputs, CONSTANT)
    initial = {state.name: state.init for state in trace.states}
    step, points = trace.step(), trace.points()
    used = _used(step, [step[PARAMETER], *points.values()])
    step = {name: node for name, node in step.items() if name == PARAMETER or name in used}
    initial = {name: node for name, node in initial.items() if name in used}
    kept = nonnegative_states(step, initial, trace.inputs, trace.domains, deadline)
    domains = {**trace.domains, **{name: NonNegative for name in kept if name not in moved}}
    shapes = let_shapes(trace)
    numbers = [name for name in trace.inputs if shapes[name].is_scalar]
    starts = [(substitute([init], {PARAMETER: shift[PARAMETER]})[0], _moved(init, name in moved))
              for name, init in initial.items()]  # fmt: skip
    general = [(substitute([node], shift)[0], _moved(node, name in moved)) for name, node in step.items()]
    general += [(substitute([node], shift)[0], _moved(node, True)) for node in points.values()]
    first = [(substitute([a], {STEP: ONE})[0], substitute([b], {STEP: ONE})[0]) for a, b in general]
    try:
        outcomes = [same(pairs, names, domains, deadline, numbers) for pairs in (starts, first, general)]
    except NotDecidedError as error:
        return None, str(error)
    reason = next((outcome.open for outcome in outcomes if outcome.open), None)
    if reason is not None:
        return None, reason
    which = ", ".join(name for name in initial if name in moved)
    shifted = f"p{f' and {which}' if which else ''}"
    return Proof((
        Step(f"the initial states are shifted by d where p is: {shifted}", outcomes[0].method, outcomes[0].conditions),
        Step(f"a step from shifted {shifted} is the step shifted by d", outcomes[2].method,
             tuple(dict.fromkeys((*outcomes[1].conditions, *outcomes[2].conditions)))),
        Step(str(claim), "induction over the steps"),
    )), ""  # fmt: skip


def _used(step: Mapping[str, Node], roots: list[Node]) -> list[str]:
    """The states on which the parameter and the points of gradients depend, through the steps before."""
    found = [name for name in refs(*roots) if name in step]
    for name in found:
        found += [other for other in refs(step[name]) if other in step and other not in found]
    return found


def _moved(node: Node, moves: bool) -> Node:
    return op("add", node, ref(CONSTANT)) if moves else node

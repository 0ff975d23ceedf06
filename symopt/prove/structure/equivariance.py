"""Permutations, rotations and mirror images: what every operation does to them, followed through a step.

A value that is one number stays as it is; an array moves with the parameter, along the axes that it has. An
operation for which that is not so ends the proof, and two runs may then show that the claim fails.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from symopt.checker.structure import check_equivariance, check_shift
from symopt.errors import UsageError, nearest
from symopt.ir.exact import ArrayArithmetic
from symopt.ir.nodes import MatOp, Node, Reduce, walk
from symopt.ir.shape import ELEMENT, let_shapes
from symopt.ir.trace import PARAMETER, Trace
from symopt.lang.theorem import Equivariance, Shift
from symopt.lang.theorem.structure import GROUPS
from symopt.prove.deadline import Deadline
from symopt.prove.proof import Proof, Step
from symopt.prove.render import node_text
from symopt.prove.runner import Value, shape_of
from symopt.prove.settlement import Settlement
from symopt.prove.structure.degrees import Degrees
from symopt.prove.structure.forms import NONE, ContradictionError, Form
from symopt.prove.structure.shift import shift_proof
from symopt.prove.structure.turning import OWN_AXES, NotEquivariantError, Turning
from symopt.prove.structure.twins import Inputs, find_difference

OF_MATRICES = frozenset({"permutations of rows", "permutations of columns", "rotations"})
TURN = ((Fraction(3, 5), Fraction(-4, 5)), (Fraction(4, 5), Fraction(3, 5)))


def settle_equivariance(claim: Equivariance, trace: Trace, time_limit: float) -> Settlement:
    """Follow the change through every operation of a step, or find a run on which the parameter does not follow.

    Raises
    ------
    UsageError: the changes have no such name.
    """
    if claim.under not in GROUPS:
        raise UsageError(f"{claim.under!r} is no kind of change; {nearest(claim.under, [*GROUPS])}")
    try:
        how = FOLLOW[claim.under](trace)
    except NotEquivariantError as error:
        return _refuted(claim, trace, str(error), Deadline.after(time_limit))
    steps = (Step(how, "each operation of a step in turn"), Step(str(claim), "induction over the steps"))
    return Settlement.holds(Proof(steps), check_equivariance(trace, claim), how)


def settle_shift(claim: Shift, trace: Trace, time_limit: float) -> Settlement:
    """Prove that a step follows a shift of the parameter, or find a run on which it does not."""
    deadline = Deadline.after(time_limit)
    proof, reason = shift_proof(claim, trace, deadline)
    if proof is not None:
        return Settlement.holds(proof, check_shift(trace, claim))
    add = partial(ArrayArithmetic().op, "add", Fraction(1))

    def change(inputs: Inputs) -> Inputs:
        return Inputs(inputs.hypers, add(inputs.theta), inputs.grads, inputs.given)

    found = find_difference(trace, change, add, deadline)
    if found is None:
        return Settlement.unknown(reason)
    said = {"constant": "1", **found}
    return Settlement.fails(said, check_shift(trace, claim, said))


def _refuted(claim: Equivariance, trace: Trace, reason: str, deadline: Deadline) -> Settlement:
    shape = (2, 2) if claim.under in OF_MATRICES else shape_of(trace) or (2,)
    move = _moves(claim.under)

    def change(inputs: Inputs) -> Inputs:
        given = [{n: _moved(move, x) for n, x in now.items()} for now in inputs.given]
        return Inputs(inputs.hypers, move(inputs.theta), [[move(g) for g in row] for row in inputs.grads], given)

    found = find_difference(trace, change, partial(_moved, move), deadline, shape)
    if found is None:
        return Settlement.unknown(reason)
    return Settlement.fails(found, check_equivariance(trace, claim, found), reason)


def _moved(move: Callable[[Value], Value], value: Value) -> Value:
    return move(value) if isinstance(value, np.ndarray) else value


def _moves(under: str) -> Callable[[Value], Value]:
    """The plainest change of a kind: the first goes to the end, changes its sign, or all turn by 3/5 and 4/5."""
    match under:
        case "permutations":
            return lambda x: np.roll(x.ravel(), -1).reshape(x.shape)
        case "permutations of rows":
            return lambda x: np.roll(x, -1, axis=0)
        case "permutations of columns":
            return lambda x: np.roll(x, -1, axis=1)
        case "signs":
            return _first_mirrored
    turn, matop = np.array(TURN, dtype=object), ArrayArithmetic().matop
    return lambda x: matop("matmul", matop("matmul", turn, x), turn)


def _first_mirrored(x: Value) -> Value:
    flat = x.ravel().copy()
    flat[0] = -flat[0]
    return flat.reshape(x.shape)


def _nodes(trace: Trace) -> list[tuple[str, Node]]:
    """Every operation of a step, with the statement that it is in."""
    roots = [(let.target, let.value) for let in trace.lets]
    roots += [(f"the point of {query.name}", query.point) for query in trace.queries]
    return [(name, node) for name, root in roots for node in walk([root])]


def _follow_elements(trace: Trace) -> str:
    for name, node in _nodes(trace):
        if isinstance(node, MatOp) or (isinstance(node, Reduce) and node.axis is not None):
            raise NotEquivariantError(f"{node_text(node)} in {name} is about rows and columns")
    return "every operation is element by element, or one number over all elements that does not see their order"


def _follow_axes(trace: Trace) -> str:
    for name, node in _nodes(trace):
        if isinstance(node, MatOp) and node.op in OWN_AXES:
            raise NotEquivariantError(f"{node_text(node)} in {name} has rows and columns of its own")
    return "every operation is element by element, over a whole axis, or a product along one"


def _follow_signs(trace: Trace) -> str:
    shapes, odd = let_shapes(trace), {"sign": Fraction(1)}
    moved = {PARAMETER, *(query.name for query in trace.queries)}
    states = [state.name for state in trace.states if shapes[state.name] == ELEMENT]
    known: dict[str, Form] = {name: odd if name in moved else NONE for name in trace.inputs if name not in states}
    degrees = Degrees(trace, known, modulus=2, each=True)
    try:
        degrees.solve()
    except ContradictionError as error:
        raise NotEquivariantError(f"{error.equation.what} differ in sign in {error.equation.statement}") from None
    kinds = {name: degrees.exponents.value(degrees.of[name]).get("sign") for name in states}
    parts = [f"{name} {'changes' if kinds[name] else 'keeps'} its sign" for name in kinds]
    return ", ".join(parts) or "the step changes its sign with the gradient"


FOLLOW: dict[str, Callable[[Trace], Any]] = {
    "permutations": _follow_elements,
    "permutations of rows": _follow_axes,
    "permutations of columns": _follow_axes,
    "signs": _follow_signs,
    "rotations": lambda trace: Turning(trace).follow(),
}

"""Equality of steps that are built alike: the same operations on whole arrays, over operands that are equal.

For rules with operations on matrices this settles quickly what polynomials in matrices would not settle at all:
products of matrices are not multiplied out, and the operands of each are compared by themselves.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping

from symopt.errors import VerifyError
from symopt.ir.nodes import MatOp, Reduce, ref, substitute, walk
from symopt.ir.shape import Axis, Shape, let_shapes
from symopt.ir.trace import SIZES, STEP, Trace
from symopt.lang.domain import PositiveInteger
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.forms import Forms
from symopt.prove.found import Found
from symopt.prove.needs import needs
from symopt.prove.normal import Normal
from symopt.prove.pair import LEFT, RIGHT, Pair, bare
from symopt.prove.proof import Proof, Step
from symopt.prove.relation import Claim, Relation, held, later_claims
from symopt.prove.render import node_text, shown
from symopt.prove.runner import with_its_names

BY_STRUCTURE = "the same operations on matrices, over operands with equal normal forms"
# States of one side up to which every way to pair them is tried.
MOST_STATES = 4
# The part of the time limit that this may take.
SHARE = 0.3


def equal_by_structure(pair: Pair, deadline: Deadline) -> Found | None:
    """A proof that two rules for matrices do the same at every step; None where they are not built alike.

    Both sides are defined at the same values, so that the proof has no conditions.
    """
    if not pair.has_matrices or len(pair.left.points) != len(pair.right.points):
        return None
    shapes = _shapes(pair.left.trace, LEFT), _shapes(pair.right.trace, RIGHT)
    if shapes[0] is None or shapes[1] is None:
        return None
    axes = {name: _axes(shape) for name, shape in shapes[0].items()}
    names = dict.fromkeys((*pair.names, STEP, *SIZES))
    domains = {**pair.domains, **dict.fromkeys((STEP, *SIZES), PositiveInteger)}
    forms = Forms(Normal({*pair.numbers, STEP, *SIZES}, axes), tuple(names), domains, deadline.part(SHARE))
    try:
        for relation in _pairings(pair, shapes[0], shapes[1], forms.normal):
            if all(_is_met(claim, forms) for claim in later_claims(pair, relation)):
                return _found(pair, relation)
    except OutOfTimeError:
        pass
    return None


def _is_met(claim: Claim, forms: Forms) -> bool:
    """Whether both sides are the same wherever they are defined, and are defined at the same values."""
    if claim.left is claim.right:
        return True
    return forms(claim.left) is forms(claim.right) and needs(claim.left, forms) == needs(claim.right, forms)


def _shapes(trace: Trace, prefix: str) -> dict[str, Shape] | None:
    """The shapes of the states by their common names; None where they are not known, or turned on the long side."""
    nodes = list(walk(let.value for let in trace.lets))
    turned = any(isinstance(node, MatOp) and node.op == "wide" for node in nodes)
    if turned and any(isinstance(node, Reduce) and node.axis is not None for node in nodes):
        return None  # which axis such a reduction runs over depends on the shape
    try:
        known = let_shapes(with_its_names(trace))
    except VerifyError:
        return None
    return {prefix + state.name: known[state.name] for state in trace.states}


def _axes(shape: Shape) -> set[int]:
    return {i for i, axis in enumerate((shape.down, shape.along)) if axis is not Axis.ONE}


def _pairings(pair: Pair, left: Mapping[str, Shape], right: Mapping[str, Shape], normal: Normal) -> Iterator[Relation]:
    """Every way to give each state of the right one of the left that starts alike, names that are the same first."""
    mine, own = pair.left.states, pair.right.states
    if len(mine) != len(own) or len(mine) > MOST_STATES:
        return
    hypers = pair.identity()
    start = dict(zip(own, substitute(pair.right.initial.values(), hypers), strict=True))

    def fits(state: str, source: str) -> bool:
        return left[source] == right[state] and normal(pair.left.initial[source]) is normal(start[state])

    def renamed(order: tuple[str, ...]) -> int:
        return sum(bare(source) != bare(state) for source, state in zip(order, own, strict=True))

    for order in sorted(itertools.permutations(mine), key=renamed):
        if all(map(fits, own, order)):
            yield Relation({state: ref(source) for state, source in zip(own, order, strict=True)}, hypers)


def _found(pair: Pair, relation: Relation) -> Found:
    after = ", ".join(["the parameters agree", *held(relation)])
    steps = [Step(f"where both agree before step t, {after} after it, for every t >= 1", BY_STRUCTURE)]
    if relation.states:
        steps.insert(0, Step("before the first step the states are the same", BY_STRUCTURE))
    return Found(
        Proof(tuple(steps)),
        {bare(h): bare(h) for h in pair.right.hypers},
        {bare(state): node_text(node) for state, node in relation.states.items()},
        (),
        tuple(map(shown, pair.names)),
    )

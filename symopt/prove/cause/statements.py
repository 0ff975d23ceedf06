"""Which statements differ: those of new values that differ, and what they read that the other side has not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from symopt.ir.nodes import Node, Num, Ref, refs, walk
from symopt.ir.trace import PARAMETER, Trace
from symopt.prove.cause.places import Places
from symopt.prove.cause.points import NotEvaluatedError, Values, agree, evaluate
from symopt.prove.cause.states import corresponding
from symopt.prove.pair import LEFT, RIGHT, Pair, bare


@dataclass(frozen=True)
class Marked:
    """The statements and gradients that differ on each side, by the names of their traces.

    ``partners`` are the states of the right with the left's that they are.
    """

    left: frozenset[str] = frozenset()
    right: frozenset[str] = frozenset()
    partners: Mapping[str, str] = field(default_factory=dict)


def differing_statements(pair: Pair) -> Marked:
    """What to mark where two sides stand beside each other; nothing where they cannot be evaluated."""
    try:
        places = corresponding(pair)
        left, right = _unlike(places)
    except NotEvaluatedError:
        return Marked()
    partners = {bare(own): bare(name) for own, name in places.partners.items()}
    common = {own: LEFT + name for own, name in partners.items()}
    differing = {*(place.name for place in places.differing), *places.only[0], *places.only[1]}
    return Marked(
        frozenset(_marked(pair.left.trace, {}, LEFT, differing, left) | _asked_elsewhere(pair, 0)),
        frozenset(_marked(pair.right.trace, common, RIGHT, differing, right) | _asked_elsewhere(pair, 1)),
        partners,
    )


def _unlike(places: Places) -> list[set[str]]:
    """The statements of each side whose values the other side has nowhere; new states are not among them."""
    nodes = [
        [*side.values(), *(place.left if i == 0 else place.right for place in places.places)]
        for i, side in enumerate(places.intermediate)
    ]
    values = evaluate([*nodes[0], *nodes[1]], places.inputs)
    parts = [{node for node in walk(side) if not isinstance(node, Ref | Num)} for side in nodes]
    return [
        {name for name, node in side.items() if not _is_among(node, others, values)}
        for side, others in zip(places.intermediate, parts[::-1], strict=True)
    ]


def _is_among(node: Node, others: Iterable[Node], values: Mapping[Node, Values]) -> bool:
    return any(agree(values[node], values[other]) for other in others)


def _marked(trace: Trace, common: Mapping[str, str], prefix: str, differing: set[str], unlike: set[str]) -> set[str]:
    """New values that differ, and what they read that is nothing of the other side's."""
    names = {state: PARAMETER if state == PARAMETER else common.get(state, prefix + state) for state in trace.results}
    results = {let for state, let in trace.results.items() if names[state] in differing}
    values = {let.name: let.value for let in trace.lets}
    found, waiting = set(results), list(results)
    while waiting:
        for name in refs(values[waiting.pop()]):
            if name in values and name not in found and name not in trace.results.values():
                found.add(name)
                waiting.append(name)
    return {name for name in found if name in results or name in unlike}


def _asked_elsewhere(pair: Pair, side: int) -> set[str]:
    """The gradients that the other side asks for at another point."""
    own, other = (pair.left, pair.right) if side == 0 else (pair.right, pair.left)
    points = zip(own.trace.queries, own.points, other.points, strict=False)
    return {
        query.name for query, point, elsewhere in points if point is not elsewhere and _is_parameter(point, elsewhere)
    }


def _is_parameter(*points: Node) -> bool:
    """Whether one of two points is the parameter itself, so that the other is elsewhere whatever it is."""
    return any(isinstance(point, Ref) and point.name == PARAMETER for point in points)

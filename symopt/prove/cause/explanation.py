"""Why two rules differ: the difference of their parameters as an expression, and one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.ir.trace import PARAMETER
from symopt.prove.cause.difference import difference
from symopt.prove.cause.edits import edit_between, scaling_between
from symopt.prove.cause.first import differing_start, only_kept_otherwise
from symopt.prove.cause.looks import (
    differing_statement,
    inside_reduction,
    into_gradient,
    missing_correction,
    only_one_side,
    query_point,
    rate_in_state,
    root_place,
)
from symopt.prove.cause.pairs import description
from symopt.prove.cause.parameter import kept_of_parameter
from symopt.prove.cause.places import Places
from symopt.prove.cause.points import NotEvaluatedError
from symopt.prove.deadline import Deadline
from symopt.prove.pair import Pair
from symopt.prove.runs import Witness


@dataclass(frozen=True)
class Explanation:
    """The difference of the parameters as an expression, and one sentence about it."""

    difference: str | None
    cause: str


def explain(pair: Pair, witness: Witness, deadline: Deadline) -> Explanation:
    """Explain the difference that a witness shows, in the parameter or in a query point."""
    if witness.query is not None:
        return Explanation(None, query_point(pair) or "The points at which gradients are asked for differ.")
    return Explanation(difference(pair, witness, deadline), cause(pair))


def cause(pair: Pair) -> str:
    """One sentence: which statement differs, and in which way.

    What is looked at is how the two sides depend on hyper-parameters, states and the step, never what these
    are called.
    """
    try:
        sentence = query_point(pair) or rate_in_state(pair) or _by_values(Places(pair))
    except NotEvaluatedError:
        sentence = None
    if sentence is not None:
        return sentence
    for look in (root_place, into_gradient, inside_reduction, missing_correction, only_one_side):
        sentence = look(pair)
        if sentence is not None:
            return sentence
    return differing_statement(pair.left.trace, pair.right.trace)


def _by_values(places: Places) -> str | None:
    """A sentence that the values of both sides at generic points bear out."""
    if not places.differing and not any(places.only):
        return differing_start(places)
    if any(places.only):
        return _of_other_states(places)
    sentence = only_kept_otherwise(places) or edit_between(places)
    if sentence is not None:
        return sentence
    differing = places.differing
    if len(differing) > 1:
        sentence = into_gradient(places.pair)
    if sentence is not None or not _one_vocabulary(places):
        return sentence
    first = differing[0]
    return (
        description(first, places, one_sided=True)
        or kept_of_parameter(places)
        or scaling_between(places)
        or description(first, places)
    )


def _of_other_states(places: Places) -> str | None:
    """Where one side has a state that the other lacks, and the parameter alone differs."""
    lone = sum(map(len, places.only)) == 1
    if not lone or [place.name for place in places.differing] != [PARAMETER] or not _one_vocabulary(places):
        return None
    return edit_between(places) or description(places.differing[0], places)


def _one_vocabulary(places: Places) -> bool:
    """Whether the hyper-parameters of one side are among those of the other."""
    left, right = ({h.name for h in side.trace.hypers} for side in (places.pair.left, places.pair.right))
    return left <= right or right <= left

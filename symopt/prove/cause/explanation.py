"""Why two rules differ: the difference of their parameters as an expression, and one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from symopt.ir.nodes import num
from symopt.ir.trace import PARAMETER
from symopt.passes.dead import drop_dead
from symopt.passes.specialise import rewrite
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
from symopt.prove.cause.pairs import description, new_values
from symopt.prove.cause.parameter import kept_of_parameter
from symopt.prove.cause.places import Places
from symopt.prove.cause.points import NotEvaluatedError
from symopt.prove.cause.states import corresponding
from symopt.prove.deadline import Deadline
from symopt.prove.pair import Pair, make_pair
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
    are called. What one side alone has, and by default makes no use of, is looked at last.
    """
    without = _without_unused(pair)
    if without is not None:
        places = _places(without)
        if places is not None and (places.differing or any(places.only)):
            return _sentence(without, places)
    return _sentence(pair, _places(pair))


def _places(pair: Pair) -> Places | None:
    """Where the two sides differ; None where they cannot be evaluated."""
    try:
        places = corresponding(pair)
        return places if places.differing is not None else None
    except NotEvaluatedError:
        return None


def _without_unused(pair: Pair) -> Pair | None:
    """The two where hyper-parameters that one side alone has, and that are 0 by default, are 0; None where none is."""
    sides = pair.left.trace, pair.right.trace
    names = [{hyper.name for hyper in side.hypers} for side in sides]
    lone = {
        hyper.name: num(0) for side in sides for hyper in side.hypers
        if hyper.default == 0 and not all(hyper.name in of_side for of_side in names)
    }  # fmt: skip
    if not lone or {*lone} & {*pair.varying}:
        return None
    left, right = (drop_dead(rewrite(side, lone)) for side in sides)
    return make_pair(left, right, pair.varying)


def _sentence(pair: Pair, places: Places | None) -> str:
    """The first look that says something."""
    try:
        sentence = query_point(pair) or rate_in_state(pair) or (_by_values(places) if places is not None else None)
    except NotEvaluatedError:
        sentence = None
    if sentence is not None:
        return sentence
    for look in (root_place, into_gradient, inside_reduction, missing_correction, only_one_side):
        sentence = look(pair)
        if sentence is not None:
            return sentence
    if places is not None and places.is_renamed and places.differing:
        return new_values(places.differing[0], places)
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

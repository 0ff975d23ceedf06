"""Rules whose later steps agree: other initial values, another first step, or another value that is kept."""

from __future__ import annotations

from symopt.ir.trace import PARAMETER
from symopt.prove.cause.looks import conditions
from symopt.prove.cause.pairs import description
from symopt.prove.cause.places import Place, Places
from symopt.prove.cause.points import agree, evaluate
from symopt.prove.cause.text import text as node_text
from symopt.prove.pair import bare


def differing_start(places: Places) -> str | None:
    """Where every later step agrees: initial values, or what a rule does in its first step alone."""
    for state in (place.name for place in places.places if place.name != PARAMETER):
        left, right = places.first(state)
        if left is not right:
            return f"{bare(state)} starts at {node_text(left)} on the left and at {node_text(right)} on the right."
    sentence = _first_step(places)
    return sentence or conditions(places.pair)


def _first_step(places: Places) -> str | None:
    """The first new value that differs at t = 1."""
    ours, theirs = places.first_values()
    for name in sorted(ours, key=lambda name: name == PARAMETER):
        if name not in theirs:
            continue
        left, right = ours[name], theirs[name]
        values = evaluate([left, right], places.inputs)
        if not agree(values[left], values[right]):
            texts = node_text(left), node_text(right)
            return (
                f"Only the first step differs: {bare(name)} becomes {texts[0]} on the left and {texts[1]} on the right."
            )
    return None


def only_kept_otherwise(places: Places) -> str | None:
    """The step is the same from the same states, and a state is left otherwise for the next one."""
    differing = [place for place in places.differing if place.name != PARAMETER]
    if not differing or not places.parameter_agrees:
        return None
    place = differing[0]
    left, right = (side[place.name] for side in places.whole)
    whole = Place(place.name, left, right, place.partner)
    found = description(whole, places)
    return None if found is None else f"One step is the same; what {place.title} keeps for the next is not. {found}"

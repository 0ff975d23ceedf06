"""Edits of one side that make it the other: each is tried, and the first that succeeds is the cause.

An edit is about all places at which the two sides differ: a constant added under a root instead of beside it,
hyper-parameters that have changed places, a correction that is missing, another power of it, a factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from symopt.ir.nodes import Node, Op, op, ref, refs, walk
from symopt.prove.cause.corrections import (
    corrected_too,
    correction_made_otherwise,
    power_of_another_step,
    power_of_the_rest,
)
from symopt.prove.cause.parameter import order_of_decay
from symopt.prove.cause.places import Places
from symopt.prove.cause.sides import SIDES, Sides, listed, scalings, views
from symopt.prove.cause.text import text


def edit_between(places: Places) -> str | None:
    """The first edit that makes one side the other, as a sentence."""
    looks = (
        _under_root, _changed_places, _complement, correction_made_otherwise, power_of_another_step, power_of_the_rest,
        corrected_too,
    )  # fmt: skip
    return _first(places, looks) or order_of_decay(places)


def scaling_between(places: Places) -> str | None:
    """A hyper-parameter of one side that is a multiple of that of the other, as a sentence."""
    return _first(places, (_scaled,))


def _first(places: Places, looks: Sequence[Callable[[Sides], Iterator[str]]]) -> str | None:
    return next((sentence for look in looks for view in views(places) for sentence in look(view)), None)


def _under_root(view: Sides) -> Iterator[str]:
    """``sqrt(x + e)`` of this side is ``sqrt(x) + e`` on the other."""
    for node in walk(view.edited):
        if isinstance(node, Op) and node.op == "sqrt" and isinstance(node.args[0], Op) and node.args[0].op == "add":
            for rest, added in (node.args[0].args, node.args[0].args[::-1]):
                if _constant(added, view) and view.rewritten(node, op("add", op("sqrt", rest), added)):
                    here, there = view.here, view.there
                    yield f"{text(added)} is added under the root on the {here} and outside it on the {there}."


def _constant(node: Node, view: Sides) -> bool:
    return bool(refs(node)) and set(refs(node)) <= {*view.hypers}


def _changed_places(view: Sides) -> Iterator[str]:
    """Two hyper-parameters are exchanged."""
    if view.here != SIDES[0][0]:
        return
    inputs = view.places.inputs
    names = view.hypers
    for i, a in enumerate(names):
        for b in names[i + 1 :]:
            if view.becomes({**inputs, a: inputs[b], b: inputs[a]}):
                yield f"{text(ref(a))} and {text(ref(b))} have changed places{_in(view)}."


def _complement(view: Sides) -> Iterator[str]:
    """One side has ``1 - h`` where the other has ``h``, for one hyper-parameter or for several."""
    inputs = view.places.inputs
    domains = view.places.pair.domains
    names = [name for name in view.hypers if name in domains and 0 in domains[name] and domains[name].upper == 1]
    for chosen in [[name] for name in names] + [names]:
        if chosen and view.becomes({**inputs, **{name: 1 - inputs[name] for name in chosen}}):
            one_minus = listed([f"1 - {text(ref(name))}" for name in chosen])
            plain = listed([text(ref(name)) for name in chosen])
            yield f"The {view.here} has {one_minus} where the {view.there} has {plain}{_in(view)}."
            return


def _scaled(view: Sides) -> Iterator[str]:
    """A hyper-parameter that acts as a multiple of itself."""
    for name, factor in scalings(view):
        multiple = text(op("mul", ref(name), factor))
        yield f"The {view.there} is the {view.here} with {multiple} in place of {text(ref(name))}{_in(view)}."


def _in(view: Sides) -> str:
    """Where an edit was made, unless it was everywhere."""
    names = [place.title for place in view.places.differing]
    return "" if len(names) == len(view.places.places) else f" in {listed(names)}"

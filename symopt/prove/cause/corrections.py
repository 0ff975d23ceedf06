"""Bias corrections that one side lacks, or makes in another way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from symopt.ir.nodes import ONE, Node, Op, op, ref, refs, walk
from symopt.ir.trace import STEP
from symopt.passes.fold import fold
from symopt.prove.cause.places import step_powers
from symopt.prove.cause.points import Override, Values, evaluate
from symopt.prove.cause.sides import Sides, corrections, is_added, listed, scalings
from symopt.prove.cause.text import text


def correction_made_otherwise(view: Sides) -> Iterator[str]:
    """A correction that the other side lacks, divides by, takes under a root, or makes by another power."""
    found = corrections(view.edited)
    for chosen in [list(found), *([node] for node in found if len(found) > 1)]:
        if chosen:
            for change, sentence in _changes(view, chosen):
                if view.becomes(view.places.inputs, _replacing(chosen, change)):
                    yield sentence


def _changes(view: Sides, chosen: list[Op]) -> Iterator[tuple[Override, str]]:
    """What a correction may be on the other side, where its expressions bear that out."""
    here, there = view.here, view.there
    own, others = ({*walk(nodes)} for nodes in (view.edited, view.wanted))
    written, one = listed([text(node) for node in chosen]), len(chosen) == 1
    powers = [node.args[1] for node in chosen]
    roots = [op("sqrt", node) for node in chosen]
    complements = [_of_complement(power) for power in powers]
    if not {*chosen} <= others:
        bases = ", ".join(map(text, powers))
        yield lambda _, c: np.ones_like(c), f"The correction by {bases} on the {here} is missing on the {there}."
    plural = "" if one else "s"
    does = [f"divide{'s' if one else ''}", f"multipl{'ies' if one else 'y'}"]
    first, second = does if _divides(view.edited, chosen[0]) else does[::-1]
    yield lambda _, c: 1 / c, f"The correction{plural} {written} {first} on the {here} and {second} on the {there}."
    if {*roots} <= others:
        yield lambda _, c: np.sqrt(c), f"The {there} has {written} under a root, the {here} has not."
    if {*roots} <= own:
        yield lambda _, c: c**2, f"The {here} has {written} under a root, the {there} has not."
    if {*complements} <= others:
        values = evaluate(complements, view.places.inputs)
        yield (
            lambda node, _: values[_of_complement(node.args[1])],
            f"The {here} has {written} where the {there} has {listed([text(node) for node in complements])}.",
        )


def _divides(nodes: Sequence[Node], part: Node) -> bool:
    """Whether something is divided by what a part is in."""
    return any(isinstance(n, Op) and n.op == "div" and part in [*walk([n.args[1]])] for n in walk(nodes))


def _of_complement(power: Node) -> Op:
    return op("pow", op("sub", ONE, power.args[0]), power.args[1])


def _replacing(nodes: Sequence[Node], change: Override) -> Override:
    return lambda node, value: change(node, value) if node in nodes else value


def power_of_another_step(view: Sides) -> Iterator[str]:
    """Powers of another step: of the next one, of a counter that stands still or counts otherwise."""
    powers = step_powers(view.edited)
    exponents = list(dict.fromkeys(power.args[1] for power in step_powers(view.wanted)))
    exponents += [ONE]  # of a counter that stands still
    for chosen in [powers, *([power] for power in powers if len(powers) > 1)]:
        own = list(dict.fromkeys(power.args[1] for power in chosen))
        for exponent in exponents if len(own) == 1 else []:
            values = evaluate([exponent, *(power.args[0] for power in chosen)], view.places.inputs)

            def power_of(node: Node, _: Values, values: Mapping[Node, Values] = values, e: Node = exponent) -> Values:
                return np.asarray(values[node.args[0]] ** values[e])

            if exponent is not own[0] and view.becomes(view.places.inputs, _replacing(list(chosen), power_of)):
                which = listed([text(power.args[0]) for power in chosen])
                power = {view.here: text(own[0]), view.there: text(exponent)}
                yield (
                    f"The correction takes {which} to the power {power['left']} on the left and to the power "
                    f"{power['right']} on the right."
                )


def power_of_the_rest(view: Sides) -> Iterator[str]:
    """Powers of 1 - b where the other side has powers of b."""
    powers = step_powers(view.edited)
    for chosen in [powers, *([power] for power in powers if len(powers) > 1)]:
        rests = [op("sub", ONE, power.args[0]) for power in chosen]
        values = evaluate([*rests, *(power.args[1] for power in chosen)], view.places.inputs)

        def power_of(node: Node, _: Values, values: Mapping[Node, Values] = values) -> Values:
            return np.asarray(values[op("sub", ONE, node.args[0])] ** values[node.args[1]])

        if chosen and view.becomes(view.places.inputs, _replacing(list(chosen), power_of)):
            own, others = (
                listed([text(fold([node])[0]) for node in nodes]) for nodes in ([p.args[0] for p in chosen], rests)
            )
            exponent = text(chosen[0].args[1])
            yield (
                f"The correction takes {own} to the power {exponent} on the {view.here} and {others} to that power "
                f"on the {view.there}."
            )


def corrected_too(view: Sides) -> Iterator[str]:
    """A constant that is corrected together with what it is added to."""
    for name, factor in scalings(view):
        if STEP in refs(factor) and is_added(view, name):
            yield corrected_with(view, name, factor)


def corrected_with(view: Sides, name: str, factor: Node) -> str:
    """The sentence about a constant that is corrected together with what it is added to."""
    return (
        f"{text(ref(name))} is added before the correction by {text(factor)} on the {view.here}, "
        f"which divides it as well, and after it on the {view.there}."
    )

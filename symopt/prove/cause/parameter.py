"""What a step keeps of the parameter and what it adds, where nothing else differs between two sides."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy as sp

from symopt.ir.nodes import Node, refs
from symopt.ir.trace import PARAMETER, STEP
from symopt.prove.cause.corrections import corrected_with
from symopt.prove.cause.places import Places
from symopt.prove.cause.points import Values, agree, evaluate
from symopt.prove.cause.sides import SIDES, factors, is_added, views
from symopt.prove.render import node_sympy


def order_of_decay(places: Places) -> str | None:
    """The order of decay and step, or the sign of the step, where the parameter alone differs."""
    parts = _parts_of_parameter(places)
    if parts is None:
        return None
    if agree(parts[0][0], parts[1][0]) and agree(parts[0][1], -parts[1][1]):
        return "The step has opposite signs on the two sides."
    return _decay_after(*parts) or _decay_after_and_scaled(places)


def _decay_after(left: tuple[Values, Values], right: tuple[Values, Values]) -> str | None:
    """Where the part that is kept is the same, the step of one side is that part of the other's."""
    kept = left[0]
    if not agree(kept, right[0]) or agree(kept, np.ones_like(kept)):
        return None
    for a, b, (here, there) in ((left[1], right[1], SIDES[0]), (right[1], left[1], SIDES[1])):
        if _product(a, kept, b):
            return (
                f"The decay comes after the step on the {here} and takes from the step too; on the {there} before it."
            )
    return None


def _decay_after_and_scaled(places: Places) -> str | None:
    """The same, where a constant is corrected on one side besides."""
    inputs = places.inputs
    for view in views(places):
        other = _kept_and_added(view.wanted[0], inputs)
        for name, factor in ((n, f) for n in view.hypers for f in factors(view)):
            if STEP not in refs(factor) or not is_added(view, name) or other is None:
                continue
            scaled = {**inputs, name: inputs[name] * evaluate([factor], inputs)[factor]}
            own = _kept_and_added(view.edited[0], scaled)
            if own is not None:
                ordered = (own, other) if view.here == SIDES[0][0] else (other, own)
                sentence = _decay_after(*ordered)
                if sentence is not None:
                    return f"{sentence} {corrected_with(view, name, factor)}"
    return None


def _product(whole: Values, one: Values, other: Values) -> bool:
    """Whether a value is the product of two, at points at which none of them is infinite."""
    with np.errstate(all="ignore"):
        return agree(whole, one * other)


def kept_of_parameter(places: Places) -> str | None:
    """What is kept of the parameter, where nothing else differs."""
    parts = _parts_of_parameter(places)
    if parts is None or not agree(parts[0][1], parts[1][1]):
        return None
    texts = [_kept_text(node) for node in (places.differing[0].left, places.differing[0].right)]
    return f"Of the parameter the left keeps the part {texts[0]}, the right the part {texts[1]}."


def _parts_of_parameter(places: Places) -> list[tuple[Values, Values]] | None:
    """Both sides as what is kept of the parameter and what is added to that, where nothing else differs."""
    differing = places.differing
    if [place.name for place in differing] != [PARAMETER]:
        return None
    parts = [_kept_and_added(node, places.inputs) for node in (differing[0].left, differing[0].right)]
    return None if None in parts else [part for part in parts if part is not None]


def _kept_and_added(node: Node, inputs: Mapping[str, Values]) -> tuple[Values, Values] | None:
    """``a`` and ``b`` of a value that is ``a*p + b``; None where it is not."""
    p = inputs[PARAMETER]
    found = [evaluate([node], {**inputs, PARAMETER: q})[node] for q in (0 * p, p, 2 * p)]
    with np.errstate(all="ignore"):
        kept = (found[1] - found[0]) / p
        return (kept, found[0]) if agree(found[2] - found[0], 2 * kept * p) else None


def _kept_text(node: Node) -> str:
    """The factor of the parameter, as people write it."""
    kept = sp.factor_terms(sp.expand(sp.diff(sp.expand(node_sympy(node)), sp.Symbol(PARAMETER))))
    return min((str(sp.sstr(kept, order=order)) for order in (None, "rev-lex")), key=lambda text: text.startswith("-"))

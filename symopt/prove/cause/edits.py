"""Edits of one side that make it the other: each is tried, and the first that succeeds is the cause.

An edit is about all places at which the two sides differ: a constant added under a root instead of beside it,
hyper-parameters that have changed places, a correction that is missing, another power of it, a factor.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from symopt.ir.nodes import ONE, Node, Op, num, op, rebuild, ref, refs, walk
from symopt.ir.trace import PARAMETER, STEP
from symopt.prove.cause.places import Places, step_powers
from symopt.prove.cause.points import Override, Values, agree, evaluate
from symopt.prove.render import node_sympy, node_text

SIDES = (("left", "right"), ("right", "left"))


@dataclass(frozen=True)
class Sides:
    """The differing places seen from one side: what is edited, what it is to become, and what the sides are called."""

    places: Places
    edited: tuple[Node, ...]
    wanted: tuple[Node, ...]
    here: str
    there: str

    def becomes(self, values: Mapping[str, Values], override: Override | None = None) -> bool:
        """Whether the edited side has the values of the other, from other inputs or with other values inside."""
        if not self.wanted:
            return False
        found = evaluate(self.edited, values, override)
        return self._same(found, self.edited)

    def rewritten(self, old: Node, new: Node) -> bool:
        """Whether the edited side has the values of the other where an expression is replaced."""
        nodes = tuple(replaced(node, old, new) for node in self.edited)
        return self._same(evaluate(nodes, self.places.inputs), nodes)

    def _same(self, found: Mapping[Node, Values], nodes: tuple[Node, ...]) -> bool:
        return all(agree(found[a], self.places.values[b]) for a, b in zip(nodes, self.wanted, strict=True))

    @property
    def hypers(self) -> list[str]:
        """The hyper-parameters that the edited side reads at these places."""
        both = {*self.places.pair.left.hypers, *self.places.pair.right.hypers}
        return [name for name in refs(*self.edited) if name in both]


def edit_between(places: Places) -> str | None:
    """The first edit that makes one side the other, as a sentence."""
    looks = (_under_root, _changed_places, _complement, _corrections, _powers, _scaled_by_correction)
    return _first(places, looks) or _at_parameter(places)


def scaling_between(places: Places) -> str | None:
    """A hyper-parameter of one side that is a multiple of that of the other, as a sentence."""
    return _first(places, (_scaled,))


def _first(places: Places, looks: Sequence[Callable[[Sides], Iterator[str]]]) -> str | None:
    differing = places.differing
    left, right = tuple(p.left for p in differing), tuple(p.right for p in differing)
    views = [Sides(places, left, right, *SIDES[0]), Sides(places, right, left, *SIDES[1])]
    return next((sentence for look in looks for view in views for sentence in look(view)), None)


def _under_root(view: Sides) -> Iterator[str]:
    """``sqrt(x + e)`` of this side is ``sqrt(x) + e`` on the other."""
    for node in walk(view.edited):
        if isinstance(node, Op) and node.op == "sqrt" and isinstance(node.args[0], Op) and node.args[0].op == "add":
            for rest, added in (node.args[0].args, node.args[0].args[::-1]):
                if _constant(added, view) and view.rewritten(node, op("add", op("sqrt", rest), added)):
                    text = node_text(added)
                    yield f"{text} is added under the root on the {view.here} and outside it on the {view.there}."


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
                yield f"{_text(a)} and {_text(b)} have changed places{_in(view)}."


def _complement(view: Sides) -> Iterator[str]:
    """One side has ``1 - h`` where the other has ``h``, for one hyper-parameter or for several."""
    inputs = view.places.inputs
    domains = view.places.pair.domains
    names = [name for name in view.hypers if name in domains and 0 in domains[name] and domains[name].upper == 1]
    for chosen in [[name] for name in names] + [names]:
        if chosen and view.becomes({**inputs, **{name: 1 - inputs[name] for name in chosen}}):
            one_minus = _and([f"1 - {_text(name)}" for name in chosen])
            plain = _and([_text(name) for name in chosen])
            yield f"The {view.here} has {one_minus} where the {view.there} has {plain}{_in(view)}."
            return


def corrections(nodes: tuple[Node, ...]) -> list[Op]:
    """Expressions ``1 - b**t``, as in bias corrections."""
    powers = {*step_powers(nodes)}
    return [n for n in walk(nodes) if isinstance(n, Op) and n.op == "sub" and n.args[0] is ONE and n.args[1] in powers]


def _corrections(view: Sides) -> Iterator[str]:
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
    text, one = _and([node_text(node) for node in chosen]), len(chosen) == 1
    powers = [node.args[1] for node in chosen]
    roots = [op("sqrt", node) for node in chosen]
    complements = [_of_complement(power) for power in powers]
    if not {*chosen} <= others:
        bases = ", ".join(map(node_text, powers))
        yield lambda _, c: np.ones_like(c), f"The correction by {bases} on the {here} is missing on the {there}."
    does = ("divides", "multiplies") if one else ("divide", "multiply")
    yield (
        lambda _, c: 1 / c,
        f"The correction{'' if one else 's'} {text} {does[0]} on one side and {does[1]} on the other.",
    )
    if {*roots} <= others:
        yield lambda _, c: np.sqrt(c), f"The {there} has {text} under a root, the {here} has not."
    if {*roots} <= own:
        yield lambda _, c: c**2, f"The {here} has {text} under a root, the {there} has not."
    if {*complements} <= others:
        values = evaluate(complements, view.places.inputs)
        yield (
            lambda node, _: values[_of_complement(node.args[1])],
            f"The {here} has {text} where the {there} has {_and([node_text(node) for node in complements])}.",
        )


def _of_complement(power: Node) -> Op:
    return op("pow", op("sub", ONE, power.args[0]), power.args[1])


def _replacing(nodes: Sequence[Node], change: Override) -> Override:
    return lambda node, value: change(node, value) if node in nodes else value


def _powers(view: Sides) -> Iterator[str]:
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
                which = _and([node_text(power.args[0]) for power in chosen])
                yield (
                    f"The correction takes {which} to the power {node_text(own[0])} on the {view.here} and to the "
                    f"power {node_text(exponent)} on the {view.there}."
                )


def factors(view: Sides) -> list[Node]:
    """What a factor may be: hyper-parameters and 1 minus them, corrections and their roots, two."""
    found: list[Node] = [ref(name) for name in view.hypers]
    found += [op("sub", ONE, name) for name in found]
    for node in dict.fromkeys([*corrections(view.edited), *corrections(view.wanted)]):
        found += [node, op("sqrt", node)]
    return [*found, num(2)]


def _scaled_by_correction(view: Sides) -> Iterator[str]:
    """A constant that is corrected together with what it is added to."""
    for name, factor in _scalings(view):
        if STEP in refs(factor) and _added(view, name):
            yield (
                f"{_text(name)} is added before the correction by {node_text(factor)} on the {view.here}, "
                f"which divides it as well, and after it on the {view.there}."
            )


def _scaled(view: Sides) -> Iterator[str]:
    """A hyper-parameter that acts as a multiple of itself."""
    for name, factor in _scalings(view):
        text = node_text(op("mul", ref(name), factor))
        yield f"The {view.there} is the {view.here} with {text} in place of {_text(name)}{_in(view)}."


def _scalings(view: Sides) -> Iterator[tuple[str, Node]]:
    """Hyper-parameters with the factors that make the edited side the other."""
    inputs = view.places.inputs
    candidates = factors(view)
    values = evaluate(candidates, inputs)
    for name in view.hypers:
        for factor in candidates:
            if factor is not ref(name) and view.becomes({**inputs, name: inputs[name] * values[factor]}):
                yield name, factor


def _added(view: Sides, name: str) -> bool:
    return any(isinstance(n, Op) and n.op == "add" and ref(name) in n.args for n in walk(view.edited))


def _at_parameter(places: Places) -> str | None:
    """The order of decay and step, or the sign of the step, where the parameter alone differs."""
    parts = _parts_of_parameter(places)
    if parts is None:
        return None
    (kept, added), (other_kept, other_added) = parts
    if not agree(kept, other_kept):
        return None
    for (a, b), (here, there) in zip(((added, other_added), (other_added, added)), SIDES, strict=True):
        if not agree(kept, np.ones_like(kept)) and agree(a / kept, b):
            return (
                f"The decay comes after the step on the {here} and takes from the step too; on the {there} before it."
            )
    return "The step has opposite signs on the two sides." if agree(added, -other_added) else None


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
    parts = [_kept_and_added(node, places) for node in (differing[0].left, differing[0].right)]
    return None if None in parts else [part for part in parts if part is not None]


def _kept_and_added(node: Node, places: Places) -> tuple[Values, Values] | None:
    """``a`` and ``b`` of a value that is ``a*p + b``; None where it is not."""
    inputs = places.inputs
    p = inputs[PARAMETER]
    found = [evaluate([node], {**inputs, PARAMETER: q})[node] for q in (0 * p, p, 2 * p)]
    with np.errstate(all="ignore"):
        kept = (found[1] - found[0]) / p
        return (kept, found[0]) if agree(found[2] - found[0], 2 * kept * p) else None


def _kept_text(node: Node) -> str:
    """The factor of the parameter, as people write it."""
    kept = sp.factor_terms(sp.expand(sp.diff(sp.expand(node_sympy(node)), sp.Symbol(PARAMETER))))
    return min((str(sp.sstr(kept, order=order)) for order in (None, "rev-lex")), key=lambda text: text.startswith("-"))


def replaced(root: Node, old: Node, new: Node) -> Node:
    """An expression with one subexpression replaced wherever it stands."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = new if node is old else node if args == node.args else rebuild(node, args)
    return done[root]


def _text(name: str) -> str:
    return node_text(ref(name))


def _and(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _in(view: Sides) -> str:
    """Where an edit was made, unless it was everywhere."""
    names = [place.title for place in view.places.differing]
    return "" if len(names) == len(view.places.places) else f" in {_and(names)}"

"""The smallest expressions that two values differ in: what one side has where the other has something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from symopt.ir.nodes import Node, Op, Ref, num, op
from symopt.ir.trace import PARAMETER
from symopt.prove.cause.places import DOTS, NEW, Place, Places
from symopt.prove.cause.points import Values, agree, evaluate
from symopt.prove.cause.sides import SIDES, corrections

COMMUTING = frozenset({"add", "mul", "max", "min", "eq", "and", "or"})
LONGEST, LONGEST_REST = 160, 60  # characters of what differs, and of what it is added to
SUMS, PRODUCTS = ("add", "sub"), ("mul", "div")


@dataclass(frozen=True)
class Difference:
    """What the left has where the right has something else; ``kind`` says what it is a part of.

    A side is None where the other has a summand or a factor more; ``turned`` then says that it is subtracted,
    or divided by, and ``rest`` what it is added to or multiplied with. Both are None where ``rest`` is added by one
    side and subtracted by the other, or multiplied with and divided by; ``turned`` then says what the left does.
    ``within`` are the operations it is inside of.
    """

    left: Node | None
    right: Node | None
    kind: str = ""
    turned: bool = False
    rest: Node | None = None
    within: tuple[str, ...] = ()


def smallest_difference(place: Place, values: Mapping[Node, Values]) -> Difference:
    """Descend as long as exactly one operand differs."""
    left, right = place.left, place.right
    kind = ""
    within: list[str] = []
    while True:
        found = _one_step(left, right, values)
        if found is None:
            return Difference(left, right, kind, within=tuple(within))
        if found.left is None or found.right is None:
            return replace(found, within=tuple(within))
        within.append(left.op if isinstance(left, Op) else "")
        left, right, kind = found.left, found.right, found.kind


def _one_step(left: Node, right: Node, values: Mapping[Node, Values]) -> Difference | None:
    operations = [getattr(node, "op", "") for node in (left, right)]
    for names in SUMS, PRODUCTS:
        if {*operations} & {*names}:
            found = _parts(left, right, values, names)
            if found is not None:
                return found
    return _other_operands(left, right, values)


def _other_operands(left: Node, right: Node, values: Mapping[Node, Values]) -> Difference | None:
    """The operands in which two equal operations differ, where that is one."""
    name = getattr(left, "op", None)
    if name is None or type(left) is not type(right) or name != getattr(right, "op", None):
        return None
    if getattr(left, "axis", None) != getattr(right, "axis", None):
        return None
    orders: list[Sequence[Node]] = [right.args, right.args[::-1]] if name in COMMUTING else [right.args]
    for args in orders:
        differing = [i for i, (a, b) in enumerate(zip(left.args, args, strict=True)) if not agree(values[a], values[b])]
        if len(differing) == 1:
            i = differing[0]
            kind = "exponent" if name == "pow" and i == 1 else ""
            return Difference(left.args[i], args[i], kind)
    return None


def _parts(left: Node, right: Node, values: Mapping[Node, Values], names: tuple[str, str]) -> Difference | None:
    """The summands, or the factors, in which two sums, or products, differ."""
    ours, theirs = _list(left, *names), _list(right, *names)
    for own in list(ours):
        match = next((o for o in theirs if o[1] == own[1] and agree(values[own[0]], values[o[0]])), None)
        if match is not None:
            ours.remove(own)
            theirs.remove(match)
    kind = "summand" if names == SUMS else "factor"
    if not ours and not theirs:
        return None
    if not ours or not theirs:
        rest, more = (left, theirs) if theirs else (right, ours)
        turned = all(back for _, back in more)
        part = _together(more, names, turned)
        return Difference(part if ours else None, part if theirs else None, kind, turned, rest)
    if len(ours) != 1 or len(theirs) != 1:
        return None
    (a, turned), (b, other) = ours[0], theirs[0]
    if turned == other:
        return None if (a, b) == (left, right) else Difference(a, b, kind)
    return Difference(None, None, f"opposite {kind}", turned, a) if agree(values[a], values[b]) else None


def _together(parts: Sequence[tuple[Node, bool]], names: tuple[str, str], turned: bool) -> Node:
    """Summands as one sum, factors as one product; of the turned ones, where all are."""
    first, *others = sorted(parts, key=lambda part: part[1] != turned)
    found = first[0]
    for node, back in others:
        found = op(names[0] if back == turned else names[1], found, node)
    return found


def _list(node: Node, forward: str, backward: str, turned: bool = False) -> list[tuple[Node, bool]]:
    """The summands of a sum, or the factors of a product, each with whether it is subtracted or divided by."""
    name = getattr(node, "op", "")
    if name in (forward, backward):
        first = _list(node.args[0], forward, backward, turned)
        return [*first, *_list(node.args[1], forward, backward, turned != (name == backward))]
    if name == "neg" and forward == SUMS[0]:
        return _list(node.args[0], forward, backward, not turned)
    return [(node, turned)]


def description(place: Place, places: Places, one_sided: bool = False) -> str | None:
    """The smallest difference at a place, as a sentence; None where that is too long to read.

    ``one_sided`` asks for those alone in which one side has something more.
    """
    found = smallest_difference(place, places.values)
    where = f"In {place.title}"
    if found.left is None and found.right is None:
        return _opposite(where, found, places)
    if found.left is None or found.right is None:
        return _one_sided(where, found, places)
    return None if one_sided else _two_sided(where, found.left, found.right, found.kind, places)


def new_values(place: Place, places: Places) -> str:
    """What a place is on both sides, where nothing shorter can be said."""
    texts = [places.text(node) for node in (place.left, place.right)]
    shown = [text if len(text) <= LONGEST else DOTS for text in texts]
    if DOTS in shown:
        return description(place, places) or f"The new value of {place.title} is computed otherwise."
    return (
        description(place, places)
        or f"The new value of {place.title} is {shown[0]} on the left and {shown[1]} on the right."
    )


def _two_sided(where: str, left: Node, right: Node, kind: str, places: Places) -> str | None:
    texts = [places.text(left), places.text(right)]
    if DOTS in texts or max(map(len, texts)) > LONGEST or texts[0] == texts[1]:
        return None
    if kind == "exponent":
        return f"{where} the exponent is {texts[0]} on the left and {texts[1]} on the right."
    if _opposites(left, right, places):
        text, here = (texts[0], SIDES[0][1]) if not texts[0].startswith("-") else (texts[1], SIDES[0][0])
        return f"{where} the {here} has {text} with the opposite sign."
    for (a, b), (here, there) in zip(((left, right), (right, left)), SIDES, strict=True):
        kept = _earlier(a, b, places)
        if kept:
            return f"{where} the {here} reads {places.text(a)} from before the step, the {there} {kept}."
        if isinstance(a, Ref) and any(a.name == state + NEW for only in places.only for state in only):
            texts = [places.text(a), places.text(b)]
            return f"{where} the {there} has {texts[1]} where the {here} has {texts[0]}, a state that it keeps."
    return _moved(where, left, right, places) or (f"{where} the left has {texts[0]} where the right has {texts[1]}.")


def _moved(where: str, left: Node, right: Node, places: Places) -> str | None:
    """A summand or a factor that stands in one operand on the left and in another on the right."""
    if len(left.args) != 2 or len(right.args) != 2 or getattr(left, "op", 0) != getattr(right, "op", 1):
        return None
    for names in SUMS, PRODUCTS:
        parts = [_parts(a, b, places.values, names) for a, b in zip(left.args, right.args, strict=True)]
        for one, other in (parts, parts[::-1]):
            if one is None or other is None or one.left is None or other.right is None:
                continue
            values = evaluate([one.left, other.right], places.inputs)
            if one.turned == other.turned and agree(values[one.left], values[other.right]):
                does = "added to" if names == SUMS else "multiplied with"
                rests = [places.text(part.rest or num(0)) for part in (one, other)]
                return f"{where} {places.text(one.left)} is {does} {rests[0]} on the left and {rests[1]} on the right."
    return None


def _opposite(where: str, found: Difference, places: Places) -> str:
    text = places.text(found.rest or num(0))
    does = ("subtracts", "adds") if found.kind == "opposite summand" else ("divides by", "multiplies with")
    left, right = does if found.turned else does[::-1]
    return f"{where} the left {left} {text}, the right {right} it."


def _one_sided(where: str, found: Difference, places: Places) -> str | None:
    here, there = SIDES[0] if found.left is not None else SIDES[1]
    part = found.left or found.right or num(0)
    text, rest = places.text(part), places.text(found.rest or num(0))
    if text == DOTS or len(text) > LONGEST:
        return None
    short = rest != DOTS and len(rest) <= LONGEST_REST
    if found.kind == "factor" and {"max", "min"} & {*found.within} and part in corrections((part,)):
        which = "maximum" if "max" in found.within else "minimum"
        return (
            f"{where} the {which} is taken after the correction by {text} on the {here}, and without it on the {there}."
        )
    if found.kind == "summand":
        does, to = ("subtracts", "from") if found.turned else ("adds", "to")
        return f"{where} the {here} {does} {text}{f' {to} {rest}' if short else ''}, which the {there} does not."
    does = "divides" if found.turned else "multiplies"
    return f"{where} the {here} {does} {rest if short else 'a product'} by {text}, which the {there} does not."


def _opposites(left: Node, right: Node, places: Places) -> bool:
    return agree(places.values[left], -1 * places.values[right]) if places.values[left].dtype != bool else False


def _earlier(a: Node, b: Node, places: Places) -> str | None:
    """What the other side reads where one reads a state from before the step whose new value that is."""
    if not isinstance(a, Ref) or a.name == PARAMETER:
        return None
    if isinstance(b, Ref) and b.name == a.name + NEW:
        return "the new value"
    for side in places.whole:
        new = side.get(a.name)
        if new is not None and isinstance(new, Ref) and new is b:
            return f"{places.text(b)} of this step"
    return None

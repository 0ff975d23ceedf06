"""The differing places seen from one side, and what an edit of it has to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from symopt.ir.nodes import ONE, Node, Op, num, op, rebuild, ref, refs, walk
from symopt.prove.cause.places import Places, step_powers
from symopt.prove.cause.points import Override, Values, agree, evaluate

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
    def turned(self) -> Sides:
        """The same places seen from the other side."""
        return Sides(self.places, self.wanted, self.edited, self.there, self.here)

    @property
    def hypers(self) -> list[str]:
        """The hyper-parameters that the edited side reads at these places, as they are declared."""
        pair, read = self.places.pair, refs(*self.edited)
        return [name for name in dict.fromkeys((*pair.left.hypers, *pair.right.hypers)) if name in read]


def views(places: Places) -> list[Sides]:
    """The differing places from the left and from the right."""
    differing = places.differing
    left, right = tuple(p.left for p in differing), tuple(p.right for p in differing)
    return [Sides(places, left, right, *SIDES[0]), Sides(places, right, left, *SIDES[1])]


def corrections(nodes: tuple[Node, ...]) -> list[Op]:
    """Expressions ``1 - b**t``, as in bias corrections."""
    powers = {*step_powers(nodes)}
    return [n for n in walk(nodes) if isinstance(n, Op) and n.op == "sub" and n.args[0] is ONE and n.args[1] in powers]


def factors(view: Sides) -> list[Node]:
    """What a factor may be: hyper-parameters and 1 minus them, corrections and their roots, two."""
    found: list[Node] = [ref(name) for name in view.hypers]
    found += [op("sub", ONE, name) for name in found]
    for node in dict.fromkeys([*corrections(view.edited), *corrections(view.wanted)]):
        found += [node, op("sqrt", node)]
    return [*found, num(2)]


def is_added(view: Sides, name: str) -> bool:
    """Whether a name is a summand on the edited side."""
    return any(isinstance(n, Op) and n.op == "add" and ref(name) in n.args for n in walk(view.edited))


def replaced(root: Node, old: Node, new: Node) -> Node:
    """An expression with one subexpression replaced wherever it stands."""
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = new if node is old else node if args == node.args else rebuild(node, args)
    return done[root]


def listed(texts: list[str]) -> str:
    """Texts as in "a, b and c"."""
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def scalings(view: Sides) -> Iterator[tuple[str, Node]]:
    """Hyper-parameters with the factors that make the edited side the other, and their inverses the other this one."""
    inputs = view.places.inputs
    candidates = factors(view)
    values = evaluate(candidates, inputs)
    for name in view.hypers:
        for factor in candidates if name in refs(*view.wanted) else []:
            there, back = ({**inputs, name: inputs[name] * f} for f in (values[factor], 1 / values[factor]))
            if factor is not ref(name) and view.becomes(there) and view.turned.becomes(back):
                yield name, factor

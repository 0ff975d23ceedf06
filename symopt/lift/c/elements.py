"""From expressions over single elements to expressions over whole arrays.

``m[3]`` computed from ``m[3]`` and ``g[3]`` is what every element of ``m`` gets, if the others are computed so too. A
sum, in any order, to which every element contributes one term of the same form is a sum over the array; likewise a
maximum, and likewise along rows, along columns and over tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, Op, Ref, rebuild, ref, walk
from symopt.ir.text import node_text
from symopt.ir.trace import STEP
from symopt.lift.c.layout import At, Layout, joined
from symopt.lift.c.same import Same
from symopt.passes import build

GATHERED = {"add": "sum", "max": "amax", "min": "amin"}
COMBINE: Mapping[str, Callable[[Node, Node], Node]] = {
    "sum": build.add,
    "amax": lambda a, b: build.apply("max", a, b),
    "amin": lambda a, b: build.apply("min", a, b),
}
LONGEST = 160


@dataclass(frozen=True)
class Element:
    """An expression over whole arrays, for one element."""

    node: Node
    at: At


@dataclass(frozen=True)
class Partial:
    """A part of a reduction: one term for each of some elements, and what belongs to none."""

    name: str
    terms: Mapping[At, Node]
    rest: Node | None = None


class Wholes:
    """Expressions over whole arrays out of those over elements.

    Parameters
    ----------
    inputs: the name of an element in expressions -> the array that it is of, and its place.
    same: whether two expressions are the same number.
    """

    def __init__(self, layout: Layout, inputs: Mapping[str, tuple[str, At]], same: Same) -> None:
        self.layout, self.inputs, self.same = layout, inputs, same
        self._done: dict[Node, Element | Partial] = {}

    def array(self, name: str, elements: Mapping[At, Node]) -> Node:
        """What all elements of an array are, as one expression.

        Raises
        ------
        UnsupportedError: they are not computed alike, or not from what belongs to the same element.
        """
        first: tuple[At, Node] | None = None
        index = self.layout.index
        for at, node in elements.items():
            found = self.of(node)
            if isinstance(found, Partial):
                raise UnsupportedError(
                    f"{name}{index(at)} depends on some of the other elements, and not on all of them"
                )
            if joined([found.at, at]) != at:
                raise UnsupportedError(f"{name}{index(at)} depends on element {index(found.at)} of an array")
            if first is None:
                first = at, found.node
            elif first[1] is not found.node and not self.same(first[1], found.node):
                raise UnsupportedError(
                    f"{name}{index(at)} differs from {name}{index(first[0])}: "
                    f"{shown(found.node)} and not {shown(first[1])}"
                )
        assert first is not None
        return first[1]

    def of(self, root: Node) -> Element | Partial:
        """An expression over elements as one over whole arrays."""
        for node in walk([root], self._done):
            self._done[node] = self._once(node)
        return self._done[root]

    def _once(self, node: Node) -> Element | Partial:
        if isinstance(node, Ref):
            name, at = self.inputs.get(node.name, (node.name, self.layout.everywhere))
            return Element(ref(name), at)
        if not node.args:
            return Element(node, self.layout.everywhere)
        args = [self._done[arg] for arg in node.args]
        elements = [arg for arg in args if isinstance(arg, Element)]
        if len(elements) == len(args):
            together = joined([arg.at for arg in elements])
            if together is not None:
                return Element(rebuild(node, tuple(arg.node for arg in elements)), together)
        if isinstance(node, Op) and node.op in (*GATHERED, "sub"):
            return self._gathered(node.op, args)
        if isinstance(node, Op) and node.op == "neg" and isinstance(args[0], Partial) and args[0].name == "sum":
            return _negated(args[0])
        raise UnsupportedError(
            f"{shown(node)}: {node.op if isinstance(node, Op) else 'an operation'} of different elements"
        )

    def _gathered(self, name: str, args: list[Element | Partial]) -> Element | Partial:
        """One more term, or two parts, of a reduction."""
        left, right = args
        if name == "sub":
            right = Element(build.neg(right.node), right.at) if isinstance(right, Element) else _negated(right)
            name = "add"
        kind = GATHERED[name]
        terms: dict[At, Node] = {}
        rest: Node | None = None
        for part in (left, right):
            if isinstance(part, Partial) and part.name != kind:
                raise UnsupportedError(f"a {part.name} over some elements in a {kind}")
            own = part.terms if isinstance(part, Partial) else {part.at: part.node}
            rests = [part.rest] if isinstance(part, Partial) and part.rest is not None else []
            for at, node in own.items():
                if at == self.layout.everywhere:
                    rests.append(node)
                else:
                    terms[at] = COMBINE[kind](terms[at], node) if at in terms else node
            for node in rests:
                rest = node if rest is None else COMBINE[kind](rest, node)
        return self._completed(Partial(kind, terms, rest))

    def _completed(self, partial: Partial) -> Element | Partial:
        """The partial reduction with what is complete along an axis reduced."""
        terms, rest = dict(partial.terms), partial.rest
        for axis in reversed(range(self.layout.rank)):
            for at in list(terms):
                if at in terms and at[axis] is not None:
                    rest = self._reduce_line(partial.name, axis, at, terms, rest)
        everywhere = self.layout.everywhere
        if list(terms) == [everywhere]:
            node = terms[everywhere]
            return Element(node if rest is None else COMBINE[partial.name](rest, node), everywhere)
        if len(terms) == 1 and rest is None:
            ((at, node),) = terms.items()
            return Element(node, at)
        return Partial(partial.name, terms, rest)

    def _reduce_line(self, name: str, axis: int, at: At, terms: dict[At, Node], rest: Node | None) -> Node | None:
        line = self.layout.along(axis, at)
        if not all(place in terms for place in line):
            return rest
        nodes = [terms[place] for place in line]
        common, extra = self._common(name, nodes)
        reduced = None if common is None else self.layout.reduced(name, common, axis)
        if reduced is None:
            return rest
        for place in line:
            del terms[place]
        target = (*at[:axis], None, *at[axis + 1 :])
        terms[target] = COMBINE[name](terms[target], reduced) if target in terms else reduced
        for node in extra:
            rest = node if rest is None else COMBINE[name](rest, node)
        return rest

    def _common(self, name: str, nodes: list[Node]) -> tuple[Node | None, list[Node]]:
        """The form that all terms have, and the numbers that one of them has beside it, as what a sum starts from."""
        common = nodes[-1]
        extra: list[Node] = []
        for node in nodes:
            if node is common or self.same(node, common):
                continue
            other = _beside(name, node, common)
            if other is None or not self._is_number(other):
                return None, []
            extra.append(other)
        return common, extra

    def _is_number(self, node: Node) -> bool:
        arrays = {name for name, at in self.inputs.values() if at != self.layout.everywhere}
        return not any(isinstance(inner, Ref) and inner.name in arrays for inner in walk([node]))


def _beside(name: str, node: Node, common: Node) -> Node | None:
    """What a term adds to the common form."""
    kind = next(kind for kind, reduction in GATHERED.items() if reduction == name)
    if isinstance(node, Op) and node.op == kind and common in node.args:
        return node.args[1] if node.args[0] is common else node.args[0]
    return None


def _negated(partial: Partial) -> Partial:
    terms = {at: build.neg(node) for at, node in partial.terms.items()}
    return Partial(partial.name, terms, None if partial.rest is None else build.neg(partial.rest))


def shown(node: Node) -> str:
    """An expression as a part of a message."""
    text = node_text(node)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def names_of(nodes: Iterable[Node]) -> set[str]:
    """The names that expressions read, the step excluded."""
    return {node.name for node in walk(nodes) if isinstance(node, Ref)} - {STEP}

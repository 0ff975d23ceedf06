"""Where two rules differ: the new value of which state, or of the parameter, given the same values before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from symopt.ir.nodes import Node, Num, Op, Ref, num, op, rebuild, ref, refs, substitute, walk
from symopt.ir.trace import PARAMETER, STEP
from symopt.passes.fold import fold
from symopt.prove.cause.points import Values, agree, evaluate, sample
from symopt.prove.cause.text import size
from symopt.prove.cause.text import text as node_text
from symopt.prove.pair import LEFT, RIGHT, Pair, Side, bare

NEW = "_new"
DOTS = "..."
LONGEST = 60  # operations of an expression that is written out


@dataclass(frozen=True)
class Place:
    """A new value on both sides, written with the new values of the states before it."""

    name: str
    left: Node
    right: Node
    partner: str = ""

    @property
    def title(self) -> str:
        """What a sentence calls it: by its name on the left, and on the right where that is another."""
        own, other = bare(self.name), bare(self.partner or self.name)
        return own if own == other else f"{own} ({other} on the right)"


class Places:
    """Two sides over common names, after their first steps.

    ``partners`` are states of the right with the left's that they are. Where they are not given, states of one name
    are one; where each side has a single state besides, these two are one as well.
    """

    def __init__(self, pair: Pair, partners: Mapping[str, str] | None = None) -> None:
        self.pair = pair
        self.partners = _partners(pair) if partners is None else dict(partners)
        self.names: dict[str, Node] = {**pair.identity(), **{r: ref(name) for r, name in self.partners.items()}}
        self._sides = pair.left, pair.right
        left, right = (self._steps(side.step) for side in self._sides)
        right = {self._common(name): node for name, node in right.items()}
        self.whole = left, right
        self._new = _new_states(left), _new_states(right)
        local = [
            {name: _renamed(node, {n: r for n, r in new.items() if n is not node}) for name, node in side.items()}
            for side, new in zip(self.whole, self._new, strict=True)
        ]
        both = sorted((name for name in left if name in right), key=lambda name: name == PARAMETER)
        theirs = {name: right for right, name in self.partners.items()}
        self.places = [Place(name, local[0][name], local[1][name], theirs.get(name, "")) for name in both]
        self.only = [n for n in left if n not in right], [n for n in right if n not in left]

    def _steps(self, step: Mapping[str, Node]) -> dict[str, Node]:
        settled = fold(substitute([_later(node) for node in step.values()], self.names))
        return dict(zip(step, settled, strict=True))

    @property
    def is_renamed(self) -> bool:
        """Whether some state is one of another name, so that names do not tell which statements correspond."""
        return any(bare(left) != bare(right) for right, left in self.partners.items())

    def _common(self, state: str) -> str:
        return self.partners.get(state, state)

    @cached_property
    def inputs(self) -> dict[str, Values]:
        """Values for everything that a side reads."""
        read = dict.fromkeys(
            [*refs(*self._nodes(), *(n for side in self.first_values() for n in side.values())), PARAMETER, STEP,
             *refs(*(node for side in self.intermediate for node in side.values()))]
        )  # fmt: skip
        numbers = {*self.pair.numbers, *self.pair.right.numbers}
        numbers |= {name + NEW for name in numbers}
        return sample(list(read), list(numbers), self.pair.domains)

    @cached_property
    def values(self) -> dict[Node, Values]:
        """The value of every expression of both sides."""
        return evaluate(self._nodes(), self.inputs)

    def _nodes(self) -> list[Node]:
        whole = [node for side in self.whole for node in side.values()]
        return [*(node for place in self.places for node in (place.left, place.right)), *whole]

    @cached_property
    def differing(self) -> list[Place]:
        """The places at which the two sides differ."""
        return [p for p in self.places if not agree(self.values[p.left], self.values[p.right])]

    @cached_property
    def parameter_agrees(self) -> bool:
        """Whether the new parameter is the same from the same states."""
        left, right = (side[PARAMETER] for side in self.whole)
        return agree(self.values[left], self.values[right])

    def text(self, node: Node) -> str:
        """An expression as people write it, in the names of statements that both sides have; dots for a long one."""
        named = _renamed(node, {value: name for value, name in self._named.items() if value is not node})
        return node_text(named) if size(named) <= LONGEST else DOTS

    @cached_property
    def _named(self) -> dict[Node, Ref]:
        """The names of statements that both sides have, by their value."""
        left, right = (self._statements(side, names) for side, names in zip(self._sides, self._new, strict=True))
        return {node: ref(name) for name, node in left.items() if right.get(name) is node and isinstance(node, Op)}

    def _statements(self, side: Side, new: Mapping[Node, Ref]) -> dict[str, Node]:
        """The statements of a side that are assigned once and are no states, by what their author assigned."""
        trace = side.trace
        targets = [let.target for let in trace.lets]
        values = self._intermediate(side, new)
        return {
            let.target: values[let.name] for let in trace.lets if let.name in values and targets.count(let.target) == 1
        }

    def _intermediate(self, side: Side, new: Mapping[Node, Ref]) -> dict[str, Node]:
        """The statements of a side that assign no states, over common names."""
        trace = side.trace
        prefix = LEFT if side is self.pair.left else RIGHT
        names: dict[str, Node] = {state.name: ref(prefix + state.name) for state in trace.states}
        names |= {q.name: ref(name) for q, name in zip(trace.queries, self.pair.gradients, strict=False)}
        names |= {h.name: ref(RIGHT + h.name) for h in trace.hypers} if prefix == RIGHT else {}
        lets = [let for let in trace.lets if let.target not in trace.results]
        values = substitute(trace.expanded([let.value for let in lets]), names)
        settled = fold(substitute([_later(node) for node in values], self.names))
        return {let.name: _renamed(node, new) for let, node in zip(lets, settled, strict=True)}

    @cached_property
    def intermediate(self) -> tuple[dict[str, Node], dict[str, Node]]:
        """The statements of both sides that assign no states, by the names of the traces."""
        left, right = (self._intermediate(side, new) for side, new in zip(self._sides, self._new, strict=True))
        return left, right

    def first(self, state: str) -> tuple[Node, Node]:
        """What a state of both sides starts from."""
        own = next((r for r, name in self.partners.items() if name == state), state)
        found = substitute([self.pair.left.initial[state], self.pair.right.initial[own]], self.names)
        return found[0], found[1]

    def first_values(self) -> tuple[dict[str, Node], dict[str, Node]]:
        """The new values of each side in the first step, from its initial states."""
        sides = []
        for side in self._sides:
            start = {
                **dict(zip(side.initial, substitute(side.initial.values(), self.names), strict=True)),
                STEP: num(1),
            }
            renamed = {**self.names, **start}
            found = fold(substitute(side.step.values(), renamed))
            sides.append({self._common(name): node for name, node in zip(side.step, found, strict=True)})
        return sides[0], sides[1]


def _partners(pair: Pair) -> dict[str, str]:
    """The states of the right that are states of the left, by their common names."""
    left, right = ([bare(state) for state in side.states] for side in (pair.left, pair.right))
    found = {RIGHT + name: LEFT + name for name in right if name in left}
    others = [LEFT + n for n in left if n not in right], [RIGHT + n for n in right if n not in left]
    if len(others[0]) == len(others[1]) == 1 and alike(pair, others[0][0], others[1][0]):
        found[others[1][0]] = others[0][0]
    return found


def alike(pair: Pair, left: str, right: str) -> bool:
    """Whether two states start from the same value and each remembers its old one."""
    first = substitute([pair.right.initial[right]], pair.identity())[0]
    return (
        first is pair.left.initial[left]
        and left in refs(pair.left.step[left])
        and right in refs(pair.right.step[right])
    )


def _later(node: Node) -> Node:
    """A value with every question whether this is a certain step answered with no."""
    done: dict[Node, Node] = {}
    for each in walk([node]):
        args = tuple(done[arg] for arg in each.args)
        same = each if args == each.args else rebuild(each, args)
        asks = isinstance(each, Op) and each.op == "eq" and ref(STEP) in each.args
        done[each] = op("lt", num(0), num(0)) if asks and any(isinstance(a, Num) for a in each.args) else same
    return done[node]


def _new_states(step: Mapping[str, Node]) -> dict[Node, Ref]:
    """A name for the new value of each state, where that is computed."""
    return {node: ref(name + NEW) for name, node in step.items() if isinstance(node, Op) and name != PARAMETER}


def _renamed(root: Node, new: Mapping[Node, Ref]) -> Node:
    done: dict[Node, Node] = {}
    for node in walk([root]):
        args = tuple(done[arg] for arg in node.args)
        done[node] = new.get(node) or (node if args == node.args else rebuild(node, args))
    return done[root]


def step_powers(nodes: Sequence[Node]) -> list[Op]:
    """Powers whose exponent changes from step to step, as in bias corrections."""
    return [n for n in walk(nodes) if isinstance(n, Op) and n.op == "pow" and STEP in refs(n.args[1])]

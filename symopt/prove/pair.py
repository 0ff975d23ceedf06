"""Two traces over common names: what a relation between them is stated in.

Hyper-parameters and states of the left are called ``lr`` and ``left.m``, those of the right
``right.lr`` and ``right.m``; the parameter, the step and the gradients are shared, gradients by the
order in which they are asked for, and so is what else a step is given: the loss, the estimate of the
second derivative, the sizes of the tensor, and random numbers in their order. A hyper-parameter that
varies from step to step has its value at the step before under ``lr.before``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Node, Reduce, Ref, num, op, ref, refs, substitute, walk
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, SIZES, STEP, Trace
from symopt.lang.domain import Domain
from symopt.prove.chosen import chosen
from symopt.prove.means import means_as_sums
from symopt.prove.memo import remembered
from symopt.prove.scales import Scale, scales

LEFT, RIGHT, EARLIER = "left.", "right.", ".before"


@dataclass(frozen=True)
class Side:
    """One trace over common names: new values, first values and query points; no state that never reaches p.

    ``numbers`` are the states that are one number a tensor or a model, ``shared`` those that are one a model.
    """

    trace: Trace
    step: Mapping[str, Node]
    initial: Mapping[str, Node]
    points: tuple[Node, ...]
    hypers: tuple[str, ...]
    numbers: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def states(self) -> tuple[str, ...]:
        """The states that matter, by their common names."""
        return tuple(self.initial)

    @cached_property
    def scales(self) -> Mapping[str, Scale]:
        """How states, by their own names, and the step of the parameter grow with the gradients."""
        return remembered(self.trace, "scales", lambda: scales(self.trace))


@dataclass(frozen=True)
class Pair:
    """Two sides, the names that both are over, and their domains."""

    left: Side
    right: Side
    gradients: tuple[str, ...]
    varying: tuple[str, ...] = ()
    domains: Mapping[str, Domain] = field(default_factory=dict)
    given: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """What a step gets from outside: gradients, then what else it is given."""
        return (*self.gradients, *self.given)

    @property
    def numbers(self) -> tuple[str, ...]:
        """The names that are the same for all elements of a tensor."""
        earlier = tuple(name + EARLIER for name in self.varying)
        given = tuple(name for name in self.given if name in (LOSS, *SIZES))
        return (*self.left.hypers, *self.right.hypers, *earlier, *given, *self.left.numbers)

    @property
    def shared(self) -> tuple[str, ...]:
        """Those of them that are the same for all tensors."""
        return tuple(
            n for n in self.numbers if n not in SIZES and (n not in self.left.numbers or n in self.left.shared)
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Every name that a general step may read, but the step number."""
        earlier = tuple(name + EARLIER for name in self.varying)
        return (
            *self.left.hypers, *self.right.hypers, *earlier, PARAMETER, *self.answers, *self.left.states,
        )  # fmt: skip

    @property
    def has_matrices(self) -> bool:
        """Whether a step has operations on matrices, each of which needs a generator of its own."""
        nodes = walk([*self.left.step.values(), *self.right.step.values()])
        return any(isinstance(node, MatOp) for node in nodes)

    def before(self, node: Node) -> Node:
        """An expression over hyper-parameters and states' names at the step before: ``t-1``, ``lr.before``."""
        earlier: dict[str, Node] = {name: ref(name + EARLIER) for name in self.varying}
        return substitute([node], {STEP: op("sub", ref(STEP), num(1)), **earlier})[0]

    def identity(self) -> dict[str, Node]:
        """Every hyper-parameter of the right is that of the left with its name; what only the right has stays free."""
        shared = set(self.left.hypers)
        return {h: ref(bare(h)) for h in self.right.hypers if bare(h) in shared}


def bare(name: str) -> str:
    """A common name as it is declared."""
    return name.removeprefix(LEFT).removeprefix(RIGHT)


def make_pair(left: Trace, right: Trace, varying: Sequence[str] = ()) -> Pair:
    """The two traces over common names."""
    left, right = means_as_sums(left), means_as_sums(right)
    longer = max(left, right, key=lambda trace: len(trace.queries))
    gradients = tuple(query.name for query in longer.queries)
    draws = max(left.draws, right.draws, key=len)
    a, b = _side(left, LEFT, gradients, draws), _side(right, RIGHT, gradients, draws)
    domains = {hyper.name: hyper.domain for hyper in left.hypers}
    for hyper in right.hypers:
        domains[RIGHT + hyper.name] = hyper.domain
        if hyper.name in domains:
            domains[hyper.name] = domains[hyper.name] & hyper.domain
    domains |= {name + EARLIER: domains[name] for name in varying if name in domains}
    given = (*dict.fromkeys((*left.given, *right.given)), *draws)
    known = {**left.domains, **right.domains}
    domains |= {name: known[name] for name in given if name in known}
    return Pair(a, b, gradients, tuple(varying), domains, given)


def _side(trace: Trace, prefix: str, gradients: tuple[str, ...], draws: tuple[str, ...]) -> Side:
    """A trace renamed and cut down to the states that reach the parameter or a query point."""
    renamed: dict[str, Node] = {state.name: ref(prefix + state.name) for state in trace.states}
    renamed |= {q.name: ref(name) for q, name in zip(trace.queries, gradients, strict=False)}
    renamed |= {own: ref(name) for own, name in zip(trace.draws, draws, strict=False)}
    if prefix == RIGHT:
        renamed |= {hyper.name: ref(prefix + hyper.name) for hyper in trace.hypers}
    new, points = trace.step(), trace.points()
    step = dict(zip(new, substitute(new.values(), renamed), strict=True))
    step = {name if name == PARAMETER else prefix + name: node for name, node in step.items()}
    first = substitute([state.init for state in trace.states], renamed)
    asked = tuple(substitute(points.values(), renamed))
    needed = _needed(step, asked)
    initial = {prefix + s.name: n for s, n in zip(trace.states, first, strict=True) if prefix + s.name in needed}
    step = {name: node for name, node in step.items() if name == PARAMETER or name in initial}
    hypers = tuple(hyper.name if prefix == LEFT else prefix + hyper.name for hyper in trace.hypers)
    arrays = {PARAMETER, *gradients, *draws, HESSIAN}
    numbers, shared = (_numbers(step, initial, arrays, over_model) for over_model in (False, True))
    varying = arrays | {state for state in initial if state not in numbers}
    step = chosen(step, lambda node: not _varies(node, varying, over_model=False))
    return Side(trace, step, initial, asked, hypers, numbers, shared)


def _numbers(
    step: Mapping[str, Node], initial: Mapping[str, Node], arrays: set[str], over_model: bool
) -> tuple[str, ...]:
    """The states that are the same for all elements, of a tensor or of all: those that start and stay so."""
    arrays = arrays | {*SIZES} if over_model else arrays
    numbers = [state for state, node in initial.items() if not _varies(node, arrays, over_model)]
    while True:
        others = arrays | {state for state in initial if state not in numbers}
        kept = [state for state in numbers if not _varies(step[state], others, over_model)]
        if kept == numbers:
            return tuple(numbers)
        numbers = kept


def _varies(root: Node, arrays: set[str], over_model: bool) -> bool:
    """Whether an expression may differ between elements, of a tensor or of all, where the names ``arrays`` do."""
    varies: dict[Node, bool] = {}
    for node in walk([root]):
        match node:
            case Ref(name=name):
                varies[node] = name in arrays
            case Reduce(op=op, axis=None):
                varies[node] = over_model and op not in MODEL_REDUCTIONS
            case MatOp():
                varies[node] = True
            case _:
                varies[node] = any(varies[arg] for arg in node.args)
    return varies[root]


def _needed(step: Mapping[str, Node], points: Sequence[Node]) -> set[str]:
    """The states that the parameter or a query point reads, now or at a later step."""
    needed = {name for name in refs(step[PARAMETER], *points) if name in step}
    while True:
        more = {name for state in needed for name in refs(step[state]) if name in step} | needed
        if more == needed:
            return needed
        needed = more

"""Equality where a clamp does nothing: a ``min`` or ``max`` of what is known before a step, replaced by an operand.

``min(lr, 1/sqrt(t))`` is ``lr`` as long as ``lr <= 1/sqrt(t)``. Such a condition is open: it fixes no hyper-parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError, compare, precision
from symopt.ir.nodes import Node, Op, rebuild, refs, walk
from symopt.ir.trace import STEP, HyperInfo, Trace
from symopt.prove.deadline import Deadline
from symopt.prove.found import Found, Varying
from symopt.prove.plain import plain_equality
from symopt.prove.proof import Proof, Step
from symopt.prove.render import node_text
from symopt.prove.runs import BITS
from symopt.prove.samples import samples
from symopt.prove.witness import find_witness

# Clamps of one rule that are tried, one at a time, and the first steps at which one must do nothing somewhere.
MOST_CLAMPS = 3
STEPS = (1, 2, 3)


@dataclass(frozen=True)
class Clamp:
    """A ``min`` or ``max`` in a rule: the node, the operand that it is taken to be, and the other one, expanded."""

    node: Op
    operand: Node
    kept: Node
    other: Node

    @property
    def bounds(self) -> tuple[Node, Node]:
        """The smaller and the larger value, where it is that operand."""
        return (self.kept, self.other) if self.node.op == "min" else (self.other, self.kept)

    @property
    def condition(self) -> str:
        """Where it is that operand."""
        return " <= ".join(map(node_text, self.bounds))

    def removed_from(self, trace: Trace) -> Trace:
        """The rule with the operand in its place."""
        return trace.with_lets(tuple(replace(let, value=self._without(let.value)) for let in trace.lets))

    def _without(self, root: Node) -> Node:
        done: dict[Node, Node] = {}
        for node in walk([root]):
            args = tuple(done[arg] for arg in node.args)
            done[node] = args[self.node.args.index(self.operand)] if node is self.node else rebuild(node, args)
        return done[root]


def unclamped_equality(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A proof of equality with one clamp of one side replaced by one of its operands, where that is what it is."""
    for is_left, clamp in [*((True, c) for c in clamps(left)), *((False, c) for c in clamps(right))]:
        a, b = (clamp.removed_from(left), right) if is_left else (left, clamp.removed_from(right))
        if not _may_hold(clamp, [*left.hypers, *right.hypers]):
            continue
        witness, agreed = find_witness(a, b, varying, deadline)
        found = plain_equality(a, b, varying, deadline)[0] if witness is None and agreed else None
        if found is not None:
            title = (left if is_left else right).title
            said = Step(f"in {title} a {clamp.node.op} is {node_text(clamp.kept)}", "the other operand does not bind",
                        (clamp.condition,))  # fmt: skip
            conditions = tuple(dict.fromkeys((clamp.condition, *found.conditions)))
            return replace(found, proof=Proof((said, *found.proof.steps)), conditions=conditions)
    return None


def clamps(trace: Trace) -> Iterator[Clamp]:
    """The clamps of a rule that read hyper-parameters and the step alone, each with either operand."""
    known = {STEP, *(hyper.name for hyper in trace.hypers)}
    nodes = dict.fromkeys(node for let in trace.lets for node in walk([let.value]))
    found = [node for node in nodes if isinstance(node, Op) and node.op in ("min", "max")]
    expanded = ((node, trace.expanded(list(node.args))) for node in found)
    fixed = [(node, args) for node, args in expanded if set(refs(*args)) <= known and refs(*args)]
    for node, (a, b) in fixed[:MOST_CLAMPS]:
        yield Clamp(node, node.args[0], a, b)
        yield Clamp(node, node.args[1], b, a)


def _may_hold(clamp: Clamp, hypers: Sequence[HyperInfo]) -> bool:
    """Whether the condition holds with room to spare at the first steps for some hyper-parameters."""
    with precision(BITS):
        return any(
            all(_is_less(clamp, {**sample.hypers, STEP: Fraction(t)}) for t in STEPS) for sample in samples(hypers)
        )


def _is_less(clamp: Clamp, values: dict[str, Fraction]) -> bool:
    try:
        return compare(*evaluate(clamp.bounds, values, ScalarArithmetic())) < 0
    except UndecidedError:
        return False

"""Guards: an operation on matrices that a step does not choose is not done.

Where every reader of a value is a branch of ``where`` under conditions on the step alone, such as every
tenth step, the value is needed only where these hold. Rounding: preserved; what is skipped is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symopt.ir.nodes import MatOp, Node, Op, Ref
from symopt.ir.program import Guard
from symopt.ir.rate import Rate
from symopt.ir.trace import Trace

Guards = frozenset[Guard]


def guards_of(trace: Trace, rates: Mapping[str, Rate]) -> dict[str, tuple[Guard, ...]]:
    """For every operation on matrices, the conditions under which alone its value is read."""
    always: Guards = frozenset()
    needed: dict[str, Guards] = dict.fromkeys(trace.results.values(), always)
    found: dict[str, tuple[Guard, ...]] = {}
    for let in reversed(trace.lets):
        # Only what is an operation on matrices is skipped; anything else is computed in every step.
        own = needed.get(let.name, always) if isinstance(let.value, MatOp) else always
        if isinstance(let.value, MatOp):
            found[let.name] = tuple(sorted(own, key=str))
        for name, path in _reads(let.value, own, rates):
            needed[name] = needed[name] & path if name in needed else path
    return found


def _reads(root: Node, own: Guards, rates: Mapping[str, Rate]) -> Iterator[tuple[str, Guards]]:
    """The names that an expression reads, each with the conditions under which that reading counts."""
    waiting = [(root, own)]
    while waiting:
        node, path = waiting.pop()
        if isinstance(node, Ref):
            yield node.name, path
        elif isinstance(node, Op) and node.op == "where" and _is_of_step(node.args[0], rates):
            condition, chosen, other = node.args
            assert isinstance(condition, Ref)
            yield condition.name, frozenset()
            waiting += [(chosen, path | {Guard(condition.name, True)}), (other, path | {Guard(condition.name, False)})]
        else:
            waiting += [(arg, path) for arg in node.args]


def _is_of_step(condition: Node, rates: Mapping[str, Rate]) -> bool:
    return isinstance(condition, Ref) and rates[condition.name] == Rate.STEP

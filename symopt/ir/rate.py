"""Rate: where a value varies.

``STEP`` values are the same for every element of every tensor; ``TENSOR`` values differ from tensor
to tensor; ``ROW`` and ``COL`` values differ along one axis of a matrix; ``ELEMENT`` values differ
everywhere; ``MATRIX`` values are whole matrices whose elements cannot be computed one by one. A
value varies wherever one of its operands does, so one rule per operation places every value: this
decides what is hoisted out of the element loop, what needs a sweep of its own, what needs a buffer,
and, with sharded tensors, what needs a collective.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag

from symopt.errors import VerifyError
from symopt.ir.nodes import MatOp, Node, Reduce, Ref, walk
from symopt.ir.trace import PARAMETER, STEP, Trace


class Rate(IntFlag):
    """Where a value varies, as a set of ways to vary; the join of two rates is their union."""

    STEP = 0
    TENSOR = 1
    ROW = 3
    COL = 5
    ELEMENT = 7
    MATRIX = 15

    def within(self, other: Rate) -> bool:
        """Whether a value of this rate varies in no way that one of the other rate does not."""
        return self | other == other


def input_rates(trace: Trace) -> dict[str, Rate]:
    """The rates of a trace's inputs: arrays vary by element, hyper-parameters and t by step."""
    rates = {hyper.name: Rate.STEP for hyper in trace.hypers}
    rates |= {STEP: Rate.STEP, PARAMETER: Rate.ELEMENT}
    rates |= {query.name: Rate.ELEMENT for query in trace.queries}
    return rates | {state.name: Rate.ELEMENT for state in trace.states}


def let_rates(trace: Trace) -> dict[str, Rate]:
    """The rates of a trace's inputs and statements, by name."""
    rates = input_rates(trace)
    for let in trace.lets:
        rates[let.name] = rate_of(let.value, rates)
    return rates


def rate_of(root: Node, rates: Mapping[str, Rate]) -> Rate:
    """The rate of an expression, from the rates of the names that it reads."""
    return node_rates([root], rates)[root]


def node_rates(roots: list[Node], rates: Mapping[str, Rate]) -> dict[Node, Rate]:
    """The rate of every node below ``roots``."""
    found: dict[Node, Rate] = {}
    for node in walk(roots):
        if isinstance(node, Ref):
            found[node] = rates[node.name]
        elif isinstance(node, MatOp):
            found[node] = Rate.MATRIX
        elif isinstance(node, Reduce):
            found[node] = _reduced(node, found[node.args[0]])
        else:
            joined = Rate.STEP
            for arg in node.args:
                joined |= found[arg]
            found[node] = joined
    return found


def _reduced(node: Reduce, rate: Rate) -> Rate:
    """The rate of a reduction: along axis 0 one value a column is left, along axis 1 one a row."""
    if rate & Rate.ELEMENT != Rate.ELEMENT and not (node.axis is None and rate != Rate.STEP):
        raise VerifyError(f"{node.op} reduces a value that does not vary over the axis it reduces")
    if node.axis is None:
        return Rate.TENSOR
    return Rate.COL if node.axis == 0 else Rate.ROW

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


def let_rates(trace: Trace) -> dict[str, Rate]:
    """The rates of a trace's inputs and statements, by name.

    Arrays vary by element, hyper-parameters and t by step. A state varies as its initial value and
    its new values do: the least rate that the update keeps, so that a mean over rows is stored once
    a row and a product over steps once a model.
    """
    rates = dict.fromkeys((hyper.name for hyper in trace.hypers), Rate.STEP)
    rates |= {STEP: Rate.STEP, PARAMETER: Rate.ELEMENT}
    rates |= dict.fromkeys((query.name for query in trace.queries), Rate.ELEMENT)
    rates |= {state.name: rate_of(state.init, rates) for state in trace.states}
    while True:
        for let in trace.lets:
            rates[let.name] = rate_of(let.value, rates)
        wider = {s.name: rates[s.name] | rates[trace.results[s.name]] for s in trace.states if s.name in trace.results}
        if all(rates[name] == rate for name, rate in wider.items()):
            return rates
        rates |= wider


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
    """The rate of a reduction: one value a tensor, or one a column (axis 0) or a row (axis 1)."""
    if node.axis is None:
        return Rate.TENSOR
    kept = Rate.COL if node.axis == 0 else Rate.ROW
    return rate & kept | Rate.TENSOR

"""Rate: where a value varies.

``STEP`` values are the same for every element of every tensor and are known before the step looks at
one; ``MODEL`` values are the same everywhere too, and depend on all tensors; ``TENSOR`` values differ
from tensor to tensor; ``ROW`` and ``COL`` values differ along one axis of a matrix; ``ELEMENT`` values
differ everywhere; ``MATRIX`` values are matrices of another shape than the parameter's. A value varies
wherever one of its operands does, so one rule per operation places every value: this decides what is
hoisted out of the element loop, what needs a sweep of its own, what needs a buffer, and, with sharded
tensors, what needs a collective.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntFlag

from symopt.ir.nodes import MODEL_REDUCTIONS, Node, Reduce, Ref, walk
from symopt.ir.shape import ELEMENT, PER_COL, PER_ROW, SCALAR, Shape, let_shapes, node_shapes
from symopt.ir.trace import SIZES, Trace


class Rate(IntFlag):
    """Where a value varies, as a set of ways to vary; the join of two rates is their union."""

    STEP = 0
    MODEL = 1
    TENSOR = 3
    ROW = 7
    COL = 11
    ELEMENT = 15
    MATRIX = 31

    def within(self, other: Rate) -> bool:
        """Whether a value of this rate varies in no way that one of the other rate does not."""
        return self | other == other


OF_SHAPES: Mapping[Shape, Rate] = {PER_ROW: Rate.ROW, PER_COL: Rate.COL, ELEMENT: Rate.ELEMENT}
_SHAPES: Mapping[Rate, Shape] = {rate: shape for shape, rate in OF_SHAPES.items()}


def let_rates(trace: Trace, shapes: Mapping[str, Shape] | None = None) -> dict[str, Rate]:
    """The rates of a trace's inputs and statements, by name; ``shapes`` are its shapes, where they are known.

    A state varies as its initial value and its new values do: the least rate that the update keeps,
    so that a mean over rows is stored once a row and a product over steps once a model.
    """
    shapes = shapes or let_shapes(trace)
    rates = {name: OF_SHAPES.get(shapes[name], Rate.STEP) for name in trace.inputs}
    rates |= dict.fromkeys((name for name in trace.given if name in SIZES), Rate.TENSOR)
    rates |= {state.name: rate_of(state.init, rates, shapes) for state in trace.states}
    # What has several elements varies as its shape says; only numbers vary as what they are made of.
    rates |= {let.name: _of_shape(shapes[let.name]) for let in trace.lets}
    numbers = [(let, node_shapes([let.value], shapes)) for let in trace.lets if shapes[let.name].is_scalar]
    while True:
        for let, extents in numbers:
            rates[let.name] = _rates([let.value], rates, extents)[let.value]
        wider = {s.name: rates[s.name] | rates[trace.results[s.name]] for s in trace.states if s.name in trace.results}
        if all(rates[name] == rate for name, rate in wider.items()):
            return rates
        rates |= wider


def rate_of(root: Node, rates: Mapping[str, Rate], shapes: Mapping[str, Shape] | None = None) -> Rate:
    """The rate of an expression, from the rates of the names that it reads."""
    return node_rates([root], rates, shapes)[root]


def node_rates(
    roots: list[Node], rates: Mapping[str, Rate], shapes: Mapping[str, Shape] | None = None
) -> dict[Node, Rate]:
    """The rate of every node below ``roots``.

    ``shapes`` are those of the names; they follow from the rates where none is a matrix of another
    shape than the parameter's.
    """
    return _rates(
        roots, rates, node_shapes(roots, shapes or {name: _SHAPES.get(rate, SCALAR) for name, rate in rates.items()})
    )


def _of_shape(shape: Shape) -> Rate:
    return Rate.STEP if shape.is_scalar else OF_SHAPES.get(shape, Rate.MATRIX)


def _rates(roots: list[Node], rates: Mapping[str, Rate], extents: Mapping[Node, Shape]) -> dict[Node, Rate]:
    found: dict[Node, Rate] = {}
    for node in walk(roots):
        if isinstance(node, Ref):
            found[node] = rates[node.name]
        elif not extents[node].is_scalar:
            found[node] = _of_shape(extents[node])
        elif isinstance(node, Reduce):
            found[node] = Rate.MODEL if node.op in MODEL_REDUCTIONS else Rate.TENSOR
        else:
            joined = Rate.STEP
            for arg in node.args:
                joined |= found[arg]
            found[node] = joined
    return found

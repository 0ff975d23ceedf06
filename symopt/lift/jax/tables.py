"""Small arrays of numbers that have nothing to do with each other: an expression for each element.

Such are coefficients, and norms of several tensors. They are taken apart, or added up, before they meet the parameter.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce as fold
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node
from symopt.lift.whole import Whole, filled

MOST_ELEMENTS = 64


@dataclass(frozen=True, eq=False)
class Table:
    """An array with an expression for each element."""

    nodes: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self.nodes.shape


Value = Whole | Table


def whole(value: Value) -> Whole:
    """An array as one expression; raises ``UnsupportedError`` where its elements are different numbers."""
    if isinstance(value, Whole):
        return value
    raise UnsupportedError(f"an array of different numbers, of shape {value.shape}, is combined with the parameter")


def value_of(nodes: NDArray[Any]) -> Value:
    """Expressions of elements as an array: one expression where all are the same."""
    elements = nodes.reshape(-1)
    if all(element is elements[0] for element in elements):
        return filled(elements[0], nodes.shape)
    if elements.size > MOST_ELEMENTS:
        raise UnsupportedError(f"a constant array of {elements.size} different elements")
    return Table(nodes)


def nodes_of(value: Value) -> NDArray[Any]:
    """The expression of every element; raises ``UnsupportedError`` for an array that is one expression."""
    if isinstance(value, Table):
        return value.nodes
    if value.axes:
        raise UnsupportedError("an array of different numbers is combined with the parameter")
    nodes = np.empty(value.shape, dtype=object)
    nodes[...] = value.node
    return nodes


def elementwise(function: Callable[..., Node], values: Sequence[Value]) -> Value:
    """An operation element by element."""
    arrays = np.broadcast_arrays(*(nodes_of(value) for value in values))
    result = np.empty(arrays[0].shape, dtype=object)
    for index in np.ndindex(result.shape):
        result[index] = function(*(array[index] for array in arrays))
    return value_of(result)


def reduced(function: Callable[[Node, Node], Node], table: Table, axes: Sequence[int]) -> Value:
    """All elements along some dimensions, combined one after the other."""
    kept = [i for i in range(table.nodes.ndim) if i not in axes]
    shape = [table.shape[i] for i in kept]
    rows = table.nodes.transpose([*kept, *axes]).reshape([*shape, -1])
    result = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        result[index] = fold(function, rows[index])
    return value_of(result)


def stacked(values: Sequence[Value], axis: int) -> Value:
    """Arrays as the rows of one along a new dimension."""
    return value_of(np.stack([nodes_of(value) for value in values], axis=axis))


def joined(values: Sequence[Value], axis: int) -> Value:
    """Arrays one after the other."""
    return value_of(np.concatenate([nodes_of(value) for value in values], axis=axis))

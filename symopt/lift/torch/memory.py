"""What tensors stand for: a whole array for every storage, so that views, aliases and in-place updates are right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import torch

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node
from symopt.lift.session import Session
from symopt.lift.whole import Label, Whole, filled, reshaped, stretched

# A tensor with at most so many elements may have a number of its own in each.
MOST_NUMBERS = 8
FEWER_DIGITS = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Several:
    """A short vector of numbers that have nothing to do with each other, as norms of several tensors."""

    nodes: tuple[Node, ...]


Value = Whole | Several


class Memory:
    """The expression of every storage that was seen, as an array in the order of the storage.

    ``first`` is what each storage held when it was seen first.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.first: dict[int, Value] = {}
        self._held: dict[int, Value] = {}
        self._unknown: dict[int, str] = {}
        self._alive: list[Any] = []  # the address of a storage that is gone may come again

    def read(self, tensor: torch.Tensor) -> Value:
        """What a tensor stands for.

        Raises
        ------
        UnsupportedError: it is a part of a larger array, or holds numbers that are not known.
        """
        key = self._key(tensor)
        if key in self._unknown:
            raise UnsupportedError(self._unknown[key])
        if key not in self._held:
            self._hold(tensor, key, self._by_value(tensor))
        held = self._held[key]
        if isinstance(held, Several):
            return _some_of(held, tensor)
        if not held.axes:
            return filled(held.node, tensor.shape)
        order = _storage_order(tensor)
        extents = [tensor.shape[i] for i in order]
        if prod(extents) != held.size:
            raise UnsupportedError(f"a part of shape {tuple(tensor.shape)} of a tensor of {held.size} elements is read")
        inner = reshaped(held, extents, self.session.matrix)
        labels: list[Label] = [None] * tensor.ndim
        for position, label in zip(order, inner.labels, strict=True):
            labels[position] = label
        return Whole(held.node, tuple(tensor.shape), tuple(labels))

    def whole(self, tensor: torch.Tensor) -> Whole:
        """What a tensor stands for, where its elements are alike.

        Raises
        ------
        UnsupportedError: it is a list of numbers, a part of a larger array, or not known.
        """
        value = self.read(tensor)
        if isinstance(value, Several):
            raise UnsupportedError(f"a tensor of {len(value.nodes)} different numbers is used as one array")
        return value

    def write(self, tensor: torch.Tensor, value: Value) -> None:
        """Make a tensor stand for a value, which is stretched to its shape.

        Raises
        ------
        UnsupportedError: it is a part of a larger array.
        """
        key = self._key(tensor)
        order = _storage_order(tensor)
        if prod(tensor.shape[i] for i in order) != _capacity(tensor):
            self._write_part(tensor, key, value)
            return
        self._unknown.pop(key, None)
        if isinstance(value, Several):
            self._hold(tensor, key, value)
            return
        value = stretched(value, tensor.shape)
        held = Whole(value.node, tuple(tensor.shape[i] for i in order), tuple(value.labels[i] for i in order))
        self._hold(tensor, key, held)

    def _write_part(self, tensor: torch.Tensor, key: int, value: Value) -> None:
        """Put a number in the place of one element of a short vector."""
        number = _capacity(tensor)
        held = self._held.get(key) or self._by_value(tensor)
        if isinstance(value, Several) or value.axes or tensor.numel() != 1 or number > MOST_NUMBERS:
            raise UnsupportedError(f"a part of shape {tuple(tensor.shape)} of a tensor of {number} elements is written")
        nodes = list(held.nodes if isinstance(held, Several) else (held.node,) * number)
        nodes[tensor.storage_offset()] = value.node
        self._hold(tensor, key, Several(tuple(nodes)))

    def forget(self, tensor: torch.Tensor, why: str) -> None:
        """Refuse a tensor from here on, if it is read."""
        self._unknown[self._key(tensor)] = why
        self._alive.append(tensor.untyped_storage())

    def made_as(self, tensor: torch.Tensor) -> Value | None:
        """What the storage of a tensor held when it was seen first."""
        return self.first.get(self._key(tensor))

    def _hold(self, tensor: torch.Tensor, key: int, value: Value) -> None:
        if key not in self._held:
            self._alive.append(tensor.untyped_storage())
        self._held[key] = value
        self.first.setdefault(key, value)

    def _by_value(self, tensor: torch.Tensor) -> Value:
        """A tensor that was made from numbers: all of them the same one, or one that its shadow tells."""
        values = _plain_values(tensor)
        if tensor.dtype in FEWER_DIGITS and any(self.session.is_known(value) for value in values):
            self.session.casts[f"float64 to {str(tensor.dtype).removeprefix('torch.')}"] = None
        if len({repr(value) for value in values}) > 1:
            if len(values) <= MOST_NUMBERS:
                return Several(tuple(map(self.session.number, values)))
            raise UnsupportedError(f"a constant tensor of shape {tuple(tensor.shape)} with different elements")
        node = self.session.number(values[0]) if values else self.session.number(0)
        return filled(node, (len(values),))

    @staticmethod
    def _key(tensor: torch.Tensor) -> int:
        return int(tensor.untyped_storage()._cdata)


def _some_of(held: Several, tensor: torch.Tensor) -> Value:
    """All of a list of numbers, or one of them."""
    if tensor.numel() == 1:
        return filled(held.nodes[tensor.storage_offset()], tensor.shape)
    wide = [i for i, extent in enumerate(tensor.shape) if extent > 1]
    if tensor.numel() != len(held.nodes) or len(wide) != 1 or tensor.stride(wide[0]) != 1:
        raise UnsupportedError(f"a part of shape {tuple(tensor.shape)} of {len(held.nodes)} numbers is read")
    return held


def _storage_order(tensor: torch.Tensor) -> Sequence[int]:
    """The dimensions that have elements of their own, in the order in which the storage has them."""
    strides = tensor.stride()
    own = [i for i, extent in enumerate(tensor.shape) if extent > 1 and strides[i] > 0]
    return sorted(own, key=lambda i: -strides[i])


def _capacity(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().nbytes() // tensor.element_size()


def _plain_values(tensor: torch.Tensor) -> list[Any]:
    """All numbers of a storage."""
    flat = torch.as_strided(tensor.detach(), (_capacity(tensor),), (1,), 0)
    return list(flat.tolist())

"""An array that NumPy code computes with and that carries an expression.

It answers NumPy's protocols, so ``np.sqrt(v)``, ``out=``, views and masked assignments do to the expression what
they would do to numbers. Nothing is ever converted to concrete numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from symopt.errors import UnsupportedError
from symopt.ir.evaluate import evaluate
from symopt.ir.nodes import Node, num, refs
from symopt.lift.confirm import FloatArithmetic
from symopt.lift.scalars import plain, symbolic
from symopt.lift.session import current
from symopt.lift.whole import (
    Whole,
    elementwise,
    filled,
    matmul,
    permuted,
    reduced,
    reshaped,
    scalar,
    stretched,
    transposed,
)
from symopt.passes import build

Change = Callable[[Whole], Whole]


class Memory:
    """What a whole array holds; views share it."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole


class SymArray(NDArrayOperatorsMixin):
    """An array, or a view of one: ``forward`` makes the view of what the memory holds, ``backward`` undoes it.

    ``mask`` is the condition under which its elements were selected; only what is assigned back may be made of it.
    ``is_number`` says that NumPy would have a number here and no array, which nothing changes in place.
    """

    __array_priority__ = 1000

    def __init__(
        self, memory: Memory, forward: Change | None = None, backward: Change | None = None, mask: Node | None = None
    ) -> None:
        self._memory, self._forward, self._backward, self.mask = memory, forward, backward, mask
        self.is_number = False

    @classmethod
    def of(cls, whole: Whole, mask: Node | None = None) -> SymArray:
        """An array of its own, of the kind that is being made."""
        return _kinds[-1](Memory(whole), mask=mask)

    @property
    def whole(self) -> Whole:
        """What the array holds now."""
        held = self._memory.whole
        return held if self._forward is None else self._forward(held)

    def assign(self, value: Whole) -> None:
        """Overwrite every element.

        Raises
        ------
        UnsupportedError: the array is a view that repeats elements.
        """
        if self._forward is not None and self._backward is None:
            raise UnsupportedError("a view that repeats elements is written to")
        new = stretched(value, self.shape)
        self._memory.whole = new if self._backward is None else self._backward(new)

    def view(self, forward: Change, backward: Change | None) -> SymArray:
        """A view of this array."""
        before, after = self._forward, self._backward

        def ahead(whole: Whole) -> Whole:
            return forward(whole if before is None else before(whole))

        def back(whole: Whole) -> Whole:
            assert backward is not None
            return backward(whole) if after is None else after(backward(whole))

        writable = backward is not None and (before is None or after is not None)
        return _kinds[-1](self._memory, ahead, back if writable else None, self.mask)

    @property
    def shape(self) -> tuple[int, ...]:
        """As of NumPy."""
        return self.whole.shape

    @property
    def ndim(self) -> int:
        """As of NumPy."""
        return self.whole.ndim

    @property
    def size(self) -> int:
        """As of NumPy."""
        return self.whole.size

    @property
    def dtype(self) -> np.dtype[Any]:
        """Double precision, or truth values."""
        return np.dtype(bool) if build.is_condition(self.whole.node) else np.dtype(np.float64)

    @property
    def itemsize(self) -> int:
        """As of NumPy."""
        return self.dtype.itemsize

    @property
    def flags(self) -> Any:
        """Those of an ordinary array."""
        return np.empty(self.shape).flags

    @property
    def T(self) -> SymArray:
        """The transpose, a view."""
        return self.view(transposed, transposed)

    def __len__(self) -> int:
        return len(np.empty(self.shape))

    def __iter__(self) -> Iterator[Any]:
        raise UnsupportedError("the elements of an array are taken one by one")

    def __bool__(self) -> bool:
        whole = self.whole
        if whole.size != 1:
            raise UnsupportedError("a branch on an array of several elements")
        node = build.truth(whole.node)
        return current().branch(node, bool(_shadow(node, 1.0)))

    def __float__(self) -> float:
        return float(plain(self.item()))  # recovered by its value

    def __int__(self) -> int:
        raise UnsupportedError("int(...) of an array's value")

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise UnsupportedError("an array is converted to concrete numbers")

    def __getitem__(self, key: Any) -> SymArray:
        mask = _mask(key)
        if mask is not None:
            return SymArray.of(self.whole, mask)
        shape = np.empty(self.shape)[key].shape if _keeps_all(key, self.shape) else None
        if shape is None:
            raise UnsupportedError(f"a part of an array is taken: [{key!r}]")
        return self.reshape(shape)

    def __setitem__(self, key: Any, value: Any) -> None:
        mask, new = _mask(key), whole_of(value)
        if mask is not None:
            self.assign(elementwise(build.where, self.whole.of(mask), new, self.whole))
        elif _keeps_all(key, self.shape):
            self.reshape(np.empty(self.shape)[key].shape).assign(new)
        else:
            raise UnsupportedError(f"a part of an array is assigned: [{key!r}]")

    def reshape(self, *shape: Any, order: str = "C") -> SymArray:
        """A view of another shape."""
        wanted = shape[0] if len(shape) == 1 and isinstance(shape[0], tuple | list) else shape
        old, matrix = self.shape, current().matrix
        return self.view(lambda whole: reshaped(whole, wanted, matrix), lambda whole: reshaped(whole, old, matrix))

    def ravel(self, order: str = "C") -> SymArray:
        """The elements in one row, as a view."""
        return self.reshape(-1)

    def flatten(self, order: str = "C") -> SymArray:
        """The elements in one row, as a copy."""
        return self.reshape(-1).copy()

    def transpose(self, *axes: Any) -> SymArray:
        """The dimensions in another order, as a view."""
        if not axes:
            return self.T
        order = axes[0] if isinstance(axes[0], tuple | list) else axes
        inverse = [list(order).index(i) for i in range(len(order))]
        return self.view(lambda whole: permuted(whole, order), lambda whole: permuted(whole, inverse))

    def squeeze(self, axis: Any = None) -> SymArray:
        """Without dimensions of one."""
        return self.reshape(np.empty(self.shape).squeeze(axis).shape)

    def copy(self, order: str = "C") -> SymArray:
        """An array of its own with the same elements."""
        return SymArray.of(self.whole, self.mask)

    def astype(self, dtype: Any, **kwargs: Any) -> SymArray:
        """The same elements; a conversion to another type of numbers is noted."""
        wanted = np.dtype(dtype)
        if wanted.kind == "f" and wanted != self.dtype and self.dtype.kind == "f":
            current().casts[f"{self.dtype} to {wanted}"] = None
        elif wanted.kind not in "fb":
            raise UnsupportedError(f"an array is converted to {wanted}")
        whole = self.whole
        return SymArray.of(whole.of(build.truth(whole.node) if wanted.kind == "b" else build.value(whole.node)))

    def fill(self, value: Any) -> None:
        """Overwrite every element with a number."""
        self.assign(whole_of(value))

    def item(self) -> Any:
        """The one element as a number."""
        whole = self.whole
        if whole.size != 1:
            raise UnsupportedError("the one element of an array of several")
        node = build.value(whole.node)
        return symbolic(float(_shadow(node, current().random.uniform(0.3, 0.9))), node)

    def clip(self, low: Any = None, high: Any = None, out: Any = None) -> SymArray:
        """As of NumPy."""
        return stored(clipped(self, low, high), out)

    def sum(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
        """As of NumPy."""
        return self._reduced("sum", axis, keepdims, out)

    def mean(self, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
        """As of NumPy."""
        return self._reduced("mean", axis, keepdims, out)

    def max(self, axis: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
        """As of NumPy."""
        return self._reduced("amax", axis, keepdims, out)

    def min(self, axis: Any = None, out: Any = None, keepdims: Any = False, **rest: Any) -> Any:
        """As of NumPy."""
        return self._reduced("amin", axis, keepdims, out)

    def dot(self, other: Any, out: Any = None) -> Any:
        """As of NumPy."""
        return stored(matmul(self.whole, whole_of(other)), out)

    def _reduced(self, name: str, axis: Any, keepdims: Any, out: Any) -> SymArray:
        if self.mask is not None:
            raise UnsupportedError("a reduction over selected elements")
        dims = [axis] if isinstance(axis, int) else axis
        keep = keepdims is not np._NoValue and bool(keepdims)
        return stored(reduced(name, self.whole, dims, keep=keep), out)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        from symopt.lift.numpy.functions import universal  # it is made of arrays

        return universal(ufunc, method, inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        from symopt.lift.numpy.functions import general  # it is made of arrays

        return general(function, args, kwargs)


_kinds: list[type[SymArray]] = [SymArray]


@contextmanager
def made_as(kind: type[SymArray]) -> Iterator[None]:
    """Make arrays of a subclass inside the block."""
    _kinds.append(kind)
    try:
        yield
    finally:
        _kinds.pop()


def whole_of(value: Any) -> Whole:
    """Anything that NumPy computes with, as an array with an expression.

    Raises
    ------
    UnsupportedError: it is no number and no array of one number.
    """
    if isinstance(value, SymArray):
        return value.whole
    if isinstance(value, np.ndarray):
        flat = value.ravel()
        if flat.size and not (flat == flat[0]).all():
            raise UnsupportedError("an array of different constants")
        return filled(current().number(flat[0].item()) if flat.size else num(0), value.shape)
    if isinstance(value, np.generic):
        return scalar(current().number(value.item()))
    return scalar(current().number(value))


def stored(result: Whole, out: Any, mask: Node | None = None) -> SymArray:
    """A result as a new array, or in the array that was given for it."""
    target = out[0] if isinstance(out, tuple) else out
    if target is None or getattr(target, "is_number", False):
        made = SymArray.of(result, mask)
        made.is_number = made.shape == ()
        return made
    if not isinstance(target, SymArray):
        raise UnsupportedError("a result is stored in an array of concrete numbers")
    target.assign(result)
    return target


def _shadow(node: Node, otherwise: float) -> Any:
    """What an expression over hyper-parameters comes to for their shadows; for any other it is no matter."""
    known = current().shadows
    if not set(refs(node)) <= set(known):
        return otherwise
    with np.errstate(all="ignore"):
        return evaluate([node], known, FloatArithmetic())[0]


def clipped(array: Any, low: Any, high: Any) -> Whole:
    """``min(max(x, low), high)``; a bound of None is none."""
    result = whole_of(array)
    if low is not None:
        result = elementwise(lambda x, y: build.apply("max", x, y), result, whole_of(low))
    if high is not None:
        result = elementwise(lambda x, y: build.apply("min", x, y), result, whole_of(high))
    return result


def _mask(key: Any) -> Node | None:
    """The condition of a key that is an array of truth values."""
    if isinstance(key, SymArray):
        node = key.whole.node
        if not build.is_condition(node):
            raise UnsupportedError("an array is indexed by an array of numbers")
        return node
    return None


def _keeps_all(key: Any, shape: tuple[int, ...]) -> bool:
    """Whether an index keeps every element: ``...``, ``:``, ``None``, and 0 for a dimension of one."""
    parts = key if isinstance(key, tuple) else (key,)
    if not all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts):
        return False
    try:
        return bool(np.empty(shape)[key].size == np.empty(shape).size)
    except IndexError:
        return False

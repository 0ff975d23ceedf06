"""What NumPy's functions do to arrays with expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, num
from symopt.lift.numpy.array import SymArray, clipped, stored, whole_of
from symopt.lift.scalars import plain, symbolic
from symopt.lift.session import current
from symopt.lift.whole import Whole, aligned, elementwise, filled, matmul, reduced
from symopt.passes import build

THIRD = num(Fraction(1, 3))


def _op(name: str) -> Callable[..., Node]:
    return lambda *args: build.apply(name, *map(build.value, args))


def _real(function: Callable[..., Node]) -> Callable[..., Node]:
    return lambda *args: function(*map(build.value, args))


def _compared(name: str) -> Callable[[Node, Node], Node]:
    return lambda a, b: build.compare(name, build.value(a), build.value(b))


def _logical(name: str) -> Callable[[Node, Node], Node]:
    return lambda a, b: build.apply(name, build.truth(a), build.truth(b))


def _copysign(a: Node, b: Node) -> Node:
    size = build.apply("abs", a)
    return build.where(build.compare("lt", b, num(0)), build.neg(size), size)


def _cbrt(x: Node) -> Node:
    return build.mul(build.apply("sign", x), build.power(build.apply("abs", x), THIRD))


ELEMENTWISE: Mapping[np.ufunc, Callable[..., Node]] = {
    np.add: _real(build.add), np.subtract: _real(build.sub), np.multiply: _real(build.mul),
    np.divide: _real(build.div), np.negative: _real(build.neg), np.positive: lambda x: x,
    np.power: _real(build.power), np.float_power: _real(build.power), np.sqrt: _op("sqrt"), np.cbrt: _cbrt,
    np.square: lambda x: build.mul(x, x), np.reciprocal: lambda x: build.div(num(1), x), np.absolute: _op("abs"),
    np.fabs: _op("abs"), np.sign: _op("sign"), np.exp: _op("exp"), np.log: _op("log"), np.cos: _op("cos"),
    np.expm1: lambda x: build.sub(build.apply("exp", x), num(1)), np.floor: _op("floor"), np.tanh: build.tanh,
    np.log1p: lambda x: build.apply("log", build.add(num(1), x)), np.copysign: _copysign,
    np.maximum: _op("max"), np.minimum: _op("min"), np.fmax: _op("max"), np.fmin: _op("min"),
    np.less: _compared("lt"), np.less_equal: _compared("le"), np.greater: _compared("gt"),
    np.greater_equal: _compared("ge"), np.equal: _compared("eq"), np.not_equal: _compared("ne"),
    np.logical_and: _logical("and"), np.logical_or: _logical("or"), np.bitwise_and: _logical("and"),
    np.bitwise_or: _logical("or"), np.logical_not: lambda x: build.negated(build.truth(x)),
    np.invert: lambda x: build.negated(build.truth(x)), np.conjugate: lambda x: x,
    # Of real numbers, which is what a proof is about.
    np.isfinite: lambda x: build.constant(True), np.isnan: lambda x: build.constant(False),
}  # fmt: skip
FOLDS: Mapping[np.ufunc, str] = {np.add: "sum", np.maximum: "amax", np.minimum: "amin"}


def universal(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A universal function, called or reduced.

    Raises
    ------
    UnsupportedError: it is not known; the message names it.
    """
    name, out = ufunc.__name__, kwargs.get("out")
    if method == "reduce" and ufunc in FOLDS:
        axis, keep = kwargs.get("axis", 0), bool(kwargs.get("keepdims", False))
        dims = [axis] if isinstance(axis, int) else axis
        return stored(reduced(FOLDS[ufunc], whole_of(inputs[0]), dims, keep=keep), out)
    wholes = [whole_of(item) for item in inputs]
    if method == "__call__" and ufunc is np.matmul:
        return stored(matmul(*wholes), out)
    if method == "outer" and ufunc is np.multiply:
        return stored(_outer(*wholes), out)
    if method != "__call__" or ufunc not in ELEMENTWISE:
        raise UnsupportedError(f"np.{name}" + ("" if method == "__call__" else f".{method}"))
    result = elementwise(ELEMENTWISE[ufunc], *wholes)
    condition = kwargs.get("where", True)
    if condition is not True:
        target = out[0] if isinstance(out, tuple) else out
        if target is None:
            raise UnsupportedError(f"np.{name} with where= and without out= leaves elements undefined")
        result = elementwise(_chosen, whole_of(condition), result, whole_of(target))
    mask = next((item.mask for item in inputs if isinstance(item, SymArray) and item.mask is not None), None)
    return stored(result, out, mask)


def general(function: Any, args: Any, kwargs: Any) -> Any:
    """Any other function of NumPy.

    Raises
    ------
    UnsupportedError: it is not known; the message names it.
    """
    name = function.__name__
    if name not in FUNCTIONS:
        raise UnsupportedError(f"np.{name}")
    return FUNCTIONS[name](*args, **{key: value for key, value in kwargs.items() if value is not np._NoValue})


def _chosen(condition: Node, a: Node, b: Node) -> Node:
    return build.where(build.truth(condition), a, b)


def _where(condition: Any, a: Any = None, b: Any = None) -> SymArray:
    if a is None or b is None:
        raise UnsupportedError("np.where with a condition alone")
    return SymArray.of(elementwise(_chosen, whole_of(condition), whole_of(a), whole_of(b)))


def _like(value: float) -> Callable[..., SymArray]:
    return lambda array, **rest: SymArray.of(filled(num(int(value)), rest.get("shape") or array.shape))


def _full_like(array: SymArray, value: Any, **rest: Any) -> SymArray:
    return SymArray.of(filled(whole_of(value).node, array.shape))


def _clip(array: Any, low: Any = None, high: Any = None, out: Any = None, **rest: Any) -> SymArray:
    return stored(clipped(array, rest.get("min", low), rest.get("max", high)), out)


def _copyto(target: SymArray, value: Any, where: Any = True, **rest: Any) -> None:
    new = whole_of(value)
    if where is not True:
        new = elementwise(_chosen, whole_of(where), new, target.whole)
    target.assign(new)


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> SymArray:
    array = whole_of(x)
    dims = [axis] if isinstance(axis, int) else axis
    size = elementwise(lambda a: build.apply("abs", a), array)
    is_spectral = array.ndim == 2 and axis is None and ord not in (None, "fro")
    if is_spectral:
        raise UnsupportedError(f"np.linalg.norm of a matrix with ord={ord!r}")
    if ord in (None, 2, "fro"):
        total = reduced("sum", elementwise(build.mul, array, array), dims, keep=keepdims)
        return SymArray.of(elementwise(lambda a: build.apply("sqrt", a), total))
    if ord == 1:
        return SymArray.of(reduced("sum", size, dims, keep=keepdims))
    if ord in (np.inf, -np.inf):
        return SymArray.of(reduced("amax" if ord > 0 else "amin", size, dims, keep=keepdims))
    raise UnsupportedError(f"np.linalg.norm with ord={ord!r}")


def _outer(a: Whole, b: Whole) -> Whole:
    if a.ndim != 1 or b.ndim != 1:
        raise UnsupportedError("np.outer of matrices")
    column = Whole(a.node, (a.size, 1), (*a.labels, None))
    return elementwise(build.mul, *aligned([column, b]))


def _variance(x: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False, **rest: Any) -> Whole:
    array = whole_of(x)
    dims = [axis] if isinstance(axis, int) else axis
    centred = elementwise(build.sub, array, reduced("mean", array, dims, keep=True))
    square = elementwise(build.mul, centred, centred)
    if ddof == 0:
        return reduced("mean", square, dims, keep=keepdims)
    total = reduced("sum", square, dims, keep=keepdims)
    return elementwise(lambda a: build.div(a, num(array.size // max(1, total.size) - ddof)), total)


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "where": _where, "zeros_like": _like(0), "ones_like": _like(1), "empty_like": _like(0), "full_like": _full_like,
    "clip": _clip, "copyto": _copyto, "norm": _norm, "copy": lambda a, **rest: a.copy(),
    "sum": lambda a, *args, **rest: a.sum(*args, **rest), "mean": lambda a, *args, **rest: a.mean(*args, **rest),
    "amax": lambda a, *args, **rest: a.max(*args, **rest), "max": lambda a, *args, **rest: a.max(*args, **rest),
    "amin": lambda a, *args, **rest: a.min(*args, **rest), "min": lambda a, *args, **rest: a.min(*args, **rest),
    "dot": lambda a, b, out=None: stored(matmul(whole_of(a), whole_of(b)), out),
    "vdot": lambda a, b: stored(matmul(whole_of(a), whole_of(b)), None),
    "outer": lambda a, b, out=None: stored(_outer(whole_of(a), whole_of(b)), out),
    "transpose": lambda a, axes=None: a.transpose(*(() if axes is None else (axes,))),
    "reshape": lambda a, shape, **rest: a.reshape(shape), "ravel": lambda a, **rest: a.ravel(),
    "squeeze": lambda a, axis=None: a.squeeze(axis),
    "var": lambda a, *args, **rest: _array(_variance(a, *args, **rest)),
    "std": lambda a, *args, **rest: np.sqrt(_array(_variance(a, *args, **rest))),
    "expand_dims": lambda a, axis: a.reshape(np.expand_dims(np.empty(a.shape), axis).shape),
    "shape": lambda a: a.shape, "ndim": lambda a: a.ndim, "size": lambda a: a.size,
    "iscomplexobj": lambda a: False, "isrealobj": lambda a: True, "real": lambda a: a,
    "broadcast_to": lambda a, shape, **rest: _array(elementwise(lambda x, y: x, a.whole, filled(num(0), shape))),
    "nan_to_num": lambda a, **rest: a, "result_type": lambda *args: np.dtype(np.float64),
    "may_share_memory": lambda *args: False, "shares_memory": lambda *args: False,
}  # fmt: skip


def _array(whole: Whole) -> SymArray:
    return SymArray.of(whole)


def scalar_function(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A universal function of symbolic numbers alone is a symbolic number again; with arrays, an array."""
    if any(isinstance(item, SymArray) for item in (*inputs, *(kwargs.get("out") or ()))):
        return universal(ufunc, method, inputs, kwargs)
    if any(isinstance(item, np.ndarray) for item in inputs) or method != "__call__":
        return universal(ufunc, method, inputs, kwargs)
    if ufunc not in ELEMENTWISE:
        raise UnsupportedError(f"np.{ufunc.__name__} of a hyper-parameter")
    node = ELEMENTWISE[ufunc](*(current().number(item) for item in inputs))
    with np.errstate(all="ignore"):
        shadow = ufunc(*(plain(item) for item in inputs)).item()
    if isinstance(shadow, bool):
        return current().branch(node, shadow)
    return symbolic(shadow, node)

"""Reductions, norms and products of ATen on whole arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import ONE, ZERO, Node, Num, num
from symopt.lift.torch.elementwise import arithmetic, logical, plus, square
from symopt.lift.torch.memory import Several
from symopt.lift.whole import Whole, matmul, reduced, reshaped
from symopt.passes import build

Dims = int | Sequence[int] | None


def _dims(dim: Dims) -> list[int] | None:
    """Dimensions as a list; none of them means all."""
    if dim is None or isinstance(dim, int):
        return None if dim is None else [dim]
    return list(dim) or None


def _number(array: Whole, dim: Dims) -> int:
    dims = _dims(dim)
    return array.size if dims is None else prod(array.shape[i] for i in dims)


def _reduction(name: str) -> Callable[..., Whole]:
    def operation(a: Whole, dim: Dims = None, keepdim: bool = False) -> Whole:
        return reduced(name, a, _dims(dim), keep=keepdim)

    return operation


def _extreme(name: str) -> Callable[..., Any]:
    """``max`` and ``min``: of all elements, along a dimension with positions, or of two arrays."""

    def operation(a: Whole, dim: int | Whole | None = None, keepdim: bool = False) -> Any:
        if isinstance(dim, Whole):
            return arithmetic(lambda x, y: build.apply(name.removeprefix("a"), x, y), a, dim)
        value = reduced(name, a, _dims(dim), keep=keepdim)
        return value if dim is None else (value, None)

    return operation


def norm(a: Whole, order: Whole | None = None, dim: Dims = None, keepdim: bool = False) -> Whole:
    """The norm of a vector; orders 0, 1, 2 and infinity, and others as the power sums that they are."""
    which = 2.0 if order is None else _order(order)
    dims = _dims(dim)
    size = arithmetic(lambda x: build.apply("abs", x), a)
    if math.isinf(which):
        return reduced("amax" if which > 0 else "amin", size, dims, keep=keepdim)
    if which == 0:
        return reduced("sum", arithmetic(lambda x: build.compare("ne", x, ZERO), a), dims, keep=keepdim)
    if which == 1:
        return reduced("sum", size, dims, keep=keepdim)
    if which == 2:
        total = reduced("sum", arithmetic(square, a), dims, keep=keepdim)
        return arithmetic(lambda x: build.apply("sqrt", x), total)
    exponent = build.constant(which)
    total = reduced("sum", arithmetic(lambda x: build.power(x, exponent), size), dims, keep=keepdim)
    return arithmetic(lambda x: build.power(x, build.div(ONE, exponent)), total)


def _order(order: Any) -> float:
    if isinstance(order, Whole):
        if not isinstance(order.node, Num):
            raise UnsupportedError("a norm whose order is a hyper-parameter")
        return float(order.node.value)
    return float(order)


def _variance(a: Whole, dim: Any = None, correction: Any = None, keepdim: bool = False) -> Whole:
    if isinstance(dim, bool):  # var(x, unbiased)
        dim, correction = None, int(dim)
    elif isinstance(correction, bool):
        correction = int(correction)
    if isinstance(correction, Whole):
        correction = _order(correction)
    dims = _dims(dim)
    centre = reduced("mean", a, dims, keep=True)
    squares = arithmetic(lambda x, m: square(build.sub(x, m)), a, centre)
    n = _number(a, dim)
    less = Fraction(1 if correction is None else correction)
    scale = num(Fraction(n) / (n - less))
    return arithmetic(lambda x: build.mul(scale, x), reduced("mean", squares, dims, keep=keepdim))


def _deviation(a: Whole, dim: Any = None, correction: Any = None, keepdim: bool = False) -> Whole:
    return arithmetic(lambda x: build.apply("sqrt", x), _variance(a, dim, correction, keepdim))


def _any(a: Whole, dim: Dims = None, keepdim: bool = False) -> Whole:
    return _truth_of(reduced("amax", logical(lambda x: x, a), _dims(dim), keep=keepdim))


def _all(a: Whole, dim: Dims = None, keepdim: bool = False) -> Whole:
    return _truth_of(reduced("amin", logical(lambda x: x, a), _dims(dim), keep=keepdim))


def _truth_of(a: Whole) -> Whole:
    """A truth value again; that of a constant is itself."""
    return a.of(build.truth(a.node))


def _count(a: Whole, dim: Dims = None) -> Whole:
    return reduced("sum", arithmetic(lambda x: build.compare("ne", x, ZERO), a), _dims(dim))


def _addmm(c: Whole, a: Whole, b: Whole, beta: Whole | None = None, alpha: Whole | None = None) -> Whole:
    outer = ONE if beta is None else beta.node
    inner = ONE if alpha is None else alpha.node
    return arithmetic(lambda x, y: plus(build.mul(outer, x), y, inner), c, matmul(a, b))


def _mv(a: Whole, b: Whole) -> Whole:
    product = matmul(a, reshaped(b, (b.size, 1)))
    return reshaped(product, (a.shape[0],))


def _bmm(a: Whole, b: Whole) -> Whole:
    if a.shape[0] != 1:
        raise UnsupportedError("products of several matrices at once")
    product = matmul(reshaped(a, a.shape[1:]), reshaped(b, b.shape[1:]))
    return reshaped(product, (1, *product.shape))


def _outer(a: Whole, b: Whole) -> Whole:
    return arithmetic(build.mul, reshaped(a, (a.size, 1)), reshaped(b, (1, b.size)))


def _stack(arrays: Sequence[Whole], dim: int = 0) -> Whole | Several:
    if len(arrays) > 1:
        return _listed(arrays)
    (a,) = arrays
    position = dim % (a.ndim + 1)
    return reshaped(a, (*a.shape[:position], 1, *a.shape[position:]))


def _cat(arrays: Sequence[Whole], dim: int = 0) -> Whole | Several:
    return _listed(arrays) if len(arrays) > 1 else arrays[0]


def _listed(arrays: Sequence[Whole]) -> Several:
    if any(not isinstance(array, Whole) or array.size != 1 for array in arrays):
        raise UnsupportedError("tensors are put together to a larger one")
    return Several(tuple(array.node for array in arrays))


def of_several(name: str, values: Several, *options: Any, **named: Any) -> Whole:
    """A reduction of a list of numbers to one.

    Raises
    ------
    UnsupportedError: it is no plain sum, mean, extreme or norm of all of them.
    """
    nodes = [build.value(node) for node in values.nodes]
    if name in EXTREMES and not options:
        return Whole(_folded(lambda a, b: build.apply(EXTREMES[name], a, b), nodes))
    is_all = not options or options[0] in ([0], [-1], 0, -1, [], None)
    if name in ("sum", "mean") and is_all:
        total = _folded(build.add, nodes)
        return Whole(total if name == "sum" else build.div(total, num(len(nodes))))
    if name in ("norm", "linalg_vector_norm") and (not options or _order(options[0]) == 2):
        return Whole(build.apply("sqrt", _folded(build.add, [square(node) for node in nodes])))
    raise UnsupportedError(f"{name} of {len(nodes)} numbers")


def _folded(function: Callable[[Node, Node], Node], nodes: Sequence[Node]) -> Node:
    result, *rest = nodes
    for node in rest:
        result = function(result, node)
    return result


EXTREMES: Mapping[str, str] = {"amax": "max", "amin": "min", "max": "max", "min": "min"}
REDUCTIONS: Mapping[str, Callable[..., Any]] = {
    "sum": _reduction("sum"), "mean": _reduction("mean"), "amax": _reduction("amax"), "amin": _reduction("amin"),
    "max": _extreme("amax"), "min": _extreme("amin"), "norm": norm, "linalg_vector_norm": norm,
    "var": _variance, "std": _deviation, "any": _any, "all": _all, "count_nonzero": _count,
    "mm": matmul, "dot": matmul, "vdot": matmul, "addmm": _addmm, "mv": _mv, "bmm": _bmm, "ger": _outer,
    "outer": _outer, "stack": _stack, "cat": _cat,
    "aminmax": lambda a, dim=None, keepdim=False: (
        reduced("amin", a, _dims(dim), keep=keepdim), reduced("amax", a, _dims(dim), keep=keepdim)
    ),
}  # fmt: skip

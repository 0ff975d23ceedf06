"""The element-wise primitives of JAX as expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial

from symopt.ir.nodes import Node, num
from symopt.passes import build

HALF, THIRD = num(Fraction(1, 2)), num(Fraction(1, 3))


def truncated(x: Node) -> Node:
    """The whole number between ``x`` and 0 that is nearest to ``x``."""
    down, up = build.apply("floor", x), build.neg(build.apply("floor", build.neg(x)))
    return build.where(build.compare("lt", x, num(0)), up, down)


def remainder(a: Node, b: Node) -> Node:
    """What is left of a division, of the sign of the dividend."""
    return build.sub(a, build.mul(b, truncated(build.div(a, b))))


def clamped(low: Node, x: Node, high: Node) -> Node:
    """``x``, but no less than ``low`` and no more than ``high``."""
    return build.apply("min", build.apply("max", low, x), high)


def cube_root(x: Node) -> Node:
    """The real cube root."""
    return build.mul(build.apply("sign", x), build.power(build.apply("abs", x), THIRD))


def same(a: Node, b: Node) -> Node:
    """Whether two numbers, or two truth values, are the same."""
    return build.compare("eq", build.value(a), build.value(b))


def differ(a: Node, b: Node) -> Node:
    """Whether two numbers, or two truth values, are not the same."""
    return build.compare("ne", build.value(a), build.value(b))


# What JAX calls an operation, where the graph has it too.
SAME = ("max", "min", "neg", "sqrt", "abs", "sign", "exp", "log", "cos", "floor")
OPERATIONS: Mapping[str, Callable[..., Node]] = {
    **{name: partial(build.apply, name) for name in SAME},
    **{name: partial(build.compare, name) for name in ("lt", "le", "gt", "ge")},
    "eq": same, "ne": differ,
    "add": build.add, "add_any": build.add, "sub": build.sub, "mul": build.mul, "div": build.div,
    "pow": build.power, "rem": remainder, "clamp": clamped,
    "square": lambda x: build.mul(x, x),
    "rsqrt": lambda x: build.div(num(1), build.apply("sqrt", x)),
    "cbrt": cube_root,
    "exp2": lambda x: build.power(num(2), x),
    "expm1": lambda x: build.sub(build.apply("exp", x), num(1)),
    "log1p": lambda x: build.apply("log", build.add(num(1), x)),
    "tanh": build.tanh, "logistic": build.sigmoid,
    "ceil": lambda x: build.neg(build.apply("floor", build.neg(x))),
}  # fmt: skip
# Those of truth values; of whole numbers they are something else.
LOGIC: Mapping[str, Callable[..., Node]] = {
    "and": partial(build.apply, "and"), "or": partial(build.apply, "or"), "not": build.negated, "xor": differ,
}  # fmt: skip
# What gives its operands as they are.
UNCHANGED = frozenset({
    "copy", "copy_p", "stop_gradient", "optimization_barrier", "real", "device_put", "sharding_constraint", "pvary",
    "name", "reshard", "layout_constraint",
})  # fmt: skip

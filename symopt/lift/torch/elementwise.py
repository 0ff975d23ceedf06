"""Operations of ATen element by element, as expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

from symopt.errors import UnsupportedError
from symopt.ir.nodes import ONE, ZERO, Node, Op, num
from symopt.lift.scalars import floor_division, remainder
from symopt.lift.whole import Whole, elementwise
from symopt.passes import build

HALF = num(Fraction(1, 2))


def plus(a: Node, b: Node, scale: Node = ONE) -> Node:
    """``a + scale * b``."""
    return build.sub(a, b) if scale is num(-1) else build.add(a, build.mul(scale, b))


def square(a: Node) -> Node:
    """``a ** 2``; that of a root is what is under it."""
    return a.args[0] if isinstance(a, Op) and a.op == "sqrt" else build.mul(a, a)


def times(a: Node, b: Node) -> Node:
    """``a * b``; a root times itself is what is under it."""
    return square(a) if a is b else build.mul(a, b)


def power(a: Node, b: Node) -> Node:
    """``a ** b``."""
    return square(a) if b is num(2) else build.power(a, b)


def sqrt(a: Node) -> Node:
    """The root."""
    return build.apply("sqrt", a)


def reciprocal(a: Node) -> Node:
    """``1 / a``; that of a quotient is the quotient the other way round, also where it is infinite."""
    return build.div(*reversed(a.args)) if isinstance(a, Op) and a.op == "div" else build.div(ONE, a)


def smaller(a: Node, b: Node) -> Node:
    """The minimum; a bound that is infinite is none."""
    return build.apply("min", a, b)


def larger(a: Node, b: Node) -> Node:
    """The maximum."""
    return build.apply("max", a, b)


def _sign_of_zero(a: Node, b: Node) -> Node:
    return build.where(build.compare("lt", a, ZERO), ZERO, build.where(build.compare("eq", a, ZERO), b, ONE))


def _rounded_down(rounding_mode: object) -> bool:
    if rounding_mode not in (None, "floor"):
        raise UnsupportedError(f"division with rounding mode {rounding_mode}")
    return rounding_mode == "floor"


def _div(a: Whole, b: Whole, rounding_mode: object = None) -> Whole:
    return arithmetic(floor_division if _rounded_down(rounding_mode) else build.div, a, b)


def _clamp(a: Whole, min: Whole | None = None, max: Whole | None = None) -> Whole:  # ATen's names
    low = a if min is None else arithmetic(larger, a, min)
    return low if max is None else arithmetic(smaller, low, max)


def _where(condition: Whole, a: Whole, b: Whole) -> Whole:
    def chosen(c: Node, x: Node, y: Node) -> Node:
        if build.is_condition(x) and build.is_condition(y):
            x, y = build.value(x), build.value(y)
            return build.truth(build.where(build.truth(c), x, y))
        return build.where(build.truth(c), build.value(x), build.value(y))

    return elementwise(chosen, condition, a, b)


def _softplus(a: Whole, beta: Whole | None = None, threshold: Whole | None = None) -> Whole:
    scale = ONE if beta is None else beta.node
    most = num(20) if threshold is None else threshold.node

    def function(x: Node) -> Node:
        scaled = build.mul(scale, x)
        soft = build.div(build.apply("log", build.add(ONE, build.apply("exp", scaled))), scale)
        return build.where(build.compare("lt", most, scaled), x, soft)

    return arithmetic(function, a)


def _addcmul(a: Whole, b: Whole, c: Whole, value: Whole | None = None) -> Whole:
    return arithmetic(lambda x, y, z, s: plus(x, build.mul(y, z), s), a, b, c, _or_one(value))


def _addcdiv(a: Whole, b: Whole, c: Whole, value: Whole | None = None) -> Whole:
    return arithmetic(lambda x, y, z, s: plus(x, build.div(y, z), s), a, b, c, _or_one(value))


def _or_one(value: Whole | None) -> Whole:
    return Whole(ONE) if value is None else value


def arithmetic(function: Callable[..., Node], *arrays: Whole) -> Whole:
    """An operation on numbers; truth values count as 1 and 0."""
    return elementwise(lambda *nodes: function(*map(build.value, nodes)), *arrays)


def logical(function: Callable[..., Node], *arrays: Whole) -> Whole:
    """An operation on truth values."""
    return elementwise(lambda *nodes: function(*map(build.truth, nodes)), *arrays)


def _both(a: Node, b: Node) -> Node:
    return build.apply("and", a, b)


def _either(a: Node, b: Node) -> Node:
    return build.apply("or", a, b)


def _one_of(a: Node, b: Node) -> Node:
    return _either(_both(a, build.negated(b)), _both(build.negated(a), b))


def _bitwise(function: Callable[..., Node]) -> Callable[..., Whole]:
    def operation(a: Whole, b: Whole) -> Whole:
        if not (build.is_condition(a.node) and build.is_condition(b.node)):
            raise UnsupportedError("an operation on the bits of numbers")
        return logical(function, a, b)

    return operation


def _of(function: Callable[..., Node]) -> Callable[..., Whole]:
    return lambda *arrays: arithmetic(function, *arrays)


def _comparison(name: str) -> Callable[..., Whole]:
    return lambda a, b: arithmetic(lambda x, y: build.compare(name, x, y), a, b)


def _constant(value: bool) -> Callable[..., Whole]:
    return lambda a: a.of(build.constant(value)) if not a.axes else elementwise(lambda _: build.constant(value), a)


def with_infinity(name: str, given: list[Any], named: dict[str, Any]) -> Whole:
    """An operation on numbers one of which is infinite, where that means something on the real numbers.

    Raises
    ------
    UnsupportedError: it means nothing.
    """
    if name == "clamp":
        bounds = [None if isinstance(value, float) else value for value in given]
        rest = {key: None if isinstance(value, float) else value for key, value in named.items()}
        return _clamp(given[0], *bounds[1:], **rest)
    first = given[0]
    bound = next((value for value in given if isinstance(value, float)), None)
    answers = {"eq": False, "ne": True}
    if bound is not None and isinstance(first, Whole):
        answers |= {"lt": bound > 0, "le": bound > 0, "gt": bound < 0, "ge": bound < 0}
        if name in answers:
            return _constant(answers[name])(first)
    raise UnsupportedError(f"the operation {name} of PyTorch with an infinite number")


ELEMENTWISE: Mapping[str, Callable[..., Whole]] = {
    "add": lambda a, b, alpha=None: arithmetic(plus, a, b, _or_one(alpha)),
    "sub": lambda a, b, alpha=None: arithmetic(lambda x, y, s: build.sub(x, build.mul(s, y)), a, b, _or_one(alpha)),
    "rsub": lambda a, b, alpha=None: arithmetic(lambda x, y, s: build.sub(y, build.mul(s, x)), a, b, _or_one(alpha)),
    "mul": _of(times), "div": _div, "neg": _of(build.neg), "sqrt": _of(sqrt), "square": _of(square),
    "rsqrt": _of(lambda x: build.div(ONE, sqrt(x))), "reciprocal": _of(reciprocal),
    "pow": _of(power), "abs": _of(lambda x: build.apply("abs", x)), "exp": _of(lambda x: build.apply("exp", x)),
    "sign": _of(lambda x: build.apply("sign", x)), "sgn": _of(lambda x: build.apply("sign", x)),
    "log": _of(lambda x: build.apply("log", x)), "log1p": _of(lambda x: build.apply("log", build.add(ONE, x))),
    "expm1": _of(lambda x: build.sub(build.apply("exp", x), ONE)), "cos": _of(lambda x: build.apply("cos", x)),
    "log2": _of(lambda x: build.div(build.apply("log", x), build.apply("log", num(2)))),
    "exp2": _of(lambda x: build.power(num(2), x)), "floor": _of(lambda x: build.apply("floor", x)),
    "ceil": _of(lambda x: build.neg(build.apply("floor", build.neg(x)))), "tanh": _of(build.tanh),
    "sigmoid": _of(build.sigmoid), "maximum": _of(larger), "minimum": _of(smaller), "fmax": _of(larger),
    "fmin": _of(smaller), "relu": _of(lambda x: larger(x, ZERO)), "heaviside": _of(_sign_of_zero),
    "softplus": _softplus, "remainder": _of(remainder), "floor_divide": _of(floor_division),
    "lerp": _of(lambda a, b, w: build.add(a, build.mul(w, build.sub(b, a)))),
    "hypot": _of(lambda a, b: sqrt(build.add(square(a), square(b)))),
    "addcmul": _addcmul, "addcdiv": _addcdiv, "clamp": _clamp, "clamp_min": _of(larger), "clamp_max": _of(smaller),
    "where": _where, "masked_fill": lambda a, mask, value: _where(mask, value, a),
    "lt": _comparison("lt"), "le": _comparison("le"), "gt": _comparison("gt"), "ge": _comparison("ge"),
    "eq": _comparison("eq"), "ne": _comparison("ne"),
    "logical_and": lambda a, b: logical(_both, a, b), "logical_or": lambda a, b: logical(_either, a, b),
    "logical_not": lambda a: logical(build.negated, a), "logical_xor": lambda a, b: logical(_one_of, a, b),
    "bitwise_and": _bitwise(_both), "bitwise_or": _bitwise(_either), "bitwise_not": lambda a: logical(build.negated, a),
    "bitwise_xor": _bitwise(_one_of),
    # On the real numbers nothing is infinite and nothing is no number.
    "isnan": _constant(False), "isinf": _constant(False), "isfinite": _constant(True),
    "isposinf": _constant(False), "isneginf": _constant(False),
}  # fmt: skip

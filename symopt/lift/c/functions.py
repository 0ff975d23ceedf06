"""The functions of math.h that are known, exact on real numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, num
from symopt.lift.c.arithmetic import larger, smaller
from symopt.lift.c.values import INFINITY, NAN, Value, as_node
from symopt.passes import build


def _copysign(size: Node, sign: Node) -> Node:
    """The size with the sign of another number; a zero has the sign plus on real numbers."""
    size = build.apply("abs", size)
    return build.where(build.compare("lt", sign, num(0)), build.neg(size), size)


def _trunc(x: Node) -> Node:
    down = build.apply("floor", x)
    return build.where(build.compare("lt", x, num(0)), build.neg(build.apply("floor", build.neg(x))), down)


REAL: Mapping[str, Callable[..., Node]] = {
    "sqrt": lambda x: build.apply("sqrt", x),
    "fabs": lambda x: build.apply("abs", x),
    "exp": lambda x: build.apply("exp", x),
    "exp2": lambda x: build.power(num(2), x),
    "log": lambda x: build.apply("log", x),
    "log2": lambda x: build.div(build.apply("log", x), build.apply("log", num(2))),
    "log1p": lambda x: build.apply("log", build.add(num(1), x)),
    "expm1": lambda x: build.sub(build.apply("exp", x), num(1)),
    "cos": lambda x: build.apply("cos", x),
    "tanh": build.tanh,
    "floor": lambda x: build.apply("floor", x),
    "ceil": lambda x: build.neg(build.apply("floor", build.neg(x))),
    "trunc": _trunc,
    "pow": build.power,
    "fmax": larger,
    "fmin": smaller,
    "fdim": lambda x, y: larger(build.sub(x, y), num(0)),
    "hypot": lambda x, y: build.apply("sqrt", build.add(build.mul(x, x), build.mul(y, y))),
    "fma": lambda x, y, z: build.add(build.mul(x, y), z),
    "copysign": _copysign,
}
ALWAYS: Mapping[str, int] = {"isfinite": 1, "isnan": 0, "isinf": 0, "isnormal": 1}
CONSTANTS: Mapping[str, Node] = {"__symopt_infinity": INFINITY, "__symopt_nan": NAN}
ARITY: Mapping[str, int] = {
    **dict.fromkeys(REAL, 1), "pow": 2, "fmax": 2, "fmin": 2, "fdim": 2, "hypot": 2, "fma": 3, "copysign": 2,
}  # fmt: skip


def known_function(name: str) -> Callable[[list[Value]], Value] | None:
    """A function of math.h by its name, in any precision; None where it is not known."""
    plain = name.removeprefix("__builtin_")
    if plain in ALWAYS:
        return lambda args: ALWAYS[plain]
    if plain in CONSTANTS:
        return lambda args: CONSTANTS[plain]
    for base in (plain, plain[:-1] if plain.endswith(("f", "l")) else plain):
        if base in REAL:
            return partial(_applied, base)
    if plain in ("abs", "labs", "llabs"):
        return lambda args: abs(args[0]) if isinstance(args[0], int) else build.apply("abs", as_node(args[0]))
    return None


def _applied(name: str, args: list[Value]) -> Node:
    if len(args) != ARITY[name]:
        raise UnsupportedError(f"{name} with {len(args)} arguments")
    return REAL[name](*map(as_node, args))

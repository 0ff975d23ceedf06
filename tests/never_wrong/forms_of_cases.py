"""Equal forms of extremes, absolute values, signs and comparisons, of reductions and of products of matrices."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from symopt.ir.nodes import MatOp, Node, Op, Reduce, matop, num, op, reduce

ONE, TWO, ZERO = num(1), num(2), num(0)


def extremes(node: Op) -> Iterator[tuple[str, Node]]:
    """Maxima, minima, absolute values and signs by each other and by comparisons."""
    match node.op, node.args:
        case ("max" | "min") as name, (a, b):
            other = "min" if name == "max" else "max"
            less, more = ("lt", "le") if name == "max" else ("le", "lt")
            gap = op("abs", op("sub", a, b))
            yield "commuted", op(name, b, a)
            yield "by the other extreme", op("neg", op(other, op("neg", a), op("neg", b)))
            yield "by abs", op("div", op("add" if name == "max" else "sub", op("add", a, b), gap), TWO)
            yield "by where", op("where", op("lt", a, b), *((b, a) if name == "max" else (a, b)))
            yield "by where", op("where", op(more, b, a), *((a, b) if name == "max" else (b, a)))
            yield "by the other extreme", op("sub", op("add", a, b), op(other, a, b))
            yield "by where", op("where", op("not", op(less, b, a)), *((b, a) if name == "max" else (a, b)))
        case "abs", (a,):
            yield "by max", op("max", a, op("neg", a))
            yield "by a root", op("sqrt", op("mul", a, a))
            yield "by sign", op("mul", a, op("sign", a))
            yield "by where", op("where", op("lt", a, ZERO), op("neg", a), a)
            yield "even", op("abs", op("neg", a))
        case "sign", (a,):
            negative = op("where", op("lt", a, ZERO), num(-1), ZERO)
            yield "by where", op("where", op("lt", ZERO, a), ONE, negative)
            yield "odd", op("neg", op("sign", op("neg", a)))
            yield "scaled inside", op("sign", op("mul", num(Fraction(5, 2)), a))
            yield "by clipping", op("where", op("eq", a, ZERO), ZERO, op("div", a, op("abs", a)))


def comparisons(node: Op) -> Iterator[tuple[str, Node]]:
    """Comparisons the other way round, with zero, and by their opposites."""
    a, b = node.args
    match node.op:
        case "lt":
            yield "comparison turned", op("not", op("le", b, a))
            yield "comparison turned", op("lt", op("neg", b), op("neg", a))
            yield "comparison with zero", op("lt", ZERO, op("sub", b, a))
            yield "comparison with zero", op("lt", op("sub", a, b), ZERO)
        case "le":
            yield "comparison turned", op("not", op("lt", b, a))
            yield "comparison turned", op("or", op("lt", a, b), op("eq", a, b))
            yield "comparison with zero", op("le", op("sub", a, b), ZERO)
        case "eq":
            yield "comparison turned", op("and", op("le", a, b), op("le", b, a))
            yield "comparison with zero", op("eq", op("sub", a, b), ZERO)
        case "and" | "or" as name:
            other = "or" if name == "and" else "and"
            yield "De Morgan", op("not", op(other, op("not", a), op("not", b)))
            yield "commuted", op(name, b, a)


def wide(node: Node) -> Iterator[tuple[str, Node]]:
    """Reductions and products of matrices by what they are linear in."""
    match node:
        case Reduce(op="sum" | "mean" | "model_sum" as name, axis=axis, args=(arg,)):
            yield "linear", op("div", reduce(name, op("mul", TWO, arg), axis), TWO)
            yield "linear", op("neg", reduce(name, op("neg", arg), axis))
            if isinstance(arg, Op) and arg.op in ("add", "sub"):
                yield "linear", op(arg.op, *(reduce(name, x, axis) for x in arg.args))
        case Reduce(op="amax" | "amin" as name, axis=axis, args=(arg,)):
            other = "amin" if name == "amax" else "amax"
            yield "by the other extreme", op("neg", reduce(other, op("neg", arg), axis))
            yield "linear", op("div", reduce(name, op("mul", TWO, arg), axis), TWO)
        case MatOp(op="matmul", args=(a, b)):
            yield "transposed", matop("transpose", matop("matmul", matop("transpose", b), matop("transpose", a)))
            yield "linear", op("div", matop("matmul", op("mul", TWO, a), b), TWO)
            if isinstance(a, MatOp) and a.op == "matmul":
                yield "regrouped", matop("matmul", a.args[0], matop("matmul", a.args[1], b))
        case MatOp(op="transpose", args=(a,)):
            yield "transposed", op("neg", matop("transpose", op("neg", a)))

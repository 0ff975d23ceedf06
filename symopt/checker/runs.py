"""Runs for the independent checker: a trace step by step, in balls of many bits, on random data."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import wraps
from typing import Any, TypeVar

import flint
import numpy as np

from symopt.checker.arrays import UNDEFINED, Whole, elements, elementwise, matrix, reduce
from symopt.checker.outcome import Check
from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.trace import COLS, HESSIAN, LOSS, ROWS, SIZE, Trace
from symopt.lang.domain import Domain

BITS, AGREE = 400, flint.arb(2) ** -300
Values = dict[str, Any]
# How a rational number is held: as a ball, or with more than that.
Number = Callable[[Fraction], Any]


Checker = TypeVar("Checker", bound=Callable[..., Check])


class UndefinedValueError(Exception):
    """A run leaves the points at which everything is defined."""


def at_full_precision(checker: Checker) -> Checker:
    """A checker that works with balls of ``BITS`` bits."""

    @wraps(checker)
    def working(*args: Any, **kwargs: Any) -> Check:
        with flint.ctx.workprec(BITS):
            return checker(*args, **kwargs)

    return working  # type: ignore[return-value]  # the same signature


def real(value: Fraction) -> Any:
    """A rational number as a ball."""
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def order(a: Any, b: Any) -> int:
    """-1, 0 or 1; two balls that cannot be told apart count as equal where they are points or very small."""
    d = a - b
    if d > 0:
        return 1
    if d < 0:
        return -1
    if abs(d) < AGREE:
        return 0
    raise UndefinedValueError


def _power(a: Any, b: Any) -> Any:
    if b.is_integer():
        return a ** int(b.unique_fmpz())
    return flint.arb(0) if a == 0 else a**b


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "div": lambda a, b: a / b,
    "neg": lambda a: -a, "sqrt": lambda a: a.sqrt(), "exp": lambda a: a.exp(), "log": lambda a: a.log(),
    "cos": lambda a: a.cos(), "pow": _power, "abs": abs, "floor": lambda a: a.floor(),
    "sign": lambda a: flint.arb(order(a, flint.arb(0))),
    "max": lambda a, b: a if order(a, b) >= 0 else b, "min": lambda a, b: a if order(a, b) <= 0 else b,
    "lt": lambda a, b: order(a, b) < 0, "le": lambda a, b: order(a, b) <= 0, "eq": lambda a, b: order(a, b) == 0,
    "and": lambda a, b: a and b, "or": lambda a, b: a or b, "not": lambda a: not a,
}  # fmt: skip


def value(root: Node, values: Mapping[str, Any], number: Number = real) -> Any:
    """An expression as a ball or an array of balls; operands that ``where`` does not choose may be undefined."""
    return defined(value_or_none(root, values, number))


def defined(found: Any) -> Any:
    """A value, all of which must be a number."""
    if found is None or not all(isinstance(x, bool) or x.is_finite() for x in elements(found)):
        raise UndefinedValueError
    return found


def value_or_none(root: Node, values: Mapping[str, Any], number: Number = real) -> Any:
    """An expression like ``value``, of which elements, or None for all of it, may be undefined."""
    done: dict[Node, Any] = {}
    for node in walk([root]):
        try:
            done[node] = _value(node, [done[arg] for arg in node.args], values, number)
        except (UndefinedValueError, TypeError):
            done[node] = None
    return done[root]


def _value(node: Node, args: list[Any], values: Mapping[str, Any], number: Number) -> Any:
    match node:
        case Ref(name=name):
            return values[name]
        case Num(value=exact):
            return number(exact)
        case Op(op="where"):
            return _chosen(*args)
        case Op(op=name):
            return elementwise(FUNCTIONS[name], UndefinedValueError)(*args)
        case Reduce() | MatOp() if any(arg is None for arg in args):
            raise UndefinedValueError
        case Reduce(op=name, axis=axis):
            return reduce(name, args[0], axis, FUNCTIONS["max"], FUNCTIONS["min"])
        case MatOp(op=name):
            return matrix(name, *args)
    raise UndefinedValueError


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    """What ``where`` chooses; an operand that is not chosen anywhere may be undefined."""
    if condition is None:
        raise UndefinedValueError
    if not isinstance(condition, np.ndarray):
        return a if condition else b
    a, b = (UNDEFINED if x is None else x for x in (a, b))
    return np.frompyfunc(lambda c, x, y: x if c else y, 3, 1)(condition, a, b)


class Run:
    """A trace that is run step by step."""

    def __init__(self, trace: Trace, hypers: Mapping[str, Any], theta: Any, number: Number = real) -> None:
        self.trace, self.t, self.whole, self.number = trace, 0, Whole(trace, np.shape(theta)), number
        self.values: Values = {"p": theta}
        for state in trace.states:
            self.values[state.name] = self.whole(state.name, value(state.init, {**hypers, "p": theta}, number))

    def step(
        self, hypers: Mapping[str, Any], answers: Sequence[Any], given: Mapping[str, Any] | None = None
    ) -> list[Any]:
        """Make a step; the points at which the gradients were asked for. Draws are given by position."""
        self.t += 1
        given = given or {}
        now: Values = {**hypers, **given, **self.values, "t": self.number(Fraction(self.t))}
        now |= {name: given[f"draw{i}"] for i, name in enumerate(self.trace.draws, 1)}
        now |= {query.name: g for query, g in zip(self.trace.queries, answers, strict=False)}
        for let in self.trace.lets:
            now[let.name] = self.whole(let.name, value_or_none(let.value, now, self.number))
        self.statements = now
        self.values = {name: defined(now[let]) for name, let in self.trace.results.items()}
        return [value(query.point, now, self.number) for query in self.trace.queries]


def numbers(shape: tuple[int, ...], draw: Callable[[], Fraction], number: Number = real) -> Any:
    """A number, or an array of them."""
    if not shape:
        return number(draw())
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        array[index] = number(draw())
    return array


def given_values(
    shape: tuple[int, ...], left: Trace, right: Trace, chosen: random.Random, number: Number = real
) -> Values:
    """What a step is given besides gradients, the same for both."""
    known: Values = {
        **sizes(shape), LOSS: number(Fraction(chosen.randint(0, 9), 4)),
        HESSIAN: numbers(shape, lambda: Fraction(chosen.randint(0, 9), 4), number),
    }  # fmt: skip
    draws = range(1, max(len(left.draws), len(right.draws)) + 1)
    return known | {f"draw{i}": numbers(shape, lambda: Fraction(chosen.randint(1, 15), 16), number) for i in draws}


def sizes(shape: tuple[int, ...]) -> Values:
    """The numbers of rows, columns and elements."""
    rows, cols = (shape[0], shape[-1]) if len(shape) == 2 else (1, 1)
    return {ROWS: flint.arb(rows), COLS: flint.arb(cols), SIZE: flint.arb(int(np.prod(shape)))}


def random_hypers(trace: Trace, chosen: random.Random) -> Values:
    """A value in its domain for every hyper-parameter."""
    return {hyper.name: real(_random(hyper.domain, chosen)) for hyper in trace.hypers}


def _random(domain: Domain, chosen: random.Random) -> Fraction:
    """A rational number of a domain."""
    share = Fraction(chosen.randint(1, 63), 64)  # dyadic: exact in a ball, so what cancels is exactly zero
    if domain.lower is not None and domain.upper is not None:
        drawn = domain.lower + (domain.upper - domain.lower) * share
    elif domain.lower is not None:
        drawn = domain.lower + 2 * share
    else:
        drawn = (domain.upper or Fraction(0)) + (1 if domain.upper is None else -2) * share
    if domain.integer:
        drawn = (domain.lower or Fraction(0)) + chosen.randint(0, 5)
    return drawn

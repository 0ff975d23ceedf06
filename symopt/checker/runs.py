"""Runs for the independent checker: a trace step by step, in balls of many bits, on random data."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import flint
import numpy as np

from symopt.checker.arrays import UNDEFINED, elements, matrix, whole
from symopt.ir.nodes import MODEL_REDUCTIONS, MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.trace import COLS, HESSIAN, LOSS, ROWS, SIZE, Trace
from symopt.lang.domain import Domain

BITS, AGREE = 400, flint.arb(2) ** -300
Values = dict[str, Any]


class UndefinedValueError(Exception):
    """A run leaves the points at which everything is defined."""


@contextmanager
def _many_bits() -> Iterator[None]:
    with flint.ctx.workprec(BITS):
        yield


at_full_precision = _many_bits()  # a decorator of checks


def real(value: Fraction) -> Any:
    """A rational number as a ball."""
    return flint.arb(flint.fmpq(value.numerator, value.denominator))


def order(a: Any, b: Any) -> int:
    """-1, 0 or 1; two balls that cannot be told apart count as equal where they are points or very small."""
    d = a - b
    if d > 0 or d < 0:
        return 1 if d > 0 else -1
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


def value(root: Node, values: Mapping[str, Any]) -> Any:
    """An expression as a ball or an array of balls; operands that ``where`` does not choose may be undefined."""
    return defined(value_or_none(root, values))


def defined(found: Any) -> Any:
    """A value, all of which must be a number."""
    if found is None or not all(isinstance(x, bool) or x.is_finite() for x in elements(found)):
        raise UndefinedValueError
    return found


def value_or_none(root: Node, values: Mapping[str, Any]) -> Any:
    """An expression like ``value``, of which elements, or None for all of it, may be undefined."""
    done: dict[Node, Any] = {}
    for node in walk([root]):
        try:
            done[node] = _value(node, [done[arg] for arg in node.args], values)
        except (UndefinedValueError, TypeError):
            done[node] = None
    return done[root]


def _value(node: Node, args: list[Any], values: Mapping[str, Any]) -> Any:
    if isinstance(node, Op) and node.op == "where" and args[0] is not None:
        return _chosen(*args)
    if any(arg is None for arg in args):
        raise UndefinedValueError
    match node:
        case Ref(name=name):
            return values[name]
        case Num(value=exact):
            return real(exact)
        case Op(op=name) if any(isinstance(arg, np.ndarray) for arg in args):
            return np.frompyfunc(lambda *places: _of_element(name, places), len(args), 1)(*args)
        case Op(op=name):
            return FUNCTIONS[name](*args)
        case Reduce(op=name, axis=axis):
            return _reduced(MODEL_REDUCTIONS.get(name, name), args[0], axis)
        case MatOp(op=name):
            return matrix(name, *args)
    raise UndefinedValueError


def _chosen(condition: Any, a: Any, b: Any) -> Any:
    """What ``where`` chooses; an operand that is not chosen anywhere may be undefined."""
    if not isinstance(condition, np.ndarray):
        return a if condition else b
    a, b = (UNDEFINED if x is None else x for x in (a, b))
    return np.frompyfunc(lambda c, x, y: x if c else y, 3, 1)(condition, a, b)


def _of_element(name: str, args: Sequence[Any]) -> Any:
    """An operation on one element of arrays; where it is undefined it is no number."""
    try:
        return FUNCTIONS[name](*args)
    except UndefinedValueError:
        return UNDEFINED


def _reduced(name: str, arg: Any, axis: int | None) -> Any:
    """A reduction over all elements or along one axis; one number is its own."""
    if not isinstance(arg, np.ndarray):
        return arg
    join = np.frompyfunc(FUNCTIONS[{"amax": "max", "amin": "min"}.get(name, "add")], 2, 1)
    found = join.reduce(arg.ravel()) if axis is None else join.reduce(arg, axis=axis, keepdims=True)
    return found / flint.arb(arg.size if axis is None else arg.shape[axis]) if name == "mean" else found


class Run:
    """A trace that is run step by step."""

    def __init__(self, trace: Trace, hypers: Mapping[str, Any], theta: Any) -> None:
        self.trace, self.t, self.whole = trace, 0, whole(trace, np.shape(theta))
        self.values: Values = {"p": theta}
        for state in trace.states:
            self.values[state.name] = self.whole(state.name, value(state.init, {**hypers, "p": theta}))

    def step(self, hypers: Values, answers: Sequence[Any], given: Values | None = None) -> list[Any]:
        """Make a step; the points at which the gradients were asked for. Draws are given by position."""
        self.t += 1
        given = given or {}
        now: Values = {**hypers, **given, **self.values, "t": flint.arb(self.t)}
        now |= {name: given[f"draw{i}"] for i, name in enumerate(self.trace.draws, 1)}
        now |= {query.name: g for query, g in zip(self.trace.queries, answers, strict=False)}
        for let in self.trace.lets:
            now[let.name] = self.whole(let.name, value_or_none(let.value, now))
        self.statements = now
        self.values = {name: defined(now[let]) for name, let in self.trace.results.items()}
        return [value(query.point, now) for query in self.trace.queries]


def numbers(shape: tuple[int, ...], draw: Callable[[], Fraction]) -> Any:
    """A number, or an array of them."""
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        array[index] = real(draw())
    return array if shape else array[()]


def given_values(shape: tuple[int, ...], left: Trace, right: Trace, chosen: random.Random) -> Values:
    """What a step is given besides gradients, the same for both."""
    known: Values = {
        **sizes(shape), LOSS: real(Fraction(chosen.randint(0, 9), 4)),
        HESSIAN: numbers(shape, lambda: Fraction(chosen.randint(0, 9), 4)),
    }  # fmt: skip
    draws = range(1, max(len(left.draws), len(right.draws)) + 1)
    return known | {f"draw{i}": numbers(shape, lambda: Fraction(chosen.randint(1, 15), 16)) for i in draws}


def sizes(shape: tuple[int, ...]) -> Values:
    """The numbers of rows, columns and elements."""
    rows, cols = (shape[0], shape[-1]) if len(shape) == 2 else (1, 1)
    return {ROWS: flint.arb(rows), COLS: flint.arb(cols), SIZE: flint.arb(int(np.prod(shape)))}


def random_hypers(trace: Trace, chosen: random.Random) -> Values:
    """A value in its domain for every hyper-parameter."""
    return {hyper.name: real(random_in(hyper.domain, chosen)) for hyper in trace.hypers}


def random_in(domain: Domain, chosen: random.Random, bits: int = 6) -> Fraction:
    """A number of a domain, between its ends; where these are dyadic it is too, so what cancels is exactly zero."""
    low = domain.lower if domain.lower is not None else (domain.upper or Fraction(0)) - 2
    high = domain.upper if domain.upper is not None else low + (4 if domain.lower is None else 2)
    if domain.integer:
        return low + chosen.randint(0, 5 if domain.upper is None else int(high - low))
    return low + (high - low) * Fraction(2 * chosen.getrandbits(bits) + 1, 2 ** (bits + 1))

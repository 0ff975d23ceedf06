"""A probabilistic identity test, for what the normal form cannot hold, such as long polynomials in matrices.

Both sides of every obligation are computed at random points modulo a large prime. Two different rational
functions of degree d agree at a random point with a probability of at most 2d/p (Schwartz 1980; Zippel 1979), so
agreement at several points says that they are probably equal, and no more.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from symopt.ir.nodes import MatOp, Node, Num, Op, Reduce, Ref, refs, walk
from symopt.ir.trace import COLS, ROWS, SIZE, STEP
from symopt.prove.deadline import Deadline
from symopt.prove.pair import Pair
from symopt.prove.relation import Claim, Relation, first_claims, later_claims

PRIME = 2**61 - 1
POINTS, TRIES = 3, 40
SHAPE = (3, 2)
STEPS = (1, 7)  # of the obligations of the first step and of a later one
Residues = Any  # a number modulo the prime, or an array of such


class NoResidueError(Exception):
    """An operation has no value modulo the prime: no root there, a division by zero, or no meaning at all."""


def probably_equal(pair: Pair, relation: Relation, deadline: Deadline) -> bool:
    """Whether both sides of all obligations agree at some random points; False also where they cannot be computed."""
    obligations = (first_claims(pair, relation), STEPS[0]), (later_claims(pair, relation), STEPS[1])
    return all(_agree(claims, pair, step, deadline) for claims, step in obligations)


def _agree(claims: Sequence[Claim], pair: Pair, step: int, deadline: Deadline) -> bool:
    chosen, done = random.Random(step), 0
    for _ in range(TRIES):
        deadline.check()
        point = _Point(_random_values(claims, pair, chosen), step)
        try:
            pairs = [(point(claim.left), point(claim.right)) for claim in claims]
        except NoResidueError:
            continue
        if any(np.any((a - b) % PRIME) for a, b in pairs):
            return False
        done += 1
        if done == POINTS:
            return True
    return False


def _random_values(claims: Sequence[Claim], pair: Pair, chosen: random.Random) -> dict[str, Residues]:
    """A random number, or an array of them, for every name that is read."""
    sides = [side for claim in claims for side in (claim.left, claim.right)]
    numbers = {*pair.numbers, *pair.left.hypers, *pair.right.hypers}
    is_plain = not any(isinstance(node, Reduce | MatOp) for node in walk(sides))  # one element is enough
    sizes = {ROWS: SHAPE[0], COLS: SHAPE[1], SIZE: SHAPE[0] * SHAPE[1]}
    values: dict[str, Residues] = {}
    for name in refs(*sides):
        if name in sizes:
            values[name] = sizes[name]
        elif is_plain or name in numbers:
            values[name] = chosen.randrange(2, PRIME)
        else:
            flat = [chosen.randrange(PRIME) for _ in range(SHAPE[0] * SHAPE[1])]
            values[name] = np.array(flat, dtype=object).reshape(SHAPE)
    return values


class _Point:
    """Computes expressions at one point, each operation once."""

    def __init__(self, values: Mapping[str, Residues], step: int) -> None:
        self.values, self.step = values, step
        self._done: dict[Node, Residues] = {}

    def __call__(self, root: Node) -> Residues:
        for node in walk([root]):
            if node not in self._done:
                self._done[node] = self._value(node)
        return self._done[root]

    def _value(self, node: Node) -> Residues:
        args = [self._done[arg] for arg in node.args]
        match node:
            case Ref(name=name):
                return self.step if name == STEP else self.values[name]
            case Num(value=value):
                return _residue(value)
            case Op(op="pow"):
                return _power(args[0], self._exponent(node.args[1]))
            case Op(op=op) if op in OPERATIONS:
                return OPERATIONS[op](*args)
            case Reduce(op="sum", axis=axis):
                kept = axis is not None
                return np.sum(args[0], axis=axis, keepdims=kept) % PRIME
            case MatOp(op="matmul"):
                return np.dot(*args) % PRIME
            case MatOp(op="transpose"):
                return args[0].transpose()
        raise NoResidueError

    def _exponent(self, root: Node) -> int:
        """A whole exponent, which is no residue but a number."""
        exact: dict[Node, Fraction] = {}
        for node in walk([root]):
            match node:
                case Num(value=value):
                    exact[node] = value
                case Ref(name=name) if name == STEP:
                    exact[node] = Fraction(self.step)
                case Op(op="add" | "sub" | "mul" | "neg" as op):
                    exact[node] = EXACT[op](*(exact[arg] for arg in node.args))
                case _:
                    raise NoResidueError
        if exact[root].denominator != 1:
            raise NoResidueError
        return int(exact[root])


def _residue(value: Fraction) -> int:
    return value.numerator * pow(value.denominator, -1, PRIME) % PRIME


def _power(base: Residues, exponent: int) -> Residues:
    return _each(lambda x: pow(_invertible(x) if exponent < 0 else x, exponent, PRIME), base)


def _root(value: Residues) -> Residues:
    """The smaller root of a residue; the prime is 3 modulo 4."""

    def root(x: int) -> int:
        found = pow(x, (PRIME + 1) // 4, PRIME)
        if found * found % PRIME != x:
            raise NoResidueError
        return min(found, PRIME - found)

    return _each(root, value % PRIME)


def _invertible(x: int) -> int:
    if x % PRIME == 0:
        raise NoResidueError
    return x % PRIME


def _each(function: Any, value: Residues) -> Residues:
    return np.frompyfunc(function, 1, 1)(value) if isinstance(value, np.ndarray) else function(value)


EXACT: Mapping[str, Any] = {
    "add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b, "neg": lambda a: -a,
}  # fmt: skip
OPERATIONS: Mapping[str, Any] = {
    "add": lambda a, b: (a + b) % PRIME, "sub": lambda a, b: (a - b) % PRIME, "mul": lambda a, b: a * b % PRIME,
    "neg": lambda a: -a % PRIME, "div": lambda a, b: a * _power(b, -1) % PRIME, "sqrt": _root,
}  # fmt: skip

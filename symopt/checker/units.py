"""Checks of units: every node of the graph has an unknown unit, and the rank of their linear system decides.

The prover eliminates unknowns one statement at a time; here all equations of a step are written down at once,
one unknown a node, and FLINT computes ranks. What is consistent is tried on runs in other units too.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import lcm
from typing import Any

import flint

from symopt.checker.arrays import shape_for
from symopt.checker.outcome import Check
from symopt.checker.runs import at_full_precision, real, value
from symopt.checker.structure import FACTORS, Change, random_runs
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import ZERO, MatOp, Node, Num, Op, Reduce, Ref, walk
from symopt.ir.trace import HESSIAN, LOSS, PARAMETER, SIZES, STEP, Trace
from symopt.lang.theorem import Units

# A row of the system: coefficients of unknowns, and the exponents of L and P on its right-hand side.
Row = tuple[dict[str, Fraction], tuple[Fraction, Fraction]]
NO_UNIT = (Fraction(0), Fraction(0))
LIKE = frozenset({"add", "sub", "max", "min", "lt", "le", "eq", "where"})


@at_full_precision
def check_units(trace: Trace, claim: Units, contradiction: str | None, units: Mapping[str, str] | None = None) -> Check:
    """Whether the system has no solution, or the units that were found solve it and are what the claim says or not."""
    system = System(trace)
    rank = system.rank()
    is_consistent = rank == system.rank(sides=False)
    if contradiction is not None:
        return Check(not is_consistent, "no units solve the equations of all operations")
    if not is_consistent or units is None:
        return Check(False, "no units solve the equations of all operations")
    solved = [system.row(name, text) for name, text in units.items()]
    if system.rank(solved) != system.rank(solved, sides=False):
        return Check(False, "the units that were found do not solve the equations of all operations")
    forced = [system.rank([system.row(name, text)]) == rank for name, text in claim.units.items()]
    tried = _in_other_units(trace, units)
    if not all(forced):
        return Check(tried.passed, f"the claimed units do not follow from the equations; {tried.how}")
    return Check(tried.passed, f"the units follow from the equations; {tried.how}")


class System:
    """The equations between the units of all nodes of a step."""

    def __init__(self, trace: Trace) -> None:
        self.rows: list[Row] = []
        self._zeros = 0
        for state in trace.states:
            self._take([state.init])
            self._like(self._name(state.init), state.name)
        self._take([*(let.value for let in trace.lets), *(query.point for query in trace.queries)])
        for let in trace.lets:
            self._like(let.name, self._name(let.value))
        for query in trace.queries:
            self._like(self._name(query.point), PARAMETER)
        for name, let_name in trace.results.items():
            self._like(name, let_name)
        one = Fraction(1)
        fixed = {PARAMETER: (Fraction(0), one), LOSS: (one, Fraction(0)), HESSIAN: (one, Fraction(-2))}
        fixed |= dict.fromkeys((STEP, *SIZES, *trace.draws), NO_UNIT)
        fixed |= {query.name: (one, -one) for query in trace.queries}
        self.rows += [({name: one}, fixed[name]) for name in trace.inputs if name in fixed]

    def row(self, name: str, unit: str) -> Row:
        """The equation that a name has a unit."""
        return {name: Fraction(1)}, exponents(unit)

    def rank(self, more: Sequence[Row] = (), sides: bool = True) -> int:
        """The rank of the system with some more equations, with or without its right-hand sides."""
        rows = [*self.rows, *more]
        index: dict[str, int] = {}
        for left, _ in rows:
            for name in left:
                index.setdefault(name, len(index))
        table = []
        for left, right in rows:
            line = [Fraction(0)] * (len(index) + 2)
            for name, coefficient in left.items():
                line[index[name]] += coefficient
            line[-2:] = right if sides else NO_UNIT
            scale = lcm(*(x.denominator for x in line))
            table.append([int(x * scale) for x in line])
        return int(flint.fmpz_mat(table).rank())

    def _take(self, roots: list[Node]) -> None:
        for node in walk(roots):
            self._node(node)

    def _name(self, node: Node) -> str:
        if isinstance(node, Ref):
            return node.name
        if node is ZERO:  # has every unit, at each place where it stands
            self._zeros += 1
            return f"zero.{self._zeros}"
        return f"node.{id(node)}"

    def _like(self, a: str, b: str) -> None:
        self._equation((a, Fraction(1)), (b, Fraction(-1)))

    def _equation(self, *terms: tuple[str, Fraction]) -> None:
        left: dict[str, Fraction] = {}
        for name, coefficient in terms:
            left[name] = left.get(name, Fraction(0)) + coefficient
        self.rows.append((left, NO_UNIT))

    def _plain(self, name: str) -> None:
        self._equation((name, Fraction(1)))

    def _node(self, node: Node) -> None:
        if isinstance(node, Ref) or node is ZERO:
            return
        own, args = self._name(node), [self._name(arg) for arg in node.args]
        one = Fraction(1)
        match node:
            case Num():
                self._plain(own)
            case Reduce() | MatOp(op="transpose" | "wide" | "unwide") | Op(op="neg" | "abs"):
                self._like(own, args[0])
            case Op(op="mul") | MatOp(op="matmul"):
                self._equation((own, one), (args[0], -one), (args[1], -one))
            case Op(op="div"):
                self._equation((own, one), (args[0], -one), (args[1], one))
            case Op(op="sqrt"):
                self._equation((own, one), (args[0], Fraction(-1, 2)))
            case Op(op="pow", args=(_, Num(value=exponent))):
                self._equation((own, one), (args[0], -exponent))
            case MatOp(op="inverse_root", args=(_, _, Num(value=order))):
                self._like(args[0], args[1])
                self._equation((own, one), (args[0], 1 / order))
            case Op(op="sign") | MatOp(op="orthogonal" | "eigenbasis"):
                self._plain(own)
            case Op(op=name) if name in LIKE:
                self._like(*args[-2:])
                if name not in ("lt", "le", "eq"):
                    self._like(own, args[-1])
            case Op(op="and" | "or" | "not"):
                pass
            case _:  # exponentials, logarithms, powers whose exponent is no number
                for name in (own, *args):
                    self._plain(name)


def exponents(unit: str) -> tuple[Fraction, Fraction]:
    """The exponents of L and P in a unit: the logarithms of its values at 2 and 1, and at 1 and 2."""
    node, two, one = read_expression(unit, ("L", "P")), flint.arb(2), flint.arb(1)
    found = [
        value(node, {"L": a, "P": b}).log() / two.log() * 840 for a, b in ((two, one), (one, two))
    ]  # with denominators up to 8
    return Fraction(round(float(found[0].mid())), 840), Fraction(round(float(found[1].mid())), 840)


def _in_other_units(trace: Trace, units: Mapping[str, str]) -> Check:
    """Random runs beside the same runs in other units."""
    known = {**units, "p": "P", "g": "L/P", "loss": "L", "hessian": "L/P**2"}
    nodes = {name: read_expression(text, ("L", "P")) for name, text in known.items()}

    def change(chosen: random.Random) -> Change:
        scale: dict[str, Any] = {"L": real(chosen.choice(FACTORS)), "P": real(chosen.choice(FACTORS))}
        factors = {name: value(node, scale) for name, node in nodes.items()}
        return lambda name, x: x * factors[name] if name in factors else x

    return random_runs(trace, shape_for(trace), change)

"""When are two linear rules the same? All relations between their hyper-parameters, from the transfer functions.

The responses of two linear rules are equal at every step exactly where their transfer functions are
(Zhao, Lessard & Udell 2021). Cross-multiplied, that is a system of polynomial equations between the
hyper-parameters of both, which is solved in all its branches: those in which the right is a function
of the left, those that need the left to be special, and those in which a pole cancels a zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from symopt.ir.nodes import Node, ref, substitute
from symopt.ir.trace import PARAMETER, Trace
from symopt.prove.deadline import Deadline
from symopt.prove.linear.both import Both, Values, unit
from symopt.prove.linear.branch import BOTH, POINTS, Branch, LinearRelation
from symopt.prove.linear.rational import Rational
from symopt.prove.linear.statemap import StateMap, state_map
from symopt.prove.linear.system import System, transfer
from symopt.prove.linear.writing import Writer, bounds
from symopt.prove.pair import RIGHT
from symopt.prove.proof import Proof, Step


def linear_branches(left: Trace, right: Trace, deadline: Deadline) -> list[Branch]:
    """All branches under which two linear rules are equal; none where one of them is not linear."""
    found = linear_relation(left, right, deadline)
    return list(found.branches) if found is not None else []


def linear_relation(left: Trace, right: Trace, deadline: Deadline) -> LinearRelation | None:
    """All branches, and whether there can be others; None where one of the two is not linear."""
    both = Both.of(left, right, deadline)
    if both is None:
        return None
    describe = Describing(both)
    pieces = both.pieces(BOTH)
    ahead = left.looks_ahead or right.looks_ahead
    shifted = both.pieces(POINTS) if ahead else []
    shifted = [piece for piece in shifted if not any(both.solver.within(piece, other) for other in pieces)]
    found = [(where, both.represented(group)) for where, group in ((BOTH, pieces), (POINTS, shifted))]
    branches = [
        branch for where, (chosen, _) in found
        for branch in sorted(
            (describe.branch(values, where) for values in chosen), key=lambda b: (len(b.fixed), len(b.conditions))
        )
    ]  # fmt: skip
    complete = all(every for _, (_, every) in found) and not any(piece.open for piece in (*pieces, *shifted))
    return LinearRelation(tuple(branches), complete, len(both.equations(BOTH)))


@dataclass(frozen=True)
class Describing:
    """Branches of two rules as people and other provers read them."""

    both: Both

    @cached_property
    def writer(self) -> Writer:
        """What writes over the ring of both."""
        return Writer(self.both.ring, self.both.domains)

    def branch(self, values: Values, where: str) -> Branch:
        """The branch under some values of hyper-parameters."""
        both = self.both
        left, right = (system.replaced(values) for system in both.systems)
        states = state_map(left, right)
        conditions = self.conditions(values)
        return Branch(
            {h.name: self._node(both.value(RIGHT + h.name, values)) for h in both.right.hypers},
            self._states(states, where), conditions,
            {h.name: self._node(values[h.name]) for h in both.left.hypers if h.name in values}, where,
            states.inductive, states.hidden, self._proof(left, where, conditions), values,
        )  # fmt: skip

    def _node(self, value: Rational) -> Node:
        return self._bare(self.writer.node(value))

    def _bare(self, node: Node) -> Node:
        """An expression in which what is free on the right has its own name, which the left does not have."""
        return substitute([node], {RIGHT + h.name: ref(h.name) for h in self.both.right.hypers})[0]

    def conditions(self, values: Values) -> tuple[str, ...]:
        """What is not known of hyper-parameters and must hold for all values to exist and to lie in their domains."""
        solver = self.both.solver
        own = {name: domain for name, domain in self.both.domains.items() if name in values}
        needs = [need for name, domain in own.items() for need in bounds(solver, values[name], domain)]
        needs += [(factor, "!=") for value in values.values() for factor, _ in value.den.factor()[1]]
        return self.writer.conditions(solver.sign, self.both.ring, needs)

    def _states(self, states: StateMap, where: str) -> dict[str, Node]:
        left = self.both.systems[0].states
        return {
            state: self._bare(self.writer.combination(row, left)) for state, row in states.rows.items()
            if where == POINTS or state != PARAMETER
        }  # fmt: skip

    def _proof(self, left: System, where: str, conditions: tuple[str, ...]) -> Proof:
        """The transfer functions, which are equal because every equation vanishes under the maps."""
        columns = left.columns()[: len(left.gradients)]
        names = [f"the point of gradient {name}" for name in left.gradients]
        rows = list(left.later.c)
        if where == BOTH:
            names, rows = [*names, "the parameter"], [*rows, *unit(left)]
        said = []
        for name, row in zip(names, transfer(left, rows, columns), strict=True):
            texts = map(self.writer.text, row)
            said += [f"from gradient {g} to {name}: {h}" for g, h in zip(left.gradients, texts, strict=True)]
        return Proof((
            Step("both are linear with constant coefficients", "read off the equations of a step"),
            Step(f"transfer functions of the left: {'; '.join(said)}", "C (z - A)^-1 B"),
            Step(
                "those of the right are the same under the maps, also from the first step and from the first parameter",
                "equal fractions of polynomials", conditions,
            ),
            Step(
                f"{' and '.join(dict.fromkeys(names))} are the same at every step",
                "linear rules with equal transfer functions have equal responses",
            ),
        ))  # fmt: skip

"""When are two linear rules the same? All relations between their hyper-parameters, from the transfer functions.

The responses of two linear rules are equal at every step exactly where their transfer functions are
(Zhao, Lessard & Udell 2021). Cross-multiplied, that is a system of polynomial equations between the
hyper-parameters of both, which is solved in all its branches: those in which the right is a function
of the left, those that need the left to be special, and those in which a pole cancels a zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from symopt.ir.nodes import Node
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.prove.cases import Deadline
from symopt.prove.elements import Poly, UndefinedHereError
from symopt.prove.linear.rational import Rational, Ring, Vector, dot, replaced, substituted
from symopt.prove.linear.solve import Piece, Solver
from symopt.prove.linear.statemap import StateMap, state_map
from symopt.prove.linear.system import SHIFT, System, linear_system, transfer
from symopt.prove.linear.writing import Writer, bounds
from symopt.prove.pair import RIGHT
from symopt.prove.proof import Proof, Step
from symopt.prove.render import node_text

BOTH, POINTS = "parameter", "query points"


@dataclass(frozen=True)
class Branch:
    """One relation under which two linear rules are equal, from the same first parameter on.

    Parameters
    ----------
    hyper_map: every hyper-parameter of the right as an expression over the left's; one that may have
        any value is itself where the left has none of its name.
    state_map: states of the right as expressions over the left's states, the parameter and
        hyper-parameters, after every step; where only the query points agree also the right's parameter.
    conditions: what must hold of the left's hyper-parameters besides, as text.
    fixed: hyper-parameters of the left that must be what is said, as expressions in its others.
    where: ``parameter`` where the parameters are the same at every step, and so are the points of the
        gradients; ``query points`` where only the latter are.
    inductive: whether the state map by itself is kept by every step from any state of the left.
    hidden: states of the right that the state map lacks, since the left does not determine them; they
        never reach the parameter or a query point.
    proof: the equality by transfer functions.
    """

    hyper_map: Mapping[str, Node]
    state_map: Mapping[str, Node]
    conditions: tuple[str, ...]
    fixed: Mapping[str, Node]
    where: str
    inductive: bool
    hidden: tuple[str, ...]
    proof: Proof


@dataclass(frozen=True)
class LinearRelation:
    """All branches of two linear rules.

    ``equations`` is how many equations the hyper-parameters obey; ``complete`` says that every one of
    them was solved, so that there are no other branches.
    """

    branches: tuple[Branch, ...]
    complete: bool
    equations: int

    @property
    def none_exists(self) -> Proof | None:
        """A proof that no map makes the two equal for every left, or None where one does or may."""
        if not self.complete or any(b.where == BOTH and not b.fixed for b in self.branches):
            return None
        special = [
            ", ".join(f"{name} = {node_text(node)}" for name, node in branch.fixed.items())
            for branch in self.branches if branch.where == BOTH
        ]  # fmt: skip
        only = f" but {'; '.join(dict.fromkeys(special))}" if special else ""
        return Proof((
            Step(
                f"the transfer functions are equal where {self.equations} polynomial equations between the "
                "hyper-parameters hold", "their cross-multiplied numerators, by powers of z",
            ),
            Step(
                f"no constant hyper-parameters of the right in their domains solve them for any of the left{only}, unless nothing moves",
                "every factor of every equation was solved or cannot be zero",
            ),
            Step("no map of constant hyper-parameters makes the two equal", "linear rules with equal responses have "
                 "equal transfer functions"),
        ))  # fmt: skip


def linear_branches(left: Trace, right: Trace, deadline: Deadline) -> list[Branch]:
    """All branches under which two linear rules are equal; none where one of them is not linear."""
    found = linear_relation(left, right, deadline)
    return list(found.branches) if found is not None else []


def linear_relation(left: Trace, right: Trace, deadline: Deadline) -> LinearRelation | None:
    """All branches, and whether there can be others; None where one of the two is not linear."""
    if len(left.queries) != len(right.queries) or not left.queries:
        return None
    both = _Both.of(left, right, deadline)
    return None if both is None else both.relation()


@dataclass(frozen=True)
class _Both:
    """Two systems over one ring, in which the right's hyper-parameters have a prefix."""

    left: Trace
    right: Trace
    ring: Ring
    systems: tuple[System, System]
    solver: Solver
    writer: Writer

    @classmethod
    def of(cls, left: Trace, right: Trace, deadline: Deadline) -> _Both | None:
        own = {hyper.name: hyper.name for hyper in left.hypers}
        theirs = {hyper.name: RIGHT + hyper.name for hyper in right.hypers}
        ring = Ring([SHIFT, STEP, *theirs.values(), *own])
        systems = linear_system(left, ring, own), linear_system(right, ring, theirs)
        if systems[0] is None or systems[1] is None:
            return None
        domains = {h.name: h.domain for h in left.hypers} | {RIGHT + h.name: h.domain for h in right.hypers}
        # What one side alone names is solved for first, so that names that both have stay what they are.
        order = [
            *(theirs[n] for n in theirs if n not in own), *(theirs[n] for n in theirs if n in own),
            *(n for n in reversed(own) if n not in theirs), *(n for n in reversed(own) if n in theirs),
        ]  # fmt: skip
        return cls(
            left, right, ring, (systems[0], systems[1]), Solver(ring, order, domains, deadline), Writer(ring, domains)
        )  # fmt: skip

    def relation(self) -> LinearRelation:
        points = list(self._equations(parameter=False))
        everything = [*points, *self._equations(parameter=True)]
        pieces = self.solver.pieces(everything)
        ahead = self.left.looks_ahead or self.right.looks_ahead
        shifted = self.solver.pieces(points) if ahead else []
        shifted = [piece for piece in shifted if not any(self.solver.within(piece, other) for other in pieces)]
        branches = [*self._branches(pieces, BOTH), *self._branches(shifted, POINTS)]
        complete = not any(piece.open for piece in (*pieces, *shifted))
        return LinearRelation(tuple(branches), complete, len([e for e in everything if e != 0]))

    def _equations(self, parameter: bool) -> Iterator[Poly]:
        """What must be zero where all responses are equal, of the query points or of the parameter."""
        a, b = self.systems
        rows = [_unit(system) if parameter else system.later.c for system in self.systems]
        for x, y in zip(*(transfer(s, r, s.columns()) for s, r in zip(self.systems, rows, strict=True)), strict=True):
            for p, q in zip(x, y, strict=True):
                yield from self.ring.by_powers(p.num * q.den - q.num * p.den, SHIFT)
        if parameter:
            return
        # Within a step: what an earlier gradient of it adds, and where the first step asks.
        for m, n in ((a.later.d, b.later.d), (a.first.d, b.first.d), (_begun(a), _begun(b))):
            for u, v in zip(m, n, strict=True):
                yield from ((s - t).num for s, t in zip(u, v, strict=True))

    def _branches(self, pieces: Sequence[Piece], where: str) -> Iterator[Branch]:
        solved = [(piece, self._chosen(piece)) for piece in pieces if not piece.open]
        # A free hyper-parameter that was given its name's value may have made a piece a part of another.
        own = [
            chosen for piece, chosen in solved
            if not any(self.solver.within(Piece(chosen), other) for other, _ in solved if other is not piece)
        ]  # fmt: skip
        found = [self._branch(chosen, where) for chosen in own]
        yield from sorted((b for b in found if b is not None), key=lambda b: (len(b.fixed), len(b.conditions)))

    def _branch(self, chosen: Mapping[str, Rational], where: str) -> Branch | None:
        """The branch under some values of hyper-parameters; None where nothing moves in it."""
        left, right = (system.replaced(chosen) for system in self.systems)
        rows = [*_unit(left), *left.later.c]
        responses = transfer(left, rows, left.columns()[:-1])
        if all(value.is_zero for row in responses for value in row):
            return None
        states = state_map(left, right)
        hypers = {h.name: self._value(RIGHT + h.name, chosen) for h in self.right.hypers}
        fixed = {h.name: self.writer.node(chosen[h.name]) for h in self.left.hypers if h.name in chosen}
        conditions = self._conditions(chosen)
        written = self._states(states, where)
        return Branch(
            {name: self.writer.node(value) for name, value in hypers.items()}, written, conditions, fixed, where,
            states.inductive, states.hidden, self._proof(left, where, conditions),
        )  # fmt: skip

    def _chosen(self, piece: Piece) -> dict[str, Rational]:
        """The values of a piece, with what is free on the right taken from the left where it has the name."""
        values = dict(piece.values)
        for hyper in self.right.hypers:
            name = RIGHT + hyper.name
            if name in values or hyper.name not in {h.name for h in self.left.hypers}:
                continue
            for choice in (self._value(hyper.name, values), self.ring.number(hyper.default)):
                known = {name: choice}
                try:
                    if any(substituted(self.ring, poly, known).is_zero for poly in piece.nonzero):
                        continue
                    values = {n: replaced(self.ring, v, known) for n, v in values.items()} | known
                except UndefinedHereError:
                    continue
                break
        return values

    def _value(self, name: str, values: Mapping[str, Rational]) -> Rational:
        return values[name] if name in values else self.ring.name(name)

    def _conditions(self, chosen: Mapping[str, Rational]) -> tuple[str, ...]:
        domains = {h.name: h.domain for h in self.left.hypers} | {RIGHT + h.name: h.domain for h in self.right.hypers}
        needs = [need for name in domains if name in chosen for need in bounds(self.solver, chosen[name], domains[name])]
        needs += [(factor, "!=") for value in chosen.values() for factor, _ in value.den.factor()[1]]
        return self.writer.conditions(self.solver.sign, self.ring, needs)

    def _states(self, states: StateMap, where: str) -> dict[str, Node]:
        left = self.systems[0].states
        return {
            state: self.writer.combination(row, left) for state, row in states.rows.items()
            if where == POINTS or state != PARAMETER
        }  # fmt: skip

    def _proof(self, left: System, where: str, conditions: tuple[str, ...]) -> Proof:
        """The transfer functions, which are equal because every equation vanishes under the maps."""
        columns = left.columns()[: len(left.gradients)]
        names = [f"the point of gradient {name}" for name in left.gradients]
        rows = list(left.later.c)
        if where == BOTH:
            names, rows = [*names, "the parameter"], [*rows, *_unit(left)]
        said = []
        for name, row in zip(names, transfer(left, rows, columns), strict=True):
            said += [f"from gradient {g} to {name}: {self.writer.text(h)}" for g, h in zip(left.gradients, row, strict=True)]
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


def _unit(system: System) -> list[Vector]:
    """The row that reads the parameter."""
    one, zero = system.ring.number(1), system.zero
    return [tuple(one if i == 0 else zero for i in range(len(system.states)))]


def _begun(system: System) -> list[Vector]:
    """Where the first step asks for its gradients, as multiples of the first parameter."""
    return [(dot(row, system.start, system.zero),) for row in system.first.c]

"""Two linear rules over one ring, and all values of their hyper-parameters at which they respond alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symopt.ir.trace import STEP, Trace
from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.elements import Poly, UndefinedHereError
from symopt.prove.linear.branch import BOTH
from symopt.prove.linear.rational import Rational, Ring, Vector, dot, replaced
from symopt.prove.linear.solve import Piece, Solver
from symopt.prove.linear.system import SHIFT, System, linear_system, transfer
from symopt.prove.pair import RIGHT

# What a free hyper-parameter is set to where neither the left's of its name nor its default will do.
CHOICES = (1, Fraction(1, 2), 2)
Values = Mapping[str, Rational]


@dataclass(frozen=True)
class Both:
    """Two systems over one ring, in which the right's hyper-parameters have a prefix."""

    left: Trace
    right: Trace
    ring: Ring
    systems: tuple[System, System]
    domains: Mapping[str, Domain]
    solver: Solver

    @classmethod
    def of(cls, left: Trace, right: Trace, deadline: Deadline) -> Both | None:
        """The two, or None where one is not linear with constant coefficients."""
        if len(left.queries) != len(right.queries) or not left.queries:
            return None
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
        return cls(left, right, ring, (systems[0], systems[1]), domains, Solver(ring, order, domains, deadline))

    def equations(self, where: str) -> list[Poly]:
        """What must be zero where the query points, or the parameters too, are the same at every step."""
        found = list(self._of_points())
        if where == BOTH:
            found += self._of_responses([unit(system) for system in self.systems])
        return _distinct(found)

    def pieces(self, where: str) -> list[Piece]:
        """All solutions in the domains."""
        return self.solver.pieces(self.equations(where))

    def _of_responses(self, rows: Sequence[Sequence[Vector]]) -> Iterator[Poly]:
        responses = (transfer(s, r, s.columns()) for s, r in zip(self.systems, rows, strict=True))
        for x, y in zip(*responses, strict=True):
            for p, q in zip(x, y, strict=True):
                yield from self.ring.by_powers(p.num * q.den - q.num * p.den, SHIFT)

    def _of_points(self) -> Iterator[Poly]:
        a, b = self.systems
        yield from self._of_responses([a.later.c, b.later.c])
        # Within a step: what an earlier gradient of it adds, and where the first step asks.
        for m, n in ((a.later.d, b.later.d), (a.first.d, b.first.d), (_begun(a), _begun(b))):
            for u, v in zip(m, n, strict=True):
                yield from ((s - t).num for s, t in zip(u, v, strict=True))

    def represented(self, pieces: Sequence[Piece]) -> tuple[list[Values], bool]:
        """Values for each piece, what is free on the right taken from the left; and whether that did for all.

        A piece that became a part of another by that is left out, and so is one in which nothing moves.
        """
        chosen = {i: self._chosen(piece) for i, piece in enumerate(pieces) if not piece.open}
        kept = {i: values for i, values in chosen.items() if values is not None}
        for i, values in list(kept.items()):
            if any(self.solver.within(Piece(values), pieces[j]) for j in kept if j != i):
                del kept[i]
        found: list[Values] = [values for values in kept.values() if self._moves(values)]
        return found, len(chosen) == sum(values is not None for values in chosen.values())

    def _moves(self, values: Values) -> bool:
        left = self.systems[0].replaced(values)
        responses = transfer(left, [*unit(left), *left.later.c], left.columns()[:-1])
        return any(not value.is_zero for row in responses for value in row)

    def _chosen(self, piece: Piece) -> dict[str, Rational] | None:
        """The values of a piece, with what is free on the right taken from the left where it has the name.

        None where neither that nor a number leaves everything in its domain.
        """
        values: dict[str, Rational] | None = dict(piece.values)
        for hyper in self.right.hypers:
            name = RIGHT + hyper.name
            if values is None or name in values or hyper.name not in self.domains:
                continue
            choices = [self.value(hyper.name, values), *(self.ring.number(k) for k in (hyper.default, *CHOICES))]
            tried = (self._with(name, choice, values) for choice in choices)
            values = next((found for found in tried if found is not None), None)
        return values

    def _with(self, name: str, choice: Rational, values: Values) -> dict[str, Rational] | None:
        """The values with one more known; None where that divides by zero or leads out of a domain."""
        known = {name: choice}
        try:
            found = {n: replaced(self.ring, v, known) for n, v in values.items()} | known
        except UndefinedHereError:
            return None
        return found if self.solver.in_domains(found) else None

    def value(self, name: str, values: Values) -> Rational:
        """The value of a hyper-parameter, itself where it is free."""
        return values[name] if name in values else self.ring.name(name)


def unit(system: System) -> list[Vector]:
    """The row that reads the parameter."""
    one, zero = system.ring.number(1), system.zero
    return [tuple(one if i == 0 else zero for i in range(len(system.states)))]


def _begun(system: System) -> list[Vector]:
    """Where the first step asks for its gradients, as multiples of the first parameter."""
    return [(dot(row, system.start, system.zero),) for row in system.first.c]


def _distinct(equations: Iterable[Poly]) -> list[Poly]:
    """The equations that say something, each once."""
    found: list[Poly] = []
    for equation in equations:
        whole = equation.primitive()[1] if equation != 0 else equation
        if whole != 0 and whole not in found and -whole not in found:
            found.append(whole)
    return found

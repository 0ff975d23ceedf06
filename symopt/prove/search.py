"""The search for a relation: states as multiples of states, hyper-parameters as expressions.

Ansatz: a state of the right is ``c(t)`` times one of the left, shifted by the parameter where one of
the two starts at the parameter; a hyper-parameter of the right is an expression in the left's and
``t``. The equations of a general step are solved a coefficient at a time, the plainest first; what
is found is a candidate that the prover then proves or refuses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from symopt.ir.nodes import ZERO, Node, Num, num, op, ref, refs, substitute
from symopt.ir.trace import PARAMETER, SIZES, STEP
from symopt.lang.domain import Domain, Real
from symopt.passes.fold import fold
from symopt.prove.elements import NotDecidedError, Poly, UndefinedHereError
from symopt.prove.equations import Equations, Root, UnknownInsideError
from symopt.prove.field import Field
from symopt.prove.pair import EARLIER, Pair, bare
from symopt.prove.ratios import multiple, relation_seen
from symopt.prove.relation import Claim, Prover, Relation
from symopt.prove.scales import may_be_multiples

FACTOR, FACTOR_BEFORE, SOUGHT = "?factor.", "?before.", "?hyper."
MOST_GUESSES = 24
# Pairs of states, one of each side, up to which sums of all states are tried.
MOST_COMBINED = 25


@dataclass(frozen=True)
class Ansatz:
    """Which state of the left each state of the right is a multiple of, and whether the factors vary."""

    pair: Pair
    sources: Mapping[str, str]
    hypers: Mapping[str, Node]
    varying: bool

    @property
    def unknowns(self) -> list[str]:
        """The factors, without the prefix that says of which step they are."""
        return list(self.sources)

    def states(self, before: bool = False) -> dict[str, Node]:
        """The right's states after a step (or before it), with unknown factors."""
        prefix = FACTOR_BEFORE if before and self.varying else FACTOR
        return {state: self._value(state, prefix) for state in self.sources}

    def _value(self, state: str, prefix: str) -> Node:
        return multiple(self.pair, state, self.sources[state], ref(prefix + state))

    def initial_claims(self) -> list[Claim]:
        """What the initial states say of the factors."""
        return []

    def claims(self, parameter: bool = True) -> list[Claim]:
        """The general step with unknown factors and hyper-parameters, or what it says of one state."""
        inputs = {**self.states(before=True), **self.hypers}
        left, right = self.pair.left, self.pair.right
        new = dict(zip(right.step, substitute(right.step.values(), inputs), strict=True))
        claims = [
            Claim(f"the state {bare(state)}", substitute([node], dict(left.step))[0], new[state])
            for state, node in self.states().items()
        ]
        if not parameter:
            return claims
        points = zip(left.points, substitute(right.points, inputs), strict=False)
        asked = [Claim("a query point", a, b) for a, b in points]
        # The states first: their equations are the shortest, and what fails there need not go on.
        parameter_claim = Claim("the parameter", left.step[PARAMETER], new[PARAMETER])
        return [*self.initial_claims(), *claims, *asked, parameter_claim]

    def relation(self, solution: Mapping[str, Node]) -> Relation:
        """The relation that a solution stands for."""
        states = self.states()
        return Relation(
            dict(zip(states, fold(substitute(states.values(), solution)), strict=True)),
            dict(zip(self.hypers, substitute(self.hypers.values(), solution), strict=True)),
        )


@dataclass(frozen=True)
class Combination(Ansatz):
    """Each state of the right is a sum of multiples of the parameter and of every state of the left."""

    @property
    def unknowns(self) -> list[str]:
        """The factors, without the prefix that says of which step they are."""
        return [_factor(state, source) for state in self.sources for source in self._summands]

    @property
    def _summands(self) -> tuple[str, ...]:
        return (*self.pair.left.states, PARAMETER)

    def _value(self, state: str, prefix: str) -> Node:
        return self._sum(state, {source: ref(source) for source in self._summands}, prefix)

    def _sum(self, state: str, values: Mapping[str, Node], prefix: str) -> Node:
        total: Node = ZERO
        for source, value in values.items():
            total = op("add", total, op("mul", ref(prefix + _factor(state, source)), value))
        return total

    def initial_claims(self) -> list[Claim]:
        """The initial states are in the same relation, where it does not change from step to step."""
        if self.varying:
            return []
        start = {**self.pair.left.initial, PARAMETER: ref(PARAMETER)}
        first = dict(
            zip(self.pair.right.initial, substitute(self.pair.right.initial.values(), self.hypers), strict=True)
        )
        return [Claim("an initial state", self._sum(state, start, FACTOR), first[state]) for state in self.sources]


def _factor(state: str, source: str) -> str:
    return f"{state} {source}"


def candidates(pair: Pair, prover: Prover, map_hypers: bool) -> Iterator[Relation]:
    """Relations that satisfy the equations of the general step, in a fixed order.

    Without ``map_hypers`` every hyper-parameter of the right is that of the left with its name.
    """
    hypers: dict[str, Node] = dict(pair.identity())
    if map_hypers:
        hypers = {name: ref(SOUGHT + name) for name in pair.right.hypers}
    # Factors that change from step to step can only come from a rule that reads the step or what varies.
    changing = STEP in refs(*pair.left.step.values(), *pair.right.step.values()) or bool(pair.varying)
    varieties = (False, True) if changing else (False,)
    if not map_hypers and not pair.varying and (seen_in_runs := relation_seen(pair, hypers)) is not None:
        yield seen_in_runs
    seen: set[tuple[tuple[str, Node], ...]] = set()
    for ansatz, equations in _ansaetze(pair, prover, hypers, varieties, not map_hypers):
        solver = _Solver(ansatz, equations)
        for solution in solver.solutions(ansatz.claims()):
            known = {name: equations.simplified(node) for name, node in solution.items()}
            relation = ansatz.relation(known)
            key = (*relation.states.items(), *relation.hypers.items())
            open_names = refs(*relation.states.values(), *relation.hypers.values())
            if key not in seen and not any(map(_is_unknown, open_names)):
                seen.add(key)
                yield relation


def _ansaetze(
    pair: Pair, prover: Prover, hypers: Mapping[str, Node], varieties: tuple[bool, ...], combined: bool
) -> Iterator[tuple[Ansatz, Equations]]:
    """The plainest first: multiples of one state, constant factors; then sums of all states."""
    equations = _equations(pair, prover, hypers, list(pair.right.states))
    for varying in varieties:
        for sources in _assignments(pair, equations, hypers, varying):
            if sources or not varying:
                yield Ansatz(pair, sources, hypers, varying), equations
    if combined and 0 < len(pair.left.states) * len(pair.right.states) <= MOST_COMBINED:
        sums = Combination(pair, dict.fromkeys(pair.right.states, ""), hypers, False)
        equations = _equations(pair, prover, hypers, sums.unknowns)
        for varying in varieties:
            yield replace(sums, varying=varying), equations


def _equations(pair: Pair, prover: Prover, hypers: Mapping[str, Node], factors: Sequence[str]) -> Equations:
    """The equations of a pair, with the unknown factors of some ansatz."""
    unknowns: dict[str, Domain] = {prefix + name: Real for name in factors for prefix in (FACTOR, FACTOR_BEFORE)}
    unknowns |= {name: pair.domains[bare_sought(name)] for name in refs(*hypers.values()) if _is_unknown(name)}
    observed = (name for name in pair.answers if name not in SIZES)
    return Equations(
        pair.names, unknowns, (PARAMETER, *observed, *pair.left.states), prover.domains, prover.deadline,
        pair.numbers, pair.shared,
    )  # fmt: skip


def _assignments(
    pair: Pair, equations: Equations, hypers: Mapping[str, Node], varying: bool
) -> Iterator[dict[str, str]]:
    """Every way to give each state of the right one of the left, names that are the same first.

    A state whose new value reads no other state is tried by itself: what fails alone fails together.
    """
    left, right = pair.left.states, pair.right.states

    def possible(state: str, source: str) -> bool:
        if not may_be_multiples(pair.left.scales[bare(source)], pair.right.scales[bare(state)]):
            return False
        others = set(right) - {state}
        if len(left) == 1 or others & set(refs(pair.right.step[state])):
            return True
        ansatz = Ansatz(pair, {state: source}, hypers, varying)
        return next(_Solver(ansatz, equations).solutions(ansatz.claims(parameter=False)), None) is not None

    options = []
    for state in right:
        sources = [source for source in left if possible(state, source)]
        options.append(_same_name_first(sources, bare(state)))
    found = [c for c in itertools.product(*options) if len(set(c)) == len(c) or len(left) < len(right)]
    for choice in sorted(found, key=lambda c: sum(bare(a) != bare(b) for a, b in zip(c, right, strict=True))):
        yield dict(zip(right, choice, strict=True))


def _same_name_first(sources: list[str], name: str) -> list[str]:
    return sorted(sources, key=lambda source: bare(source) != name)


class _Solver:
    """Depth-first search over the roots of coefficient equations."""

    def __init__(self, ansatz: Ansatz, equations: Equations) -> None:
        self.ansatz, self.pair, self.equations = ansatz, ansatz.pair, equations
        factors = (FACTOR, FACTOR_BEFORE) if ansatz.varying else (FACTOR,)
        self.unknowns = [prefix + name for name in ansatz.unknowns for prefix in factors]
        self.unknowns += [name for name in refs(*ansatz.hypers.values()) if _is_unknown(name)]
        self.guesses = 0

    def solutions(self, claims: list[Claim]) -> Iterator[dict[str, Node]]:
        """Every solution of some claims that is found, the plainest first."""
        yield from self._solve(claims, {})

    def _solve(self, claims: list[Claim], solution: dict[str, Node]) -> Iterator[dict[str, Node]]:
        self.guesses += 1
        if self.guesses > MOST_GUESSES:
            return
        waiting: list[Claim] = []
        ready: list[tuple[Field, Poly]] = []
        for claim in claims:
            try:
                field, polys = self.equations.coefficients(*substitute([claim.left, claim.right], solution))
            except UnknownInsideError:
                waiting.append(claim)
                continue
            except (NotDecidedError, UndefinedHereError):
                return
            if any(poly != 0 and not self.equations.unknowns_of(poly) for poly in polys):
                return
            ready = [(field, poly) for poly in polys if poly != 0]
            if ready:
                break
        if ready:
            for root in self._roots(ready):
                yield from self._with(root, claims, solution)
        elif open_names := self._open(solution, waiting):
            yield from self._guess(open_names, waiting, claims, solution)
        else:
            yield solution

    def _roots(self, ready: list[tuple[Field, Poly]]) -> list[Root]:
        """The roots of the plainest equation of one claim: few unknowns, then few terms."""
        field, poly = min(ready, key=lambda item: (len(self.equations.unknowns_of(item[1])), len(item[1])))
        unknowns = self.equations.unknowns_of(poly)
        roots = self.equations.roots(field, poly)
        if len(unknowns) > 1:  # not determined by this equation: first try what has the same name
            roots = [root for name in unknowns if (root := self._same_name(name))] + roots
        return [root for root in roots if self._admissible(root)]

    def _admissible(self, root: Root) -> bool:
        """No factor is zero, and a hyper-parameter that both sides have is not fixed to a number."""
        if not isinstance(root.value, Num):
            return True
        if not root.unknown.startswith(SOUGHT):
            return root.value is not num(0) or isinstance(self.ansatz, Combination)
        name = bare_sought(root.unknown)
        return bare(name) not in self.pair.left.hypers and root.value.value in self.pair.domains[name]

    def _same_name(self, unknown: str) -> Root | None:
        name = bare(bare_sought(unknown))
        return Root(unknown, ref(name)) if unknown.startswith(SOUGHT) and name in self.pair.left.hypers else None

    def _with(self, root: Root, claims: list[Claim], solution: dict[str, Node]) -> Iterator[dict[str, Node]]:
        """Go on with one more unknown known; a factor before the step is the one after it, a step earlier."""
        known = {root.unknown: root.value}
        state = root.unknown.partition(".")[2]
        if self.ansatz.varying and root.unknown.startswith(FACTOR):
            known[FACTOR_BEFORE + state] = self.pair.before(root.value)
        elif root.unknown.startswith(FACTOR_BEFORE):
            known[FACTOR + state] = self._after(root.value)
        earlier = dict(zip(solution, substitute(solution.values(), known), strict=True))
        yield from self._solve(claims, {**earlier, **known})

    def _after(self, node: Node) -> Node:
        later: dict[str, Node] = {name + EARLIER: ref(name) for name in self.pair.varying}
        return substitute([node], {STEP: op("add", ref(STEP), num(1)), **later})[0]

    def _open(self, solution: Mapping[str, Node], waiting: list[Claim]) -> list[str]:
        """The unknowns that have no value yet, those in waiting equations first."""
        held = refs(*substitute([side for c in waiting for side in (c.left, c.right)], solution))
        names = dict.fromkeys([*(n for n in held if _is_unknown(n)), *self.unknowns])
        return [name for name in names if name not in solution]

    def _guess(
        self, names: list[str], waiting: list[Claim], claims: list[Claim], solution: dict[str, Node]
    ) -> Iterator[dict[str, Node]]:
        """Nothing determines the rest.

        A hyper-parameter is the one of its name; where it is left in an equation, in a root or a sign, one of its
        kind; else its default. A factor is 1.
        """
        named = next((root for name in names if (root := self._same_name(name))), None)
        if named is not None:
            yield from self._with(named, claims, solution)
            return
        held = refs(*substitute([side for claim in claims for side in (claim.left, claim.right)], solution))
        free = next((name for name in names if not name.startswith(SOUGHT) or name not in held), None)
        if free is not None:
            yield from self._with(self._free_choice(free), claims, solution)
            return
        for root in self._of_its_kind(names[0]):
            yield from self._with(root, claims, solution)
        if not waiting:  # it is left in a sign only
            yield from self._with(self._free_choice(names[0]), claims, solution)

    def _of_its_kind(self, unknown: str) -> list[Root]:
        """The left's hyper-parameters that have the domain and the default of one of the right, or its domain."""
        domain = self.pair.domains[bare_sought(unknown)]
        kin = [hyper for hyper in self.pair.left.trace.hypers if hyper.domain == domain]
        default = self._default(unknown)
        return [Root(unknown, ref(h.name)) for h in sorted(kin, key=lambda h: num(h.default) is not default)]

    def _free_choice(self, unknown: str) -> Root:
        if unknown.startswith(SOUGHT):
            return Root(unknown, self._default(unknown))
        return Root(unknown, num(0 if isinstance(self.ansatz, Combination) else 1))

    def _default(self, unknown: str) -> Node:
        name = bare(bare_sought(unknown))
        return next(num(hyper.default) for hyper in self.pair.right.trace.hypers if hyper.name == name)


def _is_unknown(name: str) -> bool:
    return name.startswith("?")


def bare_sought(unknown: str) -> str:
    """The hyper-parameter that an unknown stands for."""
    return unknown.removeprefix(SOUGHT)

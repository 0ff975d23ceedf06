"""Depth-first search for the unknowns of an ansatz, a coefficient equation at a time, the plainest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symopt.ir.nodes import Node, Num, num, op, ref, refs, substitute
from symopt.ir.trace import STEP
from symopt.prove.ansatz import FACTOR, FACTOR_BEFORE, SOUGHT, Ansatz, Combination, bare_sought, is_unknown
from symopt.prove.elements import NotDecidedError, Poly, UndefinedHereError
from symopt.prove.equations import Equations, Root, UnknownInsideError
from symopt.prove.field import Field
from symopt.prove.pair import EARLIER, bare
from symopt.prove.relation import Claim

MOST_GUESSES = 24


class Solver:
    """Depth-first search over the roots of coefficient equations."""

    def __init__(self, ansatz: Ansatz, equations: Equations) -> None:
        self.ansatz, self.pair, self.equations = ansatz, ansatz.pair, equations
        factors = (FACTOR, FACTOR_BEFORE) if ansatz.varying else (FACTOR,)
        self.unknowns = [prefix + name for name in ansatz.unknowns for prefix in factors]
        self.unknowns += [name for name in refs(*ansatz.hypers.values()) if is_unknown(name)]
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
        names = dict.fromkeys([*(n for n in held if is_unknown(n)), *self.unknowns])
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

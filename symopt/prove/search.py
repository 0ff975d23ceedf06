"""The search for a relation: states as multiples of states, hyper-parameters as expressions.

Ansatz: a state of the right is ``c(t)`` times one of the left, shifted by the parameter where one of
the two starts at the parameter; a hyper-parameter of the right is an expression in the left's and
``t``. The equations of a general step are solved a coefficient at a time, the plainest first; what
is found is a candidate that the prover then proves or refuses.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from symopt.ir.nodes import Node, ref, refs
from symopt.ir.trace import PARAMETER, SIZES, STEP
from symopt.lang.domain import Domain, Real
from symopt.prove.ansatz import FACTOR, FACTOR_BEFORE, SOUGHT, Ansatz, Combination, bare_sought, is_unknown
from symopt.prove.elements import MANY, SPARE
from symopt.prove.equations import Equations
from symopt.prove.pair import Pair, bare
from symopt.prove.ratios import relation_seen
from symopt.prove.relation import Prover, Relation
from symopt.prove.scales import may_be_multiples
from symopt.prove.solver import Solver

# Pairs of states, one of each side, up to which sums of all states are tried.
MOST_COMBINED = 25


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
        solver = Solver(ansatz, equations)
        for solution in solver.solutions(ansatz.claims()):
            known = {name: equations.simplified(node) for name, node in solution.items()}
            relation = ansatz.relation(known)
            key = (*relation.states.items(), *relation.hypers.items())
            open_names = refs(*relation.states.values(), *relation.hypers.values())
            if key not in seen and not any(map(is_unknown, open_names)):
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
    unknowns |= {name: pair.domains[bare_sought(name)] for name in refs(*hypers.values()) if is_unknown(name)}
    observed = (name for name in pair.answers if name not in SIZES)
    return Equations(
        pair.names, unknowns, (PARAMETER, *observed, *pair.left.states), prover.domains, prover.deadline,
        pair.numbers, pair.shared, MANY if pair.has_matrices else SPARE,
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
        return next(Solver(ansatz, equations).solutions(ansatz.claims(parameter=False)), None) is not None

    options = []
    for state in right:
        sources = [source for source in left if possible(state, source)]
        options.append(_same_name_first(sources, bare(state)))
    found = [c for c in itertools.product(*options) if len(set(c)) == len(c) or len(left) < len(right)]
    for choice in sorted(found, key=lambda c: sum(bare(a) != bare(b) for a, b in zip(c, right, strict=True))):
        yield dict(zip(right, choice, strict=True))


def _same_name_first(sources: list[str], name: str) -> list[str]:
    return sorted(sources, key=lambda source: bare(source) != name)

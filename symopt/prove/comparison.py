"""One question about two rules: a witness is looked for first, then a proof, then a map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property

import numpy as np

from symopt.errors import UsageError, nearest
from symopt.ir.exact import is_defined
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, Ref, ref, refs
from symopt.ir.trace import SIZES, Trace
from symopt.passes.specialise import rewrite
from symopt.prove.branches import NONE_EXISTS, Branches, linear_branches
from symopt.prove.cause import Explanation, explain
from symopt.prove.clamps import unclamped_equality
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.fixed import degenerate_conditions, equality_at_defaults, fixed_equality, lacks_on_both
from symopt.prove.found import Found, with_hypers
from symopt.prove.identity import probably_equal
from symopt.prove.lookahead import ALWAYS, equal_in_the_shifted_variable
from symopt.prove.mapdomain import domain_conditions
from symopt.prove.mapped import mapped_equality
from symopt.prove.pair import RIGHT, make_pair
from symopt.prove.plain import plain_equality, with_reasons
from symopt.prove.ratios import relation_seen
from symopt.prove.relation import Prover, by_name
from symopt.prove.render import node_text
from symopt.prove.runs import Witness
from symopt.prove.seeds import witness_from_solver
from symopt.prove.simplify import simplified
from symopt.prove.verdict import Verdict
from symopt.prove.witness import find_domain_difference, find_witness

# Runs that must agree before a proof counts: none may mean that nothing is defined.
FEWEST_RUNS = 1
# The part of the time limit that the search for a map may take.
MAP_SHARE = 0.5
NONE_FOUND = "no map was found with states as multiples of states and hyper-parameters as expressions in the left's"


class Comparison:
    """One question: two traces, the names that vary, a time limit."""

    def __init__(self, left: Trace, right: Trace, varying: tuple[str, ...], deadline: Deadline) -> None:
        self.left, self.right, self.varying, self.deadline = left, right, varying, deadline
        self._last: tuple[Trace, Trace, Found | None] | None = None
        known = [hyper.name for hyper in (*left.hypers, *right.hypers)]
        for name in varying:
            if name not in known:
                raise UsageError(f"no hyper-parameter {name!r} varies; {nearest(name, known)}")

    def settle(self) -> Verdict:
        """The verdict where hyper-parameters of the same name are the same."""
        renamed = self._renamed()
        if renamed is not None:
            return renamed
        witness, agreed = find_witness(*self._sides)
        if witness is None:
            return self._equal_or_unknown(agreed)
        cut_off = None
        try:
            found = self._equal_otherwise()
        except OutOfTimeError as error:
            found, cut_off = None, f"the search for a map under which they are equal was cut off: {error}"
        if found is not None and not found.repair:
            return self._with_branches(self._equal(found, self._paired_witness(found) or witness), "also equal when")
        verdict = self._with_branches(self._different(witness, cut_off), "equal when")
        return replace(verdict, conditions=(*verdict.conditions, found.repair)) if found is not None else verdict

    def _equal_otherwise(self) -> Found | None:
        """An equality under a map of hyper-parameters, or with some fixed."""
        if self._has_matrices:  # for which a map takes long to look for
            at_defaults = equality_at_defaults(*self._sides)
            if at_defaults is not None:
                return at_defaults
        left, right = (simplified(side, self.deadline, self.varying) for side in (self.left, self.right))
        sides = left.trace, right.trace, self.varying, self.deadline.part(MAP_SHARE)
        found = self._mapped(left.trace, right.trace)
        if found is None and self.branches.found is not None:
            return self.branches.found
        found = found or fixed_equality(*sides) or unclamped_equality(*sides)
        return with_reasons(found, left, right) if found else None

    @cached_property
    def _has_matrices(self) -> bool:
        return make_pair(self.left, self.right, self.varying).has_matrices

    @cached_property
    def branches(self) -> Branches:
        """What transfer functions say, where both are linear."""
        return linear_branches(self.left, self.right, self.varying, self.deadline.part(MAP_SHARE))

    def _with_branches(self, verdict: Verdict, says: str) -> Verdict:
        """A verdict on linear rules with every other branch, or with the proof that there is no map."""
        try:
            branches = self.branches
        except OutOfTimeError:
            return verdict
        others = [f"{says} {text}" for text in branches.others]
        maps = {name: text for name, text in (verdict.hyper_map or {}).items() if name != text}
        searched = NONE_EXISTS if branches.none_exists and not maps else NONE_FOUND
        return replace(
            verdict, conditions=tuple(dict.fromkeys((*verdict.conditions, *others))),
            method=verdict.method if verdict.proof else (*verdict.method, searched),
        )  # fmt: skip

    def _mapped(self, left: Trace, right: Trace) -> Found | None:
        """An equality under a map; the last answer is kept, since two questions in a row are often the same."""
        if self._last is None or self._last[0] is not left or self._last[1] is not right:
            found = mapped_equality(left, right, self.varying, self.deadline.part(MAP_SHARE))
            self._last = left, right, found
        return self._last[2]

    def settle_under(self, hyper_map: Mapping[str, str]) -> Verdict:
        """The verdict under a map that the user gives."""
        nodes = self._read_map(hyper_map)
        bounds = self._bounds(nodes)
        mapped = with_hypers(rewrite(self.right, nodes), self.left)
        under = Comparison(self.left, mapped, self.varying, self.deadline)
        witness, agreed = find_witness(self.left, mapped, self.varying, self.deadline)
        if witness is not None:
            cause = "Under the given map the two still differ."
            return replace(under._different(witness, None), hyper_map=dict(hyper_map), cause=cause)
        verdict = under._equal_or_unknown(agreed)
        if verdict.verdict != "equal":
            return verdict
        own = {new.name: state.name for new, state in zip(mapped.states, self.right.states, strict=True)}
        states = {own[name]: text for name, text in (verdict.state_map or {}).items()}
        conditions = tuple(dict.fromkeys((*verdict.conditions, *bounds)))
        verdict = replace(verdict, conditions=conditions, state_map=states)
        names = {hyper.name: hyper.name for hyper in mapped.hypers} | dict(hyper_map)
        full = {hyper.name: names[hyper.name] for hyper in self.right.hypers}
        if all(isinstance(node, Ref) for node in nodes.values()):
            return replace(verdict, hyper_map=full)
        without, _ = find_witness(*self._sides)
        return replace(
            verdict, hyper_map=full, verdict="equal" if without is None else "equal-if", witness=without,
            first_step=without.step if without else None,
        )  # fmt: skip

    def unknown(self, reason: str) -> Verdict:
        """Neither a proof nor a witness."""
        return Verdict(self.left.title, self.right.title, "unknown", assumptions=self._assumptions(), reason=reason)

    def _bounds(self, nodes: Mapping[str, Node]) -> list[str]:
        """What must hold for mapped hyper-parameters to lie in their domains.

        Raises
        ------
        UsageError: one of them lies outside whatever the left's are.
        """
        pair = make_pair(self.left, self.right, self.varying)
        prover = Prover(pair, self.deadline)
        conditions: list[str] = []
        for name, node in nodes.items():
            found = domain_conditions(pair, prover, {RIGHT + name: node})
            if found is None:
                domain = pair.domains[RIGHT + name].describe(name)
                raise UsageError(f"{name} = {node_text(node)} is outside the domain of {self.right.title}: {domain}")
            conditions += found
        return conditions

    def _read_map(self, hyper_map: Mapping[str, str]) -> dict[str, Node]:
        own, names = [h.name for h in self.right.hypers], tuple(h.name for h in self.left.hypers)
        for name in hyper_map:
            if name not in own:
                raise UsageError(f"{self.right.title} has no hyper-parameter {name!r}; {nearest(name, own)}")
        return {name: read_expression(text, names) for name, text in hyper_map.items()}

    def _renamed(self) -> Verdict | None:
        """Equal where what only the left names is what only the right names."""
        left, right = {h.name for h in self.left.hypers}, {h.name for h in self.right.hypers}
        if left <= right or right <= left:
            return None
        if self._has_matrices and lacks_on_both(self.left, self.right):
            return None
        found = self._mapped(self.left, self.right)
        if found is None or not all(text.isidentifier() for text in found.hyper_map.values()):
            return None
        if len(set(found.hyper_map.values())) != len(found.hyper_map):
            return None
        return self._equal(found, None)

    def _equal_or_unknown(self, agreed: int) -> Verdict:
        found, reason = plain_equality(*self._sides)
        if found is None:
            one_sided = find_domain_difference(*self._sides)
            if one_sided is not None:
                return self._undefined_on_one_side(one_sided)
            witness = self._seeded()
            if witness is not None:
                return self._with_branches(self._different(witness, None), "equal when")
            verdict = self.unknown(f"{agreed} exact runs agree, and no proof was found: {reason}")
            return self._probably_equal(verdict) or verdict
        if agreed < FEWEST_RUNS:
            return self.unknown("no run of the two is defined, so that they agree says nothing")
        needed = [condition for condition in found.conditions if not condition.endswith(ALWAYS)]
        one_sided = find_domain_difference(*self._sides) if needed else None
        if one_sided is not None:
            verdict = self._undefined_on_one_side(one_sided)
            return replace(verdict, conditions=(f"equal where {' and '.join(needed)}",))
        return self._equal(found, None)

    @property
    def _sides(self) -> tuple[Trace, Trace, tuple[str, ...], Deadline]:
        return self.left, self.right, self.varying, self.deadline

    def _equal(self, found: Found, witness: Witness | None) -> Verdict:
        return Verdict(
            self.left.title, self.right.title, "equal" if witness is None else "equal-if",
            hyper_map=found.hyper_map, state_map=found.state_map, conditions=found.conditions,
            assumptions=self._assumptions(), method=tuple(dict.fromkeys(step.method for step in found.proof.steps)),
            witness=witness, first_step=witness.step if witness else None, proof=found.proof,
            cause=self._explained(witness).cause if witness else None,
        )  # fmt: skip

    def _seeded(self) -> Witness | None:
        """A difference that a solver's model shows."""
        pair = make_pair(self.left, self.right, self.varying)
        relation = by_name(pair)
        return witness_from_solver(pair, relation, self.deadline) if relation is not None else None

    def _probably_equal(self, verdict: Verdict) -> Verdict | None:
        """What an identity test at random points says where there is no proof: that is no proof either."""
        pair = make_pair(self.left, self.right, self.varying)
        for relation in (by_name(pair), relation_seen(pair, pair.identity())):
            if relation is not None and probably_equal(pair, relation, self.deadline):
                said = "probably equal: an identity test at random points modulo 2**61 - 1 agrees, which is no proof"
                return replace(verdict, method=("probabilistic identity test",), reason=f"{verdict.reason}; {said}")
        return None

    def _undefined_on_one_side(self, witness: Witness) -> Verdict:
        """Different, since one of the two has no value where the other has one."""
        side = "right" if all(map(is_defined, np.ravel(witness.left))) else "left"
        return Verdict(
            self.left.title, self.right.title, "different", assumptions=self._assumptions(),
            method=("both run in exact arithmetic from their initial states on the same gradients",),
            first_step=witness.step, differs_in=witness.query or "theta", witness=witness,
            cause=f"On the {side} alone the step is undefined there: it divides by zero, or takes a root or a "
            "logarithm of what has none.",
        )  # fmt: skip

    def _explained(self, witness: Witness) -> Explanation:
        return explain(make_pair(self.left, self.right, self.varying), witness, self.deadline)

    def _paired_witness(self, found: Found) -> Witness | None:
        """A witness where hyper-parameters of different names that a map relates have the same value."""
        names = tuple(h.name for h in self.left.hypers)
        own = tuple(h.name for h in self.right.hypers)
        partners: dict[str, Node] = {}
        for name, text in found.hyper_map.items():
            read = refs(read_expression(text, (*names, *own, *SIZES))) if name not in names else []
            free = [h for h in read if h in names and h not in own and ref(h) not in partners.values()]
            if free:
                partners[name] = ref(free[0])
        if not partners:
            return None
        witness, _ = find_witness(self.left, rewrite(self.right, partners), self.varying, self.deadline)
        if witness is None:
            return None
        paired = {name: witness.hyper[node.name] for name, node in partners.items() if isinstance(node, Ref)}
        return replace(witness, hyper={**witness.hyper, **paired})

    def _different(self, witness: Witness, cut_off: str | None) -> Verdict:
        conditions: tuple[str, ...] = ()
        explanation = None
        try:
            conditions = (
                *degenerate_conditions(self.left, self.right, self.varying, self.deadline),
                *equal_in_the_shifted_variable(self.left, self.right, self.varying, self.deadline),
            )
            explanation = self._explained(witness)
        except OutOfTimeError as error:
            cut_off = cut_off or str(error)
        shape = "x".join(map(str, getattr(witness.theta, "shape", ())))
        return Verdict(
            self.left.title, self.right.title, "different", scope=f"shape ({shape})" if shape else "all shapes",
            conditions=conditions, assumptions=self._assumptions(),
            method=("both run in exact arithmetic from their initial states on the same gradients",),
            first_step=witness.step, differs_in=witness.query or "theta",
            difference=explanation.difference if explanation else None,
            cause=explanation.cause if explanation else None,
            witness=witness, reason=cut_off,
        )  # fmt: skip

    def _assumptions(self) -> tuple[str, ...]:
        """What both sources assume, and the common domain of a hyper-parameter where the two differ in it."""
        others = {hyper.name: hyper.domain for hyper in self.right.hypers}
        common = [
            (hyper.domain & others[hyper.name]).describe(hyper.name)
            for hyper in self.left.hypers if others.get(hyper.name, hyper.domain) != hyper.domain
        ]  # fmt: skip
        return tuple(dict.fromkeys((*self.left.assumptions, *self.right.assumptions, *common)))

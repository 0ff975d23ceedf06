"""Closed forms of states under given gradients: found from linear recurrences, proved by induction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt.ir.nodes import ONE, ZERO, Node, op, ref, refs, substitute
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.equations import Equations
from symopt.prove.proof import Step
from symopt.prove.render import node_text
from symopt.prove.structure.identity import same

BEFORE = op("sub", ref(STEP), ONE)


@dataclass(frozen=True)
class Motion:
    """What states become: their first values, their values after the first step, and after any later step.

    ``first`` and ``later`` are over ``names`` and, in ``later``, over the states before the step; ``value`` and
    ``first_value`` are those of what the claim is about.
    """

    names: tuple[str, ...]
    domains: Mapping[str, Domain]
    initial: Mapping[str, Node]
    first: Mapping[str, Node]
    later: Mapping[str, Node]
    first_value: Node
    value: Node


class ClosedForms:
    """Finds and proves closed forms of the states of a motion."""

    def __init__(self, motion: Motion, deadline: Deadline) -> None:
        self.motion, self.deadline = motion, deadline
        self._equations = Equations(motion.names, {}, (), motion.domains, deadline)

    def prove(self, claimed: Node, also: Mapping[str, Node]) -> tuple[list[Step], str]:
        """The steps of a proof that the value is ``claimed`` after every step, or none and the reason."""
        forms, missing = self.forms(also)
        if missing:
            return [], f"no closed form was found of {missing}"
        before = {name: substitute([form], {STEP: BEFORE})[0] for name, form in forms.items()}
        start, then = [], []
        for name, form in forms.items():
            start.append((self.motion.first[name], substitute([form], {STEP: ONE})[0]))
            then.append((substitute([self.motion.later[name]], before)[0], form))
        start.append((self.motion.first_value, substitute([claimed], {STEP: ONE})[0]))
        then.append((substitute([self.motion.value], before)[0], claimed))
        steps = [Step(f"{name} after step t is {node_text(form)}", "the candidate of the induction")
                 for name, form in forms.items()]  # fmt: skip
        for what, pairs in (("the first step gives these values at t = 1", start),
                            ("a step from these values at t - 1 gives those at t", then)):  # fmt: skip
            outcome = same(pairs, self.motion.names, self.motion.domains, self.deadline)
            if outcome.open is not None:
                return [], outcome.open
            steps.append(Step(what, outcome.method, outcome.conditions))
        return steps, ""

    def forms(self, also: Mapping[str, Node]) -> tuple[dict[str, Node], str]:
        """Closed forms of the states that the value depends on; the name of one that has none."""
        needed = self._needed()
        forms = {name: form for name, form in also.items() if name in needed}
        pending = [name for name in needed if name not in forms]
        while pending:
            solvable = [n for n in pending if self._reads(self.motion.later[n]) <= {n, *forms}]
            if not solvable:
                return forms, pending[0]
            form = self._solved(solvable[0], forms)
            if form is None:
                return forms, solvable[0]
            forms[solvable[0]] = form
            pending.remove(solvable[0])
        return forms, ""

    def _reads(self, node: Node) -> set[str]:
        return {name for name in refs(node) if name in self.motion.later}

    def _needed(self) -> list[str]:
        found = self._reads(self.motion.value)
        while True:
            more = found.union(*(self._reads(self.motion.later[name]) for name in found))
            if more == found:
                return [name for name in self.motion.later if name in found]
            found = more

    def _solved(self, name: str, forms: Mapping[str, Node]) -> Node | None:
        """The solution of ``s' = a s + b`` with ``a`` and ``b`` that do not change from step to step."""
        before = {other: substitute([form], {STEP: BEFORE})[0] for other, form in forms.items() if other != name}
        value = self.motion.later[name]
        at_zero, at_one = (substitute([value], {**before, name: at})[0] for at in (ZERO, ONE))
        factor = self._equations.simplified(op("sub", at_one, at_zero))
        added = self._equations.simplified(at_zero)
        if {STEP, *self.motion.later} & {*refs(factor, added)}:
            return None
        first = self._equations.simplified(self.motion.first[name])
        if factor is ONE:
            return self._equations.simplified(op("add", first, op("mul", BEFORE, added)))
        power = op("pow", factor, BEFORE)
        rest = op("div", op("mul", added, op("sub", ONE, power)), op("sub", ONE, factor))
        return self._equations.simplified(op("add", op("mul", power, first), rest))

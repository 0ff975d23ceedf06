"""Induction over the steps: before the first, after the first, and a general one from the second on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from symopt.ir.nodes import ONE, Node, Op, Ref, num, op, ref, refs, substitute, walk
from symopt.ir.trace import PARAMETER, STEP
from symopt.lang.domain import Domain, NonNegative
from symopt.passes.fold import fold
from symopt.prove.deadline import Deadline
from symopt.prove.inequality.assumptions import Premises
from symopt.prove.inequality.claims import Bound, Claim, reads_only_new
from symopt.prove.inequality.lemmas import pair_guesses, sign_guesses, surviving
from symopt.prove.inequality.obligation import Obligation, OpenCase, Outcome, joined

BEFORE, FIRST, GENERAL = "before the first step", "after the first step", "from each step to the next"
IN_FIRST, IN_GENERAL = "in the first step", "in every later step"
Ask = Callable[[OpenCase], str | None]


@dataclass(frozen=True)
class Shown:
    """One bound that was shown at some steps: what it was, where, and how."""

    what: str
    where: str
    outcome: Outcome


@dataclass
class Attempt:
    """What an attempt at a claim came to: what was shown, or the first obligation that stayed open."""

    shown: list[Shown] = field(default_factory=list)
    open: str | None = None

    @property
    def conditions(self) -> tuple[str, ...]:
        """What it used and did not derive."""
        return tuple(dict.fromkeys(c for shown in self.shown for c in shown.outcome.conditions))


class Induction:
    """Proofs about one system under its premises, with the lemmas found so far.

    A lemma is a bound on the states that holds after every step.
    """

    def __init__(self, premises: Premises, claim: Claim, deadline: Deadline) -> None:
        self.premises, self.claim, self.deadline = premises, claim, deadline
        self.system = premises.system
        self.lemmas: list[Bound] = []
        self.shown: list[Shown] = []
        self._settled: dict[object, Outcome] = {}

    # Obligations

    def _domains(self, lemmas: Sequence[Bound]) -> dict[str, Domain]:
        """The domains, states that a lemma says are not negative among them, before and after a step."""
        signs = [lemma.node.name for lemma in lemmas if isinstance(lemma.node, Ref)]
        signs += [self.system.new[name] for name in signs]
        return {**self.system.domains, **dict.fromkeys(signs, NonNegative)}

    def _settle(
        self, what: str, goal: Bound, known: Sequence[Bound], lemmas: Sequence[Bound], ask: Ask | None = None
    ) -> Outcome:
        known = tuple(dict.fromkeys((*known, *self.premises.facts)))
        domains = self._domains(lemmas)
        key = (goal.node, goal.strict, tuple(bound.node for bound in known), tuple(domains.items()))
        if key in self._settled and (self._settled[key].proved or ask is None):
            return self._settled[key]
        obligation = Obligation(what, goal, known, self.system.names, self.system.fixed, domains)
        outcome = obligation.settle(self.deadline, None if goal.instead else ask)
        if not outcome.proved and goal.instead:
            others = [self._settle(what, bound, known, lemmas, ask) for bound in goal.instead]
            outcome = joined(others) if all(other.proved for other in others) else outcome
        self._settled[key] = outcome
        return outcome

    def at_start(self, goal: Bound, ask: Ask | None = None) -> Outcome:
        """A bound on the states before the first step."""
        goal = goal.over(lambda node: fold(substitute(self.system.at_start([node]), {STEP: num(0)}))[0])
        return self._settle(BEFORE, goal, (), (), ask)

    def first(self, goal: Bound, ask: Ask | None = None) -> Outcome:
        """A bound on old and new states in the first step."""

        def start(node: Node) -> Node:
            return fold(substitute(self.system.at_start(self.system.after([node])), {STEP: ONE}))[0]

        return self._settle(FIRST, goal.over(start), (), (), ask)

    def general(
        self, goal: Bound, hypotheses: Sequence[Bound], lemmas: Sequence[Bound], expand: bool, ask: Ask | None = None
    ) -> Outcome:
        """A bound on old and new states in a step from the second on; ``hypotheses`` are about the old ones.

        With ``expand`` the new states are replaced by what they are, else only the parameter is.
        """
        before = earlier([*hypotheses, *lemmas])
        if expand:
            goal = goal.over(lambda node: fold(self.system.after([node]))[0])
            return self._settle(GENERAL, goal, before, lemmas, ask)
        goal = goal.over(lambda node: fold(substitute([node], self.system.parameter))[0])
        moving = {*self.system.states, *self.system.new.values()}
        read = {*refs(goal.node)} & moving
        known = [k for k in (*before, *map(self.later, lemmas)) if {*refs(k.node)} & moving <= read]
        return self._settle(GENERAL, goal, known, lemmas, ask)

    def later(self, bound: Bound) -> Bound:
        """A bound on the states, on those after a step."""
        new: dict[str, Node] = {state: ref(after) for state, after in self.system.new.items()}
        return bound.over(lambda node: substitute([node], new)[0])

    # Claims

    def attempt(self, ask: Ask | None = None) -> Attempt:
        """Try the claim with the lemmas found so far."""
        return self._of_states(ask) if self.claim.of_states else self._of_steps(ask)

    def _of_states(self, ask: Ask | None) -> Attempt:
        found = Attempt()
        for bound in self.claim.bounds:
            if not (
                self._noted(found, bound, BEFORE, self.at_start(bound, ask))
                and self._noted(found, bound, FIRST, self.first(self.later(bound), ask))
                and self._noted(found, bound, GENERAL, self._step(self.later(bound), self.claim.bounds, ask))
            ):
                break
        return found

    def _of_steps(self, ask: Ask | None) -> Attempt:
        found = Attempt()
        # A bound on nothing but new states is its own hypothesis, one step earlier.
        old: dict[str, Node] = {new: ref(state) for state, new in self.system.new.items()}
        inductive = all(reads_only_new(bound.node, self.system) for bound in self.claim.bounds)
        hypotheses = [bound.over(lambda node: substitute([node], old)[0]) for bound in self.claim.bounds]
        for bound in self.claim.bounds:
            if not (
                self._noted(found, bound, IN_FIRST, self.first(bound, ask))
                and self._noted(found, bound, IN_GENERAL, self._step(bound, hypotheses if inductive else (), ask))
            ):
                break
        return found

    def _step(self, bound: Bound, hypotheses: Sequence[Bound], ask: Ask | None) -> Outcome:
        """A general step: from what is known of the new states alone, or else from what they are."""
        outcome = self.general(bound, hypotheses, self.lemmas, False)
        if outcome.proved and not outcome.conditions:
            return outcome
        expanded = self.general(bound, hypotheses, self.lemmas, True, ask)
        return outcome if outcome.proved and not expanded.proved else expanded

    def _noted(self, found: Attempt, bound: Bound, where: str, outcome: Outcome) -> bool:
        """Note what became of an obligation, and whether it is settled."""
        if outcome.proved:
            found.shown.append(Shown(bound.text, where, outcome))
        else:
            found.open = f"{where}: {outcome.open}"
        return outcome.proved

    # Lemmas

    def relevant(self) -> list[str]:
        """The states that the claim depends on, those of the parameter only where it reads them."""
        nodes = [bound.node for bound in self.claim.bounds]
        nodes = substitute(nodes, self.system.parameter)
        read = {*refs(*nodes)}
        found: list[str] = []
        pending = [s for s in self.system.states if {s, self.system.new[s]} & read]
        while pending:
            state = pending.pop(0)
            if state not in found:
                found.append(state)
                pending += [s for s in self.system.states if s in refs(self.system.step[state])]
        return found

    def find_signs(self) -> None:
        """Add lemmas on single states."""
        if not self.lemmas:
            self._keep(sign_guesses(self.premises, self._plain()))

    def find_pairs(self) -> None:
        """Add lemmas on two states."""
        states = self._plain()
        nonnegative = [lemma.node.name for lemma in self.lemmas if isinstance(lemma.node, Ref)]
        self._keep([*pair_guesses(self.premises, states, nonnegative)])

    def _plain(self) -> list[str]:
        return [state for state in self.relevant() if state.rpartition(".")[2] != PARAMETER]

    def _keep(self, guesses: Sequence[Bound]) -> None:
        """Add the largest set of guesses that hold after the first step and from each to the next."""
        left = surviving(self.premises, guesses, self.deadline)
        first = {guess.text: self.first(self.later(guess)) for guess in left}
        left = [guess for guess in left if first[guess.text].proved]
        while left:
            assumed = [*self.lemmas, *left]
            steps = {g.text: self.general(self.later(g), (), assumed, True) for g in left}
            kept = [guess for guess in left if steps[guess.text].proved]
            if len(kept) == len(left):
                for guess in left:
                    self.shown.append(Shown(guess.text, FIRST, first[guess.text]))
                    self.shown.append(Shown(guess.text, GENERAL, steps[guess.text]))
                self.lemmas += [g for g in left if not any(g.text in stronger.implies for stronger in left)]
                return
            left = kept


def has_root(node: Node) -> bool:
    """Whether an expression reads a root."""
    return any(isinstance(part, Op) and part.op == "sqrt" for part in walk([node]))


def earlier(bounds: Sequence[Bound]) -> list[Bound]:
    """Bounds on the states after a step, one step before."""
    before: dict[str, Node] = {STEP: op("sub", ref(STEP), ONE)}
    return [bound.over(lambda node: substitute([node], before)[0]) for bound in bounds]

"""Equality from the initial state on: a relation between the states, proved by induction over the steps.

Two obligations: after the first step from the initial states the parameters agree and the relation
holds; and a general later step keeps both. Query points must agree in each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from symopt.ir.nodes import Node, num, ref, refs, substitute
from symopt.ir.trace import PARAMETER, STEP
from symopt.lang.domain import NonNegative
from symopt.prove.cases import Cases, in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.elements import MANY, SPARE, Element, ForkError, NotDecidedError, OutOfGeneratorsError, Poly
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.invariants import nonnegative_states
from symopt.prove.pair import EARLIER, LEFT, Pair, bare
from symopt.prove.proof import Proof, Step
from symopt.prove.render import case_text, condition_text, node_text
from symopt.prove.zeros import forced_zero


@dataclass(frozen=True)
class Relation:
    """What the right's states and hyper-parameters are in terms of the left's.

    ``states`` maps a state of the right to an expression over the left's states, the parameter,
    hyper-parameters and ``t``, all after step ``t``; ``hypers`` maps a hyper-parameter of the right
    to an expression over the left's and ``t``.
    """

    states: Mapping[str, Node]
    hypers: Mapping[str, Node]


@dataclass(frozen=True)
class Attempt:
    """A proof, or the reason why there is none."""

    proof: Proof | None
    reason: str = ""


@dataclass(frozen=True)
class Claim:
    """Two expressions that are to be equal."""

    what: str
    left: Node
    right: Node


def first_claims(pair: Pair, relation: Relation) -> list[Claim]:
    """What must hold at the first step."""
    one: dict[str, Node] = {STEP: num(1)}
    hypers = _at(relation.hypers, one)
    start = dict(pair.left.initial)
    new = _at(pair.left.step, {**start, **one})
    right_start = dict(zip(pair.right.initial, substitute(pair.right.initial.values(), hypers), strict=True))
    inputs = {**right_start, **hypers, **one}
    claims = [
        Claim(f"the point of gradient {name}", *substitute([a], {**start, **one}), *substitute([b], inputs))
        for name, a, b in zip(pair.gradients, pair.left.points, pair.right.points, strict=False)
    ]
    right_new = _at(pair.right.step, inputs)
    claims.append(Claim("the parameter", new[PARAMETER], right_new[PARAMETER]))
    for state, node in relation.states.items():
        claims.append(Claim(f"the state {bare(state)}", substitute([node], {**new, **one})[0], right_new[state]))
    return claims


def later_claims(pair: Pair, relation: Relation) -> list[Claim]:
    """What must hold at a step ``t >= 2`` where the relation holds before it."""
    before = {state: pair.before(node) for state, node in relation.states.items()}
    inputs = {**before, **relation.hypers}
    claims = [
        Claim(f"the point of gradient {name}", a, *substitute([b], inputs))
        for name, a, b in zip(pair.gradients, pair.left.points, pair.right.points, strict=False)
    ]
    new, right_new = pair.left.step, _at(pair.right.step, inputs)
    claims.append(Claim("the parameter", new[PARAMETER], right_new[PARAMETER]))
    for state, node in relation.states.items():
        claims.append(Claim(f"the state {bare(state)}", substitute([node], dict(new))[0], right_new[state]))
    return claims


def _at(nodes: Mapping[str, Node], values: Mapping[str, Node]) -> dict[str, Node]:
    return dict(zip(nodes, substitute(nodes.values(), values), strict=True))


class Prover:
    """Proves relations of one pair; what all of them need is found once."""

    def __init__(self, pair: Pair, deadline: Deadline) -> None:
        self.pair, self.deadline = pair, deadline
        # The last case in which two normal forms differed, and by what.
        self.open_case: tuple[Field, Poly] | None = None
        left = pair.left
        names = (*left.hypers, PARAMETER, *pair.answers, *left.states)
        self.never_negative = nonnegative_states(left.step, left.initial, names, pair.domains, deadline)
        self.domains = {**pair.domains, **dict.fromkeys(self.never_negative, NonNegative)}

    def prove(self, relation: Relation) -> Attempt:
        """Prove that both sides have the same parameter and query points at every step."""
        pair = self.pair
        if set(relation.states) != set(pair.right.states):
            return Attempt(None, "no relation between the states is known")
        if len(pair.left.points) != len(pair.right.points):
            return Attempt(None, "the two ask for different numbers of gradients")
        steps = []
        if self.never_negative:
            states = ", ".join(f"{bare(state)} >= 0" for state in self.never_negative)
            steps.append(Step(states, "induction: holds before the first step and every step keeps it"))
        first, reason = self.settle(first_claims(pair, relation), "at the first step")
        later, reason = self.settle(later_claims(pair, relation), "at a later step") if first else (None, reason)
        if first is None or later is None:
            return Attempt(None, reason)
        after = ", ".join(["the parameters agree", *held(relation)])
        steps.append(Step(f"after the first step {after}", _how(first), conditions_of(first)))
        steps.append(
            Step(f"where that holds after step t-1, {after} after step t, for every t >= 2", _how(later),
                 conditions_of(later))
        )  # fmt: skip
        return Attempt(Proof(tuple(steps)))

    def settle(self, claims: list[Claim], when: str) -> tuple[Settled | None, str]:
        """The cases in which all claims hold, or the reason why one was not shown."""
        used = dict.fromkeys(refs(*(node for claim in claims for node in (claim.left, claim.right))))
        unknown = [name for name in used if name not in self.pair.names and name != STEP]
        if unknown:
            return None, f"{unknown[0]} is not known {when}"
        for spare in (SPARE, MANY):
            general = GeneralStep(self.pair.names, self.domains, self.pair.numbers, self.pair.shared, spare)
            cases = self._in_every_case(claims, general, when)
            if not cases.out_of_generators:
                break
        if cases.open is not None:
            return None, cases.open
        return Settled(cases, Field(general.generators, general.domains)), ""

    def _in_every_case(self, claims: list[Claim], general: GeneralStep, when: str) -> Cases:
        def check(field: Field) -> str | None:
            convert = Converter(field, general.values(field), general.whole, field.known)
            for claim in claims:
                if claim.left is claim.right:  # one expression, whatever it is
                    continue
                a, b = (_converted(convert, claim.what, side) for side in (claim.left, claim.right))
                if not field.equal(a, b):
                    zero = forced_zero(field)
                    if zero is not None:
                        raise ForkError(zero, (0,))
                    self.open_case = field, field.reduced(a.num * b.den - b.num * a.den)
                    return f"{claim.what} was not shown to agree {when}"
            return None

        return in_every_case(general.generators, general.domains, check, self.deadline)


def _converted(convert: Converter, what: str, node: Node) -> Element:
    """An expression in normal form; where it has none, the message names whose it is."""
    try:
        return convert(node)
    except OutOfGeneratorsError:
        raise
    except NotDecidedError as error:
        raise NotDecidedError(f"in {what}: {error}") from None


def held(relation: Relation) -> list[str]:
    """What a relation says of the states, as text."""
    same = [bare(state) for state, node in relation.states.items() if node is ref(LEFT + bare(state))]
    others = [
        f"{bare(state)} of the right is {node_text(node)} of the left"
        for state, node in relation.states.items() if bare(state) not in same
    ]  # fmt: skip
    return [*([f"so do the states {', '.join(same)}"] if same else []), *others]


@dataclass(frozen=True)
class Settled:
    """The cases of an obligation that was proved, and the field that its conditions are in."""

    cases: Cases
    field: Field


def _how(settled: Settled) -> str:
    number = settled.cases.number
    return "equal normal forms" if number == 1 else f"equal normal forms in each of {number} cases of signs"


def conditions_of(settled: Settled) -> tuple[str, ...]:
    """What an obligation used and did not derive, as text; what is undefined in a case is excluded."""
    texts = [condition_text(settled.field, condition) for condition in settled.cases.conditions.values()]
    texts += [f"not ({case_text(settled.field, facts)})" for facts in settled.cases.undefined]
    return tuple(dict.fromkeys(texts))


def by_name(pair: Pair) -> Relation | None:
    """Every state of the right is that of the left with its name."""
    left = {bare(state) for state in pair.left.states}
    if not all(bare(state) in left for state in pair.right.states):
        return None
    return Relation({s: ref(LEFT + bare(s)) for s in pair.right.states}, pair.identity())


def constant_hypers(pair: Pair, relation: Relation) -> tuple[str, ...]:
    """The hyper-parameters that a relation between states mentions: it holds only where they stay the same."""
    if not pair.left.states and not pair.right.states:
        return ()
    names = dict.fromkeys(refs(*relation.states.values()))
    return tuple(n for n in names if n in (*pair.left.hypers, *pair.right.hypers) and n + EARLIER not in pair.names)

"""A proved equality as a module of Coq: both rules, the map, the two steps of the induction, and its conclusion."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from symopt.coq.lemmas import Lemma, Lemmas
from symopt.coq.rules import ANY, FIRST, all_answers, domain_text, rule_view
from symopt.coq.terms import BEFORE, Count, NotExportableError, Printer, comment, coq_name
from symopt.ir.nodes import ref, substitute
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.domain import Domain
from symopt.passes.dead import drop_dead
from symopt.prove.certificate import Certificate
from symopt.prove.pair import Pair, Side, bare
from symopt.prove.relation import Claim, Relation, first_claims

AFTER = {STEP: Count("n", 2), BEFORE: Count("n", 1)}


def equality_view(name: str, statement: str, found: Certificate) -> dict[str, Any]:
    """What the template of an equality is filled with: strings and lists of strings.

    Raises
    ------
    NotExportableError: the proof has no form in Coq.
    """
    if found.varying:
        raise NotExportableError("a hyper-parameter varies")
    if any(found.known.values()):
        raise NotExportableError("states are written in closed form")
    return _Export(found).view(name, statement)


class _Export:
    """The parts of one equality."""

    def __init__(self, found: Certificate) -> None:
        self.pair, self.relation = found.pair, found.relation
        pair = self.pair
        free = [h for h in pair.right.hypers if h not in self.relation.hypers]
        self.parameters = [*pair.left.hypers, *free]
        self.answers = {name: coq_name("g", name) for name in pair.answers}
        self.names = {name: coq_name("r" if name in free else "h", bare(name)) for name in self.parameters}
        self.names |= {PARAMETER: "p", **self.answers}
        self.names |= {state: coq_name("s", bare(state)) for state in pair.left.states}
        self.lemmas = Lemmas(self.names, pair.names, pair.domains, self.parameters)

    def view(self, name: str, statement: str) -> dict[str, Any]:
        """The view of the template."""
        pair, domains = self.pair, self.pair.domains
        first = self._lemmas("first", first_claims(pair, self.relation), {STEP: FIRST})
        later = self._lemmas("later", _later_claims(pair, self.relation), AFTER)
        points = len(pair.left.points)
        here = Printer(self.names, {STEP: ANY}, unfolded=False)
        answers = [*self.answers.values()]
        hypers = {h: here(node) for h, node in self.relation.hypers.items()}
        sides = [self._side("l", pair.left, self.names), self._side("r", pair.right, _image_names(pair, hypers))]
        return {
            "module": coq_name("T", name), "statement": comment(statement),
            "parameters": [self.names[h] for h in self.parameters],
            "domains": [(f"d{i}", text) for i, h in enumerate(self.parameters) for text in
                        [domain_text(domains.get(h, Domain()), self.names[h])] if text],
            "conditions": self.lemmas.hypotheses,
            "hypers": [(coq_name("r", bare(h)), text) for h, text in hypers.items()],
            "sides": sides, "answers": answers, "args": " ".join(answers), "all": all_answers(answers),
            "locals": "".join(f" {self.names[s]}" for s in pair.left.states),
            "related": [here(node) for node in self.relation.states.values()],
            "points": range(points), "proved": ["parameters_agree", *(f"point_{i}_agrees" for i in range(points))],
            "first": first, "first_states": [lemma.name for lemma in first[points:]],
            "later": later, "later_states": [lemma.name for lemma in later[points:]],
        }  # fmt: skip

    def _lemmas(self, name: str, claims: Sequence[Claim], counts: Mapping[str, Count]) -> list[Lemma]:
        return [self.lemmas.equal(f"{name}_{i}", c.right, c.left, counts) for i, c in enumerate(claims)]

    def _side(self, prefix: str, side: Side, names: Mapping[str, str]) -> dict[str, Any]:
        """One rule, with what both are given by its own names."""
        trace = _needed(side)
        given = {n: self.answers[n] for n in trace.given if n in self.answers}
        draws = list(self.pair.answers)[len(self.pair.answers) - len(trace.draws) :] if trace.draws else []
        given |= {name: self.answers[n] for name, n in zip(trace.draws, draws, strict=False)}
        return rule_view(prefix, trace, {**names, **given}, [self.answers[name] for name in self.pair.gradients])


def _needed(side: Side) -> Trace:
    """The trace without the states that never reach the parameter."""
    kept = {bare(state) for state in side.states}
    trace = side.trace
    return drop_dead(replace(
        trace, states=tuple(state for state in trace.states if state.name in kept),
        results={name: let for name, let in trace.results.items() if name in {PARAMETER, *kept}},
    ))  # fmt: skip


def _image_names(pair: Pair, hypers: Mapping[str, str]) -> dict[str, str]:
    """The hyper-parameters of the image: functions of the step, or free."""
    return {
        bare(h): f"({coq_name('r', bare(h))} t)" if h in hypers else coq_name("r", bare(h)) for h in pair.right.hypers
    }


def _later_claims(pair: Pair, relation: Relation) -> list[Claim]:
    """What must hold at a step ``t >= 2``, where the steps before it are counted by a name of their own."""
    before = dict(zip(relation.states, substitute(relation.states.values(), {STEP: ref(BEFORE)}), strict=True))
    inputs = {**before, **relation.hypers}
    points = zip(pair.left.points, substitute(pair.right.points, inputs), strict=True)
    new = dict(zip(pair.right.step, substitute(pair.right.step.values(), inputs), strict=True))
    after = substitute(relation.states.values(), dict(pair.left.step))
    return [
        *(Claim("a point", a, b) for a, b in points),
        Claim("the parameter", pair.left.step[PARAMETER], new[PARAMETER]),
        *(Claim(state, node, new[state]) for state, node in zip(relation.states, after, strict=True)),
    ]

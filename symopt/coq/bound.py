"""A bound that a rule never exceeds, as a module of Coq: an invariant of its states, kept by every step.

Where a proof is one certificate, its terms are stated one by one, each not negative as a product of what is
known not to be and of squares; that the bound is their sum is linear arithmetic. Other proofs split the cases
of comparisons and leave each to linear arithmetic and products of two facts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import reduce
from typing import Any

from symopt.checker.certificate import Certificate, Identity
from symopt.coq.rules import FIRST, all_answers, domain_text, rule_view
from symopt.coq.script import MORE
from symopt.coq.terms import Count, NotExportableError, Printer, comment, coq_name, number
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, Op, Ref, ref, refs, substitute, walk
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.theorem import Invariant
from symopt.lang.theorem.bounds import START
from symopt.prove.inequality.claims import Bound
from symopt.prove.inequality.induction import FIRST as FIRST_STEP
from symopt.prove.inequality.induction import GENERAL, IN_FIRST, IN_GENERAL
from symopt.prove.inequality.settle import Found, Search
from symopt.prove.inequality.system import system_of

TIME_LIMIT = 10.0
LATER, BEFORE = Count("n", 2), Count("n", 1)
COMPARING = ("max", "min", "abs", "sign", "where")
POLYNOMIAL = ("add", "sub", "mul", "neg", "pow", "lt", "le", "eq", "and", "or", "not", *COMPARING)
EARLIER = "n"  # what certificates call the step before
MOST_COMPARED = 1  # comparisons in a bound that has no single certificate
Change = Callable[[Node], Node]


@dataclass(frozen=True)
class Bounded:
    """One bound as a lemma: its expression, which is not negative, and the lines that show it."""

    name: str
    goal: str
    script: Sequence[str]


def bound_view(name: str, statement: str, claim: Invariant, trace: Trace) -> dict[str, Any]:
    """What the template of a bound is filled with.

    Raises
    ------
    NotExportableError: its proof has no form in Coq.
    """
    if claim.free:
        raise NotExportableError("it has names of its own")
    search = Search(claim, [trace], TIME_LIMIT)
    found = search.outcome()
    if not isinstance(found, Found) or found.attempt.conditions:
        raise NotExportableError("its proof has conditions")
    return _Export(trace, search, found).view(name, statement)


class _Export:
    """The parts of one bound."""

    def __init__(self, trace: Trace, search: Search, found: Found) -> None:
        self.trace, self.found, self.claim = trace, found, search.claim
        self.premises, self.domains = search.premises, search.premises.system.domains
        # As it is written: where assumptions are put in, what is folded then is no longer the rule to the letter.
        self.system = system_of([trace])
        used = {lemma.what for lemma in found.lemmas}
        self.lemmas = [lemma for lemma in search.induction.lemmas if lemma.text in used]
        self.answers = {name: coq_name("g", name) for name in self.system.inputs}
        self.states = {state.name: coq_name("s", state.name) for state in trace.states}
        hypers = [hyper.name for hyper in trace.hypers if hyper.name not in self.premises.values]
        self.hypers = {name: coq_name("h", name) for name in hypers}
        text = Printer(self.hypers, {}, unfolded=False)
        self.values = {name: text(node) for name, node in self.premises.values.items()}
        self.names = {**self.hypers, **self.values, PARAMETER: "p", START: "theta", **self.answers, **self.states}
        self.new = {f"{name}_new": f"{text}_new" for name, text in (*self.states.items(), (PARAMETER, "p"))}

    def view(self, name: str, statement: str) -> dict[str, Any]:
        """The view of the template."""
        bounds = [*self.lemmas, *(self.claim.bounds if self.claim.of_states else ())]
        if any(bound.strict for bound in (*bounds, *self.claim.bounds)):
            raise NotExportableError("it excludes zero")
        after = {state: self.system.step[state] for state in self.system.states}
        kept = [bound.over(lambda node: substitute([node], after)[0]) for bound in bounds]
        claimed = [bound.over(lambda node: self.system.after([node])[0]) for bound in self.claim.bounds]
        fixed, given = self._facts()
        here = Printer({**self.names, **self.new}, {STEP: Count("t", 0)}, unfolded=False)
        before = Printer(self.names, {STEP: BEFORE}, unfolded=True)
        at_start, steps = (self.claim.bounds, ()) if self.claim.of_states else ((), claimed)
        answers = [*self.answers.values()]
        local = "".join(f" {name}" for name in self.states.values())
        every = all_answers(answers)
        kept_first, kept_later = self._first("kept_first", kept), self._later("kept_later", kept)
        met_first, met_later = self._first("met_first", steps), self._later("met_later", steps)
        met_start = self._bounded("met_start", at_start, self._at_zero, Count(None, 0))
        of_first, of_later = f"p{every['first']} (all_given 1)", f"n p x{every['later']}{local} H (all_given (S (S n)))"
        return {
            "module": coq_name("T", name), "statement": comment(statement), "proved": ["holds_always"],
            "parameters": [*self.hypers.values()], "locals": local,
            "answers": answers, "args": " ".join(answers), "all": every,
            "domains": [(f"d_{text}", said) for h, text in self.hypers.items()
                        if (said := domain_text(self.domains[h], text))],
            "facts": [(f"f{i}", _at_least_zero(here(node))) for i, node in enumerate(fixed)],
            "side": rule_view("l", self.trace, {**self.hypers, **self.values, **self.answers}, answers),
            "of_states": self.claim.of_states,
            "invariant": _all([here(bound.node) for bound in bounds]),
            "claimed": _all([here(bound.node) for bound in self.claim.bounds]),
            "given": _all([here(node) for node in given]),
            "before": _all([before(bound.node) for bound in bounds]),
            "at_start": met_start, "in_first": [*kept_first, *met_first], "in_later": [*kept_later, *met_later],
            "all_kept_first": _conjunction(kept_first, of_first), "all_kept_later": _conjunction(kept_later, of_later),
            "all_met_first": _conjunction(met_first, of_first), "all_met_later": _conjunction(met_later, of_later),
            "all_met_start": _conjunction(met_start, "p"),
        }  # fmt: skip

    def _facts(self) -> tuple[list[Node], list[Node]]:
        """The assumptions on hyper-parameters, and those on what steps bring."""
        facts = [fact.node for fact in self.premises.facts]
        if any(START in refs(node) for node in facts):
            raise NotExportableError("an assumption on the start")
        steps = [node for node in facts if {*refs(node)} & {*self.answers}]
        return [node for node in facts if node not in steps], steps

    def _at_zero(self, node: Node) -> Node:
        return self.system.at_start([node])[0]

    def _first(self, name: str, bounds: Sequence[Bound]) -> list[Bounded]:
        return self._bounded(name, bounds, self._at_zero, FIRST, (FIRST_STEP, IN_FIRST))

    def _later(self, name: str, bounds: Sequence[Bound]) -> list[Bounded]:
        return self._bounded(name, bounds, lambda node: node, LATER, (GENERAL, IN_GENERAL))

    def _bounded(
        self, name: str, bounds: Sequence[Bound], change: Change, count: Count, where: Sequence[str] = ()
    ) -> list[Bounded]:
        names = self.names if count == LATER else {**self.names, START: "p"}
        printer = Printer(names, {STEP: count}, unfolded=True)
        made = []
        for i, bound in enumerate(bounds):
            node = change(bound.node)
            certificate = self._certificate(bound.text, where)
            script = self._script(node, certificate, printer)
            made.append(Bounded(f"{name}_{i}", printer(node), script))
        return made

    def _certificate(self, text: str, where: Sequence[str]) -> Certificate | None:
        """The one certificate of a bound at some steps; None where there are others, or it is in terms of more."""
        shown = [*self.found.lemmas, *self.found.attempt.shown]
        outcomes = [s.outcome for s in shown if s.what == text and s.where in where]
        certificates = [c for outcome in outcomes for c in outcome.certificates]
        plain = len(certificates) == 1 and not (certificates[0].relations or certificates[0].zeros)
        return certificates[0] if plain and not any(id.strict for id in certificates[0].identities) else None

    def _script(self, node: Node, certificate: Certificate | None, printer: Printer) -> list[str]:
        if any(isinstance(part, Op) and part.op not in POLYNOMIAL for part in walk([node])):
            raise NotExportableError("it is no polynomial in every case")
        compared = {part for part in walk([node]) if isinstance(part, Op) and part.op in COMPARING}
        if certificate is None and len(compared) > MOST_COMPARED:
            raise NotExportableError(MORE)
        lines = [*self._powers(node, printer)]
        if certificate is not None:
            lines += self._terms(certificate, printer)
        return [*dict.fromkeys(lines), "an_inequality."]

    def _powers(self, node: Node, printer: Printer) -> Iterator[str]:
        """What is known of powers of numbers between 0 and 1."""
        for part in walk([node]):
            if not (isinstance(part, Op) and part.op == "pow" and isinstance(base := part.args[0], Ref)):
                continue
            domain, count = self.domains.get(base.name), printer.count(part.args[1])
            if domain is None or count is None or count.base is None or domain.lower != 0 or domain.upper != 1:
                continue
            yield f"pose proof (power_between {printer(base)} {count.base} ltac:(lra))."
            yield f"assert (0 <= {printer(part)} <= 1) by nra."

    def _terms(self, certificate: Certificate, printer: Printer) -> Iterator[str]:
        """That each term of each identity is not negative, and then what the identity is about."""
        named = self._meanings(certificate)
        count = printer.counts[STEP]
        earlier = replace(count, offset=count.offset - 1)
        inner = Printer(printer.names, {**printer.counts, EARLIER: earlier}, unfolded=True)

        def text(said: str) -> str:
            try:
                return inner(substitute([read_expression(said, tuple(named))], named)[0])
            except (UsageError, KeyError) as error:
                raise NotExportableError("its certificate is in terms that have no form in Coq") from error

        for name, node in named.items():
            if isinstance(node, Op):
                yield from self._powers(node, inner)
                yield f"assert (0 <= {inner(ref(name) if name in inner.names else node)} <= 1) by nra."
        last = len(certificate.identities) - 1
        for i, identity in enumerate(certificate.identities):
            yield from (f"assert (0 <= {product}) by a_term." for product in _products(identity, text))
            if i != last or identity.multipliers:
                many = " * ".join(text(m) for m in identity.multipliers)
                how = f"apply (nonneg_by ({many})); [ positive | lra ]" if identity.multipliers else "lra"
                yield f"assert (0 <= {text(identity.goal)}) by ({how})."

    def _meanings(self, certificate: Certificate) -> dict[str, Node]:
        """What the names of a certificate stand for."""
        found: dict[str, Node] = {}
        plain = {name: ref(name) for name in self.names}
        for interval in certificate.intervals:
            found.setdefault(interval.name, ref(interval.name))
        for name, meaning in certificate.names:
            known = (*plain, EARLIER)
            try:
                found[name] = ref(EARLIER) if meaning == "t - 1" else read_expression(meaning, known)
            except UsageError as error:
                raise NotExportableError("its certificate is in terms that have no form in Coq") from error
        return found


def _products(identity: Identity, text: Callable[[str], str]) -> Iterator[str]:
    for term in identity.terms:
        factors = [number(term.coefficient)] if term.coefficient != Fraction(1) else []
        factors += [text(factor) for factor in term.factors]
        factors += [f"({text(square)} * {text(square)})" for square in term.squares]
        yield " * ".join(factors) or "1"


def _conjunction(lemmas: Sequence[Bounded], args: str) -> str:
    """The term that proves all goals of some lemmas together, as ``_all`` states them."""
    *others, last = [f"({lemma.name} {args})" for lemma in lemmas] or ["I"]
    return reduce(lambda proved, other: f"(conj {other} {proved})", reversed(others), last)


def _at_least_zero(text: str) -> str:
    return f"0 <= {text}"


def _all(texts: Sequence[str]) -> str:
    return " /\\ ".join(map(_at_least_zero, texts)) or "True"

"""Settles claims that something is never exceeded: by certificates and induction, or by a run that violates it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from time import monotonic
from typing import Any

from symopt.catalogue import resolve
from symopt.checker.bounds import check_bound, check_counterexample
from symopt.checker.certificate import Certificate
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import precision
from symopt.ir.trace import Trace
from symopt.lang.theorem.bounds import Invariant, Ordered
from symopt.passes.tracing import trace as traced
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.inequality.assumptions import Premises, under
from symopt.prove.inequality.claims import Claim, read_claim
from symopt.prove.inequality.induction import Attempt, Induction, Shown, has_root
from symopt.prove.inequality.numeric import BITS, EXACT
from symopt.prove.inequality.obligation import OpenCase
from symopt.prove.inequality.refute import Run, long_run, short_run
from symopt.prove.inequality.smt import ask
from symopt.prove.inequality.system import system_of
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement

LONGEST_METHOD = 300
SOLVER_SECONDS = 2.0
BY_SOLVER = "z3 reports no counterexample"


def settle_bound(claim: Invariant | Ordered, trace: Trace, time_limit: float) -> Settlement:
    """Find the verdict for a claim about one rule or two.

    Raises
    ------
    UsageError: the claim or an assumption is malformed, holds an unknown name or contradicts a domain.
    """
    traces = [trace, *(traced(resolve(rule)) for rule in claim.rules[1:])]
    return Search(claim, traces, time_limit).settle()


@dataclass
class Found:
    """A proof with its certificates."""

    attempt: Attempt
    lemmas: list[Shown]

    @property
    def certificates(self) -> list[Certificate]:
        """The certificates of all cases of all obligations."""
        return [c for shown in (*self.lemmas, *self.attempt.shown) for c in shown.outcome.certificates]

    @property
    def said(self) -> str:
        """The auxiliary invariants that were found and used."""
        return "; ".join(dict.fromkeys(lemma.what for lemma in self.lemmas))


class Search:
    """The search for a proof or a counterexample of one claim."""

    def __init__(self, claim: Invariant | Ordered, traces: Sequence[Trace], time_limit: float) -> None:
        self.stated, self.traces = claim, traces
        self.deadline = Deadline.after(time_limit)
        self.premises: Premises = under(system_of(traces, claim.free), claim.given)
        self.claim: Claim = read_claim(claim.of, self.premises.system, self.premises.values)
        self.induction = Induction(self.premises, self.claim, self.deadline)
        self.open = ""
        self._conditional: Attempt | None = None
        self._asked: list[str] = []
        self._models: list[Mapping[str, Fraction]] = []

    def settle(self) -> Settlement:
        """The verdict, re-checked."""
        try:
            found = self.outcome()
        except OutOfTimeError as error:
            return Settlement.unknown(str(error))
        if found is None:
            return Settlement.unknown(f"no proof and no counterexample was found; {self.open}")
        if isinstance(found, Run):
            return self._fails(found)
        check = check_bound(self.stated, self.traces, found.certificates)
        return Settlement.holds(self._proof(found), check, found.said)

    def outcome(self) -> Run | Found | None:
        """A counterexample, a proof with its certificates, or neither.

        Raises
        ------
        OutOfTimeError: the time limit is reached.
        """
        return next((outcome for outcome in self._outcomes() if outcome is not None), None)

    def _outcomes(self) -> Iterator[Run | Found | None]:
        """What is tried, the cheapest first."""
        yield short_run(self.premises, self.claim, self.deadline)
        later = self.premises.system.after([self.induction.later(bound).node for bound in self.claim.bounds])
        rooted = any(map(has_root, later))
        if self.claim.of_states and not rooted:
            yield self.proved()
        if rooted and not self.claim.of_states:
            yield long_run(self.premises, self.claim, self.deadline)
        self.induction.find_signs()
        self.induction.find_pairs()
        yield self.proved()
        if self._conditional is not None:
            yield Found(self._conditional, self.induction.shown)
        yield long_run(self.premises, self.claim, self.deadline)
        yield self.proved(by_solver=True)
        if self._models:
            yield short_run(self.premises, self.claim, self.deadline, self._models)

    def proved(self, by_solver: bool = False) -> Found | None:
        """A proof with the lemmas found so far, or None."""
        attempt = self.induction.attempt(self._ask if by_solver else None)
        if attempt.open is not None:
            self.open = "; ".join(dict.fromkeys([attempt.open, *self._asked]))
        elif attempt.conditions:
            self._conditional = attempt
        else:
            return Found(attempt, self._used(attempt))
        return None

    def _ask(self, case: OpenCase) -> str | None:
        """Ask z3 about a case: None where it says that the case has no counterexample."""
        self.deadline.check()
        answer = ask(case, min(SOLVER_SECONDS, self.deadline.end - monotonic()))
        if answer.status == "unsat":
            return None
        if answer.status == "sat":
            self._models.append(answer.model)
        self._asked.append(answer.reason)
        return answer.reason

    # What is said

    def _used(self, attempt: Attempt) -> list[Shown]:
        """The lemmas that the certificates of an attempt use, and those that these use."""
        used: list[str] = []
        pending = list(attempt.shown)
        while pending:
            shown = pending.pop()
            for lemma in self.induction.shown:
                if lemma.what not in used and any(_uses(c, lemma.what) for c in shown.outcome.certificates):
                    used.append(lemma.what)
                    pending += [other for other in self.induction.shown if other.what == lemma.what]
        return [lemma for lemma in self.induction.shown if lemma.what in used]

    def _proof(self, found: Found) -> Proof:
        steps = [
            Step(f"{shown.what} {shown.where}", _method(shown), shown.outcome.conditions)
            for shown in (*found.lemmas, *found.attempt.shown)
        ]
        return Proof((*dict.fromkeys(steps), Step(str(self.stated), "induction over the steps")))

    def _fails(self, run: Run) -> Settlement:
        written: dict[str, Any] = run.written()
        with precision(BITS):
            names = list(self.premises.values)
            values = evaluate(self.premises.values.values(), dict(run.fixed), EXACT)
        written |= {name: str(number) for name, number in zip(names, values, strict=True)}
        check = check_counterexample(self.stated, self.traces, written)
        return Settlement.fails(written, check, f"it fails after {run.steps} step{'' if run.steps == 1 else 's'}")


def _uses(certificate: Certificate, lemma: str) -> bool:
    """Whether a certificate uses a lemma: as a factor, or for the sign of a name."""
    name = lemma.removesuffix(" >= 0").replace(".", "_")
    if any(n in (name, f"{name}_new") for n, _ in certificate.names):
        return True
    polys = {known.poly for known in certificate.knowns if known.why in (lemma, f"the root of {lemma}")}
    return any({*term.factors} & polys for identity in certificate.identities for term in identity.terms)


def _method(shown: Shown) -> str:
    """How an obligation was settled, in words."""
    outcome = shown.outcome
    parts = []
    if outcome.certificates:
        cases = f"in each of {outcome.number} cases, such as " if outcome.number > 1 else ""
        parts.append(f"sum of squares: {cases}{_example(outcome.certificates)}")
    if outcome.asked:
        parts.append(f"{BY_SOLVER} in {outcome.asked} of {outcome.number} cases" if parts else BY_SOLVER)
    return "; ".join(parts) or "nothing is to be shown"


def _example(certificates: Sequence[Certificate]) -> str:
    """The longest certificate that can be read at once; where there is none, what one of them ends with."""
    texts = [certificate.text() for certificate in certificates]
    telling = [text for text in texts if text != "0 = 0"] or texts
    short = [text for text in telling if len(text) <= LONGEST_METHOD]
    if short:
        return max(short, key=len)
    count = sum(len(certificate.identities) for certificate in certificates)
    last = next(c.identities[-1] for c in certificates if c.text() in telling)
    return f"{str(last)[: LONGEST_METHOD - 20]}... ({count} identities)"

"""Settles one theorem: finds the verdict without its claim, compares the two, and has the result re-checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from time import monotonic
from typing import Any

from symopt.catalogue import resolve
from symopt.checker.check import check_equality, check_witness
from symopt.checker.equality import check_certificate
from symopt.checker.outcome import Check
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node
from symopt.ir.trace import SIZES, Trace
from symopt.lang.domain import PositiveInteger
from symopt.lang.theorem import (
    ClosedForm,
    Compare,
    FirstStep,
    InFloats,
    Invariant,
    Ordered,
    Property,
    RoundingError,
    Theorem,
    WeightsSum,
)
from symopt.passes.specialise import rewrite
from symopt.passes.tracing import trace
from symopt.prove.certificate import NoCertificateError, certificate
from symopt.prove.compare import compare
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.elements import NotDecidedError
from symopt.prove.equations import Equations
from symopt.prove.found import with_hypers
from symopt.prove.inequality.settle import settle_bound
from symopt.prove.linear.settlers import LINEAR
from symopt.prove.properties import settle_unrolled
from symopt.prove.settlement import Settlement
from symopt.prove.structure.settlers import STRUCTURE
from symopt.prove.verdict import Verdict
from symopt.run.hazards.settle import settle_in_floats
from symopt.run.hazards.settle_rounding import settle_rounding
from symopt.theorems.result import TheoremResult

TIME_LIMIT = 10.0

# What settles each kind of property, given the trace of its rule and a time limit in seconds.
Settler = Callable[[Any, Trace, float], Settlement]
SETTLERS: Mapping[type[Property], Settler] = {
    ClosedForm: settle_unrolled,
    WeightsSum: settle_unrolled,
    FirstStep: settle_unrolled,
    Invariant: settle_bound,
    Ordered: settle_bound,
    **STRUCTURE,
    **LINEAR,
    InFloats: settle_in_floats,
    RoundingError: settle_rounding,
}


def settle(theorem: Theorem, time_limit: float = TIME_LIMIT) -> TheoremResult:
    """Find the verdict for one theorem, compare it with the claim, and re-check it.

    Raises
    ------
    UsageError: the theorem names a rule, a hyper-parameter or a state that does not exist.
    """
    start = monotonic()
    try:
        if isinstance(theorem.subject, Compare):
            result = _settle_comparison(theorem, theorem.subject, time_limit)
        else:
            result = _settle_property(theorem, theorem.subject, time_limit)
    except UsageError as error:
        raise UsageError(f"theorem {theorem.name}: {error}") from None
    return replace(result, seconds=monotonic() - start)


def _settle_property(theorem: Theorem, subject: Property, time_limit: float) -> TheoremResult:
    try:
        settled = SETTLERS[type(subject)](subject, trace(resolve(subject.rule)), time_limit)
    except (NotDecidedError, OutOfTimeError) as error:
        settled = Settlement.unknown(str(error))
    return TheoremResult(
        theorem, settled.verdict, settled.verdict == theorem.claim, settled.check, settled.proof,
        counterexample=settled.counterexample, found=settled.found, reason=settled.reason,
    )  # fmt: skip


def _settle_comparison(theorem: Theorem, subject: Compare, time_limit: float) -> TheoremResult:
    left, right = trace(resolve(subject.left)), trace(resolve(subject.right))
    verdict = compare(
        left, right, hyper_map=subject.given or None, varying=subject.varying, time_limit=time_limit
    )  # fmt: skip
    missing = [condition for condition in theorem.when if condition not in verdict.conditions]
    wrong = [name for name, text in theorem.under.items() if not _same_map(left, verdict, name, text)]
    # Under premises, an equality that needs them is the claim itself.
    found = "equal" if subject.given and verdict.verdict == "equal-if" else verdict.verdict
    reasons = [f"the condition {condition!r} was not found" for condition in missing]
    reasons += [f"the map found for {name} is {(verdict.hyper_map or {}).get(name)}" for name in wrong]
    if found not in (theorem.claim, "unknown"):
        reasons.append(f"the verdict is {found}, the claim {theorem.claim}")
    check = _recheck(left, right, verdict, subject, time_limit)
    return TheoremResult(
        theorem, found, found == theorem.claim and not missing and not wrong, check, verdict.proof, verdict,
        reason="; ".join(reasons),
    )  # fmt: skip


def _same_map(left: Trace, verdict: Verdict, name: str, text: str) -> bool:
    """Whether the map that was found is the one that is claimed, as expressions."""
    names = (*(hyper.name for hyper in left.hypers), *SIZES)
    found = (verdict.hyper_map or {}).get(name)
    if found is None:
        return False
    domains = {**left.domains, **dict.fromkeys(SIZES, PositiveInteger)}
    equations = Equations(names, {}, (), domains, Deadline.after(TIME_LIMIT))
    difference: list[Node] = [read_expression(found, names), read_expression(text, names)]
    return bool(equations.difference(*difference)[1] == 0)


def _recheck(left: Trace, right: Trace, verdict: Verdict, subject: Compare, time_limit: float) -> Check:
    """Replay the witness and try the equality, whichever the verdict has."""
    checks = []
    mapped = right
    if subject.given and verdict.verdict == "different":
        names = tuple(hyper.name for hyper in left.hypers)
        nodes = {name: read_expression(text, names) for name, text in subject.given.items()}
        mapped = with_hypers(rewrite(right, nodes), left)
    if verdict.witness is not None:
        said = verdict.witness.to_json()
        checks.append(check_witness(left, mapped, said, verdict.witness.step, verdict.witness.query))
    if verdict.proof is not None:
        checks.append(_check_proof(left, right, verdict, subject, time_limit))
    if not checks:
        return Check(False, "nothing to check")
    return Check(all(check.passed for check in checks), "; ".join(check.how for check in checks))


def _check_proof(left: Trace, right: Trace, verdict: Verdict, subject: Compare, time_limit: float) -> Check:
    """Check the certificate of a proof; one that has none is tried on runs from the initial states."""
    try:
        document = certificate(left, right, verdict, subject.varying, time_limit).to_json()
    except (NoCertificateError, OutOfTimeError):
        return check_equality(left, right, verdict.hyper_map or {}, verdict.state_map or {}, verdict.conditions)
    return check_certificate(left, right, document)

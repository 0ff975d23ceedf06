"""A solver's model as the first point of a run: inputs at which the obligation of the first step fails.

Where runs at plain points agree and no proof is found, two rules may differ in a region that plain points miss.
The case in which the normal forms differ is put to z3, whose model is tried in exact arithmetic like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from symopt.ir.exact import precision
from symopt.ir.trace import PARAMETER
from symopt.prove.deadline import Deadline
from symopt.prove.inequality.obligation import OpenCase
from symopt.prove.inequality.smt import ask
from symopt.prove.pair import Pair, bare
from symopt.prove.relation import Prover, Relation, first_claims
from symopt.prove.runs import BITS, Both, Run, Witness
from symopt.prove.samples import Sample, samples

SECONDS = 1.0
STEPS = 3


def witness_from_solver(pair: Pair, relation: Relation, deadline: Deadline) -> Witness | None:
    """A difference at a point where z3 sees one in the first step; None where it sees none, or is not installed."""
    prover = Prover(pair, deadline)
    prover.settle(first_claims(pair, relation), "at the first step")
    if prover.open_case is None:
        return None
    field, difference = prover.open_case
    for goal in (difference, -difference):
        deadline.check()
        answer = ask(OpenCase(field, (), goal, strict=False), SECONDS)
        witness = _run(pair, answer.model) if answer.status == "sat" else None
        if witness is not None:
            return witness
    return None


def _run(pair: Pair, model: Mapping[str, Fraction]) -> Witness | None:
    """Both rules from the values of a model; what it does not say has a plain value."""
    both = Both(pair.left.trace, pair.right.trace, pair.varying)
    if both.shape:
        return None  # the values of single elements say nothing of a sum
    plain = next(samples(both.hypers))
    named = {bare(name.replace("right_", "right.", 1)): value for name, value in model.items()}
    hypers = {name: named.get(name, value) for name, value in plain.hypers.items()}
    if any(hypers[hyper.name] not in hyper.domain for hyper in both.hypers):
        return None
    grads = tuple(model.get(name, Fraction(1)) for name in pair.gradients)
    run = Run(both, Sample(hypers, model.get(PARAMETER, Fraction(1)), grads, STEPS))
    with precision(BITS):
        for step in range(1, STEPS + 1):
            found = run.advance(step)
            if found is not None:
                return found
    return None

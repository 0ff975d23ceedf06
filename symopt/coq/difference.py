"""Two rules that differ, as a module of Coq: both rules, a run of each on the numbers of a witness, and their ends.

Every statement of every step is evaluated to the rational number that it is, from the inside out, so that
Coq has nothing to check but arithmetic of fractions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symopt.coq.rules import domain_text, rule_view
from symopt.coq.terms import FORMS, Count, NotExportableError, Printer, comment, coq_name, number
from symopt.ir.exact import UNDEFINED, ScalarArithmetic
from symopt.ir.nodes import Node, Num, Op, Ref, walk
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.prove.witness import Witness

PLAIN = ("add", "sub", "mul", "div", "neg")
BY = {"sqrt": "a_root", "pow": "a_power"}
WORDS = {True: "true", False: "false"}


def difference_view(name: str, statement: str, left: Trace, right: Trace, witness: Witness) -> dict[str, Any]:
    """What the template of a difference is filled with.

    Raises
    ------
    NotExportableError: the witness has no form in Coq, or numbers in it that are not rational.
    """
    _refuse(witness)
    hypers = {**right.domains, **left.domains}
    names = {hyper: coq_name("h", hyper) for hyper in hypers if hyper in witness.hyper}
    count = len(witness.grads) // witness.step
    gradients = [query.name for query in max(left.queries, right.queries, key=len)]
    answers = [coq_name("g", gradient) for gradient in gradients]
    sides = [
        {**rule_view(prefix, trace, names, answers), **_Evaluation(prefix, trace, names, witness, answers).view()}
        for prefix, trace in (("l", left), ("r", right))
    ]
    place = None if witness.query is None else [query.name for query in left.queries].index(witness.query)
    domains = [(h.domain, h.name) for trace in (left, right) for h in trace.hypers]
    return {
        "module": coq_name("T", name), "statement": comment(statement), "sides": sides, "steps": witness.step,
        "hypers": [(names[h], number(witness.hyper[h])) for h in names], "theta": number(witness.theta),
        "domains": list(dict.fromkeys(text for d, h in domains if (text := domain_text(d, names[h])))),
        "answers": answers, "point": place,
        "grads": [[number(g) for g in witness.grads[i::count]] for i in range(count)],
    }  # fmt: skip


def _refuse(witness: Witness) -> None:
    """Refuse what the template has no place for."""
    if any(isinstance(value, tuple | list) for value in witness.hyper.values()):
        raise NotExportableError("a hyper-parameter varies")
    if witness.given:
        raise NotExportableError("its steps are given more than gradients")
    if not isinstance(witness.theta, Fraction):
        raise NotExportableError("its witness is an array")
    if not witness.rational:
        raise NotExportableError("its witness comes to numbers that are not rational")


@dataclass(frozen=True)
class _Value:
    """A statement: its number, and the lines that evaluate what is no plain arithmetic in it."""

    number: str
    script: Sequence[str]


class _Evaluation:
    """One rule on the numbers of a witness, statement by statement."""

    def __init__(
        self, prefix: str, trace: Trace, names: Mapping[str, str], witness: Witness, answers: Sequence[str]
    ) -> None:
        self.trace, self.witness = trace, witness
        self.values: dict[str, Any] = {hyper: witness.hyper[hyper] for hyper in trace.domains if hyper in names}
        self.unfolded = [
            f"step_{prefix}", *names.values(), *(f"all_{a}" for a in answers), f"p_{prefix}",
            *(f"{coq_name(prefix, state.name)}_of" for state in trace.states),
        ]  # fmt: skip
        self.points = [f"point_{prefix}{i}" for i in range(len(trace.queries))]

    def view(self) -> dict[str, Any]:
        """The state after every step, and how it comes about."""
        self.values[PARAMETER] = self.witness.theta
        starts = [self._value(state.init, None) for state in self.trace.states]
        for state, start in zip(self.trace.states, starts, strict=True):
            self.values[state.name] = Fraction(start.number_value)
        runs = [self._step(t) for t in range(1, self.witness.step + 1)]
        return {
            "started": [number(self.witness.theta), *(start.number for start in starts)], "starting": starts,
            "runs": runs, "unfolded": " ".join(self.unfolded), "reached": self.reached,
        }  # fmt: skip

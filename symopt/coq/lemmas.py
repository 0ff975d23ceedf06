"""Identities as lemmas of Coq, and the conditions that their proofs need as hypotheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symopt.coq.script import Script
from symopt.coq.terms import BEFORE, Count, NotExportableError, Printer
from symopt.ir.nodes import Node, refs
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain
from symopt.prove.pair import bare


@dataclass(frozen=True)
class Lemma:
    """One identity with its proof."""

    name: str
    left: str
    right: str
    script: Sequence[str]


class Lemmas:
    """Makes lemmas over some names; what they need to be other than zero is collected."""

    def __init__(self, names: Mapping[str, str], more: Sequence[str], domains: Mapping[str, Domain],
                 parameters: Sequence[str]) -> None:  # fmt: skip
        """``names`` are those in Coq, ``more`` what an identity may read beside; conditions are on ``parameters``."""
        self.names, self.domains, self.parameters = dict(names), dict(domains), tuple(parameters)
        self.read = tuple(name for name in dict.fromkeys((*names, *more)) if name != STEP)
        self.conditions: dict[str, None] = {}

    def equal(self, name: str, left: Node, right: Node, counts: Mapping[str, Count]) -> Lemma:
        """The lemma that two expressions are equal.

        Raises
        ------
        NotExportableError: something has no form in Coq.
        """
        printer = Printer(self.names, counts, unfolded=True)
        script = Script(self.read, self.domains, printer, self.names)
        lines = script.identity(left, right)
        for node in script.conditions.values():
            strange = [n for n in refs(node) if n not in (*self.parameters, STEP, BEFORE)]
            if strange:
                what = "a root" if strange[0].startswith("?") else bare(strange[0])
                raise NotExportableError(f"a condition on {what}")
        step = "n" if BEFORE in counts else "0%nat"
        needed = [_condition(text) for text in script.conditions]
        self.conditions |= dict.fromkeys(needed)
        positions = {text: i for i, text in enumerate(self.conditions)}
        known = [f"pose proof (c{positions[text]} {step})." for text in needed]
        return Lemma(name, printer(left), printer(right), [*known, *lines])

    @property
    def hypotheses(self) -> list[tuple[str, str]]:
        """The conditions with their names."""
        return [(f"c{i}", text) for i, text in enumerate(self.conditions)]


def _condition(text: str) -> str:
    return f"forall n : nat, {text} <> 0"

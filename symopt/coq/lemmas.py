"""Identities as lemmas of Coq, and the conditions that their proofs need as hypotheses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symopt.coq.script import Script
from symopt.coq.terms import BEFORE, Count, NotExportableError, Printer
from symopt.ir.nodes import Node, Op, Ref, op, rebuild, refs, walk
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain, NonNegative
from symopt.prove.pair import bare

NonPositive = Domain(upper=Fraction(0))


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
        try:
            lines, needed = self._proof(left, right, printer, self.domains)
        except NotExportableError as error:
            lines, needed = self._by_sign(left, right, printer, error)
        step = "n" if BEFORE in counts else "0%nat"
        self.conditions |= dict.fromkeys(needed)
        positions = {text: i for i, text in enumerate(self.conditions)}
        known = [f"pose proof (c{positions[text]} {step})." for text in needed]
        return Lemma(name, printer(left), printer(right), [*known, *lines])

    def _proof(
        self, left: Node, right: Node, printer: Printer, domains: Mapping[str, Domain]
    ) -> tuple[list[str], list[str]]:
        """The lines that prove an identity, and the conditions that they use."""
        script = Script(self.read, domains, printer, self.names)
        lines = script.identity(left, right)
        for node in script.conditions.values():
            strange = [n for n in refs(node) if n not in (*self.parameters, STEP, BEFORE)]
            if strange:
                what = "a root" if strange[0].startswith("?") else bare(strange[0])
                raise NotExportableError(f"a condition on {what}")
        return lines, [_condition(text) for text in script.conditions]

    def _by_sign(
        self, left: Node, right: Node, printer: Printer, error: NotExportableError
    ) -> tuple[list[str], list[str]]:
        """The same by two cases, the signs of the one name whose absolute value is taken.

        Raises
        ------
        NotExportableError: there is no such name, which leaves the ``error`` met before; or a case has no proof.
        """
        sizes = [n for n in walk([left, right]) if isinstance(n, Op) and n.op == "abs" and isinstance(n.args[0], Ref)]
        if len(sizes) != 1 or not isinstance(inner := sizes[0].args[0], Ref) or inner.name in self.domains:
            raise error
        text = printer(inner)
        lines, needed = [f"destruct (Rle_dec 0 {text}) as [S | S]."], list[str]()
        for lemma, value, domain in (
            ("Rabs_pos_eq", inner, NonNegative),
            ("Rabs_left1", op("neg", inner), NonPositive),
        ):
            a, b = _replaced([left, right], sizes[0], value)
            own, conditions = self._proof(a, b, printer, {**self.domains, inner.name: domain})
            lines += ["{", f"rewrite ?({lemma} {text}) by lra.", *own, "}"]
            needed += conditions
        return lines, list(dict.fromkeys(needed))

    @property
    def hypotheses(self) -> list[tuple[str, str]]:
        """The conditions with their names."""
        return [(f"c{i}", text) for i, text in enumerate(self.conditions)]


def _condition(text: str) -> str:
    return f"forall n : nat, {text} <> 0"


def _replaced(roots: Sequence[Node], old: Node, new: Node) -> list[Node]:
    """Expressions in which one is another."""
    done: dict[Node, Node] = {}
    for node in walk(roots):
        done[node] = new if node is old else rebuild(node, tuple(done[arg] for arg in node.args))
    return [done[root] for root in roots]

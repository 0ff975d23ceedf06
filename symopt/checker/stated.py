"""What a proved equality states, read from its certificate with the two rules at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from symopt.checker.sampling import Fact
from symopt.checker.written import read, read_all
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node
from symopt.ir.text import trace_text
from symopt.ir.trace import Trace
from symopt.lang.domain import Domain, Real

SCHEMA = "symopt.certificate/1"
SIDES = ("left", "right")


@dataclass(frozen=True)
class Obligation:
    """What is said of one kind of step: pairs of expressions, and the cases of signs, all of which are covered."""

    left: Sequence[Node]
    right: Sequence[Node]
    cases: Sequence[Sequence[str]]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> Obligation:
        """The part of a certificate that is about the first or about a later step."""
        left, right = (read_all([claim[side] for claim in document["claims"]], document["where"]) for side in SIDES)
        return cls(left, right, [*(case["facts"] for case in document["cases"]), *document["excluded"]])


@dataclass(frozen=True)
class Stated:
    """Two rules agree, where the states of the side ``image`` are ``states``, in those of the other side.

    ``hypers`` gives the hyper-parameters of the right in those of the left; ``known`` says of each side
    which states are which expressions after every step; ``not_negative`` names states of the other side.
    """

    left: Trace
    right: Trace
    hypers: Mapping[str, Node]
    states: Mapping[str, Node]
    conditions: Sequence[str]
    image: str = "right"
    known: Mapping[str, Mapping[str, Node]] = field(default_factory=lambda: {side: {} for side in SIDES})
    not_negative: Sequence[str] = ()
    varying: Sequence[str] = ()
    first: Obligation | None = None
    later: Obligation | None = None

    @classmethod
    def read(cls, left: Trace, right: Trace, document: Mapping[str, Any]) -> Stated:
        """What a certificate states of two rules.

        Raises
        ------
        ValueError: it is not about these rules, or is no certificate.
        """
        if document.get("schema") != SCHEMA:
            raise ValueError(f"a certificate has the schema {SCHEMA}")
        for side, trace in zip(SIDES, (left, right), strict=True):
            if document[side]["trace"] != trace_text(trace).splitlines():
                raise ValueError(f"the certificate has another rule on the {side}")
        states, known = document["states"], document["known"]
        return cls(
            left, right, _read(document["hypers"]), _read(states["are"]), document["conditions"], states["of"],
            {side: _read(known[side]) for side in SIDES}, document["not_negative"], document["varying"],
            Obligation.read(document["first"]), Obligation.read(document["later"]),
        )  # fmt: skip

    @cached_property
    def domains(self) -> dict[str, Domain]:
        """The domains of the hyper-parameters of both sides; what both have lies in both domains."""
        found = {hyper.name: hyper.domain for hyper in self.right.hypers}
        return found | {hyper.name: hyper.domain & found.get(hyper.name, Real) for hyper in self.left.hypers}

    @cached_property
    def fixed(self) -> dict[str, Node]:
        """The hyper-parameters whose value is a condition."""
        names = tuple(self.domains)
        parts = [condition.partition(" = ") for condition in self.conditions]
        return {name: read_expression(text, names) for name, _, text in parts if name in names and text}

    @property
    def source(self) -> str:
        """The side whose states are free."""
        return "left" if self.image == "right" else "right"

    def facts(self, names: tuple[str, ...]) -> list[Fact]:
        """The conditions over some names, but those that are sentences."""
        return [fact for text in self.conditions if (fact := Fact.read(text, names)) is not None]


def _read(texts: Mapping[str, str]) -> dict[str, Node]:
    return {name: read(text) for name, text in texts.items()}

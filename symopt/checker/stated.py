"""What a proved equality states: read from its certificate, and from the conditions of its verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np

from symopt.checker.arrays import elements
from symopt.checker.runs import order, value
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, op, substitute
from symopt.ir.reading import read
from symopt.ir.text import trace_text
from symopt.ir.trace import Trace
from symopt.lang.domain import Domain, Real

SCHEMA = "symopt.certificate/1"
SIDES = ("left", "right")
RELATIONS = {" != ": ne, " >= ": ge, " <= ": le, " > ": gt, " < ": lt, " = ": eq}
Comparisons = tuple[tuple[Node, str], ...]
Obligation = tuple[list[Node], list[Node], list[list[str]]]


@dataclass(frozen=True)
class Stated:
    """Two rules agree, where the states of the side ``image`` are ``states``, in those of the other side.

    ``hypers`` gives the hyper-parameters of the right in those of the left; ``known`` says of each side
    which states are which expressions after every step; ``not_negative`` names states of the other side.
    Of the first and of a later step ``first`` and ``later`` have the claims of each side, then the cases of signs.
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
        """What a certificate states of two rules; ValueError where it is not about these, or is none."""
        if document.get("schema") != SCHEMA:
            raise ValueError(f"a certificate has the schema {SCHEMA}")
        for side, trace in zip(SIDES, (left, right), strict=True):
            if document[side]["trace"] != trace_text(trace).splitlines():
                raise ValueError(f"the certificate has another rule on the {side}")
        return cls(
            left, right, _named(document["hypers"]), _named(document["states"]["are"]), document["conditions"],
            document["states"]["of"], {side: _named(document["known"][side]) for side in SIDES},
            document["not_negative"], document["varying"], *map(_obligation, (document["first"], document["later"])),
        )  # fmt: skip

    @cached_property
    def domains(self) -> dict[str, Domain]:
        """The domains of the hyper-parameters of both sides; what both have lies in both domains."""
        found = {hyper.name: hyper.domain for hyper in self.right.hypers}
        return found | {hyper.name: hyper.domain & found.get(hyper.name, Real) for hyper in self.left.hypers}

    @cached_property
    def fixed(self) -> dict[str, Node]:
        """The hyper-parameters whose value is a condition."""
        parts = [condition.partition(" = ") for condition in self.conditions]
        return {name: read_expression(text, tuple(self.domains)) for name, _, text in parts if name in self.domains}

    @property
    def source(self) -> str:
        """The side whose states are free."""
        return "left" if self.image == "right" else "right"


def _obligation(document: Mapping[str, Any]) -> Obligation:
    shared: dict[str, Node] = {}
    for name, text in document["where"].items():
        shared[name] = substitute([read(text)], shared)[0]
    left, right = ([substitute([read(c[side])], shared)[0] for c in document["claims"]] for side in SIDES)
    return left, right, [*(case["facts"] for case in document["cases"]), *document["excluded"]]


def _named(texts: Mapping[str, str]) -> dict[str, Node]:
    return {name: read(text) for name, text in texts.items()}


@dataclass(frozen=True)
class Fact:
    """Comparisons with zero that hold together wherever those of ``case`` do; None never holds."""

    claims: Comparisons | None
    case: Comparisons

    @classmethod
    @lru_cache(maxsize=512)
    def read(cls, text: str, names: tuple[str, ...]) -> Fact | None:
        """A text such as ``a > 0 and b = 0``, ``a != 0 where b > 0``, ``not (a = 0)``; None where it is a sentence."""
        negated = text.startswith("not (")
        claims, _, case = ("", "", text[len("not (") : -1]) if negated else text.partition(" where ")
        try:
            return cls(None if negated else _comparisons(claims, names), _comparisons(case, names) if case else ())
        except UsageError:
            return None

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds of all elements; UndefinedValueError where a side has no value or no known sign."""
        case = _hold(self.case, values)
        return not np.any(case if self.claims is None else case & ~_hold(self.claims, values))


def _comparisons(text: str, names: tuple[str, ...]) -> Comparisons:
    found = []
    for part in text.split(" and "):
        relation = next((relation for relation in RELATIONS if relation in part), None)
        if relation is None:
            raise UsageError(f"{part!r} is no comparison")
        found.append((op("sub", *(read_expression(side, names) for side in part.split(relation, 1))), relation))
    return tuple(found)


def _hold(comparisons: Comparisons, values: Mapping[str, Any]) -> Any:
    """At which elements some comparisons hold together."""
    held = np.array(True)
    for node, relation in comparisons:
        met = [RELATIONS[relation](order(d, 0), 0) for d in elements(value(node, values))]
        held = held & np.array(met)
    return held

"""What a proved equality states: read from its certificate with the two rules at hand.

Expressions of a certificate are S-expressions such as ``(sub p (mul lr g))``; conditions and cases are written as
people write them, ``1 - lr*weight_decay != 0``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from symopt.checker.runs import order, value
from symopt.errors import UsageError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import ARITY, MATRIX_OPS, Node, matop, num, op, reduce, ref, substitute
from symopt.ir.text import trace_text
from symopt.ir.trace import Trace
from symopt.lang.domain import Domain, Real

SCHEMA = "symopt.certificate/1"
SIDES = ("left", "right")
NUMBER = re.compile(r"-?\d+(/\d+)?")
RELATIONS: Mapping[str, Callable[[int], bool]] = {
    " != ": lambda sign: sign != 0, " >= ": lambda sign: sign >= 0, " <= ": lambda sign: sign <= 0,
    " > ": lambda sign: sign > 0, " < ": lambda sign: sign < 0, " = ": lambda sign: sign == 0,
}  # fmt: skip


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
    first: tuple[list[Node], list[Node], list[list[str]]] | None = None
    later: tuple[list[Node], list[Node], list[list[str]]] | None = None

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
        return cls(
            left, right, _named(document["hypers"]), _named(document["states"]["are"]), document["conditions"],
            document["states"]["of"], {side: _named(document["known"][side]) for side in SIDES},
            document["not_negative"], document["varying"], _obligation(document["first"]), _obligation(document["later"]),
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

    def facts(self, names: tuple[str, ...]) -> list[Fact]:
        """The conditions over some names, but those that are sentences."""
        return [fact for text in self.conditions if (fact := Fact.read(text, names)) is not None]


def _obligation(document: Mapping[str, Any]) -> tuple[list[Node], list[Node], list[list[str]]]:
    shared: dict[str, Node] = {}
    for name, text in document["where"].items():
        shared[name] = substitute([read(text)], shared)[0]
    left, right = ([substitute([read(c[side])], shared)[0] for c in document["claims"]] for side in SIDES)
    return left, right, [*(case["facts"] for case in document["cases"]), *document["excluded"]]


def _named(texts: Mapping[str, str]) -> dict[str, Node]:
    return {name: read(text) for name, text in texts.items()}


def read(text: str) -> Node:
    """The expression that a text is.

    Raises
    ------
    ValueError: it is none.
    """
    stack: list[list[Any]] = [[]]
    for token in text.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            stack.append([])
        elif token == ")" and len(stack) > 1 and stack[-1]:
            name, *args = stack.pop()
            stack[-1].append(_made(name, args))
        elif token == ")":
            raise ValueError(f"{text!r} has a parenthesis too many")
        elif len(stack) > 1 and not stack[-1]:
            stack[-1].append(token)
        else:
            stack[-1].append(num(Fraction(token)) if NUMBER.fullmatch(token) else ref(token))
    if len(stack) != 1 or len(stack[0]) != 1:
        raise ValueError(f"{text!r} is no expression")
    return stack[0][0]  # type: ignore[no-any-return]


def _made(name: str, args: list[Node]) -> Node:
    if name in ARITY or name in MATRIX_OPS:
        return op(name, *args) if name in ARITY else matop(name, *args)
    if len(args) != 1:
        raise ValueError(f"{name} of {len(args)} operands is no operation of the graph")
    axis = int(name[-1]) if name[-1].isdigit() else None
    return reduce(name if axis is None else name[:-1], args[0], axis)


Comparisons = tuple[tuple[Node, str], ...]


@dataclass(frozen=True)
class Fact:
    """Comparisons with zero that hold together wherever those of ``case`` do; None never holds."""

    claims: Comparisons | None
    case: Comparisons

    @classmethod
    @lru_cache(maxsize=512)
    def read(cls, text: str, names: tuple[str, ...]) -> Fact | None:
        """A condition as a verdict writes it: ``a > 0 and b = 0``, ``a != 0 where b > 0`` or ``not (a = 0)``.

        None where it is a sentence, or reads what is no number.
        """
        negated = text.startswith("not (")
        claims, _, case = ("", "", text[len("not (") : -1]) if negated else text.partition(" where ")
        try:
            return cls(None if negated else _comparisons(claims, names), _comparisons(case, names) if case else ())
        except UsageError:
            return None

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether it holds of all elements.

        Raises
        ------
        UndefinedValueError: a side has no value, or its sign is not known.
        """
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
        signs = np.frompyfunc(lambda d: order(d, 0), 1, 1)(value(node, values))
        held = held & np.vectorize(RELATIONS[relation], otypes=[bool])(signs)
    return held

"""Equality of expressions for all values of their names, by normal forms in every case of signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symopt.ir.nodes import Node
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.render import condition_text, node_text


class Proved:
    """The outcome: ``open`` is the reason where it was not shown, ``conditions`` are what was used."""

    def __init__(self, reason: str | None, conditions: tuple[str, ...], cases: int) -> None:
        self.open, self.conditions, self.cases = reason, conditions, cases

    @property
    def method(self) -> str:
        """How it was shown, as a step of a proof says it."""
        return f"equal normal forms in each of {self.cases} cases of signs" if self.cases > 1 else "equal normal forms"


def same(
    pairs: Sequence[tuple[Node, Node]],
    names: Sequence[str],
    domains: Mapping[str, Domain],
    deadline: Deadline,
    numbers: Sequence[str] = (),
    assuming: Sequence[Node] = (),
) -> Proved:
    """Whether the two of every pair are equal at a step ``t >= 2``, for all values of ``names`` in ``domains``.

    ``numbers`` are the names that are the same for all elements of a tensor; cases in which something ``assuming``
    is not positive do not count.
    """
    own = [name for name in names if name != STEP]
    general = GeneralStep(tuple(own), domains, numbers)

    def check(field: Field) -> str | None:
        convert = Converter(field, general.values(field), general.whole)
        if any(field.sign_element(convert(node)) <= 0 for node in assuming):
            return None
        for a, b in pairs:
            if not field.equal(convert(a), convert(b)):
                return f"{node_text(a)} was not shown to be {node_text(b)}"
        return None

    cases = in_every_case(general.generators, general.domains, check, deadline)
    field = Field(general.generators, general.domains)
    conditions = tuple(condition_text(field, c) for c in cases.conditions.values())
    return Proved(cases.open, conditions, cases.number)

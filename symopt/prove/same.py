"""Whether two expressions are the same for all values of their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from symopt.ir.nodes import Node, num, refs, substitute
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep


def provably_same(a: Node, b: Node, names: Sequence[str], domains: Mapping[str, Domain], deadline: Deadline) -> bool:
    """Whether ``a = b`` is proved for all values of ``names`` in their domains, without conditions, in every step.

    Raises
    ------
    OutOfTimeError: the deadline passed.
    """
    if STEP in refs(a, b):  # the general step is one after the first
        x, y = substitute([a, b], {STEP: num(1)})
        if x is not y and not provably_same(x, y, names, domains, deadline):
            return False
    general = GeneralStep(tuple(names), domains)

    def check(field: Field) -> str | None:
        convert = Converter(field, general.values(field), general.whole)
        return None if field.equal(convert(a), convert(b)) else "not equal"

    cases = in_every_case(general.generators, general.domains, check, deadline)
    return cases.open is None and not cases.undefined and not cases.conditions

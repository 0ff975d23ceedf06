"""Which states are never negative, found by induction."""

from __future__ import annotations

from collections.abc import Mapping

from symopt.ir.nodes import Node, num, substitute
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain, NonNegative
from symopt.prove.cases import in_every_case
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep


def nonnegative_states(
    step: Mapping[str, Node],
    initial: Mapping[str, Node],
    names: tuple[str, ...],
    domains: Mapping[str, Domain],
    deadline: Deadline,
) -> tuple[str, ...]:
    """The states that are never negative: the largest set that starts and stays so.

    ``step`` gives new values and ``initial`` first values by state, over ``names``.
    """
    kept = [state for state in initial if _never_negative([initial[state]], names, domains, deadline, first=True)]
    first = {s: substitute([step[s]], {**initial, STEP: num(1)})[0] for s in kept}
    kept = [s for s in kept if _never_negative([first[s]], names, domains, deadline, first=True)]
    while kept:
        assumed = {**domains, **dict.fromkeys(kept, NonNegative)}
        stays = [s for s in kept if _never_negative([step[s]], names, assumed, deadline, first=False)]
        if stays == kept:
            break
        kept = stays
    return tuple(kept)


def _never_negative(
    nodes: list[Node], names: tuple[str, ...], domains: Mapping[str, Domain], deadline: Deadline, first: bool
) -> bool:
    general = GeneralStep(names, domains)

    def check(field: Field) -> str | None:
        convert = Converter(field, {} if first else general.values(field), general.whole)
        elements = [convert(node) for node in nodes]
        signs = [field.element_sign(field.rationalised(a)).value >= 1 or a.num == 0 for a in elements]
        return None if all(signs) else "a sign is not known"

    return in_every_case(general.generators, general.domains, check, deadline).open is None

"""The mean of an expression that is linear in random states and polynomial in a random gradient."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from symopt.ir.nodes import ZERO, Node, op, ref, refs
from symopt.lang.domain import Domain
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.elements import Element, ForkError, Meaning, NotDecidedError
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.render import element_node, node_text

# What the moments of the gradient are called: this and the order.
MOMENT = "moment_"


def moment(order: int) -> str:
    """The name of ``E(g**order)``."""
    return f"{MOMENT}{order}"


def expected(
    node: Node, gradients: Sequence[str], random: set[str], names: Sequence[str], domains: Mapping[str, Domain],
    deadline: Deadline,
) -> Node:  # fmt: skip
    """The mean of ``node`` over moments of the gradient and means of the ``random`` names, called as these are.

    Raises
    ------
    NotDecidedError: it is not linear in the random names, or no polynomial in the gradient.
    """
    if not ({*gradients} | random) & {*refs(node)}:
        return node
    general = GeneralStep((*names, *gradients), domains)
    general.generators.deadline = deadline
    field = Field(general.generators, general.domains)
    try:
        element = Converter(field, general.values(field), general.whole)(node)
    except ForkError:
        raise NotDecidedError(f"{node_text(node)} depends on signs") from None
    index = general.generators.index
    moving = {index[name] for name in random if name in index}
    powers = {index[name] for name in gradients}
    _refuse_functions(field, element, moving | powers, node)
    total: Node = ZERO
    for monomial, coefficient in element.num.to_dict().items():
        if sum(monomial[i] > 0 for i in powers) > 1:
            raise NotDecidedError(f"{node_text(node)} multiplies gradients at different points")
        order = sum(int(monomial[i]) for i in powers)
        degree = sum(int(monomial[i]) for i in moving)
        if degree > 1 or (degree and order):
            raise NotDecidedError(f"{node_text(node)} is not linear in what is random")
        rest = tuple(0 if i in powers else int(e) for i, e in enumerate(monomial))
        ring: Any = general.generators.ring
        part = element_node(field, field.make(ring.from_dict({rest: int(coefficient)}), element.den))
        total = op("add", total, op("mul", part, ref(moment(order))) if order else part)
    return total


def _refuse_functions(field: Field, element: Element, random: set[int], node: Node) -> None:
    """Roots, powers and denominators may not hold anything random."""
    used = {i for i, degree in enumerate(element.num.degrees()) if degree}
    pending = [i for i in used if i in field.ring.meanings]
    held = {i for i, degree in enumerate(element.den.degrees()) if degree}
    while pending:
        meaning: Meaning = field.ring.meanings[pending.pop()]
        for arg in meaning.args:
            for poly in arg:
                more = {i for i, degree in enumerate(poly.degrees()) if degree}
                pending += [i for i in more - held if i in field.ring.meanings]
                held |= more
    if held & random:
        raise NotDecidedError(f"{node_text(node)} is no polynomial in what is random")

"""Whether the values that a map gives to hyper-parameters lie in their domains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from symopt.ir.nodes import ONE, Node, num, op, refs, substitute
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain
from symopt.passes.fold import fold
from symopt.prove.convert import Converter
from symopt.prove.elements import ForkError, NotDecidedError, UndefinedHereError
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.pair import Pair
from symopt.prove.relation import Prover
from symopt.prove.render import node_text


def domain_conditions(pair: Pair, prover: Prover, maps: Mapping[str, Node]) -> list[str] | None:
    """Bounds that are not known to hold for mapped hyper-parameters, as conditions on the left's.

    None where a bound is known to fail but at its very end: a learning rate that would have to be negative.
    """
    general = GeneralStep(pair.names, prover.domains, pair.numbers, pair.shared)
    field = Field(general.generators, general.domains)
    convert = Converter(field, general.values(field), general.whole)
    conditions = []
    for name, node in _of_all_steps(maps):
        for bound, strict, text in _bounds(pair.domains[name], node):
            try:
                element = convert(bound)
            except (ForkError, NotDecidedError, UndefinedHereError):
                conditions.append(text)
                continue
            sign = field.element_sign(element)
            if sign.value < 0 or (element.num == 0 and strict):
                return None
            known = (sign.value > 0 and (sign.strict or not strict)) or element.num == 0
            if not known:
                conditions.append(text)
    return conditions


def _of_all_steps(maps: Mapping[str, Node]) -> Iterator[tuple[str, Node]]:
    """The values at a general later step and, where they change, at the first."""
    for name, node in maps.items():
        yield name, node
        if STEP in refs(node):
            yield name, fold(substitute([node], {STEP: ONE}))[0]


def _bounds(domain: Domain, node: Node) -> Iterator[tuple[Node, bool, str]]:
    """What must not be negative (or must be positive) for a value to lie in a domain."""
    if domain.lower is not None:
        text = f"{node_text(node)} {'>' if domain.lower_open else '>='} {domain.lower}"
        yield op("sub", node, num(domain.lower)), domain.lower_open, text
    if domain.upper is not None:
        text = f"{node_text(node)} {'<' if domain.upper_open else '<='} {domain.upper}"
        yield op("sub", num(domain.upper), node), domain.upper_open, text

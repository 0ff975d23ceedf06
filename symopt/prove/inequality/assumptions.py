"""Assumptions of a claim: narrower domains, names given by others, and facts.

An assumption that no values of the hyper-parameters' domains satisfy is refused: what it says of
them would hold of nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symopt.errors import UsageError
from symopt.ir.nodes import Node, Num, Ref, num, op, refs, substitute
from symopt.lang.domain import Domain
from symopt.lang.theorem.bounds import START, Comparison, comparisons
from symopt.passes.fold import fold
from symopt.prove.convert import Converter
from symopt.prove.elements import ForkError, Generators, NotDecidedError, UndefinedHereError
from symopt.prove.field import Field
from symopt.prove.inequality.claims import Bound, bounds_of, read_over
from symopt.prove.inequality.system import System, narrowed


@dataclass(frozen=True)
class Premises:
    """A system under assumptions: what is left of them are ``facts``; ``values`` are names given by others."""

    system: System
    facts: tuple[Bound, ...]
    values: Mapping[str, Node]
    texts: tuple[str, ...]


def under(system: System, given: Sequence[str]) -> Premises:
    """The system under assumptions.

    Raises
    ------
    UsageError: an assumption is malformed, reads what is no hyper-parameter, gradient or start, or
        contradicts a domain.
    """
    names = (*system.fixed, *system.inputs)
    domains: dict[str, Domain] = dict(system.domains)
    values: dict[str, Node] = {}
    facts: list[Bound] = []
    for text in given:
        for comparison in comparisons(text):
            if comparison.symbol == "=":
                facts += _equation(comparison, text, names, domains, values)
            else:
                facts += _bound(comparison, text, names, domains)
    facts = [Bound(fold(substitute([f.node], values))[0], f.strict, f.text) for f in facts]
    for fact in facts:
        _refuse_contradiction(fact, domains, fact.text)
    return Premises(system.rewritten(values, domains), tuple(facts), values, tuple(given))


def _equation(
    comparison: Comparison, text: str, names: Sequence[str], domains: dict[str, Domain], values: dict[str, Node]
) -> list[Bound]:
    """A name by others; that it lies in its domain becomes a fact about them."""
    sides = [read_over(side, names) for side in (comparison.left, comparison.right)]
    fixed = [name for name in names if name in domains or name == START]
    left, right = sides if isinstance(sides[0], Ref) else sides[::-1]
    if not isinstance(left, Ref) or left.name not in fixed or left.name in values:
        raise UsageError(f"given {text!r}: an equation gives one hyper-parameter by others, as in beta2 = beta1")
    value = fold(substitute([right], values))[0]
    if left.name in refs(value):
        raise UsageError(f"given {text!r}: {left.name} is given by itself")
    for name, node in values.items():
        values[name] = fold(substitute([node], {left.name: value}))[0]
    values[left.name] = value
    domain = domains.get(left.name, Domain())
    if isinstance(value, Ref) and value.name in domains:
        domains[value.name] = _met(domains[value.name], domain, value.name, text)
        return []
    where = f"{text} and {domain.describe(left.name)}"
    facts = []
    if domain.lower is not None:
        facts.append(Bound(op("sub", value, num(domain.lower)), domain.lower_open, where))
    if domain.upper is not None:
        facts.append(Bound(op("sub", num(domain.upper), value), domain.upper_open, where))
    for fact in facts:
        _refuse_contradiction(fact, domains, text, domain.describe(left.name))
    return [fact for fact in facts if refs(fact.node)]


def _bound(comparison: Comparison, text: str, names: Sequence[str], domains: dict[str, Domain]) -> list[Bound]:
    """A narrower domain where the assumption is about one name and a number, else a fact."""
    sides = [read_over(side, names) for side in (comparison.left, comparison.right)]
    low, high = sides if comparison.symbol in ("<=", "<") else sides[::-1]
    open_end = comparison.symbol in "<>"
    a, b = fold([low, high])
    if isinstance(a, Ref) and a.name in domains and isinstance(b, Num):
        domains[a.name] = _met(domains[a.name], Domain(upper=b.value, upper_open=open_end), a.name, text)
        return []
    if isinstance(b, Ref) and b.name in domains and isinstance(a, Num):
        domains[b.name] = _met(domains[b.name], Domain(lower=a.value, lower_open=open_end), b.name, text)
        return []
    facts = bounds_of(comparison, names)
    for fact in facts:
        _refuse_contradiction(fact, domains, text)
    return facts


def _met(before: Domain, more: Domain, name: str, text: str) -> Domain:
    """What lies in both domains, which must not be empty."""
    both = narrowed(before, more)
    if both.lower is not None and both.upper is not None:
        empty = both.lower > both.upper or (both.lower == both.upper and (both.lower_open or both.upper_open))
        if empty:
            raise UsageError(
                f"given {text!r} contradicts the domain of {name}; take one that some value with "
                f"{before.describe(name)} satisfies"
            )
    return both


def _refuse_contradiction(fact: Bound, domains: Mapping[str, Domain], text: str, about: str = "") -> None:
    """Refuse an assumption whose opposite holds everywhere in the domains."""
    names = refs(fact.node)
    generators = Generators(names)
    field = Field(generators, {name: domains[name] for name in names if name in domains})
    try:
        element = Converter(field, {})(fact.node)
        sign = field.element_sign(field.rationalised(element)) if element.num != 0 else None
    except (ForkError, NotDecidedError, UndefinedHereError):
        return
    never = fact.strict if sign is None else sign.value < 0 and (sign.strict or fact.strict)
    if never:
        where = about or ", ".join(domains[name].describe(name) for name in names if name in domains) or "any values"
        raise UsageError(
            f"given {text!r} contradicts {where}; take an assumption that some values in these domains satisfy"
        )

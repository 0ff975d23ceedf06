"""Equations for unknown coefficients: what makes two expressions equal for all states and gradients.

The difference of the two is a polynomial; its coefficients over the observables (the parameter,
gradients, states, and roots and powers that hold them) must all be zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from symopt.ir.nodes import Node
from symopt.lang.domain import Domain
from symopt.prove.convert import Converter
from symopt.prove.deadline import Deadline
from symopt.prove.elements import (
    SPARE,
    Element,
    ForkError,
    Generators,
    NotDecidedError,
    Poly,
    UndefinedHereError,
    poly_key,
)
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.render import element_node

MOST_FORKS = 8


class UnknownInsideError(NotDecidedError):
    """An unknown stands under a root or in a power; the equation has to wait until it is known."""


@dataclass(frozen=True)
class Root:
    """A value for one unknown."""

    unknown: str
    value: Node


class Equations:
    """Collects coefficient equations over some names and solves the plainest of them."""

    def __init__(
        self, names: Sequence[str], unknowns: Mapping[str, Domain], observables: Sequence[str],
        domains: Mapping[str, Domain], deadline: Deadline, numbers: Sequence[str] = (), shared: Sequence[str] = (),
        spare: int = SPARE,
    ) -> None:  # fmt: skip
        """``numbers`` are the names that are the same for all elements of a tensor, ``shared`` for all tensors."""
        everything = {**domains, **unknowns}
        self.general = GeneralStep((*names, *unknowns), everything, (*numbers, *unknowns), (*shared, *unknowns), spare)
        self.unknowns, self.deadline = tuple(unknowns), deadline
        self.general.generators.deadline = deadline
        index = self.general.generators.index
        self._unknown = {index[name] for name in unknowns}
        self._observed = {index[name] for name in observables}
        # Fields by the facts under which they hold: what is converted in one is known from then on.
        self._known: dict[tuple[Node, Node], tuple[Field, list[Poly]] | NotDecidedError] = {}
        self._converters: dict[tuple[Any, ...], Converter] = {}

    def coefficients(self, left: Node, right: Node) -> tuple[Field, list[Poly]]:
        """The polynomials in parameters and unknowns that must be zero.

        Signs that are not known are taken to be the first of those possible: what is found here is a
        candidate, to be proved in every case. Answers are kept: most equations stay the same when an
        unknown becomes known.

        Raises
        ------
        UnknownInsideError: an unknown stands under a root or in a power.
        NotDecidedError: the normal form cannot go on.
        """
        if (left, right) not in self._known:
            try:
                self._known[left, right] = self._coefficients(left, right)
            except NotDecidedError as error:
                self._known[left, right] = error
        found = self._known[left, right]
        if isinstance(found, NotDecidedError):
            raise found
        return found

    def _coefficients(self, left: Node, right: Node) -> tuple[Field, list[Poly]]:
        field, difference = self.difference(left, right)
        ring = self.general.generators
        depends = {i: self._depends(i, {}) for i, degree in enumerate(difference.degrees()) if degree}
        if any(i in ring.meanings and on & self._unknown for i, on in depends.items()):
            raise UnknownInsideError("an unknown under a root")
        observed = [i for i, on in depends.items() if on & self._observed]
        groups: dict[tuple[int, ...], dict[tuple[int, ...], int]] = {}
        for monomial, coefficient in difference.to_dict().items():
            key = tuple(int(monomial[i]) for i in observed)
            rest = tuple(0 if i in observed else int(e) for i, e in enumerate(monomial))
            groups.setdefault(key, {})[rest] = int(coefficient)
        return field, [ring.ring.from_dict(terms) for terms in groups.values()]

    def difference(self, left: Node, right: Node) -> tuple[Field, Poly]:
        """A multiple of left minus right that is zero where they are equal, and the field it is in."""
        facts: tuple[tuple[Poly, int], ...] = ()
        for _ in range(MOST_FORKS):
            self.deadline.check()
            convert = self._converter(facts)
            field = convert.field
            try:
                a, b = convert(left), convert(right)
                return field, field.reduced(a.num * b.den - b.num * a.den)
            except ForkError as fork:
                facts = (*facts, (fork.poly, next(sign for sign in fork.signs if sign)))
        raise NotDecidedError("too many signs are open")

    def _converter(self, facts: tuple[tuple[Poly, int], ...]) -> Converter:
        key = tuple((poly_key(poly), sign) for poly, sign in facts)
        if key not in self._converters:
            field = Field(self.general.generators, self.general.domains, facts)
            self._converters[key] = Converter(field, self.general.values(field), self.general.whole)
        return self._converters[key]

    def _depends(self, position: int, done: dict[int, frozenset[int]]) -> frozenset[int]:
        """The named generators that a generator is made of."""
        if position not in done:
            meaning = self.general.generators.meanings.get(position)
            found = {position}
            for arg in meaning.args if meaning else ():
                for poly in arg:
                    for i, degree in enumerate(poly.degrees()):
                        found |= self._depends(i, done) if degree else frozenset()
            done[position] = frozenset(found)
        return done[position]

    def unknowns_of(self, poly: Poly) -> list[str]:
        """The unknowns in a polynomial, in the order in which they are declared."""
        degrees, index = poly.degrees(), self.general.generators.index
        return [name for name in self.unknowns if degrees[index[name]]]

    def roots(self, field: Field, poly: Poly) -> list[Root]:
        """The values of single unknowns that make a polynomial zero, by its linear factors."""
        found = []
        for factor, _ in self.general.generators.factor(poly)[1]:
            for name in self.unknowns_of(factor):
                value = self._linear(field, factor, name)
                if value is not None:
                    found.append(Root(name, element_node(field, value)))
        return found

    def _linear(self, field: Field, poly: Poly, name: str) -> Element | None:
        position = self.general.generators.index[name]
        if poly.degrees()[position] != 1:
            return None
        rest = poly.subs({name: 0})
        factor = divmod(poly - rest, self.general.generators.gens[position])[0]
        return field.make(-rest, factor)

    def element(self, field: Field, node: Node) -> Element:
        """An expression as an element of a field."""
        return Converter(field, self.general.values(field), self.general.whole)(node)

    def simplified(self, node: Node) -> Node:
        """An expression by its normal form, where it has one without a case split."""
        convert = self._converter(())
        try:
            return element_node(convert.field, convert(node))
        except (ForkError, NotDecidedError, UndefinedHereError):
            return node

    @property
    def generators(self) -> Generators:
        """The ring of the equations."""
        return self.general.generators

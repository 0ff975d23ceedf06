"""Elements of the normal form's field: fractions of polynomials over generators, and what generators stand for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flint import Ordering, fmpz_mpoly_ctx

from symopt.errors import SymoptError
from symopt.ir.nodes import MODEL_REDUCTIONS, REDUCTIONS
from symopt.lang.domain import Domain
from symopt.prove.deadline import Deadline
from symopt.prove.signs import Sign

Poly = Any  # flint.fmpz_mpoly; python-flint is untyped
Fact = tuple[Poly, int]  # a polynomial and its sign: -1, 0 or 1
Terms = dict[tuple[int, ...], int]
SPARE, MANY = 32, 128
# Parts what a function is from how its operand is written, where the operand has no normal form.
WRITTEN = " of "
# What stands for one number, whatever it is made of.
ONE_NUMBER = REDUCTIONS | frozenset(MODEL_REDUCTIONS)


class NotDecidedError(SymoptError):
    """The normal form cannot go on; the message says why."""

    exit_status = 3


class OutOfGeneratorsError(NotDecidedError):
    """There are more roots, powers and functions than spare generators; with more of them it may go on."""


class UndefinedHereError(SymoptError):
    """A denominator is zero under the facts of this case."""


class ForkError(Exception):
    """The sign of ``poly`` is needed and not known; ``signs`` are those that it may have."""

    def __init__(self, poly: Poly, signs: tuple[int, ...]) -> None:
        super().__init__(str(poly))
        self.poly, self.signs = poly, signs


class Element(NamedTuple):
    """A fraction of two polynomials."""

    num: Poly
    den: Poly


@dataclass(frozen=True)
class Meaning:
    """What a spare generator stands for: ``kind`` applied to ``args``."""

    kind: str
    args: tuple[Element, ...]


class Condition(NamedTuple):
    """A fact that a proof used and could not derive: ``poly`` is not zero, or is not negative.

    It is needed in the case that ``facts`` are of, polynomials with their signs.
    """

    poly: Poly
    relation: str
    facts: tuple[Fact, ...] = ()


def terms(poly: Poly) -> Terms:
    """Exponents and coefficients of a polynomial, as whole numbers of Python."""
    return {tuple(map(int, monomial)): int(c) for monomial, c in poly.to_dict().items()}


def poly_key(poly: Poly) -> str:
    """A polynomial as a dictionary key: its terms in the order of its ring."""
    return str(poly)


Factors = tuple[int, list[tuple[Poly, int]]]


class Generators:
    """The polynomial ring, and what its spare generators stand for, under one set of domains.

    Shared by all cases of a proof, so that a polynomial means the same in each of them. Later spare
    generators are larger in the order of the ring, so a root reduces to what it is made of.
    """

    def __init__(
        self, names: Sequence[str], numbers: Iterable[str] = (), shared: Iterable[str] = (), spare: int = SPARE
    ) -> None:
        """``numbers`` are the names that are the same for all elements of a tensor, ``shared`` for all tensors too."""
        self.spare = spare
        self.names = [f"_{i}" for i in reversed(range(spare))] + list(names)
        self.ring = fmpz_mpoly_ctx.get(self.names, Ordering.lex)
        self.gens = list(self.ring.gens())
        self.one, self.zero = self.ring.constant(1), self.ring.constant(0)
        self.index = {name: position for position, name in enumerate(self.names)}
        self.meanings: dict[int, Meaning] = {}
        # Where what they stand for lies, whatever the case.
        self.domains: dict[int, Domain] = {}
        self._shared = {self.index[name] for name in shared if name in self.index}
        self.numbers = {self.index[name] for name in numbers if name in self.index} | self._shared
        self._slots: dict[tuple[Any, ...], int] = {}
        # Raises where the time is up; looked at before every operation.
        self.deadline = Deadline.never()
        # Operands of functions of whole arrays that have no normal form without a case split, by function.
        self.operands: dict[Any, list[Any]] = {}
        # What converts operands of functions of whole arrays, by the facts that hold of all elements.
        self.inside: dict[Any, Any] = {}
        # What such a function is, by the kind of its generator.
        self.written: dict[str, Any] = {}
        # Signs that were found, by the facts under which they hold.
        self.signs: dict[tuple[Any, ...], dict[str, Sign]] = {}
        self._factors: dict[str, Factors] = {}

    def slot(self, meaning: Meaning) -> int:
        """The position of the generator with this meaning."""
        key = (meaning.kind, *((poly_key(a.num), poly_key(a.den)) for a in meaning.args))
        if key not in self._slots:
            if len(self._slots) == self.spare:
                raise OutOfGeneratorsError(f"more than {self.spare} roots and powers")
            position = self.spare - 1 - len(self._slots)
            self._slots[key] = position
            self.meanings[position] = meaning
            parts = [poly for arg in meaning.args for poly in arg]
            if meaning.kind in ONE_NUMBER or not any(map(self.varies, parts)):
                self.numbers.add(position)
            same = meaning.kind not in ONE_NUMBER and not any(self.varies(poly, over_model=True) for poly in parts)
            if meaning.kind in MODEL_REDUCTIONS or same:
                self._shared.add(position)
        return self._slots[key]

    def factor(self, poly: Poly) -> Factors:
        """The constant and the irreducible factors of a polynomial, with their exponents."""
        key = poly_key(poly)
        if key not in self._factors:
            self._factors[key] = self._factored(poly)
        return self._factors[key]

    def _factored(self, poly: Poly) -> Factors:
        if len(poly) < 2:
            constant, factors = poly.factor()
            return int(constant), [(factor, int(exponent)) for factor, exponent in factors]
        # Factoring looks at every generator of a ring: one of those that occur is enough.
        used = [i for i, degree in enumerate(poly.degrees()) if degree]
        small = fmpz_mpoly_ctx.get([self.names[i] for i in used], Ordering.lex)
        terms = {tuple(monomial[i] for i in used): c for monomial, c in poly.to_dict().items()}
        constant, factors = small.from_dict(terms).factor()
        return int(constant), [(self._lifted(factor, used), int(exponent)) for factor, exponent in factors]

    def _lifted(self, poly: Poly, used: Sequence[int]) -> Poly:
        """A polynomial in some generators as one of the ring."""
        terms: dict[tuple[int, ...], Any] = {}
        for monomial, coefficient in poly.to_dict().items():
            exponents = [0] * len(self.names)
            for position, exponent in zip(used, monomial, strict=True):
                exponents[position] = int(exponent)
            terms[tuple(exponents)] = coefficient
        return self.ring.from_dict(terms)

    def varies(self, poly: Poly, over_model: bool = False) -> bool:
        """Whether a polynomial may differ from element to element of a tensor, or of all tensors."""
        constant = self._shared if over_model else self.numbers
        return any(degree and position not in constant for position, degree in enumerate(poly.degrees()))

"""Linear equations between unknown exponents, taken one at a time, each with where it comes from.

Exponents are rational numbers, or, where only a sign is followed, numbers modulo 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

# A sum of unknowns and bases, each with its coefficient.
Form = Mapping[str, Fraction]
NONE: Form = {}


@dataclass(frozen=True)
class Equation:
    """Two exponents that have to agree: ``what`` they are of, and in which statement."""

    left: Form
    right: Form
    what: str
    statement: str


class ContradictionError(Exception):
    """An equation that contradicts those before it: ``left`` and ``right`` as far as they are known."""

    def __init__(self, equation: Equation, left: Form, right: Form) -> None:
        super().__init__(equation.what)
        self.equation, self.left, self.right = equation, left, right


@dataclass
class Exponents:
    """What is known of some unknowns; whatever else occurs in an equation is a base and stays as it is."""

    modulus: int = 0
    unknowns: dict[str, int] = field(default_factory=dict)
    solved: dict[str, Form] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)

    def unknown(self, name: str) -> Form:
        """A new unknown as a form."""
        self.unknowns.setdefault(name, len(self.unknowns))
        return {name: Fraction(1)}

    def combine(self, *terms: tuple[Fraction | int, Form]) -> Form:
        """A sum of forms, each multiplied by a number."""
        total: dict[str, Fraction] = {}
        for factor, form in terms:
            for name, coefficient in form.items():
                total[name] = self._number(total.get(name, Fraction(0)) + factor * coefficient)
        return {name: coefficient for name, coefficient in total.items() if coefficient}

    def _number(self, value: Fraction) -> Fraction:
        return value % self.modulus if self.modulus else value

    def value(self, form: Form) -> Form:
        """A form with what is known put in."""
        return self.combine(*((c, self.solved.get(name, {name: Fraction(1)})) for name, c in form.items()))

    def equate(self, left: Form, right: Form, what: str, statement: str) -> None:
        """Take an equation.

        Raises
        ------
        ContradictionError: it cannot hold together with those before it.
        """
        equation = Equation(left, right, what, statement)
        a, b = self.value(left), self.value(right)
        difference = self.combine((1, a), (-1, b))
        self.equations.append(equation)
        if not difference:
            return
        # What came last is expressed by what came before it, so that inputs stay.
        pivot = max((name for name in difference if name in self.unknowns), key=self.unknowns.__getitem__, default=None)
        if pivot is None:
            raise ContradictionError(equation, a, b)
        rest = {name: c for name, c in difference.items() if name != pivot}
        found = self.combine((-1 / difference[pivot], rest))
        self.solved = {name: self.combine((1, self._put(form, pivot, found))) for name, form in self.solved.items()}
        self.solved[pivot] = found

    def _put(self, form: Form, name: str, value: Form) -> Form:
        rest = {other: c for other, c in form.items() if other != name}
        return self.combine((1, rest), (form.get(name, Fraction(0)), value))

    def free(self, form: Form) -> list[str]:
        """The unknowns that a form still holds."""
        return [name for name in self.value(form) if name in self.unknowns]

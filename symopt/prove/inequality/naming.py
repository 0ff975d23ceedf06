"""Identifiers for the generators of a field, and polynomials as text over them."""

from __future__ import annotations

from fractions import Fraction

from symopt.prove.elements import Element, Poly
from symopt.prove.field import Field
from symopt.prove.general import BEFORE

LETTERS = {"sqrt": "r", "pow": "b", "exp": "e", "log": "l"}


class Naming:
    """Names of one field's generators: the rule's own, dots as underscores; ``r1`` for a root, ``b2`` for a power."""

    def __init__(self, field: Field) -> None:
        self.field, self.ring = field, field.ring
        self._made: dict[int, str] = {}

    @property
    def made(self) -> dict[int, str]:
        """The identifiers that were given out, by generator."""
        return dict(self._made)

    def name(self, position: int) -> str:
        """The identifier of a generator."""
        if position not in self._made:
            meaning = self.ring.meanings.get(position)
            if meaning is None:
                plain = self.ring.names[position]
                name = "n" if plain == BEFORE else plain.replace(".", "_")
                if plain == BEFORE and "n" in self.ring.names:
                    name = "steps_before"
            else:
                letter = LETTERS.get(meaning.kind, "f")
                taken = {*self.ring.names, *self._made.values()}
                name = next(f"{letter}{i}" for i in range(1, 100) if f"{letter}{i}" not in taken)
            self._made[position] = name
        return self._made[position]

    def meaning(self, position: int) -> str:
        """What an identifier stands for."""
        meaning = self.ring.meanings.get(position)
        if meaning is None:
            plain = self.ring.names[position]
            return "t - 1" if plain == BEFORE else plain
        args = [self.element(arg) for arg in meaning.args]
        if meaning.kind == "pow":
            return f"{_raised(args[0])}**{_raised(args[1])}"
        return f"{meaning.kind}({', '.join(args)})"

    def element(self, element: Element) -> str:
        """A fraction as text."""
        num, den = (self.poly(side) for side in element)
        return num if den == "1" else f"({num})/({den})"

    def poly(self, poly: Poly) -> str:
        """A polynomial as a sum of products."""
        parts: list[str] = []
        ordered = sorted(poly.to_dict().items(), key=lambda item: (sum(map(int, item[0])), int(item[1]) < 0))
        for monomial, coefficient in ordered:
            c = int(coefficient)
            factors = [_power(self.name(i), int(e)) for i, e in reversed([*enumerate(monomial)]) if e]
            size = [str(abs(c))] if abs(c) != 1 or not factors else []
            text = "*".join(size + factors)
            parts.append(("- " if c < 0 else "+ ") + text if parts else ("-" if c < 0 else "") + text)
        return " ".join(parts) or "0"

    def distance(self, position: int, which: str) -> str:
        """A name, or its distance to an end of its interval."""
        name, domain = self.name(position), self.field.domains.get(position)
        if domain is None or not which:
            return name
        if which == "low":
            assert domain.lower is not None
            return name if domain.lower == 0 else f"{name} {_signed(-domain.lower)}"
        assert domain.upper is not None
        return f"{domain.upper} - {name}"


def _signed(value: Fraction) -> str:
    return f"- {-value}" if value < 0 else f"+ {value}"


def _power(name: str, exponent: int) -> str:
    return name if exponent == 1 else f"{name}**{exponent}"


def _raised(text: str) -> str:
    return text if text.isidentifier() or text.isdigit() else f"({text})"

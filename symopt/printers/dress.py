"""Dresses: what a language of formulas must be able to write."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Protocol

from symopt.printers.symbols import Symbol


class Dress(Protocol):
    """How formulas look in one language; every method returns one line.

    ``stacked``: fractions stand on two levels, exponents are raised and roots have a bar, so what
    is inside them needs no parentheses.
    """

    stacked: bool

    def number(self, value: Fraction) -> str:
        """The absolute value of an exact number."""

    def symbol(self, name: str, symbol: Symbol | None) -> str:
        """A named value."""

    def infix(self, operator: str, left: str, right: str) -> str:
        """``operator``: add sub times dot odot matmul mod lt le eq ne and or."""

    def prefix(self, operator: str, operand: str) -> str:
        """``operator``: neg not."""

    def fraction(self, above: str, below: str) -> str:
        """A quotient."""

    def power(self, base: str, exponent: str) -> str:
        """A power."""

    def root(self, operand: str) -> str:
        """A square root."""

    def parentheses(self, inner: str) -> str:
        """A piece that is held together."""

    def call(self, function: str, args: Sequence[str]) -> str:
        """``function`` is a name of the graph's vocabulary, a norm, or says what a step is given.

        Norms are ``norm``, ``frobenius``, ``model_norm`` and ``rms``; a step is given a ``gradient``, the ``loss``,
        the ``hessian``, ``normal`` and ``uniform`` numbers.
        """

    def along(self, function: str, axis: int, arg: str) -> str:
        """A reduction along one axis of a matrix."""

    def transpose(self, matrix: str) -> str:
        """A transposed matrix."""

    def inverse_root(self, matrix: str, order: Fraction, args: Sequence[str]) -> str:
        """A matrix to the power ``-1/order``; ``args`` are the matrix, what is added to its diagonal, the order."""

    def cases(self, rows: Sequence[tuple[str, str]], otherwise: str) -> str:
        """Values, each with its condition, and the value where none holds."""

"""Identities between polynomials, multiplied out by the independent checker from their text."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from flint import Ordering, fmpq, fmpq_mpoly_ctx

from symopt.checker.certificate import Certificate, Identity

Poly = Any  # flint.fmpq_mpoly; python-flint is untyped


class WrongIdentityError(Exception):
    """A certificate does not show what it says; the message says where."""


class Polynomials:
    """Polynomials over the names of a certificate, with its relations and what it takes as known."""

    def __init__(self, certificate: Certificate) -> None:
        self.names = [name for name, _ in certificate.names]
        self.names += [i.name for i in certificate.intervals if i.name not in self.names]
        self.ring = fmpq_mpoly_ctx.get(self.names or ["x"], Ordering.lex)
        self.gens = dict(zip(self.names, self.ring.gens(), strict=False))
        self.relations = [(name, self.read(radicand)) for name, radicand in certificate.relations]
        self.zeros = [self.read(zero) for zero in certificate.zeros]
        # What is known, by text: whether it is positive, or only not negative.
        self.known: dict[str, bool] = {}
        for interval in certificate.intervals:
            if interval.low is not None:
                self.learn(self.gens[interval.name] - _number(interval.low), interval.low_strict)
            if interval.high is not None:
                self.learn(_number(interval.high) - self.gens[interval.name], interval.high_strict)
        for known in certificate.knowns:
            self.learn(self.read(known.poly), known.strict)

    def learn(self, poly: Poly, strict: bool) -> None:
        """Note that a polynomial is not negative, or where ``strict`` positive."""
        text = str(poly)
        self.known[text] = self.known.get(text, False) or strict

    def read(self, text: str) -> Poly:
        """A polynomial from its text."""
        return self._read(ast.parse(text, mode="eval").body)

    def _read(self, node: ast.expr) -> Poly:
        match node:
            case ast.Constant(value=int(value)):
                return self.ring.constant(value)
            case ast.Name(id=name) if name in self.gens:
                return self.gens[name]
            case ast.UnaryOp(op=ast.USub()):
                return -self._read(node.operand)
            case ast.BinOp(op=ast.Add()):
                return self._read(node.left) + self._read(node.right)
            case ast.BinOp(op=ast.Sub()):
                return self._read(node.left) - self._read(node.right)
            case ast.BinOp(op=ast.Mult()):
                return self._read(node.left) * self._read(node.right)
            case ast.BinOp(op=ast.Pow(), right=ast.Constant(value=int(exponent))):
                return self._read(node.left) ** exponent
            case ast.BinOp(op=ast.Div(), right=ast.Constant(value=int(divisor))):
                return self._read(node.left) * fmpq(1, divisor)
        raise WrongIdentityError(f"{ast.unparse(node)} is no polynomial")

    def sign(self, poly: Poly) -> int:
        """2 where a polynomial is known to be positive, 1 where it is known not to be negative, else 0."""
        if poly.is_constant():
            value = poly.leading_coefficient() if poly != 0 else 0
            return 2 if value > 0 else 1 if value == 0 else 0
        text = str(poly)
        return 0 if text not in self.known else 2 if self.known[text] else 1

    def is_zero(self, poly: Poly) -> bool:
        """Whether a polynomial is zero by the relations."""
        before = None
        while poly != 0 and poly != before:
            before = poly
            for name, radicand in self.relations:
                poly = divmod(poly, self.gens[name] ** 2 - radicand)[1]
            for zero in self.zeros:
                poly = divmod(poly, zero)[1]
        return bool(poly == 0)

    def check(self, identity: Identity) -> None:
        """Multiply an identity out, look at what it uses, and learn its goal.

        Raises
        ------
        WrongIdentityError: it is wrong, or uses what is not known.
        """
        goal = self.read(identity.goal)
        left = goal
        for text in identity.multipliers:
            multiplier = self.read(text)
            if self.sign(multiplier) < 2:
                raise WrongIdentityError(f"the multiplier {text} is not known to be positive")
            left = left * multiplier
        right, strict = self.ring.constant(0), False
        for term in identity.terms:
            factors, squares = ([self.read(text) for text in texts] for texts in (term.factors, term.squares))
            signs = [self.sign(factor) for factor in factors]
            if term.coefficient <= 0 or 0 in signs:
                raise WrongIdentityError(f"a factor of {term} is not known to be at least 0")
            strict = strict or all(s == 2 for s in (*signs, *(max(self.sign(q), self.sign(-q)) for q in squares)))
            product = self.ring.constant(_number(term.coefficient))
            for factor in (*factors, *squares, *squares):
                product = product * factor
            right = right + product
        if not self.is_zero(left - right):
            raise WrongIdentityError(f"{identity} is no identity")
        if identity.strict and not strict:
            raise WrongIdentityError(f"{identity} does not exclude zero")
        self.learn(goal, identity.strict)


def _number(value: Fraction) -> fmpq:
    return fmpq(value.numerator, value.denominator)


def check_certificates(certificates: Sequence[Certificate]) -> int:
    """Multiply out every identity of some certificates; how many there were.

    Raises
    ------
    WrongIdentityError: one is wrong, or uses what is not known.
    """
    count = 0
    for certificate in certificates:
        polynomials = Polynomials(certificate)
        for identity in certificate.identities:
            polynomials.check(identity)
            count += 1
    return count

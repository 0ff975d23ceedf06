"""Stability on a quadratic: the closed loop, and the conditions of Schur and Cohn on its characteristic polynomial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symopt.prove.elements import NotDecidedError, Poly
from symopt.prove.linear.rational import Matrix, Rational, Vector
from symopt.prove.linear.reading import Reader
from symopt.prove.linear.system import SHIFT, System, characteristic


def closed_loop(system: System, curvature: Rational) -> Matrix:
    """The matrix of a step in which every gradient is the curvature times the point that it is asked for at."""
    step, zero = system.later, system.zero
    answers: list[Vector] = []
    for point, within in zip(step.c, step.d, strict=True):
        answer = list(point)
        for factor, earlier in zip(within, answers, strict=False):
            answer = [x + factor * y for x, y in zip(answer, earlier, strict=True)]
        answers.append(tuple(curvature * x for x in answer))
    found = []
    for row, given in zip(step.a, step.b, strict=True):
        total = list(row)
        for factor, response in zip(given, answers, strict=True):
            if not factor.is_zero:
                total = [x + factor * y for x, y in zip(total, response, strict=True)]
        found.append(tuple(total))
    return tuple(found) or ((zero,),)


def modes(system: System, curvature: Rational) -> list[list[Poly]]:
    """The irreducible factors of the closed loop's characteristic polynomial, each from its constant term up.

    The factor z, an eigenvalue 0, is left out.
    """
    ring = system.ring
    coefficients, _ = characteristic(closed_loop(system, curvature), ring)
    total, z = ring.number(0), ring.name(SHIFT)
    for coefficient in coefficients:
        total = total * z + coefficient
    return [
        ring.by_powers(factor, SHIFT)
        for factor, exponent in total.num.factor()[1] for _ in range(int(exponent))
        if ring.degree(factor, SHIFT) > 0 and factor != ring.gen(SHIFT)
    ]  # fmt: skip


@dataclass(frozen=True)
class Region:
    """Polynomials that are all positive exactly where every eigenvalue lies inside the unit circle."""

    conditions: tuple[Poly, ...]
    polynomials: tuple[tuple[Poly, ...], ...]


def region(system: System, curvature: Rational, reader: Reader) -> Region:
    """Where a closed loop is stable.

    Raises
    ------
    NotDecidedError: the sign of a leading coefficient is not known.
    """
    found: list[Poly] = []
    factors = modes(system, curvature)
    for factor in factors:
        leading = reader.sign(factor[-1])
        if not leading.strict:
            raise NotDecidedError("the sign of the leading coefficient of the characteristic polynomial is not known")
        found += schur_cohn([c * leading.value for c in factor])
    own = [part for poly in found for part in reader.positive_parts(Rational(poly, system.ring.one))]
    kept = [poly for i, poly in enumerate(own) if poly not in own[:i]]
    return Region(tuple(kept), tuple(map(tuple, factors)))


def schur_cohn(coefficients: Sequence[Poly]) -> list[Poly]:
    """What must be positive for all roots to lie inside the unit circle; the leading coefficient is positive.

    Schur 1917 and Cohn 1922: exactly where ``|a_0| < a_n``, and the polynomial ``(a_n p - a_0 p*)/z`` of one
    degree less has all of its roots there, where ``p*`` has the coefficients in reverse. Its leading
    coefficient is ``(a_n - a_0)(a_n + a_0)``, whose factors may be divided by, since both are positive.
    """
    found: list[Poly] = []
    current = list(coefficients)
    while len(current) > 1:
        last, first = current[-1], current[0]
        above, below = last - first, last + first
        found += [above, below]
        size = len(current) - 1
        current = [last * current[k + 1] - first * current[size - 1 - k] for k in range(size)]
        for divisor in (above, below):
            if len(current) > 1 and divisor != 0 and all(divmod(c, divisor)[1] == 0 for c in current):
                current = [divmod(c, divisor)[0] for c in current]
    return found

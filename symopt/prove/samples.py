"""The points at which two rules are tried: small rationals in a fixed order, zeros, ones and typical values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from symopt.ir.trace import HyperInfo
from symopt.lang.domain import Domain

LONGEST = 12
LONGEST_TO_THRESHOLD = 200
# What hyper-parameters are set to, the plainest first; a domain keeps those that lie in it.
PLAIN = tuple(map(Fraction, ("1/2", "1", "2", "3/4", "1/4", "3", "1/10", "9/10", "99/100", "0", "-1")))
# Gradients of one run; the last value is repeated.
GRADIENTS = tuple(
    tuple(map(Fraction, text.split()))
    for text in ("1 1 1", "1 0 0", "1 -1 2", "0 1 1", "2 1 1/2", "0 0 1", "-1 -1 -1", "-2 3 -1", "1/10 -1/20 1/30")
)
FALLING = tuple(map(Fraction, ["4", "-3", "2", "-1", "1/2", "-1/4", "1/8"]))
GROWING = tuple(map(Fraction, ["1/4", "-1/2", "1", "-2", "3", "-5", "8"]))
PARAMETERS = tuple(map(Fraction, (1, 0, 2, -1)))


@dataclass(frozen=True)
class Sample:
    """Hyper-parameters by name, the first parameter, and the gradients that are answered, in order.

    An array holds different numbers made from each, or, where ``is_flat``, the same one everywhere.
    """

    hypers: Mapping[str, Fraction]
    theta: Fraction
    grads: Sequence[Fraction]
    steps: int = 3
    is_flat: bool = False

    def grad(self, query: int) -> Fraction:
        """The answer to the query with this number, counted from 0."""
        return self.grads[min(query, len(self.grads) - 1)]


def samples(hypers: Sequence[HyperInfo], thresholds: Sequence[Fraction] = (), arrays: bool = False) -> Iterator[Sample]:
    """The samples over some hyper-parameters, the plainest first.

    ``thresholds`` are numbers that the rules compare with: gradients, parameters and steps on both
    sides of them are tried as well. Of ``arrays``, those that are zero everywhere are.
    """
    fits = {hyper.name: _fitting(hyper.domain) or [hyper.default] for hyper in hypers}

    def chosen(shift: int, stride: int) -> dict[str, Fraction]:
        return {n: v[(shift + i * stride) % len(v)] for i, (n, v) in enumerate(fits.items())}

    defaults = {hyper.name: hyper.default for hyper in hypers}
    yield Sample(chosen(0, 0), Fraction(1), GRADIENTS[0])
    yield Sample(_ones(hypers), Fraction(1), GRADIENTS[0])
    yield Sample(chosen(0, 0), Fraction(0), GRADIENTS[1])
    yield Sample(chosen(0, 1), Fraction(1), GRADIENTS[0])
    yield Sample(chosen(3, 0), Fraction(1), GRADIENTS[0])
    for k in range(1, 12):
        yield Sample(chosen(k, 1 + k % 3), PARAMETERS[k % 4], GRADIENTS[k % len(GRADIENTS)])
    yield Sample(defaults, Fraction(1), GRADIENTS[-1], steps=LONGEST)
    # Averages that turn round more than once, of what falls and of what grows.
    for k, sizes in enumerate((FALLING, GROWING, FALLING)):
        yield Sample(chosen(2 * k, 1), Fraction(1), sizes, steps=len(sizes))
    yield Sample(
        {n: Fraction(0) if 0 in h.domain else defaults[n] for n, h in _named(hypers)}, Fraction(1), (Fraction(1),)
    )
    if arrays:
        yield Sample(chosen(0, 0), Fraction(0), GRADIENTS[0], is_flat=True)
        yield Sample(chosen(0, 0), Fraction(1), GRADIENTS[3], is_flat=True)
    for number in thresholds:
        for beyond in (number + 1, number, number - 1, -number - 1):
            yield Sample(chosen(0, 0), Fraction(1), (beyond,))
        yield Sample(chosen(0, 0), number + 1, GRADIENTS[0])
        if LONGEST <= number <= LONGEST_TO_THRESHOLD:
            yield Sample(defaults, Fraction(1), GRADIENTS[-1], steps=int(number) + 1)


def more_samples(hypers: Sequence[HyperInfo]) -> Iterator[Sample]:
    """Further samples of one step, for a difference whose value is rational."""
    fits = {hyper.name: _fitting(hyper.domain) or [hyper.default] for hyper in hypers}
    for k in range(60):
        values = {n: v[(k * (i + 1) + k // 5) % len(v)] for i, (n, v) in enumerate(fits.items())}
        yield Sample(values, Fraction(1), (Fraction(1 + k % 3),), steps=1)


def _fitting(domain: Domain) -> list[Fraction]:
    return [value for value in PLAIN if value in domain]


def _ones(hypers: Sequence[HyperInfo]) -> dict[str, Fraction]:
    return {n: Fraction(1) if 1 in h.domain else (_fitting(h.domain) or [h.default])[0] for n, h in _named(hypers)}


def _named(hypers: Sequence[HyperInfo]) -> list[tuple[str, HyperInfo]]:
    return [(hyper.name, hyper) for hyper in hypers]

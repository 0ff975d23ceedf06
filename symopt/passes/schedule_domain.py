"""Whether hyper-parameters that follow a schedule stay in their domains, at the values that are set.

What a schedule is set to becomes an argument of the kernels, so this is decided for the values that the
user wrote, and for the defaults of the rest. The schedule is evaluated exactly at many steps: the first
ones, those around the lengths that it is set to and around their sums, and ever fewer up to ``LAST``. It
is refused with a step at which it is certainly outside; that it never leaves the domain is not proved.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import flint

from symopt.errors import DomainError
from symopt.ir.evaluate import evaluate
from symopt.ir.exact import Exact, ScalarArithmetic, UndecidedError, ball, is_defined, precision
from symopt.ir.nodes import Node, refs
from symopt.ir.trace import STEP, HyperInfo, Trace
from symopt.lang.domain import Domain
from symopt.passes.freeze import PI

BITS = 256
FIRST, LAST = 50, 10**7
# A later step that is tried is larger than the one before by this part of it.
STRIDE = 20
# The sums of so many lengths are tried.
MOST_LENGTHS = 6
# Larger powers and finer parts of a turn are not kept as rationals.
LARGE = 1000


def check_schedules(trace: Trace) -> None:
    """Raise ``DomainError`` where a hyper-parameter leaves its domain, with the first such step that was found."""
    hypers = {hyper.name: hyper for hyper in trace.hypers}
    values = {let.name: let.value for let in trace.lets}
    for name, let in trace.scheduled.items():
        scheduled = _Scheduled(hypers[name], values[let], hypers)
        found = scheduled.leaves_at(_steps(scheduled.lengths))
        if found is not None:
            raise DomainError(f"{trace.title}: {scheduled.said_of(found)}")


class _Scheduled:
    """The value of a hyper-parameter as a function of the step, at the defaults of what it depends on."""

    def __init__(self, hyper: HyperInfo, value: Node, hypers: dict[str, HyperInfo]) -> None:
        read = [hypers[name] for name in refs(value) if name in hypers]
        self.hyper, self.value = hyper, value
        self.inputs = {item.name: item.default for item in read}
        self.lengths = [int(item.default) for item in read if item.domain.integer]

    def leaves_at(self, steps: list[int]) -> int | None:
        """The first step found that is outside the domain, after one that is not, or none."""
        before = 0
        for step in steps:
            if self.is_outside(step):
                return self._left_between(before, step)
            before = step
        return None

    def _left_between(self, inside: int, outside: int) -> int:
        """A step that is outside and follows one that is inside, by bisection."""
        while outside - inside > 1:
            middle = (inside + outside) // 2
            inside, outside = (inside, middle) if self.is_outside(middle) else (middle, outside)
        return outside

    def at(self, step: int) -> Exact:
        """The exact value at a step."""
        with precision(BITS):
            return evaluate([self.value], {**self.inputs, STEP: Fraction(step)}, _Arithmetic())[0]

    def is_outside(self, step: int) -> bool:
        """Whether the value is certainly outside the domain, or undefined."""
        try:
            value = self.at(step)
        except UndecidedError:
            return False
        return not is_defined(value) or _outside(self.hyper.domain, value)

    def said_of(self, step: int) -> str:
        """What is wrong at a step."""
        value, name = self.at(step), self.hyper.name
        if not is_defined(value):
            return f"{name} has no value at step {step}, where its schedule divides by zero or is not real"
        number = float(ball(value).mid())
        return f"{name} = {number:.6g} at step {step} is outside its domain: {self.hyper.domain.describe(name)}"


class _Arithmetic(ScalarArithmetic):
    """Exact arithmetic in which the decimals of pi that the graph has stand for pi, so that a wave reaches zero."""

    def op(self, name: str, *args: Exact) -> Exact:
        first = args[0]
        if name == "cos" and isinstance(first, Fraction) and (first / PI.value).denominator <= LAST:
            return _cos_of_turns(first / PI.value)
        if name == "pow" and isinstance(first, Fraction) and first not in (0, 1) and _is_large(args[1]):
            return super().op(name, ball(first), args[1])
        found = super().op(name, *args)
        return _rational(found) if isinstance(found, flint.arb) and found.is_exact() and found.is_finite() else found


def _is_large(exponent: Exact) -> bool:
    return not isinstance(exponent, Fraction) or abs(exponent) > LARGE


def _rational(exact: Exact) -> Fraction:
    """The number that a ball without a radius is."""
    mantissa, exponent = exact.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _cos_of_turns(half_turns: Fraction) -> Exact:
    """The cosine of a multiple of pi."""
    if (2 * half_turns).denominator == 1:
        return Fraction((1, 0, -1, 0)[int(2 * half_turns) % 4])
    return flint.arb.cos_pi_fmpq(flint.fmpq(half_turns.numerator, half_turns.denominator))


def _outside(domain: Domain, value: Exact) -> bool:
    """Whether a value is certainly outside; a ball has a radius, and is never certainly at a bound."""
    if isinstance(value, Fraction):
        return value not in domain
    below = domain.lower is not None and bool(value < ball(domain.lower))
    above = domain.upper is not None and bool(value > ball(domain.upper))
    return below or above or (domain.integer and not value.contains_integer())


def _steps(lengths: Sequence[int]) -> list[int]:
    """The steps to try, in order."""
    few = lengths[:MOST_LENGTHS]
    sums = {sum(chosen) for size in range(1, len(few) + 1) for chosen in combinations(few, size)}
    steps = {*range(1, FIRST + 1), *(near for total in {*lengths, *sums} for near in range(total - 1, total + 4))}
    step = FIRST
    while step < LAST:
        step += step // STRIDE
        steps.add(step)
    return sorted(found for found in steps if found >= 1)

"""Random inputs of runs: hyper-parameters in and at the ends of their domains, gradients with zeros and ties."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np

from symopt.ir.trace import COLS, HESSIAN, LOSS, ROWS, SIZE, HyperInfo, Trace
from symopt.lang.domain import Domain
from tests.never_wrong.mp import real
from tests.never_wrong.oracle import Model, tensors_for

STEPS, LONG = 6, 14
TYPICAL = ("1/2", "9/10", "99/100", "1/10", "1/4", "3/4", "1", "2", "3/10", "7/8", "1/1000", "3", "5")
HYPERS = tuple(map(Fraction, TYPICAL))
ENDS = tuple(map(Fraction, (0, 1, -1)))
GRADIENTS = tuple(map(Fraction, ["0", "1", "-1", "1/2", "-1/2", "2", "-3", "1/10", "-7/4", "30", "-1/1000"]))
PARAMETERS = tuple(map(Fraction, ["1", "0", "-1", "2", "3/4", "-5/2", "1/10"]))


@dataclass(frozen=True)
class Inputs:
    """One run's inputs; ``answers`` and ``given`` have an entry a step."""

    hypers: Mapping[str, Fraction]
    tensors: int
    theta: Model
    answers: list[list[Model]] = field(default_factory=list)
    given: list[dict[str, Model]] = field(default_factory=list)

    def number(self, exact: Fraction) -> Model:
        """A number as a value of the run."""
        return [real(exact)] * self.tensors if self.tensors else real(exact)


def inputs(left: Trace, right: Trace, number: int, seed: object) -> Iterator[Inputs]:
    """Random inputs of two rules; hyper-parameters of one name have one value, in both domains."""
    for k in range(number):
        chosen = random.Random(f"{left.title} {right.title} {seed} {k}")
        yield _one(left, right, chosen, profile=k)


def _one(left: Trace, right: Trace, chosen: random.Random, profile: int) -> Inputs:
    hypers: dict[str, Fraction] = {}
    ends = profile % 4 == 3
    for hyper in (*left.hypers, *right.hypers):
        domains = [h.domain for h in (*left.hypers, *right.hypers) if h.name == hyper.name]
        hypers.setdefault(hyper.name, hyper.default if profile == 1 else _hyper(hyper, domains, chosen, ends))
    shapes = tensors_for(left, right)
    numbers = _gradients(chosen, profile)

    def array(draw: Callable[[], Fraction]) -> Model:
        return [_filled(shape, draw) for shape in shapes] if shapes else real(draw())

    theta = array(lambda: chosen.choice(PARAMETERS))
    steps = LONG if profile in (1, 2) and not shapes else STEPS if not shapes else 4
    queries = max(len(left.queries), len(right.queries))
    made = Inputs(hypers, len(shapes), theta)
    for _ in range(steps):
        made.answers.append([array(numbers) for _ in range(queries)])
        made.given.append(_given(left, right, shapes, array, chosen))
    return made


def _given(
    left: Trace, right: Trace, shapes: tuple[tuple[int, int], ...], array: Callable[[Callable[[], Fraction]], Model],
    chosen: random.Random,
) -> dict[str, Model]:  # fmt: skip
    loss = real(Fraction(chosen.randint(0, 12), 4))
    sizes = shapes or ((1, 1),)
    known: dict[str, list[Model]] = {
        LOSS: [loss] * len(sizes), ROWS: [real(Fraction(r)) for r, _ in sizes],
        COLS: [real(Fraction(c)) for _, c in sizes], SIZE: [real(Fraction(r * c)) for r, c in sizes],
    }  # fmt: skip
    given: dict[str, Model] = {name: v if shapes else v[0] for name, v in known.items()}
    given[HESSIAN] = array(lambda: Fraction(chosen.randint(0, 9), 4))
    for i in range(1, max(len(left.draws), len(right.draws)) + 1):
        given[f"draw{i}"] = array(lambda: Fraction(chosen.randint(1, 15), 16))
    return given


def _gradients(chosen: random.Random, profile: int) -> Callable[[], Fraction]:
    """How gradients are drawn: from plain ones, from few so that ties are met, often zero, all the same, any."""
    few = chosen.sample(GRADIENTS, 2)
    constant = chosen.choice(GRADIENTS[1:])
    return (
        lambda: chosen.choice(GRADIENTS),
        lambda: Fraction(chosen.randint(-99, 99), chosen.choice((1, 7, 32))),
        lambda: Fraction(chosen.randint(-40, 40), 16),
        lambda: chosen.choice(few),
        lambda: chosen.choice((Fraction(0), Fraction(0), constant)),
        lambda: constant,
    )[profile % 6]


def _hyper(hyper: HyperInfo, domains: list[Domain], chosen: random.Random, ends: bool) -> Fraction:
    pool = [v for v in (*HYPERS, *(ENDS if ends else ())) if all(v in domain for domain in domains)]
    random_one = Fraction(chosen.randint(1, 63), 64)
    if all(random_one in domain for domain in domains):
        pool += [random_one] * 3
    if ends:
        pool += [v for v in ENDS if all(v in domain for domain in domains)] * 3
    return chosen.choice(pool) if pool else hyper.default


def _filled(shape: tuple[int, int], draw: Callable[[], Fraction]) -> Model:
    array = np.empty(shape, dtype=object)
    for index in np.ndindex(shape):
        array[index] = real(draw())
    return array

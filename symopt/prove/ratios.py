"""Factors between states read off from exact runs, where no equation shows them: inside a maximum or a root.

Both rules run with the same hyper-parameters on the same gradients. Where the quotient of two states does not
depend on the gradients, a plain expression in hyper-parameters and the step that has its values is a guess.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic, UndecidedError, ball, differ, is_defined, precision
from symopt.ir.nodes import ONE, Node, num, op, ref
from symopt.ir.trace import PARAMETER, STEP, is_ref
from symopt.passes.fold import fold
from symopt.prove.pair import Pair, bare
from symopt.prove.relation import Relation
from symopt.prove.runs import BITS, Both, Run
from symopt.prove.samples import Sample, samples

STEPS = 3
GRADIENTS = ((3, -1, 2), (-2, 5, 1), (1, 1, -4))
CONSTANTS = (Fraction(1), Fraction(-1), Fraction(2), Fraction(1, 2))
MOST_NAMES = 8

Values = Mapping[str, Fraction]


def relation_seen(pair: Pair, hypers: Mapping[str, Node]) -> Relation | None:
    """A relation in which every state of the right is a multiple of one of the left, as runs show it."""
    ratios = Ratios(pair)
    states: dict[str, Node] = {}
    for state in pair.right.states:
        sources = sorted(pair.left.states, key=lambda source: bare(source) != bare(state))
        found = ((source, next(ratios.guesses(state, source), None)) for source in sources)
        source, factor = next(((source, factor) for source, factor in found if factor is not None), ("", None))
        if factor is None:
            return None
        states[state] = multiple(pair, state, source, factor)
    return Relation(dict(zip(states, fold(states.values()), strict=True)), hypers)


def multiple(pair: Pair, state: str, source: str, factor: Node) -> Node:
    """A multiple of a state of the left, each less the parameter where it starts there."""
    starts_at_p = is_ref(pair.left.initial[source], PARAMETER), is_ref(pair.right.initial[state], PARAMETER)
    value = op("mul", factor, op("sub", ref(source), ref(PARAMETER)) if starts_at_p[0] else ref(source))
    return op("add", ref(PARAMETER), value) if starts_at_p[1] else value


class Ratios:
    """Quotients of the states of two rules in a few runs."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair

    def guesses(self, state: str, source: str) -> Iterator[Node]:
        """Expressions that have the values of ``state`` over ``source``, the plainest first."""
        seen = [
            ({**run.sample.hypers, STEP: Fraction(t)}, ratio)
            for run, states in self._runs for t, held in enumerate(states, 1)
            if (ratio := self._ratio(held, state, source)) is not None
        ]  # fmt: skip
        if len(seen) < 2:
            return
        with precision(BITS):
            for node in self._expressions():
                if all(self._is(node, values, ratio) for values, ratio in seen):
                    yield node

    @cached_property
    def _runs(self) -> list[tuple[Run, list[list[dict[str, Any]]]]]:
        both = Both(self.pair.left.trace, self.pair.right.trace, ())
        plain = list(itertools.islice(samples(both.hypers), 4, 6))
        found = []
        with precision(BITS):
            for sample, grads in itertools.product(plain, GRADIENTS):
                run = Run(both, Sample(sample.hypers, Fraction(2), [Fraction(g) for g in grads], STEPS, is_flat=True))
                states = []
                for t in range(1, STEPS + 1):
                    run.advance(t)
                    if run.over:
                        break
                    states.append(run.states)
                found.append((run, states))
        return found

    def _ratio(self, held: list[dict[str, Any]], state: str, source: str) -> Any:
        """The quotient of two states, each less the parameter where it starts there; None where there is none."""
        of_left = self._less(held[0], bare(source), is_ref(self.pair.left.initial[source], PARAMETER))
        of_right = self._less(held[1], bare(state), is_ref(self.pair.right.initial[state], PARAMETER))
        try:
            if not is_defined(of_left) or not differ(of_left, Fraction(0)):
                return None
        except UndecidedError:
            return None
        return ScalarArithmetic().op("div", of_right, of_left)

    def _less(self, values: Mapping[str, Any], name: str, is_shifted: bool) -> Any:
        value = np.ravel(values[name])[0]
        return ScalarArithmetic().op("sub", value, np.ravel(values[PARAMETER])[0]) if is_shifted else value

    def _expressions(self) -> Iterator[Node]:
        """Numbers, then products of powers of one and of two simple expressions."""
        names = [hyper.name for hyper in self.pair.left.trace.hypers][:MOST_NAMES]
        simple: list[Node] = [ref(STEP)]
        for name in names:
            power = op("pow", ref(name), ref(STEP))
            simple += [ref(name), op("sub", ONE, ref(name)), op("sub", ONE, power), power]
        inverse = [op("div", ONE, node) for node in simple]
        yield from map(num, CONSTANTS)
        for constant in CONSTANTS:
            yield from (_times(num(constant), node) for node in (*simple, *inverse))
        for a, b in itertools.combinations((*simple, *inverse), 2):
            yield op("mul", a, b)

    def _is(self, node: Node, values: Values, ratio: Any) -> bool:
        try:
            value = evaluate([node], values, ScalarArithmetic())[0]
        except (UndecidedError, ZeroDivisionError):
            return False
        return is_defined(value) and is_defined(ratio) and not differ(ball(value), ball(ratio))


def _times(constant: Node, node: Node) -> Node:
    return node if constant is ONE else op("mul", constant, node)

"""Auxiliary invariants: guesses about states that survive runs in floats, then the largest set that is inductive.

The guesses are shapes, not facts about any rule: a state is not negative; it is at least a positive
hyper-parameter; ``k*y`` is at least ``x**2``, ``|x|`` or ``x`` for two states, where ``k`` is 1 or the
sum ``1 - b**t`` of the weights of an average.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import numpy as np

from symopt.ir.nodes import ONE, Node, op, ref, refs, substitute
from symopt.ir.trace import STEP
from symopt.lang.domain import Domain, UnitInterval
from symopt.prove.deadline import Deadline
from symopt.prove.inequality.assumptions import Premises
from symopt.prove.inequality.claims import Bound
from symopt.prove.inequality.numeric import Runs, floats, hypers
from symopt.prove.render import node_text

RUNS, STEPS = 300, 7
NEAR = 1e-9


def sign_guesses(premises: Premises, states: Sequence[str]) -> list[Bound]:
    """That a state is not negative, or at least a positive hyper-parameter."""
    found = [Bound(ref(state), False, f"{state} >= 0") for state in states]
    for name, domain in premises.system.domains.items():
        if domain.lower == 0 and domain.upper is None and not domain.integer and name in premises.system.fixed:
            found += [Bound(op("sub", ref(s), ref(name)), False, f"{s} >= {name}") for s in states]
    return found


def pair_guesses(premises: Premises, states: Sequence[str], nonnegative: Sequence[str]) -> Iterator[Bound]:
    """That a state is bounded by another."""
    step, domains = premises.system.step, premises.system.domains
    for y in nonnegative:
        for x in states:
            if x == y:
                continue
            averages = [name for name in refs(step[x], step[y]) if domains.get(name, Domain()) in (UnitInterval,)]
            square = op("mul", ref(x), ref(x))
            sizes: list[Node] = [ref(x)]
            if x not in nonnegative:
                sizes.append(op("neg", ref(x)))
            for smaller in (square, *sizes):
                weakest = _bound(ref(y), smaller, ())
                yield weakest
                for average in averages:
                    yield _bound(op("mul", _weights(average), ref(y)), smaller, (weakest.text,))


def _weights(average: str) -> Node:
    return op("sub", ONE, op("pow", ref(average), ref(STEP)))


def _bound(larger: Node, smaller: Node, implies: tuple[str, ...]) -> Bound:
    text = f"{_text(smaller)} <= {_text(larger)}"
    return Bound(op("sub", larger, smaller), False, text, implies=implies)


def _text(node: Node) -> str:
    """An expression with the names of both rules apart."""
    dotted: dict[str, Node] = {name: ref(name.replace(".", "__")) for name in refs(node) if "." in name}
    return node_text(substitute([node], dotted)[0]).replace("__", ".")


def surviving(premises: Premises, guesses: Sequence[Bound], deadline: Deadline) -> list[Bound]:
    """The guesses that no run in floats contradicts, after any of its steps."""
    fixed = list(hypers(premises, RUNS, seed=5))
    if not fixed or not guesses:
        return []
    runs, chosen = Runs(premises, fixed), random.Random(6)
    left = list(guesses)
    for _ in range(STEPS):
        deadline.check()
        runs.step({name: floats(values) for name, values in runs.inputs(chosen).items()})
        runs.settle()
        with np.errstate(all="ignore"):
            margins = runs.of([guess.node for guess in left])
            left = [guess for guess, margin in zip(left, margins, strict=True) if not np.any(margin < -NEAR)]
    return left

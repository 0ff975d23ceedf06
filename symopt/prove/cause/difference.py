"""The difference of the parameters after the first steps, as an expression."""

from __future__ import annotations

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.nodes import Node, num, op, ref, refs, substitute
from symopt.ir.trace import PARAMETER, SIZES, STEP
from symopt.passes.fold import fold
from symopt.prove.cause.text import size
from symopt.prove.deadline import Deadline
from symopt.prove.elements import ForkError, NotDecidedError, UndefinedHereError
from symopt.prove.equations import Equations
from symopt.prove.pair import RIGHT, Pair
from symopt.prove.render import element_node, element_text
from symopt.prove.runs import Witness

LONGEST_DIFFERENCE = 400
MOST_TERMS = 80  # of an element; factoring more takes long, and what comes out is longer than people read
LARGEST = 2000  # operations of a parameter; of more, what is left of a difference would be long as well
LONGEST_UNROLLING = 2  # steps; more make expressions that nobody reads


def difference(pair: Pair, witness: Witness, deadline: Deadline) -> str | None:
    """Left minus right at the step of a witness; None where that is long."""
    unrolled = _unrolled(pair, witness.step)
    if unrolled is None or max(map(size, unrolled)) > LARGEST:
        return None
    return _difference(pair, *unrolled, witness, deadline)


def _unrolled(pair: Pair, steps: int) -> tuple[Node, Node] | None:
    """The parameter of both sides after the steps, from the initial states, over the same names.

    With several steps the gradients are numbered by step; None where that would be long.
    """
    if steps > LONGEST_UNROLLING or (steps > 1 and pair.varying):
        return None
    reached = []
    for side in (pair.left, pair.right):
        values: dict[str, Node] = {PARAMETER: ref(PARAMETER), **side.initial}
        for step in range(1, steps + 1):
            gradients: dict[str, Node] = {
                name: ref(_gradient(name, step, steps)) for name in pair.answers if name not in SIZES
            }
            now = {**values, **gradients, STEP: num(step)}
            values = dict(zip(values, fold(substitute([side.step[name] for name in values], now)), strict=True))
        reached.append(values[PARAMETER])
    left, right = fold(substitute(reached, pair.identity()))
    return left, right


def _gradient(name: str, step: int, steps: int) -> str:
    return name if steps == 1 else f"{name}{step}"


def _difference(pair: Pair, left: Node, right: Node, witness: Witness, deadline: Deadline) -> str | None:
    """Left minus right, where that is short enough to read and holds in the case of signs of the witness."""
    names = dict.fromkeys([*pair.names, *refs(left, right)])
    names.pop(STEP, None)
    equations = Equations(tuple(names), {}, (), pair.domains, deadline)
    try:
        field, _ = equations.difference(op("sub", left, right), num(0))
        a = equations.element(field, op("sub", left, right))
    except (NotDecidedError, UndefinedHereError, ForkError):
        return None
    if len(a.num) + len(a.den) > MOST_TERMS:
        return None
    if field.facts and not _holds_at(element_node(field, a), pair, witness):
        return None
    text = element_text(field, a)
    return text if len(text) <= LONGEST_DIFFERENCE else None


def _holds_at(difference: Node, pair: Pair, witness: Witness) -> bool:
    """Whether the expression gives the difference that the witness has."""
    if not witness.rational or isinstance(witness.left, np.ndarray):
        return False
    asked = [_gradient(name, t, witness.step) for t in range(1, witness.step + 1) for name in pair.gradients]
    values = {PARAMETER: witness.theta, **dict(zip(asked, witness.grads, strict=True))}
    for name, given in witness.given.items():
        values |= {name: given[0]}
        values |= {_gradient(name, t, witness.step): value for t, value in enumerate(given, 1)}
    for name, value in witness.hyper.items():
        values[name] = values[RIGHT + name] = value[0] if isinstance(value, tuple) else value
    return bool(evaluate([difference], values, ScalarArithmetic())[0] == witness.left - witness.right)

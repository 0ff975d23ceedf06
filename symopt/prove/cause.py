"""Why two rules differ: one sentence from the structure of their normal forms at one step.

What is looked at is how the two sides depend on hyper-parameters and on the parameter, never what
these are called.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from symopt.ir.evaluate import evaluate
from symopt.ir.exact import ScalarArithmetic
from symopt.ir.nodes import Node, Op, Ref, num, op, ref, refs, substitute, walk
from symopt.ir.trace import PARAMETER, SIZES, STEP, Trace
from symopt.passes.fold import fold
from symopt.prove.cases import Deadline
from symopt.prove.elements import ForkError, NotDecidedError, UndefinedHereError
from symopt.prove.equations import Equations
from symopt.prove.pair import RIGHT, Pair, Side, bare
from symopt.prove.render import element_node, element_text, node_text
from symopt.prove.witness import Witness

LONGEST_DIFFERENCE = 400
LONGEST_UNROLLING = 2  # steps; more make expressions that nobody reads


@dataclass(frozen=True)
class Explanation:
    """The difference of the parameters as an expression, and one sentence about it."""

    difference: str | None
    cause: str


def explain(pair: Pair, witness: Witness, deadline: Deadline) -> Explanation:
    """Explain the difference that a witness shows, in the parameter or in a query point."""
    if witness.query is not None:
        return Explanation(None, _query_point(pair) or "The points at which gradients are asked for differ.")
    unrolled = _unrolled(pair, witness.step)
    return Explanation(_difference(pair, *unrolled, witness, deadline) if unrolled else None, _cause(pair))


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


def _cause(pair: Pair) -> str:
    for look in (_query_point, _root_place, _into_gradient, _corrections, _only_one_side):
        sentence = look(pair)
        if sentence is not None:
            return sentence
    return _differing_statement(pair.left.trace, pair.right.trace)


def _query_point(pair: Pair) -> str | None:
    """One side asks for its gradient at the parameter, the other elsewhere."""
    for a, b in zip(pair.left.points, pair.right.points, strict=False):
        if (a is ref(PARAMETER)) != (b is ref(PARAMETER)):
            return (
                f"The gradient is asked for at different points: {node_text(a)} on the left, "
                f"{node_text(b)} on the right."
            )
    return None


def _only_one_side(pair: Pair) -> str | None:
    """A hyper-parameter that one side lacks."""
    left, right = ({bare(h) for h in side.hypers} for side in (pair.left, pair.right))
    only = [(name, "left") for name in sorted(left - right)] + [(name, "right") for name in sorted(right - left)]
    if not only or (left - right and right - left):
        return None
    listed = ", ".join(name for name, _ in only)
    return f"Only the {only[0][1]} has {listed}."


def _closure(pair: Pair) -> tuple[list[Node], list[Node]]:
    return [*pair.left.step.values()], [*pair.right.step.values()]


def _root_place(pair: Pair) -> str | None:
    """A name that is added under a root on one side and beside it on the other."""
    sides = [_beside_and_under_root(nodes) for nodes in _closure(pair)]
    for name in sides[0][0] | sides[0][1]:
        for (beside, under), (other_beside, other_under), where in ((*sides, "left"), (*sides[::-1], "right")):
            if name in under and name not in beside and name in other_beside and name not in other_under:
                other = "right" if where == "left" else "left"
                return f"{name} is added under the root on the {where} and outside it on the {other}."
    return None


def _beside_and_under_root(nodes: list[Node]) -> tuple[dict[str, None], dict[str, None]]:
    """Names added to a root, and names added inside one; dictionaries keep the order."""
    beside: dict[str, None] = {}
    under: dict[str, None] = {}
    for node in walk(nodes):
        if isinstance(node, Op) and node.op == "sqrt":
            under |= {bare(a.name): None for a in _summands(node.args[0]) if isinstance(a, Ref)}
        if isinstance(node, Op) and node.op == "add":
            summands = _summands(node)
            if any(_has_root(a) for a in summands):
                beside |= {bare(a.name): None for a in summands if isinstance(a, Ref)}
    return beside, under


def _summands(node: Node) -> list[Node]:
    if isinstance(node, Op) and node.op == "add":
        return [*_summands(node.args[0]), *_summands(node.args[1])]
    return [node]


def _has_root(node: Node) -> bool:
    if isinstance(node, Op) and node.op in ("mul", "div"):
        return any(map(_has_root, node.args))
    return isinstance(node, Op) and node.op == "sqrt"


def _into_gradient(pair: Pair) -> str | None:
    """The parameter enters the states of one side, hence its averages, and not those of the other."""
    enters = []
    for side in (pair.left, pair.right):
        new = [side.step[state] for state in side.states if not isinstance(side.step[state], Ref)]
        enters.append(PARAMETER in refs(*new))
    if enters[0] == enters[1]:
        return None
    inside, outside = ("left", "right") if enters[0] else ("right", "left")
    side = pair.left if enters[0] else pair.right
    where = ", ".join(bare(s) for s in side.states if PARAMETER in refs(side.step[s]))
    return (
        f"On the {inside} the parameter enters the gradient and with it the state {where}; "
        f"on the {outside} it acts on the parameter alone."
    )


def _corrections(pair: Pair) -> str | None:
    """Powers of the step, as in bias corrections, on one side only."""
    powers = [_step_powers(side) for side in (pair.left, pair.right)]
    missing = [name for name in powers[0] if name not in powers[1]], [n for n in powers[1] if n not in powers[0]]
    for names, having, lacking in ((missing[0], "left", "right"), (missing[1], "right", "left")):
        if names:
            return f"The correction by {', '.join(names)} on the {having} is missing on the {lacking}."
    return None


def _step_powers(side: Side) -> list[str]:
    found = [
        node_text(node) for node in walk(side.step.values())
        if isinstance(node, Op) and node.op == "pow" and STEP in refs(node.args[1])
    ]  # fmt: skip
    return list(dict.fromkeys(found))


def _differing_statement(left: Trace, right: Trace) -> str:
    """The first statement of one name that reads differently, or that one side lacks; the parameter's comes last."""
    others = {let.target: let for let in right.lets}
    own = {let.target: let for let in left.lets}
    shared = [let for let in left.lets if let.target in others and others[let.target].value is not let.value]
    only = [(let, "left") for let in left.lets if let.target not in others]
    only += [(let, "right") for let in right.lets if let.target not in own]
    if only and all(let.target == PARAMETER for let in shared):
        let, side = only[0]
        return f"Only the {side} states {let.target} = {node_text(let.value)}."
    if shared:
        let, other = shared[0], others[shared[0].target]
        return (
            f"The first statement that differs: {let.target} is {node_text(let.value)} on the left and "
            f"{node_text(other.value)} on the right."
        )
    return "The statements agree and the initial states differ."

"""What the structure of two sides shows, whatever else differs between them."""

from __future__ import annotations

from collections.abc import Sequence

from symopt.ir.nodes import Node, Op, Reduce, Ref, ref, refs, walk
from symopt.ir.trace import PARAMETER, Let, Trace
from symopt.prove.cause.places import step_powers
from symopt.prove.cause.text import text
from symopt.prove.pair import Pair, Side, bare


def query_point(pair: Pair) -> str | None:
    """One side asks for its gradient at the parameter, the other elsewhere."""
    for a, b in zip(pair.left.points, pair.right.points, strict=False):
        if (a is ref(PARAMETER)) != (b is ref(PARAMETER)):
            return f"The gradient is asked for at different points: {text(a)} on the left, {text(b)} on the right."
    return None


def only_one_side(pair: Pair) -> str | None:
    """A hyper-parameter that one side lacks."""
    left, right = ({bare(h) for h in side.hypers} for side in (pair.left, pair.right))
    only = [(name, "left") for name in sorted(left - right)] + [(name, "right") for name in sorted(right - left)]
    if not only or (left - right and right - left):
        return None
    listed = ", ".join(name for name, _ in only)
    return f"Only the {only[0][1]} has {listed}."


def root_place(pair: Pair) -> str | None:
    """A name that is added under a root on one side and beside it on the other."""
    sides = [_beside_and_under_root([*side.step.values()]) for side in (pair.left, pair.right)]
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


def into_gradient(pair: Pair) -> str | None:
    """A multiple of the parameter is added to the gradient on one side, hence enters its averages."""
    enters = [_states_with_decay(side, pair.gradients) for side in (pair.left, pair.right)]
    for own, others, inside, outside in ((*enters, "left", "right"), (*enters[::-1], "right", "left")):
        if own and not others:
            unused = _unused_elsewhere(*((pair.left, pair.right) if inside == "left" else (pair.right, pair.left)))
            if unused:
                return (
                    f"Only the {inside} has {', '.join(unused)}, through which the parameter enters the gradient and "
                    f"with it the state {', '.join(own)}."
                )
            return (
                f"On the {inside} the parameter enters the gradient and with it the state {', '.join(own)}; "
                f"on the {outside} it acts on the parameter alone."
            )
    return None


def _unused_elsewhere(side: Side, other: Side) -> list[str]:
    """What multiplies the parameter in a gradient on one side, is 0 by default and unknown to the other."""
    lone = {hyper.name for hyper in side.trace.hypers if hyper.default == 0}
    lone -= {hyper.name for hyper in other.trace.hypers}
    new = [node for state, node in side.step.items() if state != PARAMETER]
    products = [node for node in walk(new) if isinstance(node, Op) and node.op == "mul" and ref(PARAMETER) in node.args]
    return list(dict.fromkeys(bare(name) for name in refs(*products) if bare(name) in lone))


def _states_with_decay(side: Side, gradients: Sequence[str]) -> list[str]:
    """The states that read the parameter, where it is added to a gradient."""
    new = {state: node for state, node in side.step.items() if state != PARAMETER and not isinstance(node, Ref)}
    if not any(_decays(node, gradients) for node in walk(new.values())):
        return []
    return [bare(state) for state in side.states if state in new and PARAMETER in refs(new[state])]


def _decays(node: Node, gradients: Sequence[str]) -> bool:
    """Whether a gradient as it is and a multiple of the parameter are added."""
    if not isinstance(node, Op) or node.op != "add":
        return False
    added = _summands(node)
    plain = any(isinstance(a, Ref) and a.name in gradients for a in added)
    return plain and any(isinstance(a, Op) and PARAMETER in refs(a) for a in added)


def missing_correction(pair: Pair) -> str | None:
    """Powers of the step, as in bias corrections, on one side only."""
    powers = [_powers(side) for side in (pair.left, pair.right)]
    missing = [name for name in powers[0] if name not in powers[1]], [n for n in powers[1] if n not in powers[0]]
    for names, having, lacking in ((missing[0], "left", "right"), (missing[1], "right", "left")):
        if names:
            return f"The correction by {', '.join(names)} on the {having} is missing on the {lacking}."
    return None


def _powers(side: Side) -> list[str]:
    return list(dict.fromkeys(text(node) for node in step_powers([*side.step.values()])))


def inside_reduction(pair: Pair) -> str | None:
    """A correction that is made before a norm, or another reduction, on one side and after it on the other."""
    inside = [_powers_inside(side) for side in (pair.left, pair.right)]
    everywhere = [_powers(side) for side in (pair.left, pair.right)]
    for own, others, other_powers, here, there in (
        (*inside, everywhere[1], "left", "right"),
        (*inside[::-1], everywhere[0], "right", "left"),
    ):
        names = [name for name in own if name not in others and name in other_powers]
        if names:
            return (
                f"The correction by {', '.join(names)} comes before the norm on the {here} and after it on the {there}."
            )
    return None


def _powers_inside(side: Side) -> list[str]:
    reduced = [node.args[0] for node in walk(side.step.values()) if isinstance(node, Reduce)]
    return list(dict.fromkeys(text(node) for node in step_powers(reduced)))


def conditions(pair: Pair) -> str | None:
    """What one side alone makes a distinction by."""
    asked = [_conditions(side) for side in (pair.left, pair.right)]
    for own, others, where in ((*asked, "left"), (*asked[::-1], "right")):
        only = [case for case in own if case not in others]
        if only and not others:
            return f"Only the {where} has a case of its own for {only[0]}."
    return None


def _conditions(side: Side) -> list[str]:
    return [text(n.args[0]) for n in walk(side.step.values()) if isinstance(n, Op) and n.op == "where"]


def rate_in_state(pair: Pair) -> str | None:
    """What varies from step to step is remembered in a state on one side, and acts on the whole state on the other."""
    for name in pair.varying:
        into = [_states_that_read(side, name) for side in (pair.left, pair.right)]
        for own, others, here, there in ((*into, "left", "right"), (*into[::-1], "right", "left")):
            if own and not others:
                states = ", ".join(own)
                return (
                    f"On the {here} {name} enters the state {states}, where that of earlier steps is kept; "
                    f"on the {there} the {name} of the present step multiplies all that was kept."
                )
    return None


def _states_that_read(side: Side, name: str) -> list[str]:
    return [bare(s) for s in side.states if name in map(bare, refs(side.step[s]))]


def differing_statement(left: Trace, right: Trace) -> str:
    """The first statement of one name that reads differently, or that one side lacks; the parameter's comes last."""
    own, others = _numbered(left), _numbered(right)
    shared = [(key, let) for key, let in own.items() if key in others and others[key].value is not let.value]
    only = [(let, "left") for key, let in own.items() if key not in others]
    only += [(let, "right") for key, let in others.items() if key not in own]
    if only and all(let.target == PARAMETER for _, let in shared):
        let, side = only[0]
        return f"Only the {side} states {let.target} = {text(let.value)}."
    if shared:
        key, let = shared[0]
        return (
            f"The first statement that differs: {let.target} is {text(let.value)} on the left and "
            f"{text(others[key].value)} on the right."
        )
    return "The statements agree and the initial states differ."


def _numbered(trace: Trace) -> dict[tuple[str, int], Let]:
    """The statements by what they assign and how often that was assigned before."""
    found: dict[tuple[str, int], Let] = {}
    for let in trace.lets:
        found[let.target, sum(target == let.target for target, _ in found)] = let
    return found

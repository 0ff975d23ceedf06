"""What must hold for an expression to be defined, as a set that can be compared with that of another expression."""

from __future__ import annotations

from collections.abc import Iterator

from symopt.ir.nodes import MatOp, Node, Num, Op, num, op
from symopt.prove.forms import Forms

# An operation of canonical operands, and the conditions under which it is done: each in its form, and whether it holds.
Guards = frozenset[tuple[Node, bool]]
PARTIAL_MATRIX_OPS = frozenset({"inverse_root", "eigenbasis", "orthogonal"})


def needs(root: Node, forms: Forms) -> set[tuple[Node, Guards]]:
    """The operations below a node that are not known to be defined everywhere, each under the fewest conditions.

    Two expressions of which these are the same are defined at the same values of their names.
    """
    found: set[tuple[Node, Guards]] = set()
    seen: set[tuple[Node, Guards]] = set()
    stack: list[tuple[Node, Guards]] = [(root, frozenset())]
    while stack:
        here = node, guards = stack.pop()
        if here in seen:
            continue
        seen.add(here)
        found.update((need, guards) for need in _own(node, forms) if not forms.is_total(need))
        if isinstance(node, Op) and node.op == "where":
            condition, *branches = node.args
            stack.append((condition, guards))
            stack += [(branch, guards | {_guard(forms(condition), not i)}) for i, branch in enumerate(branches)]
        else:
            stack += [(arg, guards) for arg in node.args]
    return {(need, guards) for need, guards in found if not any((need, fewer) in found for fewer in _fewer(guards))}


def _guard(condition: Node, holds: bool) -> tuple[Node, bool]:
    if isinstance(condition, Op) and condition.op == "not":
        return condition.args[0], not holds
    return condition, holds


def _fewer(guards: Guards) -> Iterator[Guards]:
    """All but one of some conditions, and so on: those that nest are few."""
    for guard in guards:
        rest = guards - {guard}
        yield rest
        yield from _fewer(rest)


def _own(node: Node, forms: Forms) -> list[Node]:
    """The partial operations that an operation is, over canonical operands."""
    match node:
        case Op(op="div", args=(_, under)):
            return _reciprocals(under, forms)
        case Op(op="pow", args=(base, Num(value=exponent))) if exponent.denominator == 1:
            return _reciprocals(base, forms) if exponent < 0 else []
        case Op(op="sqrt" | "log" | "pow"):
            return [op(node.op, *map(forms, node.args))]
        case MatOp(op=name) if name in PARTIAL_MATRIX_OPS:
            return [forms.inner(node)]
    return []


def _reciprocals(node: Node, forms: Forms) -> list[Node]:
    """A division by each factor of a value; what the value itself is divided by, is divided by there."""
    size, factors = forms.normal.factors(forms(node))
    return [op("div", num(1), factor) for factor in factors] if size else [op("div", num(1), num(0))]

"""Fold: identities of the real numbers with 0 and 1, and arithmetic on numbers.

``x + 0``, ``1 * x``, ``0 * x`` and the like go away once an option or a hyper-parameter is fixed.
Rounding: preserved, except that ``0 * x`` is 0 also where x would be infinite or NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction

from symopt.ir.exact import OPERATIONS, is_defined
from symopt.ir.nodes import ONE, ZERO, Node, Num, Op, num, op, rebuild, walk
from symopt.ir.trace import STEP, is_ref

TRUE, FALSE = op("le", ZERO, ZERO), op("lt", ZERO, ZERO)


def fold(roots: Iterable[Node]) -> list[Node]:
    """Every root, simplified bottom-up."""
    roots = list(roots)
    done: dict[Node, Node] = {}
    for node in walk(roots):
        args = tuple(done[arg] for arg in node.args)
        new = node if args == node.args else rebuild(node, args)
        done[node] = fold_once(new) if isinstance(new, Op) else new
    return [done[root] for root in roots]


def fold_once(node: Op) -> Node:
    """One operation over operands that are folded already."""
    numbers = [arg.value for arg in node.args if isinstance(arg, Num)]
    if len(numbers) == len(node.args):
        return _computed(node, numbers)
    rule = IDENTITIES.get(node.op)
    return node if rule is None else rule(node)


def _computed(node: Op, numbers: list[Fraction]) -> Node:
    """An operation on numbers as a number, where it is a rational one."""
    value = OPERATIONS[node.op](*numbers)
    if isinstance(value, bool):
        return TRUE if value else FALSE
    return num(value) if isinstance(value, Fraction) and is_defined(value) else node


def _add(node: Op) -> Node:
    a, b = node.args
    return b if a is ZERO else a if b is ZERO else node


def _sub(node: Op) -> Node:
    a, b = node.args
    if b is ZERO:
        return a
    return fold_once(op("neg", b)) if a is ZERO else ZERO if a is b else node


def _mul(node: Op) -> Node:
    a, b = node.args
    if a is ZERO or b is ZERO:
        return ZERO
    return b if a is ONE else a if b is ONE else node


def _div(node: Op) -> Node:
    a, b = node.args
    return ZERO if a is ZERO and b is not ZERO else a if b is ONE else node


def _pow(node: Op) -> Node:
    """``0 ** t`` is 0, since the step counts from 1; ``0 ** x`` stays for every other x."""
    base, exponent = node.args
    if exponent is ZERO or base is ONE:
        return ONE
    if base is ZERO and (is_ref(exponent, STEP) or (isinstance(exponent, Num) and exponent.value > 0)):
        return ZERO
    return base if exponent is ONE else node


def _neg(node: Op) -> Node:
    (a,) = node.args
    return a.args[0] if isinstance(a, Op) and a.op == "neg" else node


def _where(node: Op) -> Node:
    condition, a, b = node.args
    if condition is TRUE or a is b:
        return a
    return b if condition is FALSE else node


def _and(node: Op) -> Node:
    a, b = node.args
    if a is FALSE or b is FALSE:
        return FALSE
    return b if a is TRUE else a if b is TRUE else node


def _or(node: Op) -> Node:
    a, b = node.args
    if a is TRUE or b is TRUE:
        return TRUE
    return b if a is FALSE else a if b is FALSE else node


def _not(node: Op) -> Node:
    (a,) = node.args
    return FALSE if a is TRUE else TRUE if a is FALSE else node


IDENTITIES: Mapping[str, Callable[[Op], Node]] = {
    "add": _add, "sub": _sub, "mul": _mul, "div": _div, "pow": _pow, "neg": _neg,
    "where": _where, "and": _and, "or": _or, "not": _not,
}  # fmt: skip

"""Settles in which branches two linear rules are equal: all that were derived against all that are claimed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symopt.catalogue import resolve
from symopt.checker.linear_pairs import check_branch, check_no_others, replay_difference
from symopt.checker.outcome import Check
from symopt.errors import UsageError, nearest
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, ref, substitute
from symopt.ir.trace import Trace
from symopt.lang.theorem.linear import ALWAYS, EqualWhere
from symopt.passes.tracing import trace as traced
from symopt.prove.deadline import Deadline
from symopt.prove.elements import NotDecidedError
from symopt.prove.linear.both import Both, Values
from symopt.prove.linear.branch import BOTH, POINTS, Branch, LinearRelation
from symopt.prove.linear.equality import linear_relation
from symopt.prove.linear.reading import Reader
from symopt.prove.linear.solve import Piece
from symopt.prove.pair import RIGHT
from symopt.prove.proof import Proof, Step
from symopt.prove.settlement import Settlement


@dataclass(frozen=True)
class Stated:
    """A branch as it is claimed: what the left must be, what the right is, and both over the ring of both rules."""

    text: str
    where: str
    fixed: dict[str, Node]
    hyper_map: dict[str, Node]
    values: Values


def settle_equal_where(claim: EqualWhere, trace: Trace, time_limit: float) -> Settlement:
    """Derive all branches; each must be one that is claimed, and each that is claimed one of them."""
    deadline = Deadline.after(time_limit)
    other = traced(resolve(claim.other))
    both = Both.of(trace, other, deadline)
    relation = linear_relation(trace, other, deadline)
    if both is None or relation is None:
        raise NotDecidedError(f"{trace.title} and {other.title} are not both linear with constant coefficients")
    stated = [_read(text, BOTH, both) for text in claim.branches] + [_read(t, POINTS, both) for t in claim.points]
    found = _said(relation)
    for item in stated:
        if not any(_covers(both, item, branch) for branch in relation.branches):
            return _not_equal(item, both, found)
    for branch in relation.branches:
        if not any(item.where == branch.where and _within(both, branch, item) for item in stated):
            return _also_equal(branch, both, found)
    if not relation.complete:
        return Settlement.unknown("not all equations between the hyper-parameters were solved", found)
    checks = [_checked(both, branch) for branch in relation.branches]
    checks.append(check_no_others(trace, other, [item.fixed for item in stated if item.where == BOTH]))
    how = "; ".join(dict.fromkeys(check.how for check in checks))
    return Settlement.holds(_proof(relation), Check(all(check.passed for check in checks), how), found)


def _read(text: str, where: str, both: Both) -> Stated:
    """A branch from its text.

    Raises
    ------
    UsageError: it is malformed, or names what a rule does not have.
    """
    own, theirs = [h.name for h in both.left.hypers], [h.name for h in both.right.hypers]
    left, _, right = text.partition(":")
    fixed = {} if left.strip() == ALWAYS else _equations(left, own, both.left.title, own)
    maps = _equations(right, theirs, both.right.title, [*own, *theirs]) if right.strip() else {}
    maps = {name: maps.get(name, ref(name)) for name in theirs}
    reader = Reader(both.ring, both.domains)
    free = {name: ref(RIGHT + name) for name in theirs if name not in own}
    values = {name: reader.of_node(node, text) for name, node in fixed.items()}
    for name, node in maps.items():
        if node is not ref(name) or name in own:
            values[RIGHT + name] = reader.of_node(substitute([node], {**free, **fixed})[0], text)
    return Stated(text, where, fixed, maps, values)


def _equations(text: str, allowed: Sequence[str], title: str, names: Sequence[str]) -> dict[str, Node]:
    found = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals:
            raise UsageError(f"{part.strip()!r} is no part of a branch; write one as in nu = 1: lr = lr*(1 - mu)")
        if name not in allowed:
            raise UsageError(f"{title} has no hyper-parameter {name!r}; {nearest(name, allowed)}")
        found[name] = read_expression(value, tuple(dict.fromkeys(names)))
    return found


def _covers(both: Both, item: Stated, branch: Branch) -> bool:
    """Whether a claimed branch lies within a derived one; equal parameters have equal query points too."""
    return branch.where in (item.where, BOTH) and both.solver.within(Piece(item.values), Piece(branch.values))


def _within(both: Both, branch: Branch, item: Stated) -> bool:
    return both.solver.within(Piece(branch.values), Piece(item.values))


def _said(relation: LinearRelation) -> str:
    parameters = [f"[{branch.full_text()}]" for branch in relation.branches if branch.where == BOTH]
    points = [f"[{branch.full_text()}]" for branch in relation.branches if branch.where == POINTS]
    said = f"equal exactly where {' or '.join(parameters)}" if parameters else "equal nowhere"
    return said + (f"; the points of the gradients also where {' or '.join(points)}" if points else "")


def _checked(both: Both, branch: Branch) -> Check:
    return check_branch(
        both.left, both.right, branch.hyper_map, branch.fixed, branch.state_map, branch.conditions, branch.where == BOTH
    )  # fmt: skip


def _not_equal(item: Stated, both: Both, found: str) -> Settlement:
    """A run on which two rules differ in a branch that is claimed."""
    check, said = replay_difference(both.left, both.right, item.hyper_map, item.fixed, item.where == BOTH)
    if not check.passed:
        return Settlement.unknown(f"[{item.text}] was not derived, and no run differs there", found)
    return Settlement.fails({"branch": item.text, **said}, check, found)


def _also_equal(branch: Branch, both: Both, found: str) -> Settlement:
    """A branch that is missing."""
    check = _checked(both, branch)
    if not check.passed:
        return Settlement.unknown(f"[{branch.text()}] was derived and did not survive the check", found)
    return Settlement.fails({"equal also where": branch.text()}, check, found)


def _proof(relation: LinearRelation) -> Proof:
    """The proofs of the branches, and that there are no others."""
    steps: list[Step] = []
    for branch in relation.branches:
        transfer, equal, last = branch.proof.steps[1:]
        steps += [
            Step(f"where [{branch.text()}], {transfer.statement}", transfer.method),
            Step(equal.statement, equal.method, equal.conditions),
            Step(f"so there {last.statement}", last.method),
        ]
    steps.append(
        Step(
            "at no other constant hyper-parameters in their domains are the two equal, unless nothing moves",
            f"{relation.equations} polynomial equations, the coefficients of the cross-multiplied transfer functions, "
            "of which every factor was solved or cannot be zero",
        )
    )  # fmt: skip
    return Proof((Step("both are linear with constant coefficients", "read off the equations of a step"), *steps))

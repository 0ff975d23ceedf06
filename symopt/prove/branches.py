"""All the branches in which two linear rules are equal, as verdicts say them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from symopt.ir.nodes import Node, Num, ref, substitute
from symopt.ir.trace import Trace
from symopt.passes.specialise import rewrite
from symopt.prove.deadline import Deadline
from symopt.prove.found import Found, with_hypers
from symopt.prove.linear.branch import BOTH, Branch
from symopt.prove.linear.equality import linear_relation
from symopt.prove.pair import LEFT, RIGHT, make_pair
from symopt.prove.proof import Proof
from symopt.prove.relation import Prover, Relation, constant_hypers
from symopt.prove.render import node_text

NONE_EXISTS = "no map of constant hyper-parameters exists: no such map makes the transfer functions equal"


@dataclass(frozen=True)
class Branches:
    """What is known of two linear rules.

    ``found`` is the plainest branch that keeps free what both have, ``others`` the rest as text, and
    ``none_exists`` says that there is none for every left, and why.
    """

    found: Found | None
    others: tuple[str, ...]
    none_exists: Proof | None


def linear_branches(left: Trace, right: Trace, varying: Sequence[str], deadline: Deadline) -> Branches:
    """The branches of two linear rules with constant hyper-parameters; nothing where one of the two is not such."""
    relation = linear_relation(left, right, deadline) if not varying else None
    if relation is None:
        return Branches(None, (), None)
    same_parameter = [branch for branch in relation.branches if branch.where == BOTH]
    allowed = [branch for branch in same_parameter if _keeps_shared(branch, left, right)]
    found = _found(allowed[0], left, right, deadline) if allowed else None
    others = tuple(_said(branch) for branch in same_parameter if not allowed or branch is not allowed[0])
    return Branches(found, others, relation.none_exists)


def _said(branch: Branch) -> str:
    """What must hold on the left, and what the right then has."""
    fixed = [f"{name} = {node_text(node)}" for name, node in branch.fixed.items()]
    own = {name: branch.fixed.get(name, ref(name)) for name in branch.hyper_map}
    changed = [f"{name} = {node_text(node)}" for name, node in branch.hyper_map.items() if node is not own[name]]
    parts = [", ".join(fixed), f"the right has {', '.join(changed)}" if changed else ""]
    said = " and ".join(part for part in parts if part)
    return f"{said}, if {' and '.join(branch.conditions)}" if branch.conditions else said


def _keeps_shared(branch: Branch, left: Trace, right: Trace) -> bool:
    """Whether every hyper-parameter that both have stays free: the left's is not fixed, the right's no number."""
    own, others = ({hyper.name for hyper in side.hypers} for side in (left, right))
    fixed = {*branch.fixed} | {name for name, node in branch.hyper_map.items() if isinstance(node, Num)}
    return not fixed & own & others


def _found(branch: Branch, left: Trace, right: Trace, deadline: Deadline) -> Found:
    """A branch with a proof: by induction where its map of states is kept by every step, else by responses."""
    special = with_hypers(rewrite(left, branch.fixed), left)
    pair = make_pair(special, right)
    own: dict[str, Node] = {state.name: ref(LEFT + state.name) for state in left.states}
    states = {RIGHT + name: substitute([node], own)[0] for name, node in branch.state_map.items()}
    relation = Relation(
        {state: states[state] for state in pair.right.states if state in states},
        {RIGHT + name: node for name, node in branch.hyper_map.items()},
    )
    proof = Prover(pair, deadline).prove(relation).proof if branch.inductive else None
    constant = constant_hypers(pair, relation) if proof is not None else _read(branch, left)
    conditions = [
        *(f"{name} = {node_text(node)}" for name, node in branch.fixed.items()), *branch.conditions,
        *(f"{name} is the same at every step" for name in constant),
    ]  # fmt: skip
    return Found(
        proof or branch.proof,
        {name: node_text(node) for name, node in branch.hyper_map.items()},
        {name: node_text(node) for name, node in branch.state_map.items() if branch.inductive},
        tuple(dict.fromkeys((*conditions, *(proof.conditions if proof else ())))),
        tuple(hyper.name for hyper in left.hypers),
    )


def _read(branch: Branch, left: Trace) -> list[str]:
    """The left's hyper-parameters that are free: a transfer function is about constant ones."""
    return [hyper.name for hyper in left.hypers if hyper.name not in branch.fixed]

"""Equality where hyper-parameters of the same name are the same: as the rules are written, then simplified."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from symopt.ir.expressions import read_expression
from symopt.ir.nodes import refs
from symopt.ir.trace import STEP, Trace
from symopt.prove.alike import equal_by_structure
from symopt.prove.deadline import Deadline
from symopt.prove.found import Found, Varying, as_found, proved
from symopt.prove.pair import make_pair
from symopt.prove.proof import Proof
from symopt.prove.relation import Prover, by_name
from symopt.prove.render import node_sympy
from symopt.prove.simplify import Simplified, simplified


def plain_equality(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> tuple[Found | None, str]:
    """A proof that two traces are equal where hyper-parameters of the same name are, or the reason for none."""
    found, reason = _as_written(left, right, varying, deadline)
    if found is not None:
        return found, ""
    return _simplified_equality(left, right, varying, deadline), reason


def _simplified_equality(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """An equality that shows once counters and redundant states are gone."""
    a, b = simplified(left, deadline, varying), simplified(right, deadline, varying)
    if not (a.steps or b.steps):
        return None
    found, _ = _as_written(a.trace, b.trace, varying, deadline)
    return with_reasons(found, a, b) if found else None


def with_reasons(found: Found, left: Simplified, right: Simplified) -> Found | None:
    """What was found for simplified traces, said of the original ones; None where that does not follow."""
    maps = {name: read_expression(text, (*found.hyper_map, *found.names)) for name, text in found.hyper_map.items()}
    if any(STEP in refs(maps[name]) for name in right.constant if name in maps):
        return None  # a closed form holds for a constant alone
    same = [f"{name} is the same at every step" for name in dict.fromkeys((*left.constant, *right.constant))]
    return replace(
        found, proof=Proof((*left.steps, *right.steps, *found.proof.steps)),
        conditions=tuple(dict.fromkeys((*found.conditions, *same))),
    )  # fmt: skip


def _as_written(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> tuple[Found | None, str]:
    pair = make_pair(left, right, varying)
    alike = equal_by_structure(pair, deadline)
    if alike is not None:
        return alike, ""
    prover = Prover(pair, deadline)
    reason = "no relation between the states was found"
    named = by_name(pair)
    if named is not None:
        attempt = prover.prove(named)
        if attempt.proof is not None:
            return as_found(pair, prover, named, attempt.proof), ""
        reason = attempt.reason
    found = proved(pair, prover, map_hypers=False)
    if found is None or found.proof.conditions:  # the other direction may need fewer conditions
        backwards = _search_backwards(left, right, varying, deadline)
        if found is None or (backwards and len(backwards.proof.conditions) < len(found.proof.conditions)):
            found = backwards
    return found, "" if found else reason


def _search_backwards(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """The same question from right to left: a state of the left as a multiple of one of the right."""
    pair = make_pair(right, left, varying)
    found = proved(pair, Prover(pair, deadline), map_hypers=False)
    if found is None:
        return None
    return replace(found, hyper_map={h.name: h.name for h in right.hypers}, state_map=_inverted(found, right))


def _inverted(found: Found, right: Trace) -> dict[str, str]:
    """A map of states turned round, where that can be done."""
    state_map = found.state_map
    own = {state.name: sp.Symbol(f"right {state.name}") for state in right.states}
    symbols = {sp.Symbol(name): symbol for name, symbol in own.items()}
    names = (*own, *found.names)
    equations = [
        sp.Symbol(name) - node_sympy(read_expression(text, names)).xreplace(symbols) for name, text in state_map.items()
    ]
    solved = sp.solve(equations, list(own.values()), dict=True) if equations else []
    if not solved:
        return {}
    return {name: str(sp.factor(solved[0][symbol])) for name, symbol in own.items() if symbol in solved[0]}

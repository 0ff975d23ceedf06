"""Equality plainly, under fixed hyper-parameters, and under a map of hyper-parameters."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from symopt.errors import VerifyError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, num, ref, refs, substitute
from symopt.ir.shape import let_shapes
from symopt.ir.trace import PARAMETER, SIZES, STEP, HyperInfo, Trace
from symopt.passes.dead import drop_dead
from symopt.passes.specialise import rewrite
from symopt.prove.cases import Deadline
from symopt.prove.equations import Equations
from symopt.prove.mapdomain import domain_conditions
from symopt.prove.pair import EARLIER, Pair, bare, make_pair
from symopt.prove.proof import Proof
from symopt.prove.relation import Prover, Relation, by_name, constant_hypers
from symopt.prove.render import node_sympy, node_text, shown
from symopt.prove.runner import with_its_names
from symopt.prove.scales import may_be_multiples
from symopt.prove.search import candidates
from symopt.prove.simplify import Simplified, simplified
from symopt.prove.witness import Both, agree_at, rest_at

Varying = tuple[str, ...]
# Candidates for a relation that are put to the proof, in one direction.
MOST_CANDIDATES = 6
MOST_FIXED = 3


@dataclass(frozen=True)
class Found:
    """A proof of equality, with the maps and conditions under which it holds.

    ``names`` are those that the maps are written in. ``repair`` is a sentence where a map reads values of the
    step before: then no hyper-parameters make the two equal, but a change of one of them from step to step does.
    """

    proof: Proof
    hyper_map: Mapping[str, str]
    state_map: Mapping[str, str]
    conditions: tuple[str, ...]
    names: tuple[str, ...] = ()
    repair: str = ""


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
    prover = Prover(pair, deadline)
    reason = "no relation between the states was found"
    named = by_name(pair)
    if named is not None:
        attempt = prover.prove(named)
        if attempt.proof is not None:
            return _found(pair, prover, named, attempt.proof), ""
        reason = attempt.reason
    found = _search(pair, prover, map_hypers=False)
    if found is None or found.proof.conditions:  # the other direction may need fewer conditions
        backwards = _search_backwards(left, right, varying, deadline)
        if found is None or (backwards and len(backwards.proof.conditions) < len(found.proof.conditions)):
            found = backwards
    return found, "" if found else reason


def mapped_equality(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A proof of equality with hyper-parameters of the right as expressions in those of the left."""
    pair = make_pair(left, right, varying)
    if not may_be_multiples(pair.left.scales[PARAMETER], pair.right.scales[PARAMETER]):
        return None
    found = _search(pair, Prover(pair, deadline), map_hypers=True)
    alike = {h.name for h in left.hypers} == {h.name for h in right.hypers}
    if found is not None or (alike and len(pair.left.states) == len(pair.right.states)):
        return found  # such maps can be turned round: what was not found forwards is not there backwards
    return _map_backwards(left, right, varying, deadline)


def fixed_equality(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A proof of equality with hyper-parameters that one side only has fixed to numbers."""
    fixings = list(_fixings(left, right))
    both = Both(left, right, varying)
    for fixing in fixings:
        if not agree_at(both, fixing, deadline):
            continue
        found = _under(left, right, fixing, varying, deadline, mapped=False)
        if found is not None:
            return found
    # With everything fixed that one side lacks, a map of the rest may do.
    return _under(left, right, fixings[0], varying, deadline, mapped=True) if fixings else None


def degenerate_conditions(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> tuple[str, ...]:
    """Values of hyper-parameters of both sides at which different rules are equal."""
    others = {hyper.name: hyper for hyper in right.hypers}
    both = Both(left, right, varying)
    conditions = []
    for hyper in left.hypers:
        other = others.get(hyper.name)
        if other is None or hyper.name in varying or 0 not in hyper.domain or 0 not in other.domain:
            continue
        zero = {hyper.name: Fraction(0)}
        if rest_at(both, zero) or not agree_at(both, zero, deadline):
            continue
        try:
            a, b = (_fix(side, zero) for side in (left, right))
        except VerifyError:
            continue
        if not _rests(a, deadline) and plain_equality(a, b, varying, deadline)[0] is not None:
            conditions.append(f"equal when {hyper.name} = 0")
    return tuple(conditions)


def _rests(trace: Trace, deadline: Deadline) -> bool:
    """Whether a rule never moves the parameter."""
    step = simplified(trace, deadline).trace.step()[PARAMETER]
    return Equations(trace.inputs, {}, (), trace.domains, deadline).simplified(step) is ref(PARAMETER)


def _under(
    left: Trace, right: Trace, fixing: dict[str, Fraction], varying: Varying, deadline: Deadline, mapped: bool
) -> Found | None:
    try:
        a, b = _fix(left, fixing), _fix(right, fixing)
    except VerifyError:
        return None
    varying = tuple(name for name in varying if name not in fixing)
    found = mapped_equality(a, b, varying, deadline) if mapped else plain_equality(a, b, varying, deadline)[0]
    if found is None:
        return None
    fixed = tuple(f"{name} = {value}" for name, value in fixing.items())
    values = {name: str(value) for name, value in fixing.items()}
    hyper_map = {h.name: {**found.hyper_map, **values}.get(h.name, h.name) for h in right.hypers}
    return replace(found, conditions=(*fixed, *found.conditions), hyper_map=hyper_map)


def _fixings(left: Trace, right: Trace) -> Iterator[dict[str, Fraction]]:
    """Numbers for hyper-parameters that one side lacks: all that can be, then fewer."""
    own, others = ({hyper.name for hyper in side.hypers} for side in (left, right))
    if own - others and others - own:  # what one side lacks may have another name there
        return
    names = own ^ others
    loose = [h for h in (*left.hypers, *right.hypers) if h.name in names][:MOST_FIXED]
    options: list[list[Fraction | None]] = [
        [*(Fraction(k) for k in (0, 1) if k in hyper.domain), None] for hyper in loose
    ]
    for values in itertools.product(*options):
        fixing = {h.name: v for h, v in zip(loose, values, strict=True) if v is not None}
        if fixing:
            yield fixing


def _fix(trace: Trace, values: Mapping[str, Fraction]) -> Trace:
    """The trace with hyper-parameters as numbers.

    Raises
    ------
    VerifyError: what a reduction is taken over has become one number.
    """
    own = {hyper.name for hyper in trace.hypers}
    fixed = drop_dead(rewrite(trace, {name: num(value) for name, value in values.items() if name in own}))
    let_shapes(with_its_names(fixed))
    return fixed


def _search(pair: Pair, prover: Prover, map_hypers: bool) -> Found | None:
    for relation in itertools.islice(candidates(pair, prover, map_hypers), MOST_CANDIDATES):
        if map_hypers and not _keeps_shared(pair, relation):
            continue
        if domain_conditions(pair, prover, _changed(relation)) is None:
            continue
        attempt = prover.prove(relation)
        if attempt.proof is not None:
            return _found(pair, prover, relation, attempt.proof)
    return None


def _changed(relation: Relation) -> dict[str, Node]:
    """The hyper-parameters of the right that are not simply those of the left with their names."""
    return {name: node for name, node in relation.hypers.items() if node is not ref(bare(name))}


def _keeps_shared(pair: Pair, relation: Relation) -> bool:
    """Whether every hyper-parameter that both sides have stays free.

    Each is mapped to an expression that reads one of the left's, a different one for each.
    """
    shared = [name for name in relation.hypers if bare(name) in pair.left.hypers]
    read = {name: [h for h in refs(relation.hypers[name]) if h in pair.left.hypers] for name in shared}
    taken: dict[str, str] = {}

    def place(name: str, tried: set[str]) -> bool:
        for hyper in read[name]:
            if hyper not in tried:
                tried.add(hyper)
                if hyper not in taken or place(taken[hyper], tried):
                    taken[hyper] = name
                    return True
        return False

    return all(place(name, set()) for name in shared)


def _search_backwards(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """The same question from right to left: a state of the left as a multiple of one of the right."""
    pair = make_pair(right, left, varying)
    found = _search(pair, Prover(pair, deadline), map_hypers=False)
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


def _map_backwards(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A map found from right to left, solved for the right's hyper-parameters and proved again."""
    pair = make_pair(right, left, varying)
    backward = _search(pair, Prover(pair, deadline), map_hypers=True)
    if backward is None:
        return None
    names = (*(hyper.name for hyper in left.hypers), *SIZES)
    own = [hyper.name for hyper in right.hypers]
    solved = _solved(backward.hyper_map, own)
    if solved is None:
        return None
    solution, used = solved
    nodes = {name: read_expression(text, names) for name, text in solution.items() if name != text}
    normal = Equations(names, {}, (), pair.domains, deadline).simplified
    nodes = {name: normal(node) for name, node in nodes.items()}
    solution |= {name: node_text(node) for name, node in nodes.items()}
    in_left = {**{name: ref(name) for name in own}, **nodes}
    values = {
        name: normal(substitute([read_expression(text, (*own, *SIZES))], in_left)[0])
        for name, text in backward.hyper_map.items() if name not in own and name not in used
    }  # fmt: skip
    forced = [f"{name} = {node_text(node)}" for name, node in values.items() if node is not ref(name)]
    mapped = with_hypers(rewrite(right, nodes), left)
    found, _ = plain_equality(rewrite(left, values) if forced else left, mapped, varying, deadline)
    if found is None:
        return None
    return replace(found, hyper_map={**found.hyper_map, **solution}, conditions=(*forced, *found.conditions))


def with_hypers(trace: Trace, other: Trace) -> Trace:
    """A trace whose hyper-parameters are its own and those of another."""
    named: dict[str, HyperInfo] = {hyper.name: hyper for hyper in (*other.hypers, *trace.hypers)}
    return replace(trace, hypers=tuple(named.values()))


def _solved(backward: Mapping[str, str], own: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]] | None:
    """The right's hyper-parameters from ``left's = expression in right's``, and which others of the left were used.

    The equations of names that both have come first; as many others as are needed are added.
    """
    symbols = {name: sp.Symbol(f"right {name}") for name in own}
    renamed = {sp.Symbol(name): symbol for name, symbol in symbols.items()}
    equations = {
        name: sp.Symbol(name) - node_sympy(read_expression(text, (*own, *SIZES))).xreplace(renamed)
        for name, text in backward.items()
    }
    shared = [name for name in backward if name in own]
    others = [name for name in backward if name not in own]
    for used in itertools.combinations(others, max(len(own) - len(shared), 0)):
        try:
            solutions = sp.solve([equations[name] for name in (*shared, *used)], list(symbols.values()), dict=True)
        except NotImplementedError:  # how SymPy says that it cannot solve a system
            continue
        if len(solutions) == 1 and set(solutions[0]) == set(symbols.values()):
            return {name: str(sp.factor(solutions[0][symbol])) for name, symbol in symbols.items()}, used
    return None


def _found(pair: Pair, prover: Prover, relation: Relation, proof: Proof) -> Found:
    constant = constant_hypers(pair, relation)
    conditions = [f"{name} is the same at every step" for name in constant]
    maps = _changed(relation)
    conditions += domain_conditions(pair, prover, maps) or []
    free = {bare(h): bare(h) for h in pair.right.hypers}
    return Found(
        proof,
        {**free, **{bare(name): node_text(node) for name, node in relation.hypers.items()}},
        {bare(name): node_text(node) for name, node in relation.states.items()},
        tuple(dict.fromkeys([*conditions, *proof.conditions])),
        tuple(map(shown, pair.names)),
        _repair(maps),
    )


def _repair(maps: Mapping[str, Node]) -> str:
    earlier = [name for name in dict.fromkeys(refs(*maps.values())) if name.endswith(EARLIER)]
    if not earlier:
        return ""
    changes = ", ".join(f"{bare(name)} = {node_text(node)}" for name, node in maps.items())
    values = ", ".join(f"{shown(name)} is {name.removesuffix(EARLIER)} at the step before" for name in earlier)
    return f"equal when at every step the right has {changes}, where {values}"

"""What a proof of equality comes to: maps, conditions, and candidates put to the proof."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

from symopt.ir.nodes import Node, ref, refs
from symopt.ir.trace import HyperInfo, Trace
from symopt.passes.rename import without_names
from symopt.prove.mapdomain import domain_conditions
from symopt.prove.pair import EARLIER, Pair, bare
from symopt.prove.proof import Proof
from symopt.prove.relation import Prover, Relation, constant_hypers
from symopt.prove.render import node_text, shown
from symopt.prove.search import candidates

Varying = tuple[str, ...]
# Candidates for a relation that are put to the proof, in one direction.
MOST_CANDIDATES = 6


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


def proved(pair: Pair, prover: Prover, map_hypers: bool) -> Found | None:
    """The first candidate that is proved, where every hyper-parameter that both sides have stays free."""
    for relation in itertools.islice(candidates(pair, prover, map_hypers), MOST_CANDIDATES):
        if map_hypers and not _keeps_shared(pair, relation):
            continue
        if domain_conditions(pair, prover, _changed(relation)) is None:
            continue
        attempt = prover.prove(relation)
        if attempt.proof is not None:
            return as_found(pair, prover, relation, attempt.proof)
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


def as_found(pair: Pair, prover: Prover, relation: Relation, proof: Proof) -> Found:
    """A proved relation with its maps and conditions, as text."""
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


def with_hypers(trace: Trace, other: Trace) -> Trace:
    """A trace whose hyper-parameters are its own and those of another; nothing else in it is called like one."""
    trace = without_names(trace, [hyper.name for hyper in other.hypers])
    named: dict[str, HyperInfo] = {hyper.name: hyper for hyper in (*other.hypers, *trace.hypers)}
    return replace(trace, hypers=tuple(named.values()))

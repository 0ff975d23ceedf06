"""Equality under a map: hyper-parameters of the right as expressions in those of the left."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import sympy as sp

from symopt.ir.expressions import read_expression
from symopt.ir.nodes import ref, substitute
from symopt.ir.trace import PARAMETER, SIZES, Trace
from symopt.passes.specialise import rewrite
from symopt.prove.deadline import Deadline
from symopt.prove.equations import Equations
from symopt.prove.found import Found, Varying, proved, with_hypers
from symopt.prove.pair import make_pair
from symopt.prove.plain import plain_equality
from symopt.prove.relation import Prover
from symopt.prove.render import node_sympy, node_text
from symopt.prove.scales import may_be_multiples


def mapped_equality(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A proof of equality with hyper-parameters of the right as expressions in those of the left."""
    pair = make_pair(left, right, varying)
    if not may_be_multiples(pair.left.scales[PARAMETER], pair.right.scales[PARAMETER]):
        return None
    found = proved(pair, Prover(pair, deadline), map_hypers=True)
    # Turned round, a map can be found where the right has more states than the left, or the left more names.
    more_names = {h.name for h in left.hypers} - {h.name for h in right.hypers}
    if found is not None or not (more_names or len(pair.right.states) > len(pair.left.states)):
        return found
    return _map_backwards(left, right, varying, deadline)


def _map_backwards(left: Trace, right: Trace, varying: Varying, deadline: Deadline) -> Found | None:
    """A map found from right to left, solved for the right's hyper-parameters and proved again."""
    pair = make_pair(right, left, varying)
    backward = proved(pair, Prover(pair, deadline), map_hypers=True)
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

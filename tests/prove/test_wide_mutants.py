"""Soundness on arrays: edited rules with norms, axes and matrices are equal only where models of tensors agree."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from mutants import mutants, replaced

from symopt.checker.check import check_equality, check_witness
from symopt.errors import VerifyError
from symopt.ir.nodes import MatOp, Node, Reduce, matop, num, op, rebuild, reduce, walk
from symopt.ir.program import Program
from symopt.ir.rate import let_rates
from symopt.ir.shape import let_shapes
from symopt.ir.trace import Let, Trace
from symopt.ir.verify import verify_trace
from symopt.passes.tracing import trace
from symopt.prove.compare import compare
from tests.run.program_run import Arrays, first_states
from tests.run.small_rules import RULES
from tests.run.test_programs import given_to, hypers_of
from tests.run.trace_run import trace_step

NAMES = ("number_state", "factored", "newton", "roots", "global_clip", "sharpness", "given")
MATRICES = ((3, 4), (4, 2), (2, 2))


def edits(original: Trace, number: int) -> Iterator[tuple[str, Trace]]:
    """Edits of reductions and of operations on matrices, then those of any place, that are rules at all."""
    chosen = random.Random(original.title)
    places = [(i, n) for i, let in enumerate(original.lets) for n in walk([let.value]) if isinstance(n, Reduce | MatOp)]
    found: list[tuple[str, Trace]] = []
    for i, node in [chosen.choice(places) for _ in range(number)] if places else []:
        new = chosen.choice(list(_others(node)))
        lets = list(original.lets)
        lets[i] = Let(lets[i].name, replaced(lets[i].value, node, new), lets[i].target)
        found.append((f"{lets[i].name}: {node} -> {new}", original.with_lets(tuple(lets))))
    for what, mutant in (*found, *mutants(original, seed=7, number=number)):
        try:
            verify_trace(mutant)
        except VerifyError:
            continue
        yield what, mutant


def _others(node: Node) -> Iterator[Node]:
    """Other operations, and the same one in other words."""
    if isinstance(node, Reduce):
        (arg,) = node.args
        axes = (0, 1) if node.axis is not None else (None,)
        yield from (reduce(name, arg, axis) for name in ("sum", "mean", "amax", "amin") for axis in axes)
        yield reduce("model_sum", arg)
        yield op("div", reduce(node.op, op("mul", num(2), arg), node.axis), num(2))
        yield op("neg", reduce(node.op, op("neg", arg), node.axis))
    else:
        yield rebuild(node, node.args[::-1]) if node.args[1:] else matop("transpose", node)
        yield from (node.args[0], op("neg", node), op("div", op("mul", num(3), node), num(3)))


def run(recorded: Trace, seed: int) -> list[Arrays]:
    """The parameters of a model of three tensors after every step, in floats."""
    rng = np.random.default_rng(seed)
    program = Program(recorded, (), let_shapes(recorded), let_rates(recorded))
    ps = [rng.standard_normal(shape) for shape in MATRICES]
    hypers, found = hypers_of(recorded), []
    states = first_states(program, hypers, ps)
    for t in range(1, 4):
        noise = [rng.standard_normal(p.shape) for p in ps]

        def oracle(points: Arrays, name: str, noise: Arrays = noise) -> Arrays:
            return [np.tanh(point) + n for point, n in zip(points, noise, strict=True)]

        with np.errstate(all="ignore"):
            ps, states = trace_step(recorded, hypers, ps, states, t, oracle, given_to(recorded, ps, t))
        ps = [np.array(p) for p in ps]
        found.append(ps)
    return found


def agree(left: list[Arrays], right: list[Arrays]) -> bool:
    pairs = [(a, b) for x, y in zip(left, right, strict=True) for a, b in zip(x, y, strict=True)]
    return all(np.allclose(a, b, rtol=1e-6, atol=1e-6, equal_nan=True) for a, b in pairs)


@pytest.mark.parametrize("name", NAMES)
def test_an_edited_rule_is_equal_only_where_models_agree(name: str) -> None:
    (original,) = (trace(rule) for rule in RULES if rule.name == name)
    seen = set()
    for what, mutant in edits(original, 4):
        verdict = compare(mutant, original, time_limit=5)
        seen.add(verdict.verdict)
        if verdict.verdict == "equal" and not verdict.conditions:
            assert agree(run(mutant, 1), run(original, 1)), f"{what}: {verdict.text()}"
        if verdict.proof is not None:
            maps = verdict.hyper_map or {}, verdict.state_map or {}
            check = check_equality(mutant, original, *maps, verdict.conditions)
            assert check.passed, f"{what}: {check.how}"
        if verdict.witness is not None:
            witness = verdict.witness
            check = check_witness(mutant, original, witness.to_json(), witness.step, witness.query)
            assert check.passed, f"{what}: {check.how}"
    assert "different" in seen

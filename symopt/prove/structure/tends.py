"""A whole rule as one of its hyper-parameters tends to a limit: the rule at the limit, and where it is continuous."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from symopt.catalogue import resolve
from symopt.checker.tends import check_tends
from symopt.errors import UsageError
from symopt.ir.nodes import CONDITIONS, ZERO, MatOp, Node, Op, rebuild, refs, walk
from symopt.ir.trace import STEP, Let, Query, Trace
from symopt.lang.theorem import TendsTo
from symopt.passes.specialise import rewrite
from symopt.passes.tracing import trace as traced
from symopt.prove.compare import compare
from symopt.prove.convert import Converter
from symopt.prove.elements import NotDecidedError
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.proof import Proof, Step
from symopt.prove.render import node_text
from symopt.prove.settlement import Settlement
from symopt.prove.structure.approach import Approach, LimitInCase, read_approach
from symopt.prove.structure.turning import OWN_AXES

# Discontinuous wherever their operands move.
JUMPS = CONDITIONS | {"sign", "floor"}


def settle_tends(claim: TendsTo, trace: Trace, time_limit: float) -> Settlement:
    """Compare the rule at the limit with the other one.

    Every step is continuous at the limit wherever the rule there is defined, so after any number of steps the
    parameters tend to those of the rule at the limit.

    Raises
    ------
    UsageError: the claim moves what the rule has not.
    """
    names = tuple(hyper.name for hyper in trace.hypers)
    approach = read_approach(claim.when, names)
    if approach.variable == STEP:
        raise UsageError(f"{claim.when!r}: a rule has a limit as a hyper-parameter moves, which t is not")
    other = traced(resolve(claim.other))
    try:
        _refuse_jumps(trace, approach)
        limit = at_limit(trace, approach)
    except NotDecidedError as error:
        return Settlement.unknown(str(error))
    verdict = compare(limit, other, time_limit=time_limit / 3)
    if verdict.verdict == "equal-if":  # under other hyper-parameters, which the claim does not have
        own = {hyper.name for hyper in limit.hypers}
        by_name = {hyper.name: hyper.name for hyper in other.hypers if hyper.name in own}
        verdict = compare(limit, other, hyper_map=by_name, time_limit=time_limit / 3)
    if verdict.verdict == "different" and verdict.witness is not None:
        said: dict[str, Any] = {**verdict.witness.to_json(), "step": str(verdict.witness.step)}
        if verdict.witness.query is None:
            return Settlement.fails(said, check_tends(trace, other, claim, said))
    if verdict.verdict != "equal" or verdict.proof is None:
        return Settlement.unknown(f"the rule at the limit and {claim.other}: {verdict.verdict}")
    steps = (
        Step(f"at the limit the rule has the statements {_statements(limit)}", "powers and the hyper-parameter put in"),
        Step("every step is continuous there in the states and the hyper-parameter",
             "no sign, floor or condition depends on more than t and fixed hyper-parameters"),
        *verdict.proof.steps,
        Step(str(claim), "continuity of finitely many steps, where they are defined at the limit", verdict.conditions),
    )  # fmt: skip
    return Settlement.holds(Proof(steps), check_tends(trace, other, claim))


def at_limit(trace: Trace, approach: Approach) -> Trace:
    """The rule at the limit, without the hyper-parameter.

    Raises
    ------
    NotDecidedError: the hyper-parameter grows without bound outside of powers that vanish.
    """
    if approach.to is not None:
        return rewrite(trace, {approach.variable: approach.to})
    general = GeneralStep(trace.inputs, trace.domains)
    field = Field(general.generators, general.domains)
    limit = LimitInCase(field, Converter(field, general.values(field), general.whole), approach)

    def new(root: Node) -> Node:
        done: dict[Node, Node] = {}
        for node in walk([root]):
            if isinstance(node, Op) and node.op == "pow" and approach.variable in refs(node.args[1]):
                limit.vanishes(*node.args)
                done[node] = ZERO
            else:
                done[node] = rebuild(node, tuple(done[arg] for arg in node.args)) if node.args else node
        if approach.variable in refs(done[root]):
            raise NotDecidedError(f"{node_text(root)} does not become free of {approach.variable}")
        return done[root]

    changed = replace(
        trace,
        lets=tuple(Let(let.name, new(let.value), let.target, let.place) for let in trace.lets),
        queries=tuple(Query(query.name, new(query.point)) for query in trace.queries),
        hypers=tuple(hyper for hyper in trace.hypers if hyper.name != approach.variable),
    )
    return rewrite(changed, {})


def _refuse_jumps(trace: Trace, approach: Approach) -> None:
    """Nothing that jumps may depend on what moves, or on what follows from it."""
    fixed = {STEP, *(hyper.name for hyper in trace.hypers)} - {approach.variable}
    if approach.to is None and any(approach.variable in refs(state.init) for state in trace.states):
        raise NotDecidedError(f"a state starts at a value that depends on {approach.variable}")
    for let in trace.lets:
        for node in walk([let.value]):
            if isinstance(node, Op) and node.op == "pow":
                # Powers of zero jump where the exponent becomes zero.
                exponent = {*refs(trace.expand(node.args[1]))}
                vanishes = approach.to is None and approach.variable in exponent
                if not exponent <= fixed and not vanishes:
                    raise NotDecidedError(f"the exponent of {node_text(node)} in {let.target} moves")
            jumps = (isinstance(node, Op) and node.op in JUMPS) or (isinstance(node, MatOp) and node.op in OWN_AXES)
            if jumps and not {*refs(trace.expand(node))} <= fixed:
                raise NotDecidedError(f"{node_text(node)} in {let.target} may jump")


def _statements(trace: Trace) -> str:
    return "; ".join(f"{let.target} = {node_text(let.value)}" for let in trace.lets)

"""What is legal at each stage, as checks that run between the passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.errors import VerifyError
from symopt.ir.nodes import CONDITIONS, Node, Num, Op, Ref, refs, walk
from symopt.ir.program import Phase, Program
from symopt.ir.rate import Rate, let_rates, node_rates
from symopt.ir.trace import PARAMETER, Let, Trace


def verify_trace(trace: Trace) -> None:
    """Check a trace: names are unique and known before they are read, values and truth values are not
    mixed, the parameter and every state have a new value.

    Raises
    ------
    VerifyError: the first thing that is not so.
    """  # fmt: skip
    is_condition = dict.fromkeys(trace.inputs, False)
    if len(is_condition) != len(trace.inputs):
        raise VerifyError(f"{trace.name}: two inputs have one name: {', '.join(trace.inputs)}")
    for let in trace.lets:
        where = f"{let.place}: {trace.name}" if let.place else trace.name
        if let.name in is_condition:
            raise VerifyError(f"{where}: {let.name} is defined twice")
        is_condition[let.name] = _check_kinds(where, let.name, let.value, is_condition)
    for query in trace.queries:
        _check_kinds(trace.name, query.name, query.point, is_condition)
    for state in trace.states:
        _check_kinds(trace.name, state.name, state.init, is_condition)
    for name in (PARAMETER, *(state.name for state in trace.states)):
        if trace.results.get(name) not in is_condition:
            raise VerifyError(f"{trace.name}: {name} has no new value")
        if is_condition[trace.results[name]]:
            raise VerifyError(f"{trace.name}: {trace.results[name]} is a condition and the new value of {name}")


def verify_program(program: Program) -> None:
    """Check a program: sweeps compute element values from names only, scalars are step values.

    Raises
    ------
    VerifyError: the first thing that is not so.
    """
    for phase in program.phases:
        _check_phase(program, phase)


def _check_phase(program: Program, phase: Phase) -> None:
    where = f"{program.trace.name}, {phase.name}"
    known = let_rates(program.trace)
    rates = {name: known[name] for name in program.trace.inputs}
    for let in phase.scalars:
        for name in refs(let.value):
            if name not in rates:
                raise VerifyError(f"{where}: {let.name} reads {name}, which is not known there")
        rates[let.name] = node_rates([let.value], rates)[let.value]
        if rates[let.name] != Rate.STEP:
            raise VerifyError(f"{where}: {let.name} varies by element and is no scalar")
    visible = {*phase.arrays, *phase.uniforms}
    for sweep in phase.sweeps:
        for let in sweep.body:
            _check_sweep_let(where, let, rates, visible)
            rates[let.name] = node_rates([let.value], rates)[let.value]
            visible.add(let.name)
        for store in sweep.stores:
            if store.value not in visible:
                raise VerifyError(f"{where}: {store.array} is set to {store.value}, which the sweep does not know")


def _check_sweep_let(where: str, let: Let, rates: Mapping[str, Rate], visible: Iterable[str]) -> None:
    for name in refs(let.value):
        if name not in visible:
            raise VerifyError(f"{where}: {let.name} reads {name}, which the sweep does not know")
    for node, rate in node_rates([let.value], rates).items():
        if rate == Rate.STEP and not isinstance(node, Num | Ref):
            raise VerifyError(f"{where}: {let.name} computes a step value in the element loop")


def _check_kinds(where: str, name: str, root: Node, known: Mapping[str, bool]) -> bool:
    """Whether ``root`` is a condition; every operand must be of the kind that its operation takes."""
    condition: dict[Node, bool] = {}
    for node in walk([root]):
        if isinstance(node, Ref):
            if node.name not in known:
                raise VerifyError(f"{where}: {name} reads {node.name}, which is not known there")
            condition[node] = known[node.name]
            continue
        kinds = [condition[arg] for arg in node.args]
        if kinds != _expected(node):
            raise VerifyError(f"{where}: {name} mixes values and conditions in {getattr(node, 'op', 'a number')}")
        condition[node] = isinstance(node, Op) and node.op in CONDITIONS
    return condition[root]


def _expected(node: Node) -> list[bool]:
    """For each operand, whether it must be a condition."""
    if isinstance(node, Op) and node.op in {"and", "or", "not"}:
        return [True] * len(node.args)
    if isinstance(node, Op) and node.op == "where":
        return [True, False, False]
    return [False] * len(node.args)

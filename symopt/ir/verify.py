"""What is legal at each stage, as checks that run between the passes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from symopt.errors import VerifyError
from symopt.ir.nodes import CONDITIONS, Node, Op, Ref, ref, refs, walk
from symopt.ir.program import Phase, Product, Program, Scalars, Sweep
from symopt.ir.shape import ELEMENT, Axis, let_shapes, shape_of
from symopt.ir.trace import HESSIAN, PARAMETER, STEP, Let, Trace


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
    _check_shapes(trace)


def _check_shapes(trace: Trace) -> None:
    """The new parameter, and the points where gradients are asked for, have the parameter's shape."""
    shapes = let_shapes(trace)
    asked = {f"{query.name}: the point of a gradient": query.point for query in trace.queries}
    for what, node in {f"the new value of {PARAMETER}": ref(trace.results[PARAMETER]), **asked}.items():
        shape = shape_of(node, shapes)
        if shape.down not in (Axis.ONE, Axis.ROWS) or shape.along not in (Axis.ONE, Axis.COLS):
            raise VerifyError(f"{trace.name}: {what} has the shape {shape}, and {PARAMETER} {ELEMENT}")


def verify_program(program: Program) -> None:
    """Check a program: every stage reads what is known by then, and sweeps compute no numbers.

    Raises
    ------
    VerifyError: the first thing that is not so.
    """
    for phase in program.phases:
        _PhaseChecker(program, phase).check()


class _PhaseChecker:
    """One walk over the stages of a phase with the names that are known."""

    def __init__(self, program: Program, phase: Phase) -> None:
        self.where = f"{program.trace.name}, {phase.name}"
        self.phase = phase
        hypers = [hyper.name for hyper in program.trace.hypers]
        self.numbers = {*hypers, STEP, *phase.numbers, *(set(program.trace.given) - {HESSIAN})}
        self.memory = {*phase.arrays, *program.trace.arrays}

    def check(self) -> None:
        """Check every segment; what one tensor computes is not known for the next segment."""
        for segment in self.phase.segments:
            self._check_numbers(segment.scalars)
            for stage in segment.stages:
                match stage:
                    case Scalars(lets=lets):
                        self._check_numbers(lets)
                    case Product(name=name, value=value):
                        self._check_reads(name, refs(value), self.memory | self.numbers)
                        self.memory.add(name)
                    case Sweep():
                        self._check_sweep(stage)

    def _check_reads(self, name: str, reads: Iterable[str], known: Iterable[str]) -> None:
        for read in reads:
            if read not in known:
                raise VerifyError(f"{self.where}: {name} reads {read}, which is not known there")

    def _check_numbers(self, lets: Iterable[Let]) -> None:
        for let in lets:
            self._check_reads(let.name, refs(let.value), self.numbers)
            self.numbers.add(let.name)

    def _check_sweep(self, sweep: Sweep) -> None:
        visible = self.memory | self.numbers
        for let in sweep.body:
            self._check_reads(let.name, refs(let.value), visible)
            self._check_varies(let)
            visible.add(let.name)
        for partial in sweep.partials:
            self._check_reads(partial.name, refs(partial.value), visible)
            (self.numbers if partial.reduction.axis is None else self.memory).add(partial.name)
        for store in sweep.stores:
            self._check_reads(store.array, [store.value], visible)
            self.memory.add(store.array)

    def _check_varies(self, let: Let) -> None:
        """No operation of a sweep may be on numbers alone: it belongs before the loop."""
        for node in walk([let.value]):
            if isinstance(node, Op) and all(name in self.numbers for name in refs(node)):
                raise VerifyError(f"{self.where}: {let.name} computes a number in the element loop")


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

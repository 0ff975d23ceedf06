"""Witnesses: both rules run from their initial states on the same answers, in exact arithmetic.

Values that differ certainly (rationals, or balls that do not overlap) settle that the rules are
different; values that agree settle nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from symopt.ir.exact import differ, precision
from symopt.ir.nodes import Num, Op, walk
from symopt.ir.trace import PARAMETER, Trace
from symopt.prove.deadline import Deadline
from symopt.prove.runs import BITS, Both, Run, Witness, pairs, shapes_of
from symopt.prove.samples import more_samples, samples

COMPARING = frozenset({"lt", "le", "eq", "max", "min"})
SMALL = 3  # numbers up to this lie among the gradients, parameters and steps of every sample


def rest_at(both: Both, values: Mapping[str, Fraction]) -> bool:
    """Whether neither side moves the parameter in a run in which some hyper-parameters have given values."""
    sample = next(samples(both.hypers))
    run = Run(both, replace(sample, hypers={**sample.hypers, **values}))
    with precision(BITS):
        for step in range(1, sample.steps + 1):
            if run.advance(step) is not None or run.over:
                return False
    return all(not differ(x, y) for state in run.states for x, y in pairs(state[PARAMETER], run.theta))


def agree_at(both: Both, values: Mapping[str, Fraction], deadline: Deadline) -> bool:
    """Whether all runs agree, of which one is defined, where some hyper-parameters have given values."""
    agreed = False
    with precision(BITS):
        for sample in samples(both.hypers):
            run = Run(both, replace(sample, hypers={**sample.hypers, **values}))
            for step in range(1, sample.steps + 1):
                deadline.check()
                if run.advance(step) is not None:
                    return False
                agreed = agreed or run.agreed > 0
    return agreed


def find_witness(left: Trace, right: Trace, varying: Sequence[str], deadline: Deadline) -> tuple[Witness | None, int]:
    """The first certified difference in a fixed order of samples, and the number of runs that agreed.

    Of those at one step, one whose values are rational is preferred.

    Hyper-parameters of the same name have the same value.
    """
    agreed = 0
    for shape in shapes_of(left, right):
        found, number = _find(Both(left, right, varying, shape), deadline)
        if found is not None:
            return found, 0
        agreed += number
    return None, agreed


def _find(both: Both, deadline: Deadline) -> tuple[Witness | None, int]:
    sampled = samples(
        both.hypers, thresholds(both.left.trace, both.right.trace), bool(both.shape)
    )  # fmt: skip
    runs = [Run(both, sample) for sample in sampled]
    with precision(BITS):
        for step in range(1, max(run.sample.steps for run in runs) + 1):
            found = None
            for run in runs:
                deadline.check()
                seen = run.advance(step)
                if seen is not None and (found is None or (seen.rational and not found.rational)):
                    found = seen
                if found is not None and found.rational:
                    return found, 0
            if found is not None:
                return (_rational(both, step) or found), 0
    return None, sum(run.agreed > 0 for run in runs)


def find_domain_difference(left: Trace, right: Trace, varying: Sequence[str], deadline: Deadline) -> Witness | None:
    """A run in which one side alone comes to what is undefined, such as a division by zero."""
    for shape in shapes_of(left, right):
        both = Both(left, right, varying, shape)
        runs = [Run(both, sample) for sample in samples(both.hypers, thresholds(left, right), bool(shape))]
        with precision(BITS):
            for step in range(1, max(run.sample.steps for run in runs) + 1):
                for run in runs:
                    deadline.check()
                    run.advance(step)
                    if run.one_sided is not None:
                        return run.one_sided
    return None


def thresholds(*traces: Trace) -> list[Fraction]:
    """The numbers that some traces compare values with, but those that every sample passes anyway."""
    nodes = walk(let.value for trace in traces for let in trace.lets)
    compared = (arg for node in nodes if isinstance(node, Op) and node.op in COMPARING for arg in node.args)
    numbers = dict.fromkeys(arg.value for arg in compared if isinstance(arg, Num))
    return [number for number in numbers if abs(number) > SMALL]


def _rational(both: Both, step: int) -> Witness | None:
    """A difference at the first step whose values are rational, where one is found quickly."""
    if step > 1 or len(both.shape) == 2:  # norms of matrices are hardly ever rational
        return None
    for sample in more_samples(both.hypers):
        seen = Run(both, sample).advance(1)
        if seen is not None and seen.rational:
            return seen
    return None

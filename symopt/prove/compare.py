"""Are two rules the same optimizer? A witness is looked for first, then a proof, then a map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import monotonic

from symopt.catalogue import resolve
from symopt.ir.trace import Trace
from symopt.lang.rule import Rule
from symopt.passes.tracing import trace
from symopt.prove.comparison import Comparison
from symopt.prove.deadline import Deadline, OutOfTimeError
from symopt.prove.processes import within
from symopt.prove.verdict import Verdict

Target = Rule | type[Rule] | Trace | str


def compare(
    left: Target, right: Target, *, hyper_map: Mapping[str, str] | None = None, varying: Sequence[str] = (),
    time_limit: float = 10.0,
) -> Verdict:  # fmt: skip
    """Whether two rules have the same parameters at every step, from their initial states on.

    Parameters
    ----------
    left, right: rules, traces, or targets as on the command line.
    hyper_map: hyper-parameters of the right as expressions in those of the left and ``t``; the rest
        is matched by name, and where that does not do, a map is looked for.
    varying: hyper-parameters that are a sequence over the steps; all others are constant.
    time_limit: seconds after which the answer is ``unknown``.

    Raises
    ------
    UsageError: a target, a name in ``hyper_map`` or in ``varying`` that does not exist.
    """
    start = monotonic()
    comparison = Comparison(_trace(left), _trace(right), tuple(varying), Deadline.after(time_limit))
    try:
        verdict = comparison.settle() if hyper_map is None else comparison.settle_under(hyper_map)
    except OutOfTimeError as error:
        verdict = comparison.unknown(str(error))
    return replace(verdict, seconds=monotonic() - start)


def compare_within(
    left: Target, right: Target, *, hyper_map: Mapping[str, str] | None = None, varying: Sequence[str] = (),
    time_limit: float = 10.0,
) -> Verdict:  # fmt: skip
    """``compare`` in a process of its own, which is ended where it does not honour its time limit."""
    sides = _trace(left), _trace(right)
    try:
        return within(
            time_limit, compare, *sides, hyper_map=hyper_map, varying=tuple(varying), time_limit=time_limit
        )  # fmt: skip
    except OutOfTimeError as error:
        return Comparison(*sides, tuple(varying), Deadline.after(time_limit)).unknown(str(error))


def _trace(target: Target) -> Trace:
    if isinstance(target, Trace):
        return target
    return trace(resolve(target) if isinstance(target, str) else target)

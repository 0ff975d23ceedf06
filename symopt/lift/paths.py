"""Every way through code that branches: runs with the last branches turned round, and one expression from all of them.

A branch on hyper-parameters alone goes as their shadows say, and what that assumes is recorded. A branch on the
step, the state, the parameter or the gradient is followed both ways.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from symopt.errors import UnsupportedError
from symopt.ir.nodes import Node, refs
from symopt.lift.session import Decision
from symopt.passes.build import negated, where

MOST_PATHS = 48

Outcome = Mapping[str, Node]


@dataclass(frozen=True)
class Path:
    """One way through the code: its branches, and the new value of each name; ``error`` where it raises."""

    decisions: tuple[Decision, ...]
    outcome: Outcome
    error: str = ""


@dataclass(frozen=True)
class Merged:
    """All ways through the code as one expression for each name, and what is assumed of hyper-parameters."""

    outcome: Outcome
    assumptions: tuple[Node, ...]


def explored(run: Callable[[Sequence[bool]], Path], hypers: Collection[str]) -> Merged:
    """Run code along every path that does not depend on hyper-parameters alone, and merge what comes out.

    Raises
    ------
    UnsupportedError: there are too many paths, or every one raises.
    """
    paths: dict[tuple[bool, ...], Path] = {}
    waiting: list[tuple[bool, ...]] = [()]
    while waiting:
        if len(paths) == MOST_PATHS:
            raise UnsupportedError(f"more than {MOST_PATHS} ways through a step, by branches on its data")
        forced = waiting.pop()
        path = run(forced)
        taken = tuple(decision.holds for decision in path.decisions)
        if taken in paths:
            continue
        paths[taken] = path
        for i in range(len(forced), len(taken)):
            if not _is_fixed(path.decisions[i], hypers):
                waiting.append((*taken[:i], not taken[i]))
    assumptions: dict[Node, None] = {}
    outcome = _merged(list(paths.values()), 0, hypers, assumptions)
    if outcome is None:
        raise UnsupportedError(next(iter(paths.values())).error)
    return Merged(outcome, tuple(assumptions))


def _is_fixed(decision: Decision, hypers: Collection[str]) -> bool:
    return set(refs(decision.condition)) <= set(hypers)


def _merged(paths: list[Path], depth: int, hypers: Collection[str], assumptions: dict[Node, None]) -> Outcome | None:
    """What some paths with a common beginning come to; None where every one raises."""
    first = paths[0]
    if len(first.decisions) == depth:
        return None if first.error else first.outcome
    decision = first.decisions[depth]
    sides = [[path for path in paths if path.decisions[depth].holds is holds] for holds in (True, False)]
    if _is_fixed(decision, hypers):
        assumptions[decision.fact] = None
        return _merged(paths, depth + 1, hypers, assumptions)
    yes, no = (_merged(side, depth + 1, hypers, assumptions) if side else None for side in sides)
    if yes is None or no is None:
        if yes is not None or no is not None:
            assumptions[decision.condition if no is None else negated(decision.condition)] = None
        return yes or no
    names = dict.fromkeys((*yes, *no))
    missing = [name for name in names if name not in yes or name not in no]
    if missing:
        raise UnsupportedError(f"{', '.join(missing)} is updated on one side of a branch only")
    return {name: where(decision.condition, yes[name], no[name]) for name in names}

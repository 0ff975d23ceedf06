"""What the states of one linear rule are of those of another with the same responses.

Both are driven from the start by the same gradients; ``T`` with ``x' = T x`` on all that is reached is
``R_right R_left^+``, found row by row. A state of the right that the left does not determine, and
that nothing reads, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from symopt.prove.linear.rational import Matrix, Rational, Vector, product, solve
from symopt.prove.linear.system import Step, System


@dataclass(frozen=True)
class StateMap:
    """Rows of coefficients over the left's states, by state of the right.

    ``inductive`` says whether the map alone is kept by a step from any state of the left; otherwise it
    holds for those that are reached. ``hidden`` are states of the right that the left does not determine.
    """

    rows: Mapping[str, Vector]
    inductive: bool
    hidden: tuple[str, ...] = ()


def state_map(left: System, right: System) -> StateMap:
    """The map of states; the two systems are over one ring and have the same responses."""
    count = len(left.states) + len(right.states)
    reached, theirs = left.reached(count), right.reached(count)
    rows: dict[str, Vector] = {}
    for i, state in enumerate(right.states):
        found = _plainest(left, reached, [column[i] for column in theirs], state)
        if found is not None:
            rows[state] = found
    hidden = tuple(state for state in right.states if state not in rows)
    return StateMap(rows, _inductive(left, right, rows), hidden)


def _plainest(left: System, reached: Sequence[Vector], values: Sequence[Rational], state: str) -> Vector | None:
    """The row that gives ``values`` on what is reached: the state of the same name first, then one that stays zero."""
    zero, one = left.zero, left.ring.number(1)
    for i, name in enumerate(left.states):
        if name == state and all(column[i] == value for column, value in zip(reached, values, strict=True)):
            return tuple(one if j == i else zero for j in range(len(left.states)))
    found = solve(reached, values, zero)
    return None if found is None else tuple(found)


def _inductive(left: System, right: System, rows: Mapping[str, Vector]) -> bool:
    """Whether ``T A = A' T``, ``T B = B'``, ``C = C' T`` and ``D = D'`` hold, so that induction needs no more."""
    zero = left.zero
    kept = [i for i, state in enumerate(right.states) if state in rows]
    gone = [i for i in range(len(right.states)) if i not in kept]
    own = right.later
    if any(not row[j].is_zero for row in (*(own.a[i] for i in kept), *own.c) for j in gone):
        return False
    t: Matrix = tuple(rows[right.states[i]] for i in kept)
    own_a: Matrix = tuple(tuple(own.a[i][j] for j in kept) for i in kept)
    own_b: Matrix = tuple(own.b[i] for i in kept)
    own_c: Matrix = tuple(tuple(row[j] for j in kept) for row in own.c)
    step: Step = left.later
    return (
        product(t, step.a, zero) == product(own_a, t, zero)
        and product(t, step.b, zero) == own_b
        and step.c == product(own_c, t, zero)
        and step.d == own.d
    )

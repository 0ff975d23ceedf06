"""Linear inequalities with rational coefficients, solved exactly by the dual simplex method."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

MOST_PIVOTS = 120
Row = dict[int, Fraction]


def feasible(
    rows: Sequence[tuple[Row, Fraction]], columns: int, tick: Callable[[], None] = lambda: None
) -> list[Fraction] | None:
    """Numbers ``c >= 0`` with ``sum of row[j]*c[j] <= bound`` for every row, or None where none were found.

    Bland's rule, so it ends; None is also said after ``MOST_PIVOTS`` exchanges.
    """
    table = [(dict(row), bound) for row, bound in rows]
    basis = [columns + i for i in range(len(table))]
    for _ in range(MOST_PIVOTS):
        tick()
        below = [i for i, (_, bound) in enumerate(table) if bound < 0]
        if not below:
            found = [Fraction(0)] * columns
            for j, (_, bound) in zip(basis, table, strict=True):
                if j < columns:
                    found[j] = bound
            return found
        r = min(below, key=lambda i: basis[i])
        negative = [j for j, a in table[r][0].items() if a < 0]
        if not negative:
            return None
        _exchange(table, basis, r, min(negative))
    return None


def _exchange(table: list[tuple[Row, Fraction]], basis: list[int], r: int, j: int) -> None:
    """Let column ``j`` enter the basis in place of that of row ``r``."""
    row, bound = table[r]
    pivot = row.pop(j)
    new = {k: a / pivot for k, a in row.items()}
    new[basis[r]] = 1 / pivot
    bound /= pivot
    basis[r] = j
    table[r] = (new, bound)
    for i, (other, other_bound) in enumerate(table):
        factor = other.pop(j, None) if i != r else None
        if not factor:
            continue
        for k, a in new.items():
            value = other.get(k, Fraction(0)) - factor * a
            if value:
                other[k] = value
            else:
                other.pop(k, None)
        table[i] = (other, other_bound - factor * bound)

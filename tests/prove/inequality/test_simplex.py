"""The exact linear programming agrees with another implementation on what is feasible."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from scipy.optimize import linprog

from symopt.prove.inequality.simplex import feasible


@pytest.mark.parametrize("seed", range(60))
def test_agrees_with_scipy(seed: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = (int(n) for n in random.integers(2, 7, 2))
    matrix, bounds = random.integers(-4, 5, (rows, columns)), random.integers(-3, 4, rows)
    pairs = list(zip(matrix.tolist(), bounds.tolist(), strict=True))
    found = feasible([({j: Fraction(a) for j, a in enumerate(row) if a}, Fraction(b)) for row, b in pairs], columns)
    expected = linprog(np.zeros(columns), A_ub=matrix, b_ub=bounds, method="highs")
    assert (found is not None) == (expected.status == 0)
    if found is not None:
        assert all(c >= 0 for c in found)
        for row, bound in pairs:
            assert sum(a * c for a, c in zip(row, found, strict=True)) <= bound


def test_equations_are_two_inequalities() -> None:
    rows = [({0: Fraction(3)}, Fraction(1)), ({0: Fraction(-3)}, Fraction(-1))]
    assert feasible(rows, 1) == [Fraction(1, 3)]

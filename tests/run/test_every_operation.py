"""Operations that no rule of the catalogue has, in all three backends."""

from __future__ import annotations

from pathlib import Path

import pytest

from symopt import catalogue
from symopt.run.check import Row, check

HEAD = """
from symopt.lang import (
    Hyper, NonNegative, PositiveInteger, Real, Rule, State, absolute, clip, cos, equal, exp, floor, log, maximum,
    minimum, sign, sqrt, where,
)
import sympy as sp


class Mine(Rule):
    a, b = Hyper(0.5, domain=NonNegative), Hyper(-0.25, domain=Real)
    n = Hyper(2, domain=PositiveInteger)
    m, w = State(), State(init="p")

    def update(s) -> None:
"""
EXACT = """
        s.big = sp.And(s.a < absolute(s.g), sp.Not(s.g <= s.m))
        s.late = sp.Or(s.n < s.t, s.big)
        s.x = where(s.late, clip(s.g, s.b, s.a), where(s.t < 3, s.a / (1 + s.g**2), -s.m))
        s.y = minimum(maximum(s.x, s.m), floor(s.g)) + s.g**3 / s.n
        s.m, s.w = s.w, s.m + where(equal(s.g, 0), s.b, 1 / (s.a + absolute(s.y)))
        s.p = s.p - sign(s.y) * (s.a + sqrt(absolute(s.x))) + s.b ** s.n * s.w
"""
LIBRARY = """
        s.x = exp(-absolute(s.g) / (1 + absolute(s.g))) + log(1 + minimum(absolute(s.g), 1)) + cos(clip(s.g, -1, 1))
        s.scale = exp(-s.a) + log(1 + s.a) + cos(s.b) + floor(s.a) + sign(s.b) + maximum(s.a, s.b) + sqrt(s.a)
        s.y = (1 + minimum(absolute(s.g), 2)) ** s.a + where(s.a < s.b, s.t, s.a)
        s.m, s.w = s.m + s.x, s.w + s.y
        s.p = s.p - s.scale * s.x - (1 + s.a) ** clip(s.g, -1, 1)
"""


def rows_of(body: str, folder: Path) -> tuple[Row, ...]:
    pytest.importorskip("torch")
    (folder / "mine.py").write_text(HEAD + body, encoding="utf-8")
    report = check([catalogue.resolve(f"{folder / 'mine.py'}")])
    assert report.exit_status == 0, report.text()
    return report.rows


def test_choices_conditions_and_steps(tmp_path: Path) -> None:
    for row in rows_of(EXACT, tmp_path):
        assert row.c.text in {"bits", "not available"}


def test_functions_of_the_libraries(tmp_path: Path) -> None:
    for row in rows_of(LIBRARY, tmp_path):
        assert row.exact.ok

"""Canonical text is read back as what it was written from, and other text is refused."""

from __future__ import annotations

from fractions import Fraction

import pytest

from symopt.ir.nodes import matop, num, op, reduce, ref
from symopt.ir.reading import read
from symopt.ir.text import node_text


def test_written_expressions_are_read_back() -> None:
    node = op("where", op("lt", ref("left.m"), num(0)), op("div", num(Fraction(-1, 3)), ref("p")), op("sqrt", ref("g")))
    whole = op("mul", reduce("sum", node, 1), matop("transpose", ref("x")))
    assert read(node_text(node)) is node
    assert read(node_text(whole)) is whole


@pytest.mark.parametrize("text", ["", "(", ")", "(sub p", "(sub p g))", "p g", "(nothing p)", "(sub p)", "()"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read(text)

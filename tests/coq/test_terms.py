"""Names, comments and powers in Coq."""

from __future__ import annotations

import re

import pytest

from symopt.coq.terms import Count, NotExportableError, Printer, comment, coq_name
from symopt.ir.nodes import num, op, reduce, ref

PLAIN = Printer({"p": "p", "b": "h_b"}, {"t": Count("t", 0)}, unfolded=False)
UNFOLDED = Printer({"p": "p", "b": "h_b"}, {"t": Count("n", 2)}, unfolded=True)


@pytest.mark.parametrize("name", ["end", "fun_", "a b", "m'", "(*", '"', "β", "_", "1", "p.q", "a_5f_b"])
def test_names_are_letters_digits_and_underscores_behind_a_prefix(name: str) -> None:
    assert re.fullmatch(r"h_[A-Za-z0-9_]*", coq_name("h", name))


def test_different_names_stay_different() -> None:
    names = ["a_b", "a b", "a.b", "a__b", "a5f_b", "a_5f_b", "ab", "a_", "_a"]
    assert len({coq_name("h", name) for name in names}) == len(names)


def test_nothing_in_a_comment_ends_it_or_begins_a_string() -> None:
    text = comment('adam *) Axiom cheat : False. (* "x')
    assert not {*'*"()'} & {*text}


def test_powers_are_written_as_coq_unfolds_them() -> None:
    power = op("pow", ref("b"), ref("t"))
    assert PLAIN(power) == "(h_b ^ t)"
    assert UNFOLDED(power) == "(h_b * (h_b * (h_b ^ n)))"
    before = op("pow", ref("b"), op("sub", ref("t"), num(1)))
    assert PLAIN(before) == "(h_b ^ (t - 1))"
    assert UNFOLDED(before) == "(h_b * (h_b ^ n))"
    assert UNFOLDED(op("pow", ref("p"), num(2))) == "(p * (p * 1))"
    assert UNFOLDED(op("mul", ref("t"), num(-2))) == "((INR (S n) + 1) * (- 2))"


def test_what_coq_lacks_is_refused() -> None:
    for node in (op("pow", ref("b"), ref("p")), reduce("sum", ref("p")), op("pow", ref("b"), num(1000))):
        with pytest.raises(NotExportableError):
            PLAIN(node)

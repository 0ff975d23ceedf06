"""Choices inside choices by the same condition."""

from pathlib import Path

from symopt.ir.nodes import Node, num, op, reduce, ref
from symopt.prove.chosen import chosen
from symopt.prove.compare import compare
from tests.prove.rules import rule_of

GUARDED = """
def update(s):
    s.none = norm(s.p) <= 0
    s.length = where(s.none, 0, norm(where(s.none, 1, s.p)))
    s.u = where(norm(s.g) <= 0, 1, s.g / {below})
    s.ratio = where(s.length > 0, s.length, 1)
    s.p = s.p - s.lr * s.ratio * s.u
"""
PLAIN = """
def update(s):
    s.ratio = where(norm(s.p) > 0, norm(s.p), 1)
    s.p = s.p - s.lr * s.ratio * where(norm(s.g) > 0, s.g / norm(s.g), 1)
"""


def test_a_norm_that_is_guarded_twice_is_the_norm(tmp_path: Path) -> None:
    guarded = rule_of(tmp_path, "Guarded", GUARDED.format(below="where(norm(s.g) <= 0, 1, norm(s.g))"))
    assert compare(guarded, rule_of(tmp_path, "Plain", PLAIN)).verdict == "equal"
    # Where the inner choice is by another condition, what it chooses matters.
    other = rule_of(tmp_path, "Other", GUARDED.format(below="where(norm(s.g) <= 1, 2, norm(s.g))"))
    assert compare(other, rule_of(tmp_path, "Plain", PLAIN)).verdict == "different"


def _where(condition: Node, a: Node, b: Node) -> Node:
    return op("where", condition, a, b)


def test_what_is_known_of_one_element_is_not_known_of_the_others() -> None:
    x, norm = ref("x"), reduce("sum", ref("x"))
    known, own = (op("le", of, num(0)) for of in (norm, x))

    def nested(condition: Node, over: str = "sum") -> Node:
        return _where(condition, num(0), reduce(over, _where(condition, num(1), x)))

    def is_number(node: Node) -> bool:
        return node is known

    assert chosen({"p": nested(known)}, is_number)["p"] is _where(known, num(0), reduce("sum", x))
    assert chosen({"p": nested(own)}, is_number)["p"] is nested(own)
    assert chosen({"p": nested(known, "model_sum")}, is_number)["p"] is nested(known, "model_sum")
